// Stats: what a cgroup has used; the values behind `hull events`, on every cgroup version.
#ifndef HULL_CGROUPS_STATS_H_
#define HULL_CGROUPS_STATS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hull::cgroups {

struct Pressure {  // PSI of one resource
  struct Line {
    double avg10 = 0, avg60 = 0, avg300 = 0;  // percent
    uint64_t total_us = 0;
  };
  Line some, full;
};

struct CpuStats {  // nanoseconds
  uint64_t total_ns = 0, kernel_ns = 0, user_ns = 0;
  std::vector<uint64_t> percpu_ns, percpu_kernel_ns, percpu_user_ns;
  uint64_t periods = 0, throttled_periods = 0, throttled_ns = 0;
  std::optional<Pressure> pressure;
};

struct CpusetStats {
  std::vector<uint16_t> cpus, mems;
  uint64_t cpu_exclusive = 0, mem_hardwall = 0, mem_exclusive = 0, memory_migrate = 0,
           memory_spread_page = 0, memory_spread_slab = 0, memory_pressure = 0,
           sched_load_balance = 0;
  int64_t sched_relax_domain_level = 0;
};

struct MemoryCounter {  // bytes
  uint64_t limit = 0, usage = 0, max_usage = 0, failcnt = 0;
};

struct MemoryStats {
  uint64_t cache = 0;
  MemoryCounter usage, swap, kernel, kernel_tcp;
  std::map<std::string, uint64_t> raw;  // memory.stat as it is
  std::optional<Pressure> pressure;
};

struct PidsStats {
  uint64_t current = 0, limit = 0;  // limit 0 = unlimited
};

struct BlkioEntry {
  uint64_t major = 0, minor = 0;
  std::string op;  // "Read", "Write", "Total", …
  uint64_t value = 0;
};

struct BlkioStats {
  std::vector<BlkioEntry> service_bytes, serviced, queued, service_time, wait_time, merged, time,
      sectors;
  std::optional<Pressure> pressure;
};

struct HugetlbStats {
  uint64_t usage = 0, max_usage = 0, failcnt = 0;
};

struct Stats {
  CpuStats cpu;
  CpusetStats cpuset;
  MemoryStats memory;
  PidsStats pids;
  BlkioStats blkio;
  std::map<std::string, HugetlbStats> hugetlb;  // by page size, "2MB"
};

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_STATS_H_
