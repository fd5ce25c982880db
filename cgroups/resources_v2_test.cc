#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cgroups/resources.h"
#include "cgroups/testing_resources.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups {
namespace {

using testing::BlockIo;
using testing::Cpu;
using ::testing::ElementsAre;
using testing::Files;
using testing::Fill;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Memory;
using testing::V1;
using testing::V2;

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
      {BlockIo([](spec::BlockIo& b) {
         b.weight_device = {{8, 0, {}, 10}};
       }),
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
  EXPECT_THAT(
      V2(Cpu([](spec::Cpu& c) {
        c.burst_us = 500;
        c.quota_us = 1000;
      })),
      ElementsAre("cpu.max.burst=500 (try)", "cpu.max=1000", "cpu.max.burst=500 (if refused)"));
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
  EXPECT_THAT(V2(BlockIo([](spec::BlockIo& b) {
                b.weight_device = {{8, 16, 500, {}}};
              })),
              ElementsAre("io.bfq.weight=8:16 500 (else next)", "io.weight=8:16 4950"));
  EXPECT_THAT(V2(BlockIo([](spec::BlockIo& b) {
                b.throttle_read_bps_device = {{8, 0, 1}};
                b.throttle_write_bps_device = {{8, 0, 2}, {8, 16, 0}};
                b.throttle_read_iops_device = {{8, 0, 3}};
                b.throttle_write_iops_device = {{8, 0, 4}};
              })),
              ElementsAre("io.max=8:0 rbps=1", "io.max=8:0 wbps=2", "io.max=8:16 wbps=max",
                          "io.max=8:0 riops=3", "io.max=8:0 wiops=4"));
  EXPECT_THAT(V2(BlockIo([](spec::BlockIo& b) {
                b.throttle_read_bps_device = {{-1, 0, 1}};
              })),
              ElementsAre(HasSubstr("blockIO.throttleReadBpsDevice[0]: '-1:0'")));
}

TEST(ResourcesV2Test, Hugetlb) {
  const auto page = [](const char* size) {
    return [size](spec::Resources& r) { r.hugepage_limits = {{size, 4194304}}; };
  };
  EXPECT_THAT(V2(page("2MB")),
              ElementsAre("hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304 (if present)"));
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
  EXPECT_THAT(
      V2([](spec::Resources& r) {
        r.unified = {{"io.max", "8:0 rbps=1\n8:16 wbps=2\n"}, {"memory.high", "10"}};
        r.memory.emplace().limit = 5;
      }),
      ElementsAre("memory.max=5", "io.max=8:0 rbps=1", "io.max=8:16 wbps=2", "memory.high=10"));
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
  const absl::Status status = ConvertV2(
                                  resources, [](absl::string_view c) { return c == "hugetlb"; },
                                  [](absl::string_view) { return std::string(); })
                                  .status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.unified.memory.high"));
}

}  // namespace
}  // namespace hull::cgroups
