#include "cgroups/resources.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cgroups/testing_resources.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups {
namespace {

using testing::Call;
using testing::Cpu;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Texts;

TEST(ResourcesTest, CpuWeightFollowsTheCurve) {
  const std::pair<uint64_t, uint64_t> kTable[] = {
      {0, 0},    {1, 1},      {2, 1},      {3, 2},       {10, 4},         {100, 17},
      {512, 59}, {1024, 100}, {2048, 174}, {10000, 627}, {262144, 10000}, {1000000, 10000}};
  for (const auto& [shares, weight] : kTable)
    EXPECT_EQ(CpuWeightFromShares(shares), weight) << shares;
  for (uint64_t shares = 3; shares <= 262144; ++shares) {
    ASSERT_GE(CpuWeightFromShares(shares), CpuWeightFromShares(shares - 1));
    ASSERT_LE(CpuWeightFromShares(shares), 10000u);
  }
}

TEST(ResourcesTest, IoWeightIsLinear) {
  const std::pair<uint64_t, uint64_t> kTable[] = {{0, 0},     {5, 1},      {10, 1},
                                                  {100, 910}, {500, 4950}, {1000, 10000}};
  for (const auto& [blkio, weight] : kTable) EXPECT_EQ(IoWeightFromBlkio(blkio), weight) << blkio;
}

TEST(ResourcesTest, SwapMaxIsTheSumLessTheMemory) {
  struct Row {
    int64_t swap, memory;
    const char* result;  // nullptr = refused
  };
  const Row kTable[] = {{0, 0, ""},         {0, 100, ""},     {0, -1, "max"},    {-1, 0, "max"},
                        {-1, 100, "max"},   {-1, -1, "max"},  {300, 100, "200"}, {100, 100, "0"},
                        {50, 100, nullptr}, {50, 0, nullptr}, {50, -1, "50"}};
  for (const Row& row : kTable) {
    absl::StatusOr<std::string> value = SwapMaxFromTotal(row.swap, row.memory);
    ASSERT_EQ(value.ok(), row.result != nullptr) << row.swap << " " << row.memory;
    if (!value.ok()) continue;
    EXPECT_EQ(*value, row.result) << row.swap << " " << row.memory;
  }
}

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
  EXPECT_THAT(
      texts, ElementsAre("memory linux.resources.memory.swap", "cpu linux.resources.cpu.idle",
                         "cpuset linux.resources.cpu.mems", "pids linux.resources.pids.limit",
                         "io linux.resources.blockIO.throttleWriteBpsDevice[0]",
                         "hugetlb linux.resources.hugepageLimits[0]",
                         "net_cls linux.resources.network.classID",
                         "net_prio linux.resources.network.priorities",
                         "rdma linux.resources.rdma.mlx", "misc linux.resources.unified.misc.max"));
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
  const auto reader = [](absl::string_view) -> absl::StatusOr<std::string> {
    return std::string();
  };
  absl::StatusOr<std::vector<Write>> v1 = ConvertV1(
      resources, [](absl::string_view c) { return c == "pids"; }, reader);
  absl::StatusOr<std::vector<Write>> v2 = ConvertV2(
      resources, [](absl::string_view c) { return c == "hugetlb"; }, reader);
  ASSERT_TRUE(v1.ok() && v2.ok());
  EXPECT_THAT(Texts(*v1), ElementsAre("pids.max=5"));
  EXPECT_THAT(Texts(*v2), ElementsAre("hugetlb.2MB.max=1", "hugetlb.2MB.rsvd.max=1 (if present)"));
}

}  // namespace
}  // namespace hull::cgroups
