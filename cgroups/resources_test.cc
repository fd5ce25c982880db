#include "cgroups/resources.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using When = Write::When;

using Fill = std::function<void(spec::Resources&)>;
using Files = std::map<std::string, std::string>;

std::vector<std::string> Texts(const std::vector<Write>& writes) {
  constexpr absl::string_view kSuffix[] = {"", " (try)", " (if refused)", " (if present)",
                                           " (else next)"};
  std::vector<std::string> texts;
  for (const Write& write : writes) {
    texts.push_back(absl::StrCat(write.file, "=", write.value,
                                 kSuffix[static_cast<int>(write.when)]));
  }
  return texts;
}

using Convert = absl::StatusOr<std::vector<Write>> (*)(const spec::Resources&, Serves, Current);

absl::StatusOr<std::vector<Write>> Call(Convert convert, const Fill& fill, const Files& files) {
  spec::Resources resources;
  fill(resources);
  return convert(
      resources, [](absl::string_view) { return true; },
      [&files](absl::string_view file) -> absl::StatusOr<std::string> {
        const auto found = files.find(std::string(file));
        if (found == files.end()) return absl::NotFoundError("no such file");
        return found->second;
      });
}

std::vector<std::string> V2(const Fill& fill, const Files& files = {}) {
  absl::StatusOr<std::vector<Write>> writes = Call(&ConvertV2, fill, files);
  if (!writes.ok()) return {std::string(writes.status().message())};
  return Texts(*writes);
}
std::vector<std::string> V1(const Fill& fill, const Files& files = {}) {
  absl::StatusOr<std::vector<Write>> writes = Call(&ConvertV1, fill, files);
  if (!writes.ok()) return {std::string(writes.status().message())};
  return Texts(*writes);
}

Fill Memory(std::function<void(spec::Memory&)> fill) {
  return [fill](spec::Resources& r) { fill(r.memory.emplace()); };
}
Fill Cpu(std::function<void(spec::Cpu&)> fill) {
  return [fill](spec::Resources& r) { fill(r.cpu.emplace()); };
}
Fill BlockIo(std::function<void(spec::BlockIo&)> fill) {
  return [fill](spec::Resources& r) { fill(r.block_io.emplace()); };
}

// ---- the formulas --------------------------------------------------------------------------------

TEST(ResourcesTest, CpuWeightFollowsTheCurve) {
  const std::pair<uint64_t, uint64_t> kTable[] = {
      {0, 0},     {1, 1},      {2, 1},      {3, 2},       {10, 4},         {100, 17},
      {512, 59},  {1024, 100}, {2048, 174}, {10000, 627}, {262144, 10000}, {1000000, 10000}};
  for (const auto& [shares, weight] : kTable) EXPECT_EQ(CpuWeightFromShares(shares), weight) << shares;
  for (uint64_t shares = 3; shares <= 262144; ++shares) {
    ASSERT_GE(CpuWeightFromShares(shares), CpuWeightFromShares(shares - 1));
    ASSERT_LE(CpuWeightFromShares(shares), 10000u);
  }
}

TEST(ResourcesTest, IoWeightIsLinear) {
  const std::pair<uint64_t, uint64_t> kTable[] = {
      {0, 0}, {5, 1}, {10, 1}, {100, 910}, {500, 4950}, {1000, 10000}};
  for (const auto& [blkio, weight] : kTable) EXPECT_EQ(IoWeightFromBlkio(blkio), weight) << blkio;
}

TEST(ResourcesTest, SwapMaxIsTheSumLessTheMemory) {
  struct Row {
    int64_t swap, memory;
    const char* result;  // nullptr = refused
  };
  const Row kTable[] = {{0, 0, ""},      {0, 100, ""},     {0, -1, "max"},  {-1, 0, "max"},
                        {-1, 100, "max"}, {-1, -1, "max"},  {300, 100, "200"}, {100, 100, "0"},
                        {50, 100, nullptr}, {50, 0, nullptr}, {50, -1, "50"}};
  for (const Row& row : kTable) {
    absl::StatusOr<std::string> value = SwapMaxFromTotal(row.swap, row.memory);
    ASSERT_EQ(value.ok(), row.result != nullptr) << row.swap << " " << row.memory;
    if (!value.ok()) continue;
    EXPECT_EQ(*value, row.result) << row.swap << " " << row.memory;
  }
}

