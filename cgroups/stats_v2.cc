#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cgroups/directory.h"
#include "cgroups/parse.h"
#include "cgroups/stats_reader.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

constexpr uint64_t kNsPerUs = 1000;

// The file's text, "" where the cgroup has no such file.
std::string Text(int dir_fd, absl::string_view file) {
  return ReadValue(dir_fd, file).value_or("");
}

uint64_t Number(int dir_fd, absl::string_view file) { return ParseNumber(Text(dir_fd, file)); }

// PSI may be off (psi=0) or absent: then reading gives EOPNOTSUPP or ENOENT.
std::optional<Pressure> ReadPressure(int dir_fd, absl::string_view file) {
  const absl::StatusOr<std::string> text = ReadValue(dir_fd, file);
  if (!text.ok()) return std::nullopt;
  return ParsePressure(*text);
}

CpuStats ReadCpu(int dir_fd) {
  std::map<std::string, uint64_t> stat = ParseFlatKeyed(Text(dir_fd, "cpu.stat"));
  CpuStats cpu;
  cpu.total_ns = stat["usage_usec"] * kNsPerUs;
  cpu.user_ns = stat["user_usec"] * kNsPerUs;
  cpu.kernel_ns = stat["system_usec"] * kNsPerUs;
  cpu.periods = stat["nr_periods"];
  cpu.throttled_periods = stat["nr_throttled"];
  cpu.throttled_ns = stat["throttled_usec"] * kNsPerUs;
  cpu.pressure = ReadPressure(dir_fd, "cpu.pressure");
  return cpu;
}

MemoryStats ReadMemory(int dir_fd) {
  MemoryStats memory;
  memory.raw = ParseFlatKeyed(Text(dir_fd, "memory.stat"));
  memory.cache = memory.raw.contains("file") ? memory.raw["file"] : 0;
  memory.usage = {.limit = Number(dir_fd, "memory.max"),
                  .usage = Number(dir_fd, "memory.current"),
                  .max_usage = Number(dir_fd, "memory.peak"),  // Linux 5.19
                  .failcnt = ParseFlatKeyed(Text(dir_fd, "memory.events"))["max"]};
  const uint64_t swap_max = Number(dir_fd, "memory.swap.max");
  // The readers of `events` know memory + swap, as v1 counts it.
  const uint64_t limit = memory.usage.limit;
  memory.swap.usage = memory.usage.usage + Number(dir_fd, "memory.swap.current");
  memory.swap.limit = swap_max == UINT64_MAX || limit == UINT64_MAX ? UINT64_MAX : limit + swap_max;
  memory.pressure = ReadPressure(dir_fd, "memory.pressure");
  return memory;
}

PidsStats ReadPidsStats(int dir_fd) {
  const uint64_t limit = Number(dir_fd, "pids.max");
  return {.current = Number(dir_fd, "pids.current"), .limit = limit == UINT64_MAX ? 0 : limit};
}

struct IoKey {
  absl::string_view key, op;
  bool bytes;
};
constexpr IoKey kIoKeys[] = {{"rbytes", "Read", true},    {"wbytes", "Write", true},
                             {"dbytes", "Discard", true}, {"rios", "Read", false},
                             {"wios", "Write", false},    {"dios", "Discard", false}};

BlkioStats ReadIo(int dir_fd) {
  BlkioStats blkio;
  for (const IoStat& device : ParseIoStat(Text(dir_fd, "io.stat"))) {
    for (const IoKey& io : kIoKeys) {
      const auto value = device.values.find(std::string(io.key));
      if (value == device.values.end()) continue;
      (io.bytes ? blkio.service_bytes : blkio.serviced)
          .push_back({device.major, device.minor, std::string(io.op), value->second});
    }
  }
  blkio.pressure = ReadPressure(dir_fd, "io.pressure");
  return blkio;
}

}  // namespace

void ReadHugetlbV2(int dir_fd, Stats& stats) {
  const absl::StatusOr<std::vector<std::string>> files = sys::ListDir(dir_fd);
  if (!files.ok()) return;
  for (absl::string_view file : *files) {  // "hugetlb.2MB.current", not "….rsvd.current"
    if (!absl::ConsumePrefix(&file, "hugetlb.") || !absl::ConsumeSuffix(&file, ".current"))
      continue;
    if (absl::StrContains(file, '.')) continue;
    const std::string prefix = absl::StrCat("hugetlb.", file);
    HugetlbStats& size = stats.hugetlb[std::string(file)];
    size.usage = Number(dir_fd, absl::StrCat(prefix, ".current"));
    size.failcnt = ParseFlatKeyed(Text(dir_fd, absl::StrCat(prefix, ".events")))["max"];
  }
}

absl::StatusOr<Stats> ReadStatsV2(int dir_fd) {
  RETURN_IF_ERROR(ReadValue(dir_fd, "cgroup.controllers").status(), "reading 'cgroup.controllers'");
  Stats stats;
  stats.cpu = ReadCpu(dir_fd);
  stats.cpuset.cpus = ParseIdList(Text(dir_fd, "cpuset.cpus.effective"));
  stats.cpuset.mems = ParseIdList(Text(dir_fd, "cpuset.mems.effective"));
  stats.memory = ReadMemory(dir_fd);
  stats.pids = ReadPidsStats(dir_fd);
  stats.blkio = ReadIo(dir_fd);
  ReadHugetlbV2(dir_fd, stats);
  return stats;
}

}  // namespace hull::cgroups
