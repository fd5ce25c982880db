// The backends over a plain directory in the place of the mount point: what needs no kernel.
#include "cgroups/manager.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cgroups/backends.h"
#include "cgroups/host.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/base/select.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

class ManagerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = absl::StrCat(::testing::TempDir(), "/cg");
    fs::create_directories(root_);
    host_.mode = Mode::kUnified;
    host_.mount_point = root_;
    host_.own_cgroups = {{"", "/user/shell"}};
    request_.container_id = "c1";
    request_.cgroups_path = "/pod/c1";
    request_.resources = &resources_;
  }
  void TearDown() override { fs::remove_all(root_); }

  void Set(const std::string& path, absl::string_view text) {
    fs::create_directories(fs::path(root_ + "/" + path).parent_path());
    const absl::StatusOr<sys::UniqueFd> dir = sys::OpenAt(AT_FDCWD, root_, O_PATH | O_DIRECTORY);
    const absl::StatusOr<sys::UniqueFd> fd =
        sys::OpenAt(dir->get(), path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT_TRUE(fd.ok()) << fd.status();
    ASSERT_TRUE(text.empty() || sys::WriteAll(fd->get(), text).ok());
  }
  std::string Get(const std::string& path) {
    return sys::ReadFileAt(AT_FDCWD, absl::StrCat(root_, "/", path)).value_or("(none)");
  }
  bool Exists(const std::string& path) { return fs::exists(root_ + "/" + path); }
  std::unique_ptr<Manager> Make(const Backend& backend) {
    absl::StatusOr<std::unique_ptr<Manager>> manager = backend.make(host_, request_);
    EXPECT_TRUE(manager.ok()) << manager.status();
    return *std::move(manager);
  }
  void UseLegacy() {
    host_.mode = Mode::kLegacy;
    host_.hierarchies = {{"memory", {"memory"}}, {"pids", {"pids"}}};
    host_.own_cgroups = {{"memory", "/m"}, {"pids", "/"}};
    fs::create_directories(root_ + "/memory");
    fs::create_directories(root_ + "/pids");
  }

  std::string root_;
  Host host_;
  spec::Resources resources_;
  Request request_;
};

TEST_F(ManagerTest, UnlimitedPidsIsWrittenAsMax) {
  Set("cgroup.controllers", "pids\n");
  Set("cgroup.subtree_control", "");
  Set("pod/cgroup.subtree_control", "pids\n");
  Set("pod/c1/pids.max", "");
  spec::DeviceRule all;
  all.allow = true;
  resources_.devices = {all};
  resources_.pids.emplace().limit = -1;
  request_.defer_devices = true;
  ASSERT_EQ(Make(kV2Backend)->Create().status(), absl::OkStatus());
  EXPECT_EQ(Get("pod/c1/pids.max"), "max");
  EXPECT_EQ(Get("cgroup.subtree_control"), "") << "the parent has what it takes: nothing to write";
}

TEST_F(ManagerTest, ControllersAreEnabledFromTheRootDown) {
  Set("cgroup.controllers", "pids memory perf_event\n");
  Set("cgroup.subtree_control", "memory\n");
  Set("pod/cgroup.subtree_control", "");
  request_.resources = nullptr;
  ASSERT_EQ(Make(kV2Backend)->Create().status(), absl::OkStatus());
  EXPECT_EQ(Get("cgroup.subtree_control").substr(0, 5), "+pids");
  EXPECT_EQ(Get("pod/cgroup.subtree_control"), "+pids +memory");
}

TEST_F(ManagerTest, FailedCreateLeavesNoDirectory) {
  resources_.pids.emplace().limit = 5;
  request_.cgroups_path = "/a/b/c";
  fs::create_directories(root_ + "/a");
  EXPECT_FALSE(Make(kV2Backend)->Create().ok());
  EXPECT_TRUE(Exists("a"));
  EXPECT_FALSE(Exists("a/b"));
}

TEST_F(ManagerTest, CgroupWithProcessesIsRefused) {
  Set("pod/c1/cgroup.procs", "42\n");
  const absl::Status status = Make(kV2Backend)->Create().status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'/pod/c1' is in use"));
  EXPECT_TRUE(Exists("pod/c1"));
}

TEST_F(ManagerTest, SymlinkThatLeadsOutIsNotFollowed) {
  const std::string outside = absl::StrCat(::testing::TempDir(), "/outside");
  fs::create_directories(outside);
  fs::create_symlink(outside, root_ + "/pod");
  EXPECT_FALSE(Make(kV2Backend)->Create().ok());
  EXPECT_FALSE(fs::exists(outside + "/c1"));
  fs::remove_all(outside);
}

