// The v1 backend on this machine's own hierarchies; needs a v1 or hybrid host.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
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
#include "cgroups/oom.h"
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
      EXPECT_EQ(
          RemoveDirectory(root->get(), absl::StrCat(each.directory, "/", top_), absl::Seconds(5)),
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

// As systemd does with a scope that its last process has left.
TEST_F(V1RootTest, WhatSomebodyElseRemovedIsKilledAndDestroyed) {
  std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  ASSERT_TRUE(manager->Pids().ok());
  for (const Hierarchy& hierarchy : host_.hierarchies) {
    EXPECT_EQ(rmdir(Path(hierarchy.directory, "").c_str()), 0) << hierarchy.directory;
  }
  EXPECT_EQ(manager->Signal(SIGKILL), absl::OkStatus());
  EXPECT_EQ(manager->Signal(SIGTERM), absl::OkStatus());
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
}

// ---- limits ----

TEST_F(V1RootTest, LimitsAreInTheFilesOfTheirHierarchies) {
  resources_.memory.emplace().limit = 64 << 20;
  resources_.memory->swap = 128 << 20;
  resources_.memory->reservation = 32 << 20;
  resources_.memory->swappiness = 10;
  resources_.memory->disable_oom_killer = true;
  resources_.cpu.emplace().shares = 512;
  resources_.cpu->quota_us = 50000;
  resources_.cpu->period_us = 200000;
  resources_.cpu->burst_us = 1000;
  resources_.cpu->cpus = "0";
  resources_.cpu->mems = "0";
  resources_.pids.emplace().limit = 17;
  ASSERT_EQ(Make()->Create().status(), absl::OkStatus());
  EXPECT_EQ(Read("memory", "memory.limit_in_bytes"), "67108864\n");
  EXPECT_EQ(Read("memory", "memory.memsw.limit_in_bytes"), "134217728\n");
  EXPECT_EQ(Read("memory", "memory.soft_limit_in_bytes"), "33554432\n");
  EXPECT_EQ(Read("memory", "memory.swappiness"), "10\n");
  EXPECT_THAT(Read("memory", "memory.oom_control"), HasSubstr("oom_kill_disable 1"));
  EXPECT_EQ(Read("cpu", "cpu.shares"), "512\n");
  EXPECT_EQ(Read("cpu", "cpu.cfs_quota_us"), "50000\n");
  EXPECT_EQ(Read("cpu", "cpu.cfs_period_us"), "200000\n");
  EXPECT_EQ(Read("cpu", "cpu.cfs_burst_us"), "1000\n");
  EXPECT_EQ(Read("cpuset", "cpuset.cpus"), "0\n");
  EXPECT_EQ(Read("pids", "pids.max"), "17\n");
}

TEST_F(V1RootTest, ThrottlesOfARealDeviceAreWrittenAndOfNoneNamed) {
  std::string number;
  for (const char* disk : {"vda", "sda", "nvme0n1", "loop0"}) {
    const absl::StatusOr<std::string> text =
        sys::ReadFileAt(AT_FDCWD, absl::StrCat("/sys/block/", disk, "/dev"));
    if (number.empty() && text.ok()) number = text->substr(0, text->find('\n'));
  }
  ASSERT_FALSE(number.empty());
  const int64_t major = atoi(number.c_str()), minor = atoi(number.c_str() + number.find(':') + 1);
  resources_.block_io.emplace().throttle_read_bps_device = {{major, minor, 1048576}};
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  EXPECT_EQ(Read("blkio", "blkio.throttle.read_bps_device"), absl::StrCat(number, " 1048576\n"));
  spec::Resources update;
  update.block_io.emplace().throttle_read_bps_device = {{major, minor, 2097152}, {4000, 7, 1}};
  const absl::Status status = manager->Update(update, resources_);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("linux.resources.blockIO.throttleReadBpsDevice[1]"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no block device with this number"));
  EXPECT_EQ(Read("blkio", "blkio.throttle.read_bps_device"), absl::StrCat(number, " 1048576\n"));
}

TEST_F(V1RootTest, HybridServesTheControllersOfTheUnifiedHierarchyToo) {
  if (host_.mode != Mode::kHybrid) GTEST_SKIP() << "not a hybrid host";
  absl::StatusOr<sys::UniqueFd> mount = OpenMount(host_.mount_point);
  const std::string available =
      sys::ReadFileAt(mount->get(), "unified/cgroup.controllers").value_or("");
  const std::string enabled =
      sys::ReadFileAt(mount->get(), "unified/cgroup.subtree_control").value_or("");
  if (!absl::StrContains(available, "hugetlb")) GTEST_SKIP() << "hugetlb is not there";
  resources_.hugepage_limits = {{"2MB", 4194304}};
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  EXPECT_EQ(Read("unified", "hugetlb.2MB.max"), "4194304\n");
  EXPECT_EQ(manager->ReadStats()->hugetlb.count("2MB"), 1u);
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  if (!absl::StrContains(enabled, "hugetlb")) {  // as it was
    ASSERT_EQ(RemoveDirectory(mount->get(), absl::StrCat("unified/", top_), absl::Seconds(1)),
              absl::OkStatus());
    sys::WriteFileAt(mount->get(), "unified/cgroup.subtree_control", "-hugetlb").IgnoreError();
  }
}

TEST_F(V1RootTest, UnifiedFileOfAV1ControllerIsNamed) {
  if (host_.mode != Mode::kHybrid) GTEST_SKIP() << "not a hybrid host";
  resources_.unified = {{"memory.high", "1000000"}};
  const absl::Status status = Make()->Create().status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.unified.memory.high"));
}

// As a runtime that was killed between two hierarchies leaves it.
TEST_F(V1RootTest, HierarchiesWithoutTheDirectoryAreLeftOut) {
  ASSERT_TRUE(Make()->Create().ok());
  Location location = Make()->location();
  const std::string gone = location.directories.front();
  const absl::StatusOr<sys::UniqueFd> root = OpenMount(host_.mount_point);
  ASSERT_TRUE(RemoveDirectory(root->get(), gone, absl::Seconds(5)).ok());
  const std::unique_ptr<Manager> opened = *kV1Backend.open(host_, location);
  EXPECT_EQ(opened->Frozen().status(), absl::OkStatus());
  EXPECT_EQ(opened->Signal(SIGKILL), absl::OkStatus());
  EXPECT_EQ(opened->Destroy(), absl::OkStatus());
}

TEST_F(V1RootTest, ACgroupThatWasNeverMadeHasNoProcesses) {
  const std::unique_ptr<Manager> opened = *kV1Backend.open(host_, Make()->location());
  EXPECT_EQ(opened->Signal(SIGKILL), absl::OkStatus());
  EXPECT_EQ(opened->Destroy(), absl::OkStatus());
  EXPECT_TRUE(absl::IsNotFound((*kV1Backend.open(host_, Make()->location()))->Pids().status()));
}

TEST_F(V1RootTest, MissingControllerIsNamedAndNothingIsLeft) {
  for (const Hierarchy& hierarchy : host_.hierarchies) {
    if (hierarchy.directory == "rdma") GTEST_SKIP() << "this host has rdma";
  }
  resources_.rdma["mlx"].hca_handles = 1;
  const absl::Status status = Make()->Create().status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.rdma.mlx"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'rdma'"));
  for (const Hierarchy& hierarchy : host_.hierarchies) {
    EXPECT_NE(
        access(absl::StrCat(host_.mount_point, "/", hierarchy.directory, "/", top_).c_str(), F_OK),
        0)
        << hierarchy.directory;
  }
}

