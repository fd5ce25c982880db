#include "runtime/events_json.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::runtime {
namespace {

TEST(EventsJsonTest, AClassOfServiceIsToldOfWhereThereIsOne) {
  RdtStats rdt;
  rdt.cache = RdtStats::CacheInfo{.cbm_mask = "fff", .min_cbm_bits = 1, .num_closids = 16};
  rdt.bandwidth = RdtStats::BandwidthInfo{
      .granularity = 10, .delay_linear = 1, .minimum = 20, .num_closids = 8};
  rdt.root_schemata = {"MB:0=100", "L3:0=fff"};
  rdt.schemata = {"MB:0=50", "L3:0=f"};
  rdt.nodes = {{.total_bytes = 7, .local_bytes = 5, .occupancy_bytes = 3}};
  EXPECT_THAT(
      StatsEventJson("c1", {}, &rdt),
      ::testing::HasSubstr(
          R"("intel_rdt":{"l3_cache_info":{"cbm_mask":"fff","min_cbm_bits":1,"num_closids":16},)"
          R"("l3_cache_schema_root":"L3:0=fff","l3_cache_schema":"L3:0=f",)"
          R"("mem_bw_info":{"bandwidth_gran":10,"delay_linear":1,"min_bandwidth":20,)"
          R"("num_closids":8},"mem_bw_schema_root":"MB:0=100","mem_bw_schema":"MB:0=50",)"
          R"("schemata":["MB:0=50","L3:0=f"],)"
          R"("mbm_stats":[{"mbm_total_bytes":7,"mbm_local_bytes":5}],)"
          R"("cmt_stats":[{"llc_occupancy":3}]},)"));
}

TEST(EventsJsonTest, WithNothingUsedOnlyWhatRuncAlwaysPrintsIsThere) {
  EXPECT_EQ(
      StatsEventJson("c1", {}, nullptr),
      R"({"type":"stats","id":"c1","data":{"cpu":{"usage":{"kernel":0,"user":0},"throttling":{}},)"
      R"("cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,)"
      R"("memory_spread_page":0,"memory_spread_slab":0,"memory_pressure":0,)"
      R"("sched_load_balance":0,"sched_relax_domain_level":0},)"
      R"("memory":{"usage":{"limit":0,"failcnt":0},"swap":{"limit":0,"failcnt":0},)"
      R"("kernel":{"limit":0,"failcnt":0},"kernelTCP":{"limit":0,"failcnt":0}},)"
      R"("pids":{},"blkio":{},"hugetlb":{},"intel_rdt":{},"network_interfaces":null}})");
}

TEST(EventsJsonTest, EachFigureHasItsKey) {
  cgroups::Stats stats;
  stats.cpu = {.total_ns = 3,
               .kernel_ns = 1,
               .user_ns = 2,
               .percpu_ns = {1, 2},
               .percpu_kernel_ns = {0, 1},
               .percpu_user_ns = {1, 1},
               .periods = 4,
               .throttled_periods = 5,
               .throttled_ns = 6,
               .pressure = {}};
  stats.cpu.pressure.emplace().some = {.avg10 = 0.25, .avg60 = 12.5, .avg300 = 100, .total_us = 7};
  stats.cpuset.cpus = {0, 3};
  stats.cpuset.sched_relax_domain_level = -1;
  stats.memory.cache = 8;
  stats.memory.usage = {.limit = UINT64_MAX, .usage = 9, .max_usage = 10, .failcnt = 11};
  stats.memory.raw = {{"anon", 12}, {"file", 0}};
  stats.pids = {.current = 13, .limit = 14};
  stats.blkio.service_bytes = {{8, 0, "Read", 15}, {8, 16, "", 0}};
  stats.hugetlb["2MB"] = {.usage = 16, .max_usage = 17, .failcnt = 18};
  const std::string json = StatsEventJson("c1", stats, nullptr);
  for (
      const char* part :
      {R"("usage":{"total":3,"percpu":[1,2],"percpu_kernel":[0,1],"percpu_user":[1,1],"kernel":1,)",
       R"("throttling":{"periods":4,"throttledPeriods":5,"throttledTime":6},)",
       R"("psi":{"some":{"avg10":0.25,"avg60":12.5,"avg300":100,"total":7},"full":{"avg10":0,)",
       R"("cpuset":{"cpus":[0,3],)", R"("sched_relax_domain_level":-1})",
       R"("memory":{"cache":8,"usage":{"limit":18446744073709551615,"usage":9,"max":10,)",
       R"("raw":{"anon":12,"file":0})", R"("pids":{"current":13,"limit":14})",
       R"("ioServiceBytesRecursive":[{"major":8,"op":"Read","value":15},{"major":8,"minor":16}])",
       R"("hugetlb":{"2MB":{"usage":16,"max":17,"failcnt":18}})"}) {
    EXPECT_NE(json.find(part), json.npos) << part << " in " << json;
  }
}

TEST(EventsJsonTest, LackOfMemoryHasNoData) {
  EXPECT_EQ(OomEventJson("c\"1"), R"({"type":"oom","id":"c\"1"})");
}

}  // namespace
}  // namespace hull::runtime
