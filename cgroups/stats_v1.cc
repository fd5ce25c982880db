#include <unistd.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cgroups/directory.h"
#include "cgroups/parse.h"
#include "cgroups/stats_reader.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

std::string Text(int dir_fd, absl::string_view file) {
  return dir_fd < 0 ? "" : ReadValue(dir_fd, file).value_or("");
}

uint64_t Number(int dir_fd, absl::string_view file) { return ParseNumber(Text(dir_fd, file)); }

// cpuacct.stat counts in clock ticks.
uint64_t TicksToNs(uint64_t ticks) {
  static const uint64_t kTicksPerSecond = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  return ticks * (1000000000 / kTicksPerSecond);
}

// cpuacct.usage_all: "cpu user system" and a line per CPU, in nanoseconds. Linux 4.6.
void ReadUsageAll(absl::string_view text, CpuStats& cpu) {
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<uint64_t> numbers = ParseNumbers(line);
    if (numbers.size() != 3 || line.starts_with("cpu")) continue;
    cpu.percpu_user_ns.push_back(numbers[1]);
    cpu.percpu_kernel_ns.push_back(numbers[2]);
  }
}

CpuStats ReadCpu(int cpuacct_fd, int cpu_fd) {
  CpuStats cpu;
  cpu.total_ns = Number(cpuacct_fd, "cpuacct.usage");
  std::map<std::string, uint64_t> ticks = ParseFlatKeyed(Text(cpuacct_fd, "cpuacct.stat"));
  cpu.user_ns = TicksToNs(ticks["user"]);
  cpu.kernel_ns = TicksToNs(ticks["system"]);
  cpu.percpu_ns = ParseNumbers(Text(cpuacct_fd, "cpuacct.usage_percpu"));
  ReadUsageAll(Text(cpuacct_fd, "cpuacct.usage_all"), cpu);
  std::map<std::string, uint64_t> stat = ParseFlatKeyed(Text(cpu_fd, "cpu.stat"));
  cpu.periods = stat["nr_periods"];
  cpu.throttled_periods = stat["nr_throttled"];
  cpu.throttled_ns = stat["throttled_time"];
  return cpu;
}

CpusetStats ReadCpuset(int dir_fd) {
  CpusetStats cpuset;
  cpuset.cpus = ParseIdList(Text(dir_fd, "cpuset.cpus"));
  cpuset.mems = ParseIdList(Text(dir_fd, "cpuset.mems"));
  cpuset.cpu_exclusive = Number(dir_fd, "cpuset.cpu_exclusive");
  cpuset.mem_hardwall = Number(dir_fd, "cpuset.mem_hardwall");
  cpuset.mem_exclusive = Number(dir_fd, "cpuset.mem_exclusive");
  cpuset.memory_migrate = Number(dir_fd, "cpuset.memory_migrate");
  cpuset.memory_spread_page = Number(dir_fd, "cpuset.memory_spread_page");
  cpuset.memory_spread_slab = Number(dir_fd, "cpuset.memory_spread_slab");
  cpuset.memory_pressure = Number(dir_fd, "cpuset.memory_pressure");
  cpuset.sched_load_balance = Number(dir_fd, "cpuset.sched_load_balance");
  int64_t level = 0;  // -1 = the kernel's default
  if (absl::SimpleAtoi(Text(dir_fd, "cpuset.sched_relax_domain_level"), &level)) {
    cpuset.sched_relax_domain_level = level;
  }
  return cpuset;
}

MemoryCounter ReadCounter(int dir_fd, absl::string_view name) {
  const std::string prefix = absl::StrCat("memory.", name, name.empty() ? "" : ".");
  return {.limit = Number(dir_fd, absl::StrCat(prefix, "limit_in_bytes")),
          .usage = Number(dir_fd, absl::StrCat(prefix, "usage_in_bytes")),
          .max_usage = Number(dir_fd, absl::StrCat(prefix, "max_usage_in_bytes")),
          .failcnt = Number(dir_fd, absl::StrCat(prefix, "failcnt"))};
}