// ---- v2 ------------------------------------------------------------------------------------------

TEST(ResourcesV2Test, NothingAskedWritesNothing) {
  EXPECT_THAT(V2([](spec::Resources&) {}), IsEmpty());
  EXPECT_THAT(V2([](spec::Resources& r) {
                r.memory.emplace().limit = 0;
                r.memory->disable_oom_killer = false;
                r.memory->use_hierarchy = true;
                r.cpu.emplace().shares = 0;
                r.cpu->quota_us = 0;
                r.cpu->period_us = 0;
                r.cpu->realtime_period_us = 0;
                r.pids.emplace();
                r.block_io.emplace().weight = 0;
              }),
              IsEmpty());
}

TEST(ResourcesV2Test, Memory) {
  EXPECT_THAT(V2(Memory([](spec::Memory& m) { m.limit = 4096; })), ElementsAre("memory.max=4096"));
  EXPECT_THAT(V2(Memory([](spec::Memory& m) { m.limit = -1; })),
              ElementsAre("memory.swap.max=max (if present)", "memory.max=max"));
  EXPECT_THAT(V2(Memory([](spec::Memory& m) {
                m.limit = 100;
                m.swap = 300;
                m.reservation = 50;
              })),
              ElementsAre("memory.swap.max=200", "memory.max=100", "memory.low=50"));
  EXPECT_THAT(V2(Memory([](spec::Memory& m) { m.reservation = -1; })),
              ElementsAre("memory.low=max"));
  EXPECT_THAT(V2(Memory([](spec::Memory& m) {
                m.limit = 100;
                m.swap = 50;
              })),
              ElementsAre(HasSubstr("linux.resources.memory.swap: '50'")));
}

TEST(ResourcesV2Test, SwapAloneIsLessTheLimitInForce) {
  const Fill fill = Memory([](spec::Memory& m) { m.swap = 300; });
  EXPECT_THAT(V2(fill, {{"memory.max", "100"}}), ElementsAre("memory.swap.max=200"));
  EXPECT_THAT(V2(fill, {{"memory.max", "max"}}), ElementsAre("memory.swap.max=300"));
  EXPECT_THAT(V2(fill), ElementsAre(HasSubstr("only together with memory.limit")));
}

TEST(ResourcesV2Test, CheckBeforeUpdateRefusesALimitBelowTheUsage) {
  const Fill fill = Memory([](spec::Memory& m) {
    m.limit = 100;
    m.check_before_update = true;
  });
  EXPECT_THAT(V2(fill, {{"memory.current", "100"}}),
              ElementsAre(HasSubstr("not above the current usage (100)")));
  EXPECT_THAT(V2(fill, {{"memory.current", "99"}}), ElementsAre("memory.max=100"));
  EXPECT_THAT(V2(fill), ElementsAre("memory.max=100"));
}

TEST(ResourcesV2Test, FieldsOfV1AloneAreRefusedByName) {
  const std::pair<Fill, const char*> kTable[] = {
      {Memory([](spec::Memory& m) { m.kernel = 1; }), "memory.kernel:"},
      {Memory([](spec::Memory& m) { m.kernel_tcp = 1; }), "memory.kernelTCP:"},
      {Memory([](spec::Memory& m) { m.swappiness = 0; }), "memory.swappiness:"},
      {Memory([](spec::Memory& m) { m.disable_oom_killer = true; }), "memory.disableOOMKiller:"},
      {Memory([](spec::Memory& m) { m.use_hierarchy = false; }), "memory.useHierarchy:"},
      {Cpu([](spec::Cpu& c) { c.realtime_runtime_us = 1; }), "cpu.realtimeRuntime:"},
      {Cpu([](spec::Cpu& c) { c.realtime_period_us = 1; }), "cpu.realtimePeriod:"},
      {BlockIo([](spec::BlockIo& b) { b.leaf_weight = 10; }), "blockIO.leafWeight:"},
      {BlockIo([](spec::BlockIo& b) { b.weight_device = {{8, 0, {}, 10}}; }),
       "blockIO.weightDevice[0].leafWeight:"},
  };
  for (const auto& [fill, name] : kTable) {
    EXPECT_THAT(V2(fill), ElementsAre(HasSubstr(absl::StrCat("linux.resources.", name))));
  }
}

