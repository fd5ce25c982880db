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
using ::testing::HasSubstr;
using testing::Memory;
using testing::V1;

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
  EXPECT_THAT(
      V1(Memory([](spec::Memory& m) { m.limit = -1; })),
      ElementsAre("memory.memsw.limit_in_bytes=-1 (if present)", "memory.limit_in_bytes=-1"));
  EXPECT_THAT(V1(both(300, 200)), ElementsAre(HasSubstr("linux.resources.memory.swap")));
}

TEST(ResourcesV1Test, MemoryTheRest) {
  EXPECT_THAT(
      V1(Memory([](spec::Memory& m) {
        m.reservation = 10;
        m.kernel = 20;
        m.kernel_tcp = 30;
        m.swappiness = 0;
        m.disable_oom_killer = true;
        m.use_hierarchy = true;
      })),
      ElementsAre("memory.use_hierarchy=1 (if present)",
                  "memory.kmem.limit_in_bytes=20 (read back)", "memory.kmem.tcp.limit_in_bytes=30",
                  "memory.soft_limit_in_bytes=10", "memory.oom_control=1", "memory.swappiness=0"));
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
  EXPECT_THAT(V1(shares(262145)),
              ElementsAre(HasSubstr("the maximum allowed cpu-shares is 262144")));
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
  EXPECT_THAT(
      V1(BlockIo([](spec::BlockIo& b) {
        b.throttle_read_bps_device = {{8, 0, 1}};
        b.throttle_write_bps_device = {{8, 0, 2}};
        b.throttle_read_iops_device = {{8, 0, 3}};
        b.throttle_write_iops_device = {{8, 0, 0}};
      })),
      ElementsAre("blkio.throttle.read_bps_device=8:0 1", "blkio.throttle.write_bps_device=8:0 2",
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
  EXPECT_THAT(V1([](spec::Resources& r) {
                r.network.emplace().priorities = {{"a b", 5}};
              }),
              ElementsAre(HasSubstr("network.priorities[0].name")));
}

}  // namespace
}  // namespace hull::cgroups
