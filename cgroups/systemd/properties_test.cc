#include "cgroups/systemd/properties.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cgroups/resources.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spec/spec.h"

namespace hull::cgroups::systemd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Files = std::map<std::string, std::string>;
using Fill = std::function<void(spec::Resources&)>;
using Lines = std::vector<std::string>;

Lines Show(const absl::StatusOr<std::vector<Property>>& properties) {
  if (!properties.ok()) return {std::string(properties.status().message())};
  Lines lines;
  for (const Property& property : *properties) lines.push_back(FormatProperty(property));
  return lines;
}

// From resources to properties, as the backend does it.
Lines Convert(bool unified, const Fill& fill, int version, const Files& files) {
  spec::Resources resources;
  fill(resources);
  const auto all = [](absl::string_view) { return true; };
  const auto current = [&files](absl::string_view file) -> absl::StatusOr<std::string> {
    const auto found = files.find(std::string(file));
    if (found == files.end()) return absl::NotFoundError("no such file");
    return found->second;
  };
  const auto writes =
      unified ? ConvertV2(resources, all, current) : ConvertV1(resources, all, current);
  EXPECT_TRUE(writes.ok()) << writes.status();
  return Show(PropertiesFromWrites(*writes, version, current));
}

Lines V2(const Fill& fill, int version = 252, const Files& files = {}) {
  return Convert(true, fill, version, files);
}
Lines V1(const Fill& fill, const Files& files = {}) { return Convert(false, fill, 252, files); }

Fill Cpu(const std::function<void(spec::Cpu&)>& fill) {
  return [fill](spec::Resources& resources) { fill(resources.cpu.emplace()); };
}
Fill Memory(const std::function<void(spec::Memory&)>& fill) {
  return [fill](spec::Resources& resources) { fill(resources.memory.emplace()); };
}
Fill BlockIo(const std::function<void(spec::BlockIo&)>& fill) {
  return [fill](spec::Resources& resources) { fill(resources.block_io.emplace()); };
}
Fill Unified(const std::string& file, const std::string& value) {
  return [file, value](spec::Resources& resources) { resources.unified[file] = value; };
}

TEST(PropertiesTest, Memory) {
  EXPECT_THAT(
      V2(Memory([](auto& m) {
        m.limit = 64 << 20;
        m.reservation = 32 << 20;
        m.swap = 96 << 20;
      })),
      ElementsAre("MemorySwapMax=t 33554432", "MemoryMax=t 67108864", "MemoryLow=t 33554432"));
  EXPECT_THAT(V2(Memory([](auto& m) { m.limit = -1; })),
              ElementsAre("MemorySwapMax=t infinity", "MemoryMax=t infinity"));
  EXPECT_THAT(V1(Memory([](auto& m) { m.limit = 64 << 20; })),
              ElementsAre("MemoryLimit=t 67108864"));
  EXPECT_THAT(V1(Memory([](auto& m) { m.limit = -1; })), ElementsAre("MemoryLimit=t infinity"));
}

TEST(PropertiesTest, CpuShares) {
  EXPECT_THAT(V2(Cpu([](auto& c) { c.shares = 1024; })), ElementsAre("CPUWeight=t 100"));
  EXPECT_THAT(V1(Cpu([](auto& c) { c.shares = 1024; })), ElementsAre("CPUShares=t 1024"));
}

TEST(PropertiesTest, IdleIsAWeightOfZeroFrom252On) {
  const Fill idle = Cpu([](auto& c) { c.idle = 1; });
  EXPECT_THAT(V2(idle, 252), ElementsAre("CPUWeight=t 0"));
  EXPECT_THAT(V2(idle, 251), IsEmpty());
}

TEST(PropertiesTest, QuotaIsPerSecondAndRoundedUpToTenMilliseconds) {
  const Fill fill = Cpu([](auto& c) {
    c.quota_us = 12345;
    c.period_us = 50000;
  });
  EXPECT_THAT(V2(fill), ElementsAre("CPUQuotaPeriodUSec=t 50000", "CPUQuotaPerSecUSec=t 250000"));
  EXPECT_THAT(V1(fill), ElementsAre("CPUQuotaPeriodUSec=t 50000", "CPUQuotaPerSecUSec=t 250000"));
  EXPECT_THAT(V2(Cpu([](auto& c) { c.quota_us = 50000; })),
              ElementsAre("CPUQuotaPeriodUSec=t 100000", "CPUQuotaPerSecUSec=t 500000"));
}