TEST(ResourcesV2Test, CpuMaxKeepsWhatIsNotGiven) {
  const Files now = {{"cpu.max", "30000 50000"}};
  const auto quota = [](int64_t q) { return Cpu([q](spec::Cpu& c) { c.quota_us = q; }); };
  const auto period = [](uint64_t p) { return Cpu([p](spec::Cpu& c) { c.period_us = p; }); };
  EXPECT_THAT(V2(quota(20000), now), ElementsAre("cpu.max=20000")) << "the kernel keeps the period";
  EXPECT_THAT(V2(quota(-1), now), ElementsAre("cpu.max=max"));
  EXPECT_THAT(V2(period(80000), now), ElementsAre("cpu.max=30000 80000"));
  EXPECT_THAT(V2(period(80000)), ElementsAre("cpu.max=max 80000"));
  EXPECT_THAT(V2(Cpu([](spec::Cpu& c) {
                c.quota_us = 1000;
                c.period_us = 2000;
              })),
              ElementsAre("cpu.max=1000 2000"));
}

TEST(ResourcesV2Test, CpuTheRest) {
  EXPECT_THAT(V2(Cpu([](spec::Cpu& c) { c.shares = 1024; })), ElementsAre("cpu.weight=100"));
  EXPECT_THAT(V2(Cpu([](spec::Cpu& c) { c.idle = 1; })), ElementsAre("cpu.idle=1"));
  EXPECT_THAT(V2(Cpu([](spec::Cpu& c) {
                c.idle = 0;
                c.shares = 2;
              })),
              ElementsAre("cpu.idle=0", "cpu.weight=1"));
  EXPECT_THAT(V2(Cpu([](spec::Cpu& c) {
                c.idle = 1;
                c.shares = 2;
              })),
              ElementsAre(HasSubstr("an idle cgroup")));
  EXPECT_THAT(V2(Cpu([](spec::Cpu& c) { c.burst_us = 500; })), ElementsAre("cpu.max.burst=500"));
  EXPECT_THAT(V2(Cpu([](spec::Cpu& c) {
                c.burst_us = 500;
                c.quota_us = 1000;
              })),
              ElementsAre("cpu.max.burst=500 (try)", "cpu.max=1000",
                          "cpu.max.burst=500 (if refused)"));
  EXPECT_THAT(V2(Cpu([](spec::Cpu& c) {
                c.cpus = "0-1";
                c.mems = "0";
              })),
              ElementsAre("cpuset.cpus=0-1", "cpuset.mems=0"));
}

TEST(ResourcesV2Test, Pids) {
  const auto pids = [](int64_t limit) {
    return [limit](spec::Resources& r) { r.pids.emplace().limit = limit; };
  };
  EXPECT_THAT(V2(pids(20)), ElementsAre("pids.max=20"));
  EXPECT_THAT(V2(pids(-1)), ElementsAre("pids.max=max"));
  EXPECT_THAT(V2(pids(0)), ElementsAre("pids.max=1"));
  EXPECT_THAT(V1(pids(-5)), ElementsAre("pids.max=max"));
}

TEST(ResourcesV2Test, Io) {
  EXPECT_THAT(V2(BlockIo([](spec::BlockIo& b) { b.weight = 100; })),
              ElementsAre("io.bfq.weight=100 (else next)", "io.weight=910"));
  EXPECT_THAT(V2(BlockIo([](spec::BlockIo& b) { b.weight_device = {{8, 16, 500, {}}}; })),
              ElementsAre("io.bfq.weight=8:16 500 (else next)", "io.weight=8:16 4950"));
  EXPECT_THAT(V2(BlockIo([](spec::BlockIo& b) {
                b.throttle_read_bps_device = {{8, 0, 1}};
                b.throttle_write_bps_device = {{8, 0, 2}, {8, 16, 0}};
                b.throttle_read_iops_device = {{8, 0, 3}};
                b.throttle_write_iops_device = {{8, 0, 4}};
              })),
              ElementsAre("io.max=8:0 rbps=1", "io.max=8:0 wbps=2", "io.max=8:16 wbps=max",
                          "io.max=8:0 riops=3", "io.max=8:0 wiops=4"));
  EXPECT_THAT(V2(BlockIo([](spec::BlockIo& b) { b.throttle_read_bps_device = {{-1, 0, 1}}; })),
              ElementsAre(HasSubstr("blockIO.throttleReadBpsDevice[0]: '-1:0'")));
}