TEST_F(ManagerTest, PidsAreThoseOfAllLevelsSortedAndOnce) {
  Set("pod/c1/cgroup.procs", "30\n0\n10\n");
  Set("pod/c1/a/cgroup.procs", "20\n10\n");
  Location location;
  location.directories = {"pod/c1"};
  absl::StatusOr<std::unique_ptr<Manager>> manager = kV2Backend.open(host_, location);
  ASSERT_TRUE(manager.ok());
  EXPECT_THAT(*(*manager)->Pids(), ElementsAre(10, 20, 30));
}

TEST_F(ManagerTest, GoneCgroupIsNotFoundButDestroyed) {
  Location location;
  location.directories = {"pod/c1"};
  absl::StatusOr<std::unique_ptr<Manager>> manager = kV2Backend.open(host_, location);
  EXPECT_TRUE(absl::IsNotFound((*manager)->Pids().status()));
  EXPECT_TRUE(absl::IsNotFound((*manager)->Freeze(true)));
  EXPECT_EQ((*manager)->Destroy(), absl::OkStatus());
}

TEST_F(ManagerTest, SavedLocationCannotLeaveTheMountPoint) {
  Location location;
  location.directories = {"../victim"};
  EXPECT_TRUE(absl::IsInvalidArgument(kV2Backend.open(host_, location).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(kV1Backend.open(host_, location).status()));
}

TEST_F(ManagerTest, UpdateIsTakenBackWhenOneWriteFails) {
  Set("cgroup.controllers", "memory pids\n");
  Set("pod/cgroup.subtree_control", "memory pids\n");
  Set("pod/c1/memory.max", "1000");
  Location location;
  location.directories = {"pod/c1"};
  absl::StatusOr<std::unique_ptr<Manager>> manager = kV2Backend.open(host_, location);
  resources_.memory.emplace().limit = 2000;
  resources_.pids.emplace().limit = 1;
  const absl::Status status = (*manager)->Update(resources_, {});
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.pids.limit"));
  EXPECT_EQ(Get("pod/c1/memory.max"), "1000");
}

TEST_F(ManagerTest, LegacyMakesADirectoryInEveryHierarchy) {
  UseLegacy();
  request_.resources = nullptr;
  request_.cgroups_path = "";
  std::unique_ptr<Manager> manager = Make(kV1Backend);
  fs::create_directories(root_ + "/memory/m");
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_FALSE(fd->valid());
  EXPECT_THAT(manager->location().directories, ElementsAre("memory/m/c1", "pids/c1"));
  EXPECT_TRUE(Exists("memory/m/c1") && Exists("pids/c1"));
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_FALSE(Exists("memory/m/c1") || Exists("pids/c1"));
}

TEST_F(ManagerTest, LegacyFailureInOneHierarchyLeavesNoneBehind) {
  UseLegacy();
  resources_.pids.emplace().limit = 5;  // a plain directory has no pids.max
  EXPECT_FALSE(Make(kV1Backend)->Create().ok());
  EXPECT_FALSE(Exists("memory/pod") || Exists("pids/pod"));
}

TEST_F(ManagerTest, LegacyHasNoUnifiedFiles) {
  UseLegacy();
  resources_.unified = {{"memory.high", "1"}};
  const absl::Status status = Make(kV1Backend)->Create().status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.unified.memory.high"));
}

TEST_F(ManagerTest, ProbeTellsWhy) {
  EXPECT_EQ(kV2Backend.probe(host_), absl::OkStatus());
  EXPECT_THAT(std::string(kV1Backend.probe(host_).message()), HasSubstr("holds no v1 hierarchies"));
  UseLegacy();
  EXPECT_EQ(kV1Backend.probe(host_), absl::OkStatus());
  EXPECT_THAT(std::string(kV2Backend.probe(host_).message()), HasSubstr("not a cgroup2 mount"));
  host_.mode = Mode::kNone;
  const Backend table[] = {kV2Backend, kV1Backend};
  const absl::Status none = base::Select<Backend>(table, "cgroup backend", "auto", host_).status();
  EXPECT_THAT(std::string(none.message()), HasSubstr("cgroupfs-v2"));
  EXPECT_THAT(std::string(none.message()), HasSubstr("cgroupfs-v1"));
}

TEST_F(ManagerTest, DisabledRefusesLimitsThatNobodyWouldKeep) {
  resources_.devices = {spec::DeviceRule()};
  std::unique_ptr<Manager> manager = Make(kDisabledBackend);
  EXPECT_FALSE(manager->Create()->valid());
  EXPECT_EQ(manager->Attach(1), absl::OkStatus());
  EXPECT_THAT(manager->location().directories, IsEmpty());
  EXPECT_TRUE(absl::IsFailedPrecondition(manager->Pids().status()));
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  resources_.pids.emplace().limit = 5;
  const absl::Status status = kDisabledBackend.make(host_, request_).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.pids.limit"));
}

}  // namespace
}  // namespace hull::cgroups
