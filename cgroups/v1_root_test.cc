// The v1 backend on this machine's own hierarchies; needs a v1 or hybrid host.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
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

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class V1RootTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<Host> host = ProbeHost();
    ASSERT_TRUE(host.ok()) << host.status();
    host_ = *host;
    if (!kV1Backend.probe(host_).ok()) GTEST_SKIP() << "no v1 hierarchies on this machine";
    top_ = absl::StrCat("hull-test-v1-", getpid());
    request_.container_id = "c1";
    request_.cgroups_path = absl::StrCat("/", top_, "/c1");
    request_.resources = &resources_;
  }
  void TearDown() override {
    absl::StatusOr<sys::UniqueFd> root = OpenMount(host_.mount_point);
    ASSERT_TRUE(root.ok());
    std::vector<Hierarchy> all = host_.hierarchies;
    all.push_back({"unified", {}});
    for (const Hierarchy& each : all) {
      EXPECT_EQ(RemoveDirectory(root->get(), absl::StrCat(each.directory, "/", top_),
                                absl::Seconds(5)),
                absl::OkStatus());
    }
  }

  std::unique_ptr<Manager> Make() {
    absl::StatusOr<std::unique_ptr<Manager>> manager = kV1Backend.make(host_, request_);
    EXPECT_TRUE(manager.ok()) << manager.status();
    return *std::move(manager);
  }
  // The container's file in the hierarchy of `directory`.
  std::string Path(absl::string_view directory, absl::string_view file) {
    return absl::StrCat(host_.mount_point, "/", directory, "/", top_, "/c1/", file);
  }
  std::string Read(absl::string_view directory, absl::string_view file) {
    absl::StatusOr<std::string> text = sys::ReadFileAt(AT_FDCWD, Path(directory, file));
    return text.ok() ? *text : text.status().ToString();
  }

  Host host_;
  std::string top_;
  spec::Resources resources_;
  Request request_;
};

TEST_F(V1RootTest, AttachedProcessIsInEveryHierarchyAndDestroyLeavesNone) {
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_FALSE(fd->valid()) << "v1 needs a pid";
  testing::Child child(testing::Sleep);
  ASSERT_EQ(manager->Attach(child.pid()), absl::OkStatus());
  for (const Hierarchy& hierarchy : host_.hierarchies) {
    EXPECT_EQ(Read(hierarchy.directory, "cgroup.procs"), absl::StrCat(child.pid(), "\n"));
  }
  EXPECT_THAT(*manager->Pids(), UnorderedElementsAre(child.pid()));
  EXPECT_EQ(manager->Signal(SIGKILL), absl::OkStatus());
  EXPECT_EQ(WTERMSIG(child.Wait()), SIGKILL);
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  for (const Hierarchy& hierarchy : host_.hierarchies) {
    EXPECT_NE(access(Path(hierarchy.directory, "").c_str(), F_OK), 0) << hierarchy.directory;
  }
}

TEST_F(V1RootTest, FrozenProcessesAreKilledAllTheSame) {
  std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  testing::Child child(testing::Sleep);
  ASSERT_EQ(manager->Attach(child.pid()), absl::OkStatus());
  EXPECT_EQ(manager->Freeze(true), absl::OkStatus());
  EXPECT_TRUE(*manager->Frozen());
  EXPECT_EQ(Read("freezer", "freezer.state"), "FROZEN\n");
  EXPECT_EQ(manager->Signal(SIGKILL), absl::OkStatus());
  EXPECT_EQ(WTERMSIG(child.Wait()), SIGKILL);
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
}

}  // namespace
}  // namespace hull::cgroups
