// The v2 backend on a real cgroup2 mount, in a mount namespace of the test's own.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
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
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kMount[] = "/sys/fs/cgroup";
constexpr char kKmsg[] = "/dev/kmsg";  // 1:11, none of the default rules'
constexpr char kNull[] = "/dev/null";

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
    // EBUSY: a machine with v2 alone has it there already.
    ASSERT_TRUE(mount("none", kMount, "cgroup2", 0, nullptr) == 0 || errno == EBUSY)
        << strerror(errno);
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
    // As Destroy() does, which gives the dying ten seconds.
    absl::StatusOr<sys::UniqueFd> root = OpenMount(kMount);
    ASSERT_TRUE(root.ok());
    EXPECT_TRUE(absl::IsUnavailable(
        RemoveDirectory(root->get(), absl::StrCat(top_, "/c1"), absl::Milliseconds(50))));
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

// As systemd does with a scope that its last process has left.
TEST_F(V2RootTest, WhatSomebodyElseRemovedIsKilledAndDestroyed) {
  std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  ASSERT_TRUE(manager->Pids().ok());
  ASSERT_EQ(rmdir(absl::StrCat(kMount, "/", Path("")).c_str()), 0) << strerror(errno);
  EXPECT_EQ(manager->Signal(SIGKILL), absl::OkStatus());
  EXPECT_EQ(manager->Signal(SIGTERM), absl::OkStatus());
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

// ---- devices ----

TEST_F(V2RootTest, DeniedDeviceCannotBeOpened) {
  resources_.devices = {spec::DeviceRule()};
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), EPERM);
  EXPECT_EQ(testing::OpenIn(kNull, fd->get()), 0);
  EXPECT_EQ(testing::OpenIn(kKmsg, -1), 0) << "outside nothing has changed";
}

TEST_F(V2RootTest, AllowedDeviceCanBeOpenedAsFarAsAllowed) {
  spec::DeviceRule read_only;
  read_only.allow = true;
  read_only.type = "c";
  read_only.major = 1;
  read_only.minor = 11;
  read_only.access = "r";
  resources_.devices = {spec::DeviceRule(), read_only};
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get(), O_RDONLY), 0);
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get(), O_WRONLY), EPERM);
}

TEST_F(V2RootTest, DeferredDeviceRulesHoldFromRestrictDevicesOn) {
  resources_.devices = {spec::DeviceRule()};
  request_.defer_devices = true;
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok());
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), 0);
  EXPECT_EQ(manager->RestrictDevices(), absl::OkStatus());
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), EPERM);
  EXPECT_EQ(manager->RestrictDevices(), absl::OkStatus());
}

TEST_F(V2RootTest, FilterOfAnAdoptedCgroupIsReplaced) {
  resources_.devices = {spec::DeviceRule()};
  std::unique_ptr<Manager> first = Make();
  ASSERT_TRUE(first->Create().ok());
  spec::DeviceRule all;
  all.allow = true;
  resources_.devices = {all};
  std::unique_ptr<Manager> second = Make();
  absl::StatusOr<sys::UniqueFd> fd = second->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), 0) << "two filters would both have to agree";
}

TEST_F(V2RootTest, VerifierTakesAnyRules) {
  std::vector<spec::DeviceRule> rules(1);
  for (int i = 0; i < 300; ++i) {
    spec::DeviceRule rule;
    rule.allow = i % 3 != 0;
    rule.type = i % 5 == 0 ? "b" : "c";
    rule.major = i % 7;
    if (i % 4 != 0) rule.minor = i;
    rule.access = i % 2 == 0 ? "r" : "wm";
    rules.push_back(rule);
  }
  resources_.devices = rules;
  EXPECT_EQ(Make()->Create().status(), absl::OkStatus());
}

// ---- limits ----

TEST_F(V2RootTest, HugePageLimitIsWritten) {
  resources_.hugepage_limits = {{"2MB", 4194304}};
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  EXPECT_EQ(Read(Path("hugetlb.2MB.max")), "4194304\n");
  EXPECT_EQ(Read(Path("hugetlb.2MB.rsvd.max")), "4194304\n");
  EXPECT_THAT(Read(Path("cgroup.controllers")), HasSubstr("hugetlb"));
}

