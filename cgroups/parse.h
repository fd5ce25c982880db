// Parsers of the kernel's cgroup files: text in, values out. Lines that do not fit are passed over,
// so that a newer kernel's additions do no harm; nothing here fails.
#ifndef HULL_CGROUPS_PARSE_H_
#define HULL_CGROUPS_PARSE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cgroups/stats.h"

namespace hull::cgroups {

// One number; "max" is UINT64_MAX, anything else that is no number 0.
uint64_t ParseNumber(absl::string_view text);
// "key value" lines: memory.stat, cpu.stat, memory.events.
std::map<std::string, uint64_t> ParseFlatKeyed(absl::string_view text);
// "12 34 56": cpuacct.usage_percpu.
std::vector<uint64_t> ParseNumbers(absl::string_view text);
// "0-3,7" → {0, 1, 2, 3, 7}; an absurd range ends the list.
std::vector<uint16_t> ParseIdList(absl::string_view text);
// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and the same with "full".
Pressure ParsePressure(absl::string_view text);
// io.stat: "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6".
struct IoStat {
  uint64_t major = 0, minor = 0;
  std::map<std::string, uint64_t> values;
};
std::vector<IoStat> ParseIoStat(absl::string_view text);
// blkio.*: "8:0 Read 123" and "8:0 123" (then without an op); the "Total 123" at the end is left
// out.
std::vector<BlkioEntry> ParseBlkio(absl::string_view text);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_PARSE_H_
