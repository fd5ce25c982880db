// Over a directory of plain files that stands for resctrl: what is written is appended, so that the
// files show every write in its order.
#include "runtime/intel_rdt.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

// linux.intelRdt, each field with a default.
struct Wanted {
  std::string clos_id = "";
  std::optional<std::vector<std::string>> schemata = std::nullopt;
  std::string l3_cache_schema = "", mem_bw_schema = "";
  std::optional<bool> enable_monitoring = std::nullopt;
  spec::IntelRdt spec() const {
    return {clos_id, schemata, l3_cache_schema, mem_bw_schema, enable_monitoring};
  }
};

class IntelRdtTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(::testing::TempDir()) /
            ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root_);
    fs::create_directories(root_ / "info/L3_MON");
    Put("schemata", "    MB:0=100;1=100\n    L3:0=fff;1=fff\n");
    Put("tasks", "");
  }
  void Put(const std::string& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::string Get(const std::string& file) {
    std::ifstream in(root_ / file);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  absl::StatusOr<IntelRdt> Plan(const Wanted& wanted) {
    return IntelRdt::Plan(wanted.spec(), "c1", root_.string());
  }
  // Planned and made.
  IntelRdt Made(const Wanted& wanted) {
    absl::StatusOr<IntelRdt> rdt = Plan(wanted);
    EXPECT_TRUE(rdt.ok()) << rdt.status();
    EXPECT_TRUE(rdt->Make(wanted.spec()).ok());
    return *std::move(rdt);
  }
  // What a later command opens.
  IntelRdt Again(const IntelRdt& rdt) { return *IntelRdt::Open(rdt.location()); }

  fs::path root_;
};

TEST_F(IntelRdtTest, WithoutAnIdTheClassIsTheContainersOwn) {
  IntelRdt rdt = Made({});
  EXPECT_TRUE(fs::is_directory(root_ / "c1"));
  EXPECT_FALSE(fs::exists(root_ / "c1/schemata"));
  EXPECT_TRUE(rdt.Attach(42).ok());
  EXPECT_EQ(Get("c1/tasks"), "42\n");
  EXPECT_TRUE(Again(rdt).Destroy().ok());
  EXPECT_FALSE(fs::exists(root_ / "c1"));
  EXPECT_TRUE(Again(rdt).Destroy().ok());
}

TEST_F(IntelRdtTest, PlanningTouchesNothing) {
  ASSERT_TRUE(Plan({.l3_cache_schema = "L3:0=f"}).ok());
  EXPECT_FALSE(fs::exists(root_ / "c1"));
}

TEST_F(IntelRdtTest, TheCacheComesFirstThenTheBandwidthThenTheSchemata) {
  Made({.clos_id = "gold",
        .schemata = {{"L2:0=3", "MB:0=40"}},
        .l3_cache_schema = "L3:0=f",
        .mem_bw_schema = "MB:0=20"});
  EXPECT_EQ(Get("gold/schemata"), "L3:0=f\nMB:0=20\nL2:0=3\nMB:0=40\n");
}

TEST_F(IntelRdtTest, BandwidthInTheCachesSchemaGivesWayToItsOwn) {
  Made({.l3_cache_schema = "L3:0=f\nMB:0=90", .mem_bw_schema = "MB:0=20"});
  EXPECT_EQ(Get("c1/schemata"), "L3:0=f\nMB:0=20\n");
}

TEST_F(IntelRdtTest, BandwidthInTheCachesSchemaStaysWhereThereIsNoOther) {
  Made({.l3_cache_schema = "MB:0=90\nL3:0=f"});
  EXPECT_EQ(Get("c1/schemata"), "MB:0=90\nL3:0=f\n");
}

TEST_F(IntelRdtTest, AClassThatIsThereIsJoinedAndKept) {
  Put("gold/schemata", "L3:0=0f;1=FF\n");
  Put("gold/tasks", "");
  IntelRdt rdt = Made({.clos_id = "gold", .l3_cache_schema = "L3:1=ff"});
  EXPECT_EQ(Get("gold/schemata"), "L3:0=0f;1=FF\n");
  EXPECT_TRUE(rdt.Attach(42).ok());
  EXPECT_EQ(Get("gold/tasks"), "42\n");
  EXPECT_TRUE(rdt.Destroy().ok());
  EXPECT_TRUE(fs::exists(root_ / "gold"));
}

TEST_F(IntelRdtTest, AClassWithOtherSchemataIsRefused) {
  Put("gold/schemata", "L3:0=f;1=f\nMB:0=100\n");
  const absl::Status status = Plan({.clos_id = "gold", .mem_bw_schema = "MB:0=20"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("class 'gold' exists and has '100' for 'MB:0', not '20'"));
  EXPECT_FALSE(Plan({.clos_id = "gold", .schemata = {{"L2:0=3"}}}).ok());
  EXPECT_FALSE(Plan({.clos_id = "gold", .l3_cache_schema = "L3:0=f;1=f;2=f"}).ok());
}

TEST_F(IntelRdtTest, AClassThatIsNotThereNeedsSchemata) {
  const absl::Status status = Plan({.clos_id = "gold"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/linux/intelRdt/closID: 'gold'"));
}

TEST_F(IntelRdtTest, TheDefaultClassIsTheRoot) {
  IntelRdt rdt = Made({.clos_id = "/"});
  EXPECT_TRUE(rdt.Attach(42).ok());
  EXPECT_EQ(Get("tasks"), "42\n");
  EXPECT_TRUE(rdt.Destroy().ok());
  EXPECT_TRUE(fs::exists(root_ / "tasks"));
  EXPECT_FALSE(Plan({.clos_id = "/", .mem_bw_schema = "MB:0=20"}).ok());
}

TEST_F(IntelRdtTest, ANamedClassStaysWhileOthersUseIt) {
  IntelRdt rdt = Made({.clos_id = "gold", .l3_cache_schema = "L3:0=f"});
  Put("gold/tasks", "77\n");
  EXPECT_TRUE(rdt.Destroy().ok());
  EXPECT_TRUE(fs::exists(root_ / "gold"));
  Put("gold/tasks", "");
  EXPECT_TRUE(rdt.Destroy().ok());
  EXPECT_FALSE(fs::exists(root_ / "gold"));
}

TEST_F(IntelRdtTest, AMonitoringGroupIsMadeJoinedAndRemoved) {
  Put("gold/tasks", "");
  fs::create_directories(root_ / "gold/mon_groups");
  IntelRdt rdt = Made({.clos_id = "gold", .enable_monitoring = true});
  EXPECT_TRUE(rdt.Attach(42).ok());
  EXPECT_EQ(Get("gold/mon_groups/c1/tasks"), "42\n");
  EXPECT_TRUE(Again(rdt).Destroy().ok());
  EXPECT_FALSE(fs::exists(root_ / "gold/mon_groups/c1"));
  EXPECT_TRUE(fs::exists(root_ / "gold/mon_groups"));
}

TEST_F(IntelRdtTest, MonitoringOfTheContainersOwnClass) {
  IntelRdt rdt = Made({.enable_monitoring = true});
  EXPECT_TRUE(fs::is_directory(root_ / "c1/mon_groups/c1"));
  EXPECT_TRUE(rdt.Destroy().ok());
  EXPECT_FALSE(fs::exists(root_ / "c1"));
}

TEST_F(IntelRdtTest, WithoutMonitoringOfTheHostItIsRefused) {
  fs::remove_all(root_ / "info/L3_MON");
  const absl::Status status = Plan({.enable_monitoring = true}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/linux/intelRdt/enableMonitoring"));
}

TEST_F(IntelRdtTest, ANewLimitIsWrittenAndTheOtherStays) {
  IntelRdt rdt = Made({.l3_cache_schema = "L3:0=f"});
  EXPECT_TRUE(rdt.Update("", "MB:0=30").ok());
  EXPECT_TRUE(rdt.Update("L3:0=1", "").ok());
  EXPECT_EQ(Get("c1/schemata"), "L3:0=f\nMB:0=30\nL3:0=1\n");
}

TEST_F(IntelRdtTest, StatsAreThoseOfTheMonitoringGroup) {
  Put("info/L3/cbm_mask", "fff\n");
  Put("info/L3/min_cbm_bits", "1\n");
  Put("info/L3/num_closids", "16\n");
  Put("info/MB/bandwidth_gran", "10\n");
  Put("info/MB/min_bandwidth", "20\n");
  IntelRdt rdt = Made({.l3_cache_schema = "L3:0=f", .enable_monitoring = true});
  Put("c1/mon_groups/c1/mon_data/mon_L3_00/llc_occupancy", "4096\n");
  Put("c1/mon_groups/c1/mon_data/mon_L3_00/mbm_total_bytes", "7\n");
  Put("c1/mon_groups/c1/mon_data/mon_L3_01/mbm_total_bytes", "Unavailable\n");
  const absl::StatusOr<RdtStats> stats = rdt.ReadStats();
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_EQ(stats->cache->cbm_mask, "fff");
  EXPECT_EQ(stats->cache->num_closids, 16u);
  EXPECT_EQ(stats->bandwidth->granularity, 10u);
  EXPECT_THAT(stats->schemata, ElementsAre("L3:0=f"));
  EXPECT_EQ(SchemaLine(stats->root_schemata, "MB"), "MB:0=100;1=100");
  ASSERT_EQ(stats->nodes.size(), 2u);
  EXPECT_EQ(stats->nodes[0].occupancy_bytes, 4096u);
  EXPECT_EQ(stats->nodes[0].total_bytes, 7u);
  EXPECT_FALSE(stats->nodes[1].total_bytes.has_value());
}

}  // namespace
}  // namespace hull::runtime