TEST_F(V2RootTest, UpdateIsAllOrNothing) {
  resources_.hugepage_limits = {{"2MB", 4194304}};
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  spec::Resources update;
  update.hugepage_limits = {{"2MB", 8388608}};
  EXPECT_EQ(manager->Update(update, resources_), absl::OkStatus());
  EXPECT_EQ(Read(Path("hugetlb.2MB.max")), "8388608\n");
  update.hugepage_limits = {{"2MB", 2097152}};
  update.unified = {{"hugetlb.2MB.rsvd.max", "nonsense"}};
  const absl::Status status = manager->Update(update, resources_);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("linux.resources.unified.hugetlb.2MB.rsvd.max: writing 'nonsense'"));
  EXPECT_EQ(Read(Path("hugetlb.2MB.max")), "8388608\n");
  EXPECT_EQ(Read(Path("hugetlb.2MB.rsvd.max")), "8388608\n");
}

spec::DeviceRule Kmsg(const char* access) {
  return {.allow = true, .type = "c", .major = 1, .minor = 11, .access = access};
}

TEST_F(V2RootTest, UpdateReplacesTheDeviceFilter) {
  resources_.devices = {spec::DeviceRule()};
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), EPERM);
  spec::Resources allow, everything;
  allow.devices = {spec::DeviceRule(), Kmsg("rw")};
  ASSERT_EQ(manager->Update(allow, resources_), absl::OkStatus());
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), 0) << "two filters would both have to agree";
  ASSERT_EQ(manager->Update(resources_, allow), absl::OkStatus());
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), EPERM);
  everything.devices.resize(1);
  everything.devices[0].allow = true;
  ASSERT_EQ(manager->Update(everything, resources_), absl::OkStatus());
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), 0);
  ASSERT_EQ(manager->Update(resources_, everything), absl::OkStatus());
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), EPERM);
  EXPECT_EQ(testing::OpenIn(kNull, fd->get()), 0);
}

TEST_F(V2RootTest, UpdateGivesAFilterToWhoHadNone) {
  resources_.devices.resize(1);
  resources_.devices[0].allow = true;
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  spec::Resources deny;
  deny.devices = {spec::DeviceRule()};
  ASSERT_EQ(manager->Update(deny, resources_), absl::OkStatus());
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), EPERM);
}

TEST_F(V2RootTest, BadDeviceRuleTakesTheLimitsBackToo) {
  resources_.hugepage_limits = {{"2MB", 4194304}};
  resources_.devices = {spec::DeviceRule(), Kmsg("rw")};
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  spec::Resources update;
  update.hugepage_limits = {{"2MB", 8388608}};
  update.devices = {spec::DeviceRule(), Kmsg("rw")};
  update.devices[1].type = "x";
  const absl::Status status = manager->Update(update, resources_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.devices[1].type: 'x'"));
  EXPECT_EQ(Read(Path("hugetlb.2MB.max")), "4194304\n");
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), 0);
}

TEST_F(V2RootTest, BadLimitLeavesTheDeviceRules) {
  resources_.devices = {spec::DeviceRule()};
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  spec::Resources update;
  update.hugepage_limits = {{"3MB", 1}};
  update.devices = {spec::DeviceRule(), Kmsg("rw")};
  EXPECT_FALSE(manager->Update(update, resources_).ok());
  EXPECT_EQ(testing::OpenIn(kKmsg, fd->get()), EPERM);
}

TEST_F(V2RootTest, MissingPageSizeIsNamedAndLeavesNothing) {
  resources_.hugepage_limits = {{"3MB", 1}};
  const absl::Status status = Make()->Create().status();
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("linux.resources.hugepageLimits[0]: writing '1' to 'hugetlb.3MB.max'"));
  EXPECT_FALSE(Exists(top_));
}

TEST_F(V2RootTest, MissingControllerIsNamedAndLeavesNothing) {
  if (absl::StrContains(Read("cgroup.controllers"), "rdma")) GTEST_SKIP() << "this host has rdma";
  resources_.rdma["mlx"].hca_handles = 1;
  const absl::Status status = Make()->Create().status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.rdma.mlx"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no 'rdma' controller"));
  EXPECT_FALSE(Exists(top_));
}