TEST(PropertiesTest, PeriodIsTooNewForSystemd241) {
  EXPECT_THAT(V2(Cpu([](auto& c) { c.quota_us = 50000; }), 241),
              ElementsAre("CPUQuotaPerSecUSec=t 500000"));
}

TEST(PropertiesTest, NoQuotaIsInfinity) {
  EXPECT_THAT(V2(Cpu([](auto& c) { c.quota_us = -1; })),
              ElementsAre("CPUQuotaPeriodUSec=t 100000", "CPUQuotaPerSecUSec=t infinity"));
}

TEST(PropertiesTest, HalfOfQuotaAndPeriodKeepsTheOther) {
  const Files v2 = {{"cpu.max", "20000 50000"}};
  EXPECT_THAT(V2(Cpu([](auto& c) { c.quota_us = 10000; }), 252, v2),
              ElementsAre("CPUQuotaPeriodUSec=t 50000", "CPUQuotaPerSecUSec=t 200000"));
  EXPECT_THAT(V2(Cpu([](auto& c) { c.period_us = 20000; }), 252, v2),
              ElementsAre("CPUQuotaPeriodUSec=t 20000", "CPUQuotaPerSecUSec=t 1000000"));
  const Files v1 = {{"cpu.cfs_quota_us", "20000"}, {"cpu.cfs_period_us", "50000"}};
  EXPECT_THAT(V1(Cpu([](auto& c) { c.period_us = 20000; }), v1),
              ElementsAre("CPUQuotaPeriodUSec=t 20000", "CPUQuotaPerSecUSec=t 1000000"));
  EXPECT_THAT(V1(Cpu([](auto& c) { c.quota_us = 10000; }), v1),
              ElementsAre("CPUQuotaPeriodUSec=t 50000", "CPUQuotaPerSecUSec=t 200000"));
}

TEST(PropertiesTest, CpusetsAreBitMasks) {
  const Fill fill = Cpu([](auto& c) {
    c.cpus = "0-2,9";
    c.mems = "0";
  });
  EXPECT_THAT(V2(fill), ElementsAre("AllowedCPUs=ay 7 2", "AllowedMemoryNodes=ay 1"));
  EXPECT_THAT(V2(fill, 243), IsEmpty());
  EXPECT_THAT(V2(Cpu([](auto& c) { c.cpus = "2-1"; })),
              ElementsAre("linux.resources.cpu.cpus: '2-1' is no list of CPUs or memory nodes, as "
                          "'0-2,7'"));
}

TEST(PropertiesTest, MasksOfNonsenseAreRefused) {
  for (const char* list : {"", ",", "a", "1-", "-1", "0-99999999", "1-2-3", "0x1"}) {
    EXPECT_FALSE(CpuMask(list).ok()) << list;
  }
  EXPECT_EQ(FormatProperty({"", *CpuMask("8191")}).size(),
            std::string("=ay").size() + 1024 * 2 + 2);
}

TEST(PropertiesTest, Pids) {
  EXPECT_THAT(V2([](auto& r) { r.pids.emplace().limit = 5; }), ElementsAre("TasksMax=t 5"));
  EXPECT_THAT(V1([](auto& r) { r.pids.emplace().limit = -1; }), ElementsAre("TasksMax=t infinity"));
}

TEST(PropertiesTest, IoWeightIsOnTheScaleOfWhatTheKernelHas) {
  const Fill fill = BlockIo([](auto& b) {
    b.weight = 505;
    spec::WeightDevice& device = b.weight_device.emplace_back();
    device.major = 8;
    device.weight = 100;
  });
  EXPECT_THAT(V2(fill), ElementsAre("IOWeight=t 5000", "IODeviceWeight=a(st) /dev/block/8:0 910"));
  // BFQ's 505 is what systemd makes of 4555.
  EXPECT_THAT(V2(fill, 252, {{"io.bfq.weight", "default 100"}}),
              ElementsAre("IOWeight=t 4555", "IODeviceWeight=a(st) /dev/block/8:0 100"));
  EXPECT_THAT(V1(fill),
              ElementsAre("BlockIOWeight=t 505", "BlockIODeviceWeight=a(st) /dev/block/8:0 100"));
}

