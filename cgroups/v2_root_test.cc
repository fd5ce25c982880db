// The v2 backend on a real cgroup2 mount, in a mount namespace of the test's own.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cgroups/backends.h"
#include "cgroups/directory.h"
#include "cgroups/host.h"
#include "cgroups/manager.h"
#include "cgroups/testing_processes.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kMount[] = "/sys/fs/cgroup";

std::string Read(const std::string& path) {
  absl::StatusOr<std::string> text = sys::ReadFileAt(AT_FDCWD, absl::StrCat(kMount, "/", path));
  return text.ok() ? *text : text.status().ToString();
}

bool Exists(const std::string& path) {
  return access(absl::StrCat(kMount, "/", path).c_str(), F_OK) == 0;
}

class V2RootTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0) << strerror(errno);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(mount("none", kMount, "cgroup2", 0, nullptr), 0) << strerror(errno);
    controllers_before_ = Read("cgroup.subtree_control");
  }
  // What the backend has enabled at the root of the machine's hierarchy is taken back.
  static void TearDownTestSuite() {
    if (absl::StrContains(controllers_before_, "hugetlb")) return;
    sys::WriteFileAt(AT_FDCWD, "/sys/fs/cgroup/cgroup.subtree_control", "-hugetlb").IgnoreError();
  }

  void SetUp() override {
    absl::StatusOr<Host> host = ProbeHost();
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *host;
    ASSERT_EQ(host_.mode, Mode::kUnified);
    top_ = absl::StrCat("hull-test-v2-", getpid());
    request_.container_id = "c1";
    request_.cgroups_path = absl::StrCat("/", top_, "/c1");
    request_.resources = &resources_;
  }
  void TearDown() override {
    absl::StatusOr<sys::UniqueFd> root = OpenMount(kMount);
    ASSERT_TRUE(root.ok());
    EXPECT_EQ(RemoveDirectory(root->get(), top_, absl::Seconds(5)), absl::OkStatus());
  }

  std::unique_ptr<Manager> Make() {
    absl::StatusOr<std::unique_ptr<Manager>> manager = kV2Backend.make(host_, request_);
    EXPECT_TRUE(manager.ok()) << manager.status();
    return *std::move(manager);
  }
  std::string Path(absl::string_view file) { return absl::StrCat(top_, "/c1/", file); }

  static std::string controllers_before_;
  Host host_;
  std::string top_;
  spec::Resources resources_;
  Request request_;
};
std::string V2RootTest::controllers_before_;

TEST_F(V2RootTest, ChildIsBornInTheNewCgroupAndDestroyRemovesIt) {
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  {
    testing::Child child(testing::Sleep, fd->get());
    ASSERT_GT(child.pid(), 0) << strerror(errno);
    EXPECT_THAT(*manager->Pids(), UnorderedElementsAre(child.pid()));
    EXPECT_TRUE(absl::IsUnavailable(manager->Destroy()));
    EXPECT_EQ(manager->Signal(SIGKILL), absl::OkStatus());
    EXPECT_EQ(WTERMSIG(child.Wait()), SIGKILL);
  }
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_FALSE(Exists(Path("")));
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
}

TEST_F(V2RootTest, DestroyWaitsForDyingProcesses) {
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  testing::Child child(testing::Sleep, fd->get());
  ASSERT_EQ(manager->Signal(SIGKILL), absl::OkStatus());
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
}

TEST_F(V2RootTest, OpenedAgainFromItsLocationItIsTheSameCgroup) {
  std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  testing::Child child(testing::Sleep);
  absl::StatusOr<std::unique_ptr<Manager>> again = kV2Backend.open(host_, manager->location());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ((*again)->Attach(child.pid()), absl::OkStatus());
  EXPECT_THAT(*manager->Pids(), UnorderedElementsAre(child.pid()));
  EXPECT_EQ((*again)->Signal(SIGKILL), absl::OkStatus());
  child.Wait();
  EXPECT_EQ((*again)->Destroy(), absl::OkStatus());
}

TEST_F(V2RootTest, FrozenProcessesStopUntilThawed) {
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok());
  testing::Child child(testing::Sleep, fd->get());
  EXPECT_FALSE(*manager->Frozen());
  EXPECT_EQ(manager->Freeze(true), absl::OkStatus());
  EXPECT_TRUE(*manager->Frozen());
  EXPECT_THAT(Read(Path("cgroup.events")), HasSubstr("frozen 1"));
  EXPECT_EQ(manager->Freeze(false), absl::OkStatus());
  EXPECT_FALSE(*manager->Frozen());
  EXPECT_EQ(manager->Freeze(true), absl::OkStatus());
  EXPECT_EQ(manager->Signal(SIGKILL), absl::OkStatus());
  EXPECT_EQ(WTERMSIG(child.Wait()), SIGKILL) << "a frozen process dies, too";
}

}  // namespace
}  // namespace hull::cgroups