TEST(ResourcesV2Test, Hugetlb) {
  const auto page = [](const char* size) {
    return [size](spec::Resources& r) { r.hugepage_limits = {{size, 4194304}}; };
  };
  EXPECT_THAT(V2(page("2MB")), ElementsAre("hugetlb.2MB.max=4194304",
                                           "hugetlb.2MB.rsvd.max=4194304 (if present)"));
  EXPECT_THAT(V1(page("64KB")),
              ElementsAre("hugetlb.64KB.limit_in_bytes=4194304",
                          "hugetlb.64KB.rsvd.limit_in_bytes=4194304 (if present)"));
  for (const char* bad : {"../../a", "2MB/x", "2M", "MB", "", "02MB", "2mb", "2MB\n"}) {
    EXPECT_THAT(V2(page(bad)), ElementsAre(HasSubstr("hugepageLimits[0].pageSize"))) << bad;
    EXPECT_THAT(V1(page(bad)), ElementsAre(HasSubstr("hugepageLimits[0].pageSize"))) << bad;
  }
}

TEST(ResourcesV2Test, Rdma) {
  const auto rdma = [](const char* device) {
    return [device](spec::Resources& r) { r.rdma[device] = {2, 300}; };
  };
  EXPECT_THAT(V2(rdma("mlx5_1")), ElementsAre("rdma.max=mlx5_1 hca_handle=2 hca_object=300"));
  EXPECT_THAT(V1(rdma("mlx5_1")), ElementsAre("rdma.max=mlx5_1 hca_handle=2 hca_object=300"));
  for (const char* bad : {"", "a b", "a/b", "a\nb", ".."}) {
    EXPECT_THAT(V2(rdma(bad)), ElementsAre(HasSubstr("linux.resources.rdma"))) << bad;
  }
}

TEST(ResourcesV2Test, UnifiedComesLastAndLineByLine) {
  EXPECT_THAT(V2([](spec::Resources& r) {
                r.unified = {{"io.max", "8:0 rbps=1\n8:16 wbps=2\n"}, {"memory.high", "10"}};
                r.memory.emplace().limit = 5;
              }),
              ElementsAre("memory.max=5", "io.max=8:0 rbps=1", "io.max=8:16 wbps=2",
                          "memory.high=10"));
}

TEST(ResourcesV2Test, UnifiedNamesOnlyFilesThatLimit) {
  const auto unified = [](const char* file) {
    return [file](spec::Resources& r) { r.unified = {{file, "1"}}; };
  };
  for (const char* bad :
       {"../x", "a/b", "cgroup.procs", "cgroup.kill", "cgroup.freeze", "cgroup.subtree_control",
        "cgroup.type", "cgroup.threads", "memory", "memory.", ".", "", "devices.allow", "x.y",
        "memory.max\n", "/memory.max"}) {
    EXPECT_THAT(V2(unified(bad)), ElementsAre(HasSubstr("linux.resources.unified."))) << bad;
  }
  for (const char* good : {"memory.high", "cpu.uclamp.min", "cgroup.max.depth", "misc.max",
                           "hugetlb.1GB.rsvd.max", "dmem.max"}) {
    EXPECT_THAT(V2(unified(good)), ElementsAre(absl::StrCat(good, "=1")));
  }
}

TEST(ResourcesV2Test, UnifiedOfAnotherHierarchyIsAnError) {
  spec::Resources resources;
  resources.unified = {{"memory.high", "1"}};
  const absl::Status status =
      ConvertV2(resources, [](absl::string_view c) { return c == "hugetlb"; },
                [](absl::string_view) { return std::string(); })
          .status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.unified.memory.high"));
}

// ---- v1 ------------------------------------------------------------------------------------------

