// Over a plain directory: files that stay as they are written stand for a kernel that does nothing.
#include "cgroups/processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cgroups/directory.h"
#include "cgroups/testing_processes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProcessesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = absl::StrCat(::testing::TempDir(), "/processes");
    std::filesystem::create_directories(path_);
    fd_ = *sys::OpenAt(AT_FDCWD, path_, O_PATH | O_DIRECTORY);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }
  void Set(const std::string& file, absl::string_view text) {
    std::ofstream(path_ + "/" + file) << text;
  }
  std::string Get(const std::string& file) { return ReadValue(fd_.get(), file).value_or("(none)"); }

  std::string path_;
  sys::UniqueFd fd_;
};

TEST_F(ProcessesTest, KernelWithoutCgroupKillGetsSignals) {
  testing::Child child(testing::Sleep);
  Set("cgroup.procs", absl::StrCat(child.pid(), "\n"));
  EXPECT_EQ(KillUnified(fd_.get()), absl::OkStatus());
  EXPECT_EQ(WTERMSIG(child.Wait()), SIGKILL);
}

TEST_F(ProcessesTest, KillThawsAgainWhateverHappened) {
  testing::Child child(testing::Sleep);
  Set("cgroup.procs", absl::StrCat(child.pid(), "\n"));
  Set("freezer.state", "THAWED");
  EXPECT_EQ(KillLegacy(fd_.get(), fd_.get()), absl::OkStatus());
  EXPECT_EQ(WTERMSIG(child.Wait()), SIGKILL);
  EXPECT_EQ(Get("freezer.state"), "THAWED");
}

TEST_F(ProcessesTest, CgroupKillIsOneWrite) {
  Set("cgroup.kill", "0");
  EXPECT_EQ(KillUnified(fd_.get()), absl::OkStatus());
  EXPECT_EQ(Get("cgroup.kill"), "1");
}

TEST_F(ProcessesTest, ProcessesThatAreGoneOrNotOursAreNoError) {
  pid_t gone = 0;
  {
    testing::Child child([] { return 0; });
    gone = child.pid();
  }
  EXPECT_EQ(SignalPids({0, -1, gone}, SIGTERM), absl::OkStatus());
}

TEST_F(ProcessesTest, WaitingForAnEventThatDoesNotComeEnds) {
  Set("cgroup.events", "populated 1\nfrozen 0\n");
  EXPECT_EQ(WaitForEvent(fd_.get(), "populated", "1", absl::ZeroDuration()), absl::OkStatus());
  const absl::Status status = WaitForEvent(fd_.get(), "populated", "0", absl::Milliseconds(20));
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'populated 0' within 20ms"));
}

TEST_F(ProcessesTest, FrozenIsReadEachTime) {
  Set("cgroup.events", "populated 1\nfrozen 1\n");
  EXPECT_TRUE(*FrozenUnified(fd_.get()));
  Set("cgroup.events", "populated 1\nfrozen 0\n");
  EXPECT_FALSE(*FrozenUnified(fd_.get()));
  Set("freezer.state", "FREEZING\n");
  EXPECT_TRUE(*FrozenLegacy(fd_.get()));
  Set("freezer.state", "THAWED\n");
  EXPECT_FALSE(*FrozenLegacy(fd_.get()));
}

TEST_F(ProcessesTest, EmptyCgroupHasNoPidsAndNoLeaf) {
  EXPECT_THAT(*ReadPids(fd_.get()), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(OpenOldestLeaf(fd_.get()).status()));
}

TEST_F(ProcessesTest, OldestLeafIsWhereTheLowestPidIs) {
  std::filesystem::create_directories(path_ + "/a/b");
  std::filesystem::create_directories(path_ + "/c");
  Set("a/b/cgroup.procs", "70\n20\n");
  Set("c/cgroup.procs", "30\n");
  absl::StatusOr<sys::UniqueFd> leaf = OpenOldestLeaf(fd_.get());
  ASSERT_TRUE(leaf.ok());
  EXPECT_THAT(*ReadPids(leaf->get()), ElementsAre(20, 70));
}

}  // namespace
}  // namespace hull::cgroups