TEST_F(V1RootTest, LimitBelowTheUsageTellsTheUsage) {
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  int ready[2], go[2];
  ASSERT_EQ(pipe(ready) | pipe(go), 0);
  testing::Child child([&] {
    char byte = 0;
    if (read(go[0], &byte, 1) != 1) return 1;
    constexpr size_t kSize = 32 << 20;
    char* memory = static_cast<char*>(malloc(kSize));
    for (size_t i = 0; i < kSize; i += 4096) memory[i] = 1;
    mlock(memory, kSize);  // reclaim and swap cannot help
    if (write(ready[1], "r", 1) != 1) return 1;
    return testing::Sleep();
  });
  ASSERT_EQ(manager->Attach(child.pid()), absl::OkStatus());
  char byte = 0;
  ASSERT_EQ(write(go[1], "g", 1), 1);
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  spec::Resources update;
  update.memory.emplace().limit = 1 << 20;
  const std::string message(manager->Update(update, resources_).message());
  EXPECT_THAT(message, HasSubstr("linux.resources.memory.limit"));
  EXPECT_THAT(message, HasSubstr("unable to set memory limit to 1048576 (current usage: "));
  EXPECT_THAT(message, HasSubstr(", peak usage: "));
  absl::StatusOr<Stats> stats = manager->ReadStats();
  ASSERT_TRUE(stats.ok());
  EXPECT_GT(stats->memory.usage.usage, 32u << 20);
  EXPECT_GE(stats->memory.usage.max_usage, stats->memory.usage.usage);
  EXPECT_GT(stats->cpu.total_ns, 0u);
  EXPECT_EQ(stats->pids.current, 1u);
}

