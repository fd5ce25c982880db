#include "cgroups/oom.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hull::cgroups {
namespace {

namespace fs = std::filesystem;

// Plain files in the place of the kernel's: what wakes the watch is tested on real cgroups.
class OomTest : public ::testing::Test {
 protected:
  void SetUp() override {
    host_.mount_point = absl::StrCat(::testing::TempDir(), "/oom");
    fs::create_directories(host_.mount_point + "/c1");
    location_.directories = {"gone", "c1"};
  }
  void TearDown() override { fs::remove_all(host_.mount_point); }
  void SetEvents(int kills) {
    std::ofstream(host_.mount_point + "/c1/memory.events") << "oom 9\noom_kill " << kills << "\n";
  }

  Host host_;
  Location location_;
};

TEST_F(OomTest, EachKillIsTakenOnce) {
  SetEvents(2);
  absl::StatusOr<OomWatch> watch = OomWatch::Open(host_, location_);
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_GE(watch->entry().fd, 0);
  EXPECT_FALSE(watch->Take()) << "what was before the watch is no news";
  SetEvents(3);
  EXPECT_TRUE(watch->Take());
  EXPECT_FALSE(watch->Take());
}

TEST_F(OomTest, NothingWakesWithoutAMemoryController) {
  absl::StatusOr<OomWatch> watch = OomWatch::Open(host_, location_);
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_EQ(watch->entry().fd, -1);
  EXPECT_FALSE(watch->Take());
}

}  // namespace
}  // namespace hull::cgroups