TEST(PropertiesTest, Throttles) {
  const Fill fill = BlockIo([](auto& b) {
    b.throttle_read_bps_device = {{8, 0, 1000}, {8, 16, 0}};
    b.throttle_write_bps_device = {{8, 0, 2000}};
    b.throttle_read_iops_device = {{8, 0, 30}};
    b.throttle_write_iops_device = {{8, 0, 40}};
  });
  EXPECT_THAT(V2(fill),
              ElementsAre("IOReadBandwidthMax=a(st) /dev/block/8:0 1000 /dev/block/8:16 infinity",
                          "IOWriteBandwidthMax=a(st) /dev/block/8:0 2000",
                          "IOReadIOPSMax=a(st) /dev/block/8:0 30",
                          "IOWriteIOPSMax=a(st) /dev/block/8:0 40"));
  EXPECT_THAT(V1(fill),
              ElementsAre("BlockIOReadBandwidth=a(st) /dev/block/8:0 1000 /dev/block/8:16 infinity",
                          "BlockIOWriteBandwidth=a(st) /dev/block/8:0 2000"));
}

TEST(PropertiesTest, UnifiedFilesHaveTheirProperties) {
  EXPECT_THAT(V2(Unified("cpu.max", "12345 50000")),
              ElementsAre("CPUQuotaPeriodUSec=t 50000", "CPUQuotaPerSecUSec=t 250000"));
  EXPECT_THAT(V2(Unified("cpu.max", "max")),
              ElementsAre("CPUQuotaPeriodUSec=t 100000", "CPUQuotaPerSecUSec=t infinity"));
  EXPECT_THAT(V2(Unified("cpu.weight", "77")), ElementsAre("CPUWeight=t 77"));
  EXPECT_THAT(V2(Unified("cpu.idle", "1")), ElementsAre("CPUWeight=t 0"));
  EXPECT_THAT(V2(Unified("cpuset.cpus", "1")), ElementsAre("AllowedCPUs=ay 2"));
  EXPECT_THAT(V2(Unified("cpuset.mems", "0-1")), ElementsAre("AllowedMemoryNodes=ay 3"));
  EXPECT_THAT(V2(Unified("memory.min", "1M")), ElementsAre("MemoryMin=t 1048576"));
  EXPECT_THAT(V2(Unified("memory.low", "2g")), ElementsAre("MemoryLow=t 2147483648"));
  EXPECT_THAT(V2(Unified("memory.high", "max")), ElementsAre("MemoryHigh=t infinity"));
  EXPECT_THAT(V2(Unified("memory.max", "1000")), ElementsAre("MemoryMax=t 1000"));
  EXPECT_THAT(V2(Unified("memory.swap.max", "0")), ElementsAre("MemorySwapMax=t 0"));
  EXPECT_THAT(V2(Unified("pids.max", "7")), ElementsAre("TasksMax=t 7"));
  EXPECT_THAT(V2(Unified("io.weight", "default 250")), ElementsAre("IOWeight=t 250"));
  EXPECT_THAT(V2(Unified("io.max", "8:0 rbps=5 wiops=max")),
              ElementsAre("IOReadBandwidthMax=a(st) /dev/block/8:0 5",
                          "IOWriteIOPSMax=a(st) /dev/block/8:0 infinity"));
}

TEST(PropertiesTest, NewPropertiesWaitForTheirSystemd) {
  EXPECT_THAT(V2(Unified("memory.oom.group", "1"), 253), ElementsAre("OOMPolicy=s kill"));
  EXPECT_THAT(V2(Unified("memory.oom.group", "0"), 253), ElementsAre("OOMPolicy=s continue"));
  EXPECT_THAT(V2(Unified("memory.oom.group", "1"), 252), IsEmpty());
  EXPECT_THAT(V2(Unified("memory.zswap.max", "5"), 253), ElementsAre("MemoryZSwapMax=t 5"));
  EXPECT_THAT(V2(Unified("memory.zswap.max", "5"), 0), IsEmpty());
}