// A process in the parent: it cannot hand controllers down.
TEST_F(V2RootTest, ParentWithProcessesIsNamedIfAControllerIsNeeded) {
  absl::StatusOr<sys::UniqueFd> root = OpenMount(kMount);
  absl::StatusOr<NewDirectory> top = MakeDirectory(root->get(), top_);
  ASSERT_TRUE(top.ok());
  testing::Child child(testing::Sleep, top->fd.get());
  EXPECT_EQ(Make()->Create().status(), absl::OkStatus()) << "without limits there is no need";
  EXPECT_EQ(Read(absl::StrCat(top_, "/cgroup.type")), "domain\n") << "nor one to change the parent";
  ASSERT_EQ(RemoveDirectory(root->get(), absl::StrCat(top_, "/c1"), absl::Seconds(1)),
            absl::OkStatus());
  resources_.hugepage_limits = {{"2MB", 4194304}};
  const absl::Status status = Make()->Create().status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no internal processes"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("'/", top_, "'")));
  EXPECT_FALSE(Exists(Path("")));
}

TEST_F(V2RootTest, BelowAThreadedCgroupItIsThreadedToo) {
  absl::StatusOr<sys::UniqueFd> root = OpenMount(kMount);
  ASSERT_TRUE(MakeDirectory(root->get(), absl::StrCat(top_, "/t")).ok());
  ASSERT_EQ(
      sys::WriteFileAt(AT_FDCWD, absl::StrCat(kMount, "/", top_, "/t/cgroup.type"), "threaded"),
      absl::OkStatus());
  request_.cgroups_path = absl::StrCat("/", top_, "/t/c1");
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  EXPECT_EQ(Read(absl::StrCat(top_, "/t/c1/cgroup.type")), "threaded\n");
  EXPECT_THAT(*manager->Pids(), IsEmpty());
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  resources_.hugepage_limits = {{"2MB", 4194304}};
  EXPECT_THAT(std::string(Make()->Create().status().message()), HasSubstr("threaded"));
}

// ---- whose cgroup it is ----

TEST_F(V2RootTest, CgroupWithProcessesIsRefusedAndLeftAlone) {
  absl::StatusOr<sys::UniqueFd> root = OpenMount(kMount);
  absl::StatusOr<NewDirectory> theirs = MakeDirectory(root->get(), absl::StrCat(top_, "/c1/sub"));
  ASSERT_TRUE(theirs.ok());
  testing::Child child(testing::Sleep, theirs->fd.get());
  EXPECT_TRUE(absl::IsAlreadyExists(Make()->Create().status()));
  EXPECT_TRUE(Exists(Path("sub")));
}

TEST_F(V2RootTest, FrozenCgroupIsRefused) {
  absl::StatusOr<sys::UniqueFd> root = OpenMount(kMount);
  ASSERT_TRUE(MakeDirectory(root->get(), absl::StrCat(top_, "/c1")).ok());
  ASSERT_EQ(sys::WriteFileAt(AT_FDCWD, absl::StrCat(kMount, "/", Path("cgroup.freeze")), "1"),
            absl::OkStatus());
  const absl::Status status = Make()->Create().status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("frozen"));
}

TEST_F(V2RootTest, AdoptedCgroupOutlivesTheContainer) {
  absl::StatusOr<sys::UniqueFd> root = OpenMount(kMount);
  ASSERT_TRUE(MakeDirectory(root->get(), absl::StrCat(top_, "/c1")).ok());
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  EXPECT_THAT(manager->location().adopted, UnorderedElementsAre(absl::StrCat(top_, "/c1")));
  absl::StatusOr<std::unique_ptr<Manager>> again = kV2Backend.open(host_, manager->location());
  EXPECT_EQ((*again)->Destroy(), absl::OkStatus());
  EXPECT_TRUE(Exists(Path("")));
}