MemoryStats ReadMemory(int dir_fd) {
  MemoryStats memory;
  memory.raw = ParseFlatKeyed(Text(dir_fd, "memory.stat"));
  const auto cache = memory.raw.find("cache");
  if (cache != memory.raw.end()) memory.cache = cache->second;
  memory.usage = ReadCounter(dir_fd, "");
  memory.swap = ReadCounter(dir_fd, "memsw");
  memory.kernel = ReadCounter(dir_fd, "kmem");
  memory.kernel_tcp = ReadCounter(dir_fd, "kmem.tcp");
  return memory;
}

// BFQ's file, else CFQ's of the same name without "bfq" (until Linux 5.0).
std::vector<BlkioEntry> ReadScheduled(int dir_fd, absl::string_view name) {
  std::vector<BlkioEntry> entries =
      ParseBlkio(Text(dir_fd, absl::StrCat("blkio.bfq.", name, "_recursive")));
  if (!entries.empty()) return entries;
  return ParseBlkio(Text(dir_fd, absl::StrCat("blkio.", name, "_recursive")));
}

// Figures that no scheduler counts come from the throttler, which sees every request.
std::vector<BlkioEntry> ReadServiced(int dir_fd, absl::string_view name) {
  std::vector<BlkioEntry> entries = ReadScheduled(dir_fd, name);
  if (!entries.empty()) return entries;
  return ParseBlkio(Text(dir_fd, absl::StrCat("blkio.throttle.", name, "_recursive")));
}

BlkioStats ReadBlkio(int dir_fd) {
  BlkioStats blkio;
  blkio.service_bytes = ReadServiced(dir_fd, "io_service_bytes");
  blkio.serviced = ReadServiced(dir_fd, "io_serviced");
  blkio.queued = ReadScheduled(dir_fd, "io_queued");
  blkio.service_time = ReadScheduled(dir_fd, "io_service_time");
  blkio.wait_time = ReadScheduled(dir_fd, "io_wait_time");
  blkio.merged = ReadScheduled(dir_fd, "io_merged");
  blkio.time = ReadScheduled(dir_fd, "time");
  blkio.sectors = ReadScheduled(dir_fd, "sectors");
  return blkio;
}

void ReadHugetlb(int dir_fd, Stats& stats) {
  if (dir_fd < 0) return;
  const absl::StatusOr<std::vector<std::string>> files = sys::ListDir(dir_fd);
  if (!files.ok()) return;
  for (absl::string_view file : *files) {  // "hugetlb.2MB.usage_in_bytes"
    if (!absl::ConsumePrefix(&file, "hugetlb.")) continue;
    if (!absl::ConsumeSuffix(&file, ".usage_in_bytes") || absl::StrContains(file, '.')) continue;
    const std::string prefix = absl::StrCat("hugetlb.", file);
    stats.hugetlb[std::string(file)] = {
        .usage = Number(dir_fd, absl::StrCat(prefix, ".usage_in_bytes")),
        .max_usage = Number(dir_fd, absl::StrCat(prefix, ".max_usage_in_bytes")),
        .failcnt = Number(dir_fd, absl::StrCat(prefix, ".failcnt"))};
  }
}

}  // namespace

absl::StatusOr<Stats> ReadStatsV1(
    absl::FunctionRef<int(absl::string_view controller)> directory_of) {
  Stats stats;
  stats.cpu = ReadCpu(directory_of("cpuacct"), directory_of("cpu"));
  stats.cpuset = ReadCpuset(directory_of("cpuset"));
  stats.memory = ReadMemory(directory_of("memory"));
  const int pids_fd = directory_of("pids");
  const uint64_t limit = Number(pids_fd, "pids.max");
  stats.pids = {.current = Number(pids_fd, "pids.current"),
                .limit = limit == UINT64_MAX ? 0 : limit};
  stats.blkio = ReadBlkio(directory_of("blkio"));
  ReadHugetlb(directory_of("hugetlb"), stats);
  return stats;
}

}  // namespace hull::cgroups
