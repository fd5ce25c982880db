#include "cgroups/apply.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using ::testing::HasSubstr;
using When = Write::When;

// A plain directory in the place of a cgroup: a file that is there takes any value.
class ApplyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = absl::StrCat(::testing::TempDir(), "/apply");
    std::filesystem::create_directory(path_);
    fd_ = *sys::OpenAt(AT_FDCWD, path_, O_PATH | O_DIRECTORY);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }

  void Set(const std::string& file, absl::string_view text) {
    ASSERT_EQ(sys::ReplaceFileAt(fd_.get(), file, text), absl::OkStatus());
  }
  std::string Get(const std::string& file) {
    return sys::ReadFileAt(fd_.get(), file).value_or("(none)");
  }
  absl::Status Apply(const std::vector<Write>& writes, std::vector<Undo>* undo = nullptr) {
    return ApplyWrites(
        writes, [this](absl::string_view) { return fd_.get(); }, undo);
  }

  std::string path_;
  sys::UniqueFd fd_;
};

Write Make(const char* controller, const char* file, const char* value, When when = When::kAlways) {
  return {controller, file, value, absl::StrCat("linux.resources.", file), when};
}

TEST_F(ApplyTest, WritesEachFile) {
  Set("a", "");
  Set("b", "");
  EXPECT_EQ(Apply({Make("c", "a", "1"), Make("c", "b", "2")}), absl::OkStatus());
  EXPECT_EQ(Get("a"), "1");
  EXPECT_EQ(Get("b"), "2");
}

TEST_F(ApplyTest, MissingFileNamesFieldFileAndCause) {
  const absl::Status status = Apply({Make("memory", "memory.swap.max", "1")});
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("linux.resources.memory.swap.max: writing '1' to 'memory.swap.max': "
                        "no such file or directory (the kernel does not count swap"));
}

TEST_F(ApplyTest, MissingFileIsPassedOverWhereItMayBeMissing) {
  Set("io.weight", "");
  EXPECT_EQ(
      Apply({Make("io", "rsvd", "1", When::kIfPresent),
             Make("io", "io.bfq.weight", "1", When::kElseNext), Make("io", "io.weight", "2")}),
      absl::OkStatus());
  EXPECT_EQ(Get("io.weight"), "2");
}

TEST_F(ApplyTest, ElseNextLeavesTheNextAloneWhenItsOwnFileIsThere) {
  Set("io.bfq.weight", "");
  Set("io.weight", "");
  EXPECT_EQ(
      Apply({Make("io", "io.bfq.weight", "1", When::kElseNext), Make("io", "io.weight", "2")}),
      absl::OkStatus());
  EXPECT_EQ(Get("io.bfq.weight"), "1");
  EXPECT_EQ(Get("io.weight"), "");
}

TEST_F(ApplyTest, ReadBackRefusesALimitThatTheKernelDrops) {
  Set("kmem", "");
  EXPECT_EQ(Apply({Make("memory", "kmem", "64", When::kReadBack)}), absl::OkStatus());
  Set("kmem", "9223");  // a plain file keeps what is behind the bytes written
  const absl::Status status = Apply({Make("memory", "kmem", "64", When::kReadBack)});
  EXPECT_TRUE(absl::IsUnimplemented(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'64' written to 'kmem' it keeps '6423'"));
}

TEST_F(ApplyTest, IfRefusedDoesNothingAfterATryThatWorked) {
  Set("period", "");
  EXPECT_EQ(
      Apply({Make("cpu", "period", "1", When::kTry), Make("cpu", "period", "2", When::kIfRefused)}),
      absl::OkStatus());
  EXPECT_EQ(Get("period"), "1");
}

TEST_F(ApplyTest, ControllerThatIsNowhereIsNamed) {
  const absl::Status status = ApplyWrites(
      {Make("rdma", "rdma.max", "1")}, [](absl::string_view) { return -1; }, nullptr);
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no controller 'rdma'"));
}

TEST_F(ApplyTest, RollBackBringsOldValuesBack) {
  Set("a", "old");
  Set("b", "older");
  std::vector<Undo> undo;
  EXPECT_FALSE(
      Apply({Make("c", "a", "1"), Make("c", "b", "22222"), Make("c", "gone", "3")}, &undo).ok());
  EXPECT_EQ(Get("a").substr(0, 1), "1");
  RollBack(undo);
  EXPECT_EQ(Get("a"), "old");
  EXPECT_EQ(Get("b"), "older");
}

TEST(UndoValueTest, EachKindOfFileHasItsOwnWayBack) {
  struct Row {
    const char *file, *written, *before, *undo;
  };
  const Row kTable[] = {
      {"memory.max", "5", "max", "max"},
      {"cpu.max", "max 5", "100 100000", "100 100000"},
      {"cpuset.cpus", "0", "", "\n"},
      {"memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0", "0"},
      {"memory.oom_control", "0", "oom_kill_disable 1\nunder_oom 1", "1"},
      {"io.max", "8:0 rbps=1", "8:16 rbps=9 wbps=max riops=max wiops=max",
       "8:0 rbps=max wbps=max riops=max wiops=max"},
      {"io.max", "8:16 rbps=1", "8:0 rbps=2\n8:16 rbps=9 wbps=max riops=max wiops=max",
       "8:16 rbps=9 wbps=max riops=max wiops=max"},
      {"io.weight", "200", "default 100\n8:0 50", "default 100"},
      {"io.weight", "8:0 200", "default 100\n8:0 50", "8:0 50"},
      {"io.weight", "8:16 200", "default 100\n8:0 50", "8:16 default"},
      {"io.bfq.weight", "200", "default 100", "default 100"},
      {"blkio.bfq.weight", "200", "100", "100"},
      {"blkio.throttle.read_bps_device", "8:0 5", "", "8:0 0"},
      {"blkio.throttle.read_bps_device", "8:0 5", "8:0 7", "8:0 7"},
      {"net_prio.ifpriomap", "lo 5", "lo 0\neth0 3", "lo 0"},
      {"rdma.max", "mlx hca_handle=1", "mlx hca_handle=max hca_object=7",
       "mlx hca_handle=max hca_object=7"},
  };
  for (const Row& row : kTable) {
    EXPECT_EQ(UndoValue(row.file, row.written, row.before), row.undo) << row.file;
  }
}

}  // namespace
}  // namespace hull::cgroups