TEST_F(V2RootTest, DelegatedCgroupBelongsToTheUser) {
  request_.delegate_uid = 12345;
  ASSERT_EQ(Make()->Create().status(), absl::OkStatus());
  const auto owner = [this](absl::string_view file) {
    struct stat info = {};
    stat(absl::StrCat(kMount, "/", Path(file)).c_str(), &info);
    return info.st_uid;
  };
  EXPECT_EQ(owner(""), 12345u);
  EXPECT_EQ(owner("cgroup.procs"), 12345u);
  EXPECT_EQ(owner("cgroup.subtree_control"), 12345u);
  EXPECT_EQ(owner("cgroup.max.depth"), 0u) << "limits stay ours";
}

TEST_F(V2RootTest, SubCgroupsAreListedAndRemovedWithIt) {
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok());
  absl::StatusOr<NewDirectory> inner = MakeDirectory(fd->get(), "init.scope/deep");
  ASSERT_TRUE(inner.ok());
  testing::Child child(testing::Sleep, inner->fd.get());
  EXPECT_THAT(*manager->Pids(), UnorderedElementsAre(child.pid()));
  EXPECT_EQ(manager->Signal(SIGTERM), absl::OkStatus());
  EXPECT_EQ(WTERMSIG(child.Wait()), SIGTERM);
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_FALSE(Exists(Path("")));
}

TEST_F(V2RootTest, ExecGoesToTheInitsSubCgroupWhereTheTopTakesNoProcess) {
  resources_.hugepage_limits = {{"2MB", 4194304}};
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok());
  absl::StatusOr<NewDirectory> inner = MakeDirectory(fd->get(), "init.scope");
  ASSERT_TRUE(inner.ok());
  testing::Child init(testing::Sleep, inner->fd.get());
  ASSERT_EQ(WriteValue(fd->get(), "cgroup.subtree_control", "+hugetlb"), absl::OkStatus());
  absl::StatusOr<sys::UniqueFd> room = manager->OpenForClone();
  ASSERT_TRUE(room.ok()) << room.status();
  testing::Child exec(testing::Sleep, room->get());
  ASSERT_GT(exec.pid(), 0);
  EXPECT_THAT(Read(Path("init.scope/cgroup.procs")), HasSubstr(absl::StrCat(exec.pid())));
}

TEST_F(V2RootTest, WithoutAPathItIsASiblingOfOurOwnCgroup) {
  request_.cgroups_path = "";
  request_.container_id = absl::StrCat("hull-test-id-", getpid());
  host_.own_cgroups = {{"", absl::StrCat("/", top_, "/shell")}};
  std::unique_ptr<Manager> manager = Make();
  EXPECT_THAT(manager->location().directories,
              UnorderedElementsAre(absl::StrCat(top_, "/", request_.container_id)));
}

TEST_F(V2RootTest, ReadOnlyMountIsNoErrorIfNothingWasAsked) {
  const std::string dir = testing::MakeTempDir();
  ASSERT_EQ(mount("none", dir.c_str(), "cgroup2", 0, nullptr), 0);
  ASSERT_EQ(mount(nullptr, dir.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
  host_.mount_point = dir;
  EXPECT_TRUE(absl::IsPermissionDenied(Make()->Create().status()));
  request_.optional = true;
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_FALSE(fd->valid());
  EXPECT_THAT(manager->location().directories, IsEmpty());
  EXPECT_EQ(manager->Attach(getpid()), absl::OkStatus());
  EXPECT_EQ(manager->RestrictDevices(), absl::OkStatus());
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_TRUE(absl::IsFailedPrecondition(manager->Freeze(true)));
  umount2(dir.c_str(), MNT_DETACH);
  rmdir(dir.c_str());
}

TEST_F(V2RootTest, StatsCountTheCpuTime) {
  std::unique_ptr<Manager> manager = Make();
  absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok());
  testing::Child child([] { return testing::Burn(absl::Milliseconds(20)); }, fd->get());
  child.Wait();
  absl::StatusOr<Stats> stats = manager->ReadStats();
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_GT(stats->cpu.total_ns, 1'000'000u) << "20 ms of burning, on a machine that may be busy";
  EXPECT_GE(stats->cpu.total_ns, stats->cpu.user_ns);
  ASSERT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_TRUE(absl::IsNotFound(manager->ReadStats().status()));
}

}  // namespace
}  // namespace hull::cgroups
