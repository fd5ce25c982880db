#include "cgroups/merge.h"

#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "spec/spec.h"

namespace hull::cgroups {
namespace {

// `value` with some members set: `With(&spec::Memory::limit, 64, &spec::Memory::swap, 128)`.
template <typename Object, typename Member, typename... More>
Object With(Member Object::*member, typename Member::value_type value, More... more) {
  Object object;
  if constexpr (sizeof...(more) > 0) object = With(more...);
  object.*member = value;
  return object;
}

constexpr auto kLimit = &spec::Memory::limit, kSwap = &spec::Memory::swap,
               kReservation = &spec::Memory::reservation;
constexpr auto kSwappiness = &spec::Memory::swappiness;
constexpr auto kShares = &spec::Cpu::shares, kBurst = &spec::Cpu::burst_us;
constexpr auto kIdle = &spec::Cpu::idle;

spec::DeviceRule Everything(bool allow) {
  spec::DeviceRule rule;
  rule.allow = allow;
  return rule;
}

TEST(MergeTest, FieldsThatAreNotGivenStay) {
  spec::Resources before;
  before.memory = With(kLimit, 64, kReservation, 32, kSwappiness, 7);
  before.pids = spec::Pids{9};
  spec::Resources change;
  change.memory = With(kLimit, 128);
  const spec::Resources merged = MergeResources(before, change);
  EXPECT_EQ(merged.memory, (With(kLimit, 128, kReservation, 32, kSwappiness, 7)));
  EXPECT_EQ(merged.pids, before.pids);
}

TEST(MergeTest, ZeroMeansNothingSaidButForAFewValues) {
  spec::Resources before, change;
  before.memory = With(kLimit, 64, kSwappiness, 7);
  before.cpu = With(kShares, 512, kBurst, 10, kIdle, 0);
  before.pids = spec::Pids{9};
  change.memory = With(kLimit, 0, kSwappiness, 0);
  change.cpu = With(kShares, 0, kBurst, 0);
  change.pids = spec::Pids{0};
  const spec::Resources merged = MergeResources(before, change);
  EXPECT_EQ(merged.memory, (With(kLimit, 64, kSwappiness, 0)));
  EXPECT_EQ(merged.cpu, (With(kShares, 512, kBurst, 0, kIdle, 0)));
  EXPECT_EQ(merged.pids->limit, 0);
}

TEST(MergeTest, UnlimitedMemoryTakesTheSumAlong) {
  spec::Resources before, change;
  before.memory = With(kLimit, 64, kSwap, 128);
  change.memory = With(kLimit, -1);
  EXPECT_EQ(MergeResources(before, change).memory, (With(kLimit, -1, kSwap, -1)));
}

TEST(MergeTest, ListsGoByWhatTheirEntriesAreAbout) {
  spec::Resources before, change;
  before.block_io.emplace().throttle_read_bps_device = {{8, 0, 1}, {8, 16, 2}};
  change.block_io.emplace().throttle_read_bps_device = {{8, 16, 3}, {8, 32, 4}};
  before.hugepage_limits = {{"2MB", 1}};
  change.hugepage_limits = {{"1GB", 2}, {"2MB", 3}};
  before.unified = {{"pids.max", "1"}, {"memory.high", "2"}};
  change.unified = {{"pids.max", "3"}};
  const spec::Resources merged = MergeResources(before, change);
  EXPECT_EQ(merged.block_io->throttle_read_bps_device,
            (std::vector<spec::ThrottleDevice>{{8, 0, 1}, {8, 16, 3}, {8, 32, 4}}));
  EXPECT_EQ(merged.hugepage_limits, (std::vector<spec::HugepageLimit>{{"2MB", 3}, {"1GB", 2}}));
  EXPECT_EQ(merged.unified.at("pids.max"), "3");
  EXPECT_EQ(merged.unified.at("memory.high"), "2");
}

TEST(MergeTest, DeviceRulesAreReplacedWholeAndOnlyWhereGiven) {
  spec::Resources before, change;
  before.devices = {Everything(false), Everything(true), Everything(false)};
  EXPECT_EQ(MergeResources(before, change).devices, before.devices);
  change.devices = {Everything(true)};
  EXPECT_EQ(MergeResources(before, change).devices, change.devices);
}

TEST(MergeTest, AChangedMemoryLimitKeepsTheSum) {
  spec::Resources before, change;
  before.memory = With(kLimit, 64, kSwap, 128);
  change.memory = With(kLimit, 100);
  EXPECT_EQ(CompleteChange(change, before).memory->swap, 128);
  change.memory->limit = -1;  // takes the sum along
  EXPECT_EQ(CompleteChange(change, before).memory->swap, std::nullopt);
  change.memory = With(kSwap, 256);
  EXPECT_EQ(CompleteChange(change, before).memory->limit, std::nullopt);
}

TEST(MergeTest, SharesOfAnIdleCgroupAreSeenTogether) {
  spec::Resources before, change;
  before.cpu = With(kIdle, 1);
  change.cpu = With(kShares, 512);
  EXPECT_EQ(CompleteChange(change, before).cpu->idle, 1);
  change.cpu->idle = 0;
  EXPECT_EQ(CompleteChange(change, before).cpu->idle, 0);
}

TEST(MergeTest, DeviceRulesThatAreThereAlreadyAreNoChange) {
  spec::Resources before, change;
  before.devices = {Everything(false)};
  change.devices = before.devices;
  EXPECT_TRUE(CompleteChange(change, before).devices.empty());
  change.devices = {Everything(true)};
  EXPECT_EQ(CompleteChange(change, before).devices.size(), 1u);
}

}  // namespace
}  // namespace hull::cgroups