TEST_F(V1RootTest, UpdateIsAllOrNothing) {
  resources_.pids.emplace().limit = 17;
  resources_.cpu.emplace().quota_us = 50000;
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  spec::Resources update;
  update.cpu.emplace().quota_us = 60000;
  update.pids.emplace().limit = -2;
  update.memory.emplace().limit = 64 << 20;
  update.memory->swap = 128 << 20;
  EXPECT_EQ(manager->Update(update, resources_), absl::OkStatus());
  EXPECT_EQ(Read("pids", "pids.max"), "max\n");
  EXPECT_EQ(Read("cpu", "cpu.cfs_quota_us"), "60000\n");
  update.cpu->quota_us = 70000;
  update.memory->limit = 256 << 20;
  update.memory->swap = 512 << 20;
  update.cpu->cpus = "999";
  const absl::Status status = manager->Update(update, resources_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("linux.resources.cpu.cpus: writing '999'"));
  EXPECT_EQ(Read("cpu", "cpu.cfs_quota_us"), "60000\n");
  EXPECT_EQ(Read("memory", "memory.limit_in_bytes"), "67108864\n");
  EXPECT_EQ(Read("memory", "memory.memsw.limit_in_bytes"), "134217728\n");
}

TEST_F(V1RootTest, PeriodThatDoesNotFitTheOldQuotaFollowsTheNewOne) {
  resources_.cpu.emplace().quota_us = 2000;
  resources_.cpu->period_us = 2000;
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  resources_.cpu->quota_us = 1000;
  resources_.cpu->period_us = 1000000;
  EXPECT_EQ(manager->Update(resources_, {}), absl::OkStatus());
  EXPECT_EQ(Read("cpu", "cpu.cfs_period_us"), "1000000\n");
  EXPECT_EQ(Read("cpu", "cpu.cfs_quota_us"), "1000\n");
}

// ---- devices ----

TEST_F(V1RootTest, DeniedDeviceCannotBeOpened) {
  resources_.devices = {spec::DeviceRule()};
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  testing::Child child([&] {
    char byte = 0;
    if (read(go[0], &byte, 1) != 1) return 1;
    if (open("/dev/null", O_WRONLY) < 0) return 2;
    return open("/dev/kmsg", O_WRONLY) < 0 ? errno : 0;
  });
  ASSERT_EQ(manager->Attach(child.pid()), absl::OkStatus());
  ASSERT_EQ(write(go[1], "g", 1), 1);
  EXPECT_EQ(WEXITSTATUS(child.Wait()), EPERM);
  EXPECT_THAT(Read("devices", "devices.list"), HasSubstr("c 1:3 rwm\n"));
}

TEST_F(V1RootTest, AllowAllLeavesTheParentsRules) {
  spec::DeviceRule all;
  all.allow = true;
  resources_.devices = {spec::DeviceRule(), all};
  ASSERT_EQ(Make()->Create().status(), absl::OkStatus());
  EXPECT_EQ(Read("devices", "devices.list"), "a *:* rwm\n");
}

TEST_F(V1RootTest, ExceptionToAnExceptionIsRefusedByName) {
  spec::DeviceRule wide, narrow;
  wide.allow = true;
  wide.type = narrow.type = "c";
  wide.major = narrow.major = 7;
  narrow.minor = 3;
  resources_.devices = {spec::DeviceRule(), wide, narrow};
  const absl::Status status = Make()->Create().status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'c 7:3 rw'"));
}