TEST(ResourcesV1Test, MemoryAndSwapGoInTheOrderThatTheKernelTakes) {
  const auto both = [](int64_t limit, int64_t swap) {
    return Memory([=](spec::Memory& m) {
      m.limit = limit;
      m.swap = swap;
    });
  };
  const Files now = {{"memory.limit_in_bytes", "100"}};
  EXPECT_THAT(V1(both(50, 60), now),
              ElementsAre("memory.limit_in_bytes=50", "memory.memsw.limit_in_bytes=60"));
  EXPECT_THAT(V1(both(200, 300), now),
              ElementsAre("memory.memsw.limit_in_bytes=300", "memory.limit_in_bytes=200"));
  EXPECT_THAT(V1(both(200, -1), now),
              ElementsAre("memory.memsw.limit_in_bytes=-1", "memory.limit_in_bytes=200"));
  EXPECT_THAT(V1(both(200, 300)),
              ElementsAre("memory.limit_in_bytes=200", "memory.memsw.limit_in_bytes=300"))
      << "a new cgroup is unlimited";
  EXPECT_THAT(V1(Memory([](spec::Memory& m) { m.limit = -1; })),
              ElementsAre("memory.memsw.limit_in_bytes=-1 (if present)",
                          "memory.limit_in_bytes=-1"));
  EXPECT_THAT(V1(both(300, 200)), ElementsAre(HasSubstr("linux.resources.memory.swap")));
}

TEST(ResourcesV1Test, MemoryTheRest) {
  EXPECT_THAT(V1(Memory([](spec::Memory& m) {
                m.reservation = 10;
                m.kernel = 20;
                m.kernel_tcp = 30;
                m.swappiness = 0;
                m.disable_oom_killer = true;
                m.use_hierarchy = true;
              })),
              ElementsAre("memory.use_hierarchy=1 (if present)", "memory.kmem.limit_in_bytes=20",
                          "memory.kmem.tcp.limit_in_bytes=30", "memory.soft_limit_in_bytes=10",
                          "memory.oom_control=1", "memory.swappiness=0"));
  EXPECT_THAT(V1(Memory([](spec::Memory& m) { m.swappiness = 101; })),
              ElementsAre(HasSubstr("memory.swappiness: '101'")));
}

TEST(ResourcesV1Test, CpuPeriodIsTriedAgainAfterTheQuota) {
  EXPECT_THAT(V1(Cpu([](spec::Cpu& c) {
                c.period_us = 5000;
                c.quota_us = 2000;
                c.burst_us = 100;
              })),
              ElementsAre("cpu.cfs_burst_us=100 (try)", "cpu.cfs_period_us=5000 (try)",
                          "cpu.cfs_quota_us=2000", "cpu.cfs_period_us=5000 (if refused)",
                          "cpu.cfs_burst_us=100 (if refused)"));
  EXPECT_THAT(V1(Cpu([](spec::Cpu& c) { c.period_us = 5000; })),
              ElementsAre("cpu.cfs_period_us=5000"));
  EXPECT_THAT(V1(Cpu([](spec::Cpu& c) { c.quota_us = -1; })), ElementsAre("cpu.cfs_quota_us=-1"));
  EXPECT_THAT(V1(Cpu([](spec::Cpu& c) {
                c.realtime_period_us = 1000;
                c.realtime_runtime_us = 500;
              })),
              ElementsAre("cpu.rt_period_us=1000 (try)", "cpu.rt_runtime_us=500",
                          "cpu.rt_period_us=1000 (if refused)"));
}

TEST(ResourcesV1Test, SharesOutsideTheKernelsRangeAreNamed) {
  const auto shares = [](uint64_t s) { return Cpu([s](spec::Cpu& c) { c.shares = s; }); };
  EXPECT_THAT(V1(shares(2)), ElementsAre("cpu.shares=2"));
  EXPECT_THAT(V1(shares(262144)), ElementsAre("cpu.shares=262144"));
  EXPECT_THAT(V1(shares(1)), ElementsAre(HasSubstr("the minimum allowed cpu-shares is 2")));
  EXPECT_THAT(V1(shares(262145)), ElementsAre(HasSubstr("the maximum allowed cpu-shares is 262144")));
}