TEST(PropertiesTest, UnifiedWinsAsItDoesInTheFiles) {
  EXPECT_THAT(V2([](auto& r) {
                r.memory.emplace().limit = 1000;
                r.unified["memory.max"] = "2000";
              }),
              ElementsAre("MemoryMax=t 2000"));
}

TEST(PropertiesTest, FilesThatSystemdDoesNotKnowHaveNone) {
  EXPECT_THAT(V2([](auto& r) {
                r.cpu.emplace().burst_us = 5;
                r.hugepage_limits = {{"2MB", 1}};
                r.rdma["mlx"].hca_handles = 1;
                r.unified["misc.max"] = "x 1";
              }),
              IsEmpty());
  EXPECT_THAT(V1([](auto& r) {
                r.cpu.emplace().realtime_period_us = 5;
                r.memory.emplace().swappiness = 5;
                r.network.emplace().class_id = 5;
              }),
              IsEmpty());
}

// --- devices -------------------------------------------------------------------------------------

constexpr char kDevices[] =
    "Character devices:\n  1 mem\n136 pts\n 10 misc\n\nBlock devices:\n  8 sd\n259 blkext\n136 x\n";

Lines Devices(std::vector<spec::DeviceRule> rules, bool wider = true) {
  return Show(DeviceProperties(*ParseDeviceRules(rules), kDevices, wider));
}

spec::DeviceRule Rule(bool allow, const std::string& type, std::optional<int64_t> major,
                      std::optional<int64_t> minor, const std::string& access) {
  spec::DeviceRule rule;
  rule.allow = allow;
  rule.type = type;
  rule.major = major;
  rule.minor = minor;
  rule.access = access;
  return rule;
}

constexpr char kDefaults[] =
    " char-* m block-* m /dev/char/1:3 rwm /dev/char/1:5 rwm /dev/char/1:7 rwm /dev/char/1:8 rwm "
    "/dev/char/1:9 rwm /dev/char/5:0 rwm /dev/char/5:1 rwm /dev/char/5:2 rwm char-pts rwm "
    "/dev/char/10:200 rwm";

TEST(PropertiesTest, DevicesOfEveryContainer) {
  EXPECT_THAT(Devices({Rule(false, "a", {}, {}, "rwm")}),
              ElementsAre("DevicePolicy=s strict", "DeviceAllow=a(ss)",
                          std::string("DeviceAllow=a(ss)") + kDefaults));
}

TEST(PropertiesTest, AllDevicesAreNoPolicy) {
  EXPECT_THAT(Devices({Rule(true, "a", {}, {}, "rwm")}),
              ElementsAre("DevicePolicy=s auto", "DeviceAllow=a(ss)"));
}

TEST(PropertiesTest, SingleDevicesAndWholeMajors) {
  EXPECT_THAT(Devices({Rule(true, "b", 8, 1, "r"), Rule(true, "b", 8, {}, "w")})[2],
              HasSubstr("=a(ss) /dev/block/8:1 r block-sd w"));
  EXPECT_THAT(Devices({Rule(true, "c", 136, {}, "r")})[2], HasSubstr(" char-pts rwm"));
}

TEST(PropertiesTest, WhatSystemdCannotSayIsWiderOnlyWhereOurFilterHolds) {
  const std::vector<spec::DeviceRule> any_major = {Rule(true, "c", {}, 7, "rw")};
  EXPECT_THAT(Devices(any_major, true)[2], HasSubstr(" char-* rwm"));
  EXPECT_THAT(Devices(any_major, false)[2], ::testing::Not(HasSubstr("char-* rw")));
  // A major that no driver has: there is nothing to open yet.
  const std::vector<spec::DeviceRule> unknown = {Rule(true, "b", 77, {}, "r")};
  EXPECT_THAT(Devices(unknown, true)[2], HasSubstr(" block-* rm"));
  EXPECT_THAT(Devices(unknown, false)[2], HasSubstr(" block-* m"));
}

TEST(PropertiesTest, ExceptionsAreLeftToOurFilter) {
  EXPECT_THAT(Devices({Rule(true, "b", 8, {}, "rw"), Rule(false, "b", 8, 1, "w")})[2],
              HasSubstr("=a(ss) block-sd rw"));
}

}  // namespace
}  // namespace hull::cgroups::systemd