spec::DeviceRule DeviceRuleFor(bool allow, int64_t major, int64_t minor, const char* access) {
  return {.allow = allow, .type = "c", .major = major, .minor = minor, .access = access};
}

TEST_F(V1RootTest, UpdateChangesTheDeviceRulesThatDiffer) {
  resources_.devices = {spec::DeviceRule(), DeviceRuleFor(true, 1, 11, "rw"),
                        DeviceRuleFor(true, 10, 229, "rw")};
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  spec::Resources update;
  update.devices = {spec::DeviceRule(), DeviceRuleFor(true, 1, 11, "r"),
                    DeviceRuleFor(true, 10, 58, "w")};
  ASSERT_EQ(manager->Update(update, resources_), absl::OkStatus());
  const std::string list = Read("devices", "devices.list");
  EXPECT_THAT(list, HasSubstr("c 1:11 r\n"));
  EXPECT_THAT(list, HasSubstr("c 10:58 w\n"));
  EXPECT_THAT(list, HasSubstr("c 1:3 rwm\n"));
  EXPECT_THAT(list, ::testing::Not(HasSubstr("10:229")));
  update.pids.emplace().limit = 5;
  EXPECT_EQ(manager->Update(update, update), absl::OkStatus()) << "the same rules are no change";
  EXPECT_EQ(Read("devices", "devices.list"), list);
}

TEST_F(V1RootTest, UpdateChangesTheDefaultOfTheDeviceRules) {
  spec::DeviceRule all;
  all.allow = true;
  resources_.devices = {all, DeviceRuleFor(false, 1, 11, "w")};
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  EXPECT_EQ(testing::OpenIn("/dev/kmsg", -1, O_WRONLY), 0);
  spec::Resources deny;
  deny.devices = {spec::DeviceRule()};
  ASSERT_EQ(manager->Update(deny, resources_), absl::OkStatus());
  EXPECT_THAT(Read("devices", "devices.list"), HasSubstr("c 1:3 rwm\n"));
  EXPECT_EQ(Read("freezer", "freezer.state"), "THAWED\n");
  ASSERT_EQ(manager->Update(resources_, deny), absl::OkStatus());
  EXPECT_EQ(Read("devices", "devices.list"), "a *:* rwm\n");
  testing::Child child([] {
    usleep(100000);
    return open("/dev/kmsg", O_WRONLY) < 0 ? errno : 0;
  });
  ASSERT_EQ(manager->Attach(child.pid()), absl::OkStatus());
  EXPECT_EQ(WEXITSTATUS(child.Wait()), EPERM) << "the exception is there, though no file lists it";
}

TEST_F(V1RootTest, DeviceRulesComeBackWhenOneCannotBeWritten) {
  // A parent that may do less: the kernel refuses what it has not.
  absl::StatusOr<sys::UniqueFd> mount = OpenMount(host_.mount_point);
  resources_.devices = {spec::DeviceRule(), DeviceRuleFor(true, 1, 11, "rw")};
  resources_.pids.emplace().limit = 17;
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  const std::string list = Read("devices", "devices.list");
  const std::string parent = Path("devices", "../devices.deny");
  ASSERT_EQ(sys::WriteFileAt(AT_FDCWD, parent, "c 10:229 rw"), absl::OkStatus());
  spec::Resources update;
  update.pids.emplace().limit = 18;
  update.devices = {spec::DeviceRule(), DeviceRuleFor(true, 1, 11, "r"),
                    DeviceRuleFor(true, 10, 58, "rw"), DeviceRuleFor(true, 10, 229, "rw")};
  const absl::Status status = manager->Update(update, resources_);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("linux.resources.devices: writing 'c 10:229 rw' to 'devices.allow'"));
  EXPECT_EQ(Read("devices", "devices.list"), list);
  EXPECT_EQ(Read("pids", "pids.max"), "17\n");
}

// ---- events ----