TEST(ResourcesV1Test, Blkio) {
  EXPECT_THAT(V1(BlockIo([](spec::BlockIo& b) {
                b.weight = 100;
                b.leaf_weight = 200;
                b.weight_device = {{8, 0, 300, 400}};
              })),
              ElementsAre("blkio.weight=100 (else next)", "blkio.bfq.weight=100",
                          "blkio.leaf_weight=200", "blkio.weight_device=8:0 300 (else next)",
                          "blkio.bfq.weight_device=8:0 300", "blkio.leaf_weight_device=8:0 400"));
  EXPECT_THAT(V1(BlockIo([](spec::BlockIo& b) {
                b.throttle_read_bps_device = {{8, 0, 1}};
                b.throttle_write_bps_device = {{8, 0, 2}};
                b.throttle_read_iops_device = {{8, 0, 3}};
                b.throttle_write_iops_device = {{8, 0, 0}};
              })),
              ElementsAre("blkio.throttle.read_bps_device=8:0 1",
                          "blkio.throttle.write_bps_device=8:0 2",
                          "blkio.throttle.read_iops_device=8:0 3",
                          "blkio.throttle.write_iops_device=8:0 0"));
}

TEST(ResourcesV1Test, Network) {
  EXPECT_THAT(V1([](spec::Resources& r) {
                r.network.emplace().class_id = 1048577;
                r.network->priorities = {{"eth0", 5}, {"lo", 1}};
              }),
              ElementsAre("net_cls.classid=1048577", "net_prio.ifpriomap=eth0 5",
                          "net_prio.ifpriomap=lo 1"));
  EXPECT_THAT(V1([](spec::Resources& r) { r.network.emplace().priorities = {{"a b", 5}}; }),
              ElementsAre(HasSubstr("network.priorities[0].name")));
}

// ---- which controllers ---------------------------------------------------------------------------

TEST(ResourcesTest, NeedsNameTheControllerAndTheFirstField) {
  spec::Resources r;
  EXPECT_THAT(NeededControllers(r), IsEmpty());
  r.memory.emplace().swap = 1;
  r.cpu.emplace().idle = 0;
  r.cpu->mems = "0";
  r.pids.emplace().limit = -1;
  r.block_io.emplace().throttle_write_bps_device = {{8, 0, 1}};
  r.hugepage_limits = {{"2MB", 0}};
  r.network.emplace().class_id = 1;
  r.network->priorities = {{"lo", 1}};
  r.rdma["mlx"] = {};
  r.unified = {{"misc.max", "1"}, {"cgroup.max.depth", "1"}};
  std::vector<std::string> texts;
  for (const Need& need : NeededControllers(r)) {
    texts.push_back(absl::StrCat(need.controller, " ", need.field));
  }
  EXPECT_THAT(texts, ElementsAre("memory linux.resources.memory.swap", "cpu linux.resources.cpu.idle",
                                 "cpuset linux.resources.cpu.mems", "pids linux.resources.pids.limit",
                                 "io linux.resources.blockIO.throttleWriteBpsDevice[0]",
                                 "hugetlb linux.resources.hugepageLimits[0]",
                                 "net_cls linux.resources.network.classID",
                                 "net_prio linux.resources.network.priorities",
                                 "rdma linux.resources.rdma.mlx",
                                 "misc linux.resources.unified.misc.max"));
}

TEST(ResourcesTest, WritesCarryTheFieldAndTheController) {
  absl::StatusOr<std::vector<Write>> writes =
      Call(&ConvertV2, Cpu([](spec::Cpu& c) { c.cpus = "0"; }), {});
  ASSERT_TRUE(writes.ok());
  ASSERT_EQ(writes->size(), 1u);
  EXPECT_EQ(writes->front().controller, "cpuset");
  EXPECT_EQ(writes->front().field, "linux.resources.cpu.cpus");
}

TEST(ResourcesTest, ControllersThatAreNotServedAreLeftToTheOtherHierarchy) {
  spec::Resources resources;
  resources.pids.emplace().limit = 5;
  resources.hugepage_limits = {{"2MB", 1}};
  const auto reader = [](absl::string_view) -> absl::StatusOr<std::string> { return std::string(); };
  absl::StatusOr<std::vector<Write>> v1 =
      ConvertV1(resources, [](absl::string_view c) { return c == "pids"; }, reader);
  absl::StatusOr<std::vector<Write>> v2 =
      ConvertV2(resources, [](absl::string_view c) { return c == "hugetlb"; }, reader);
  ASSERT_TRUE(v1.ok() && v2.ok());
  EXPECT_THAT(Texts(*v1), ElementsAre("pids.max=5"));
  EXPECT_THAT(Texts(*v2),
              ElementsAre("hugetlb.2MB.max=1", "hugetlb.2MB.rsvd.max=1 (if present)"));
}

}  // namespace
}  // namespace hull::cgroups