TEST_F(V1RootTest, LackOfMemoryWakesTheWatch) {
  resources_.memory.emplace().limit = 8 << 20;
  resources_.memory->swap = 8 << 20;
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  absl::StatusOr<OomWatch> watch = OomWatch::Open(host_, manager->location());
  ASSERT_TRUE(watch.ok()) << watch.status();
  pollfd entry = watch->entry();
  EXPECT_EQ(poll(&entry, 1, 0), 0);
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  testing::Child child([&] {
    char byte = 0;
    if (read(go[0], &byte, 1) != 1) return 1;
    constexpr size_t kSize = 64 << 20;
    auto* memory = static_cast<volatile char*>(malloc(kSize));
    for (size_t i = 0; i < kSize; i += 4096) memory[i] = 1;
    return 0;
  });
  ASSERT_EQ(manager->Attach(child.pid()), absl::OkStatus());
  ASSERT_EQ(write(go[1], "g", 1), 1);
  EXPECT_EQ(WTERMSIG(child.Wait()), SIGKILL);
  EXPECT_EQ(poll(&entry, 1, 1000), 1);
  EXPECT_TRUE(watch->Take());
  EXPECT_FALSE(watch->Take());
  ASSERT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_EQ(poll(&entry, 1, 1000), 1) << "the end of the cgroup wakes it too";
  EXPECT_FALSE(watch->Take());
}

// ---- whose cgroup it is ----

TEST_F(V1RootTest, CgroupWithProcessesInOneHierarchyIsRefused) {
  std::unique_ptr<Manager> first = Make();
  ASSERT_EQ(first->Create().status(), absl::OkStatus());
  testing::Child child(testing::Sleep);
  ASSERT_EQ(sys::WriteFileAt(AT_FDCWD, Path("pids", "cgroup.procs"), absl::StrCat(child.pid())),
            absl::OkStatus());
  const absl::Status status = Make()->Create().status();
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("/pids/"));
}

TEST_F(V1RootTest, AdoptedCgroupsOutliveTheContainer) {
  ASSERT_EQ(Make()->Create().status(), absl::OkStatus());
  std::unique_ptr<Manager> second = Make();
  ASSERT_EQ(second->Create().status(), absl::OkStatus());
  EXPECT_EQ(second->location().adopted.size(), second->location().directories.size());
  EXPECT_EQ(second->Destroy(), absl::OkStatus());
  EXPECT_EQ(access(Path("memory", "").c_str(), F_OK), 0);
}

TEST_F(V1RootTest, NewCpusetBelowAnEmptyOneHasCpus) {
  absl::StatusOr<sys::UniqueFd> mount = OpenMount(host_.mount_point);
  ASSERT_TRUE(MakeDirectory(mount->get(), absl::StrCat("cpuset/", top_)).ok());
  ASSERT_EQ(Make()->Create().status(), absl::OkStatus());
  EXPECT_NE(Read("cpuset", "cpuset.cpus"), "\n");
  EXPECT_NE(Read("cpuset", "cpuset.mems"), "\n");
}

TEST_F(V1RootTest, WithoutAPathItIsBeneathOurOwnCgroup) {
  request_.cgroups_path = "";
  request_.container_id = absl::StrCat("hull-test-id-", getpid());
  std::unique_ptr<Manager> manager = Make();
  for (const std::string& directory : manager->location().directories) {
    EXPECT_TRUE(directory.ends_with(request_.container_id)) << directory;
  }
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
}

TEST_F(V1RootTest, OpenedAgainFromItsLocationWithoutAProbe) {
  std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  testing::Child child(testing::Sleep);
  ASSERT_EQ(manager->Attach(child.pid()), absl::OkStatus());
  Host plain;
  absl::StatusOr<std::unique_ptr<Manager>> again = kV1Backend.open(plain, manager->location());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(*(*again)->Pids(), UnorderedElementsAre(child.pid()));
  EXPECT_EQ((*again)->Freeze(true), absl::OkStatus());
  EXPECT_EQ((*again)->Freeze(false), absl::OkStatus());
  EXPECT_EQ((*again)->Signal(SIGKILL), absl::OkStatus());
  EXPECT_EQ(WTERMSIG(child.Wait()), SIGKILL);
  EXPECT_EQ((*again)->Destroy(), absl::OkStatus());
}

}  // namespace
}  // namespace hull::cgroups
