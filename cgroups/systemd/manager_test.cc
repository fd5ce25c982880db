// The backend with a fake systemd, over a plain directory in the place of the mount point.
#include "cgroups/systemd/manager.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cgroups/systemd/fake_bus.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/file.h"

namespace hull::cgroups::systemd {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr char kUnit[] = "hull-c1.scope";
constexpr char kDirectory[] = "system.slice/hull-c1.scope";

class SystemdTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = absl::StrCat(::testing::TempDir(), "/cg");
    fs::create_directories(root_ + "/system.slice");
    Set("cgroup.controllers", "cpu memory pids\n");
    Set("system.slice/cgroup.subtree_control", "cpu memory pids\n");
    host_.mode = Mode::kUnified;
    host_.mount_point = root_;
    host_.systemd = true;
    host_.own_cgroups = {{"", "/user/shell"}};
    host_.in_user_namespace = false;
    spec::DeviceRule all;
    all.allow = true;
    resources_.devices = {all};
    request_.container_id = "c1";
    request_.resources = &resources_;
    request_.annotations = &annotations_;
    systemd_.on_start = [this](const std::string&) {
      for (const char* file : {"cgroup.procs", "cpu.max", "memory.max", "pids.max"}) {
        Set(absl::StrCat(kDirectory, "/", file), "");
      }
    };
    systemd_.on_stop = [this](const std::string&) { fs::remove_all(root_ + "/" + kDirectory); };
  }
  void TearDown() override { fs::remove_all(root_); }

  void Set(const std::string& path, absl::string_view text) {
    fs::create_directories(fs::path(root_ + "/" + path).parent_path());
    const absl::StatusOr<sys::UniqueFd> fd =
        sys::OpenAt(AT_FDCWD, absl::StrCat(root_, "/", path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ASSERT_TRUE(fd.ok()) << fd.status();
    ASSERT_TRUE(text.empty() || sys::WriteAll(fd->get(), text).ok());
  }
  std::string Get(const std::string& path) {
    return sys::ReadFileAt(AT_FDCWD, absl::StrCat(root_, "/", path)).value_or("(none)");
  }
  std::string File(absl::string_view name) { return Get(absl::StrCat(kDirectory, "/", name)); }
  bool Exists(const std::string& path) { return fs::exists(root_ + "/" + path); }

  std::unique_ptr<Manager> Make() {
    auto manager = MakeManager(host_, request_, &FakeSystemd::MakeBus);
    EXPECT_TRUE(manager.ok()) << manager.status();
    return *std::move(manager);
  }
  // As later commands do it: of the host only the mount point is known.
  std::unique_ptr<Manager> Open(const Location& location) {
    Host host;
    host.mount_point = root_;
    auto manager = OpenManager(host, location, &FakeSystemd::MakeBus);
    EXPECT_TRUE(manager.ok()) << manager.status();
    return *std::move(manager);
  }
  std::unique_ptr<Manager> Running() {
    std::unique_ptr<Manager> manager = Make();
    EXPECT_EQ(manager->Create().status(), absl::OkStatus());
    EXPECT_EQ(manager->Attach(42), absl::OkStatus());
    return manager;
  }
  std::vector<std::string> Properties(const std::string& unit = kUnit) {
    std::vector<std::string> lines;
    for (const Property& property : systemd_.units[unit].properties) {
      lines.push_back(FormatProperty(property));
    }
    return lines;
  }
  void UseLegacy(Mode mode) {
    host_.mode = mode;
    host_.hierarchies = {
        {"memory", {"memory"}}, {"freezer", {"freezer"}}, {"systemd", {"name=systemd"}}};
    host_.own_cgroups = {{"memory", "/"}, {"freezer", "/"}, {"name=systemd", "/"}, {"", "/"}};
    for (const char* top : {"memory", "freezer", "systemd", "unified"}) {
      fs::create_directories(absl::StrCat(root_, "/", top));
    }
    systemd_.on_start = [this](const std::string&) {
      for (const char* top : {"memory", "systemd", "unified"}) {
        Set(absl::StrCat(top, "/", kDirectory, "/cgroup.procs"), "");
      }
      Set(absl::StrCat("memory/", kDirectory, "/memory.limit_in_bytes"), "");
    };
  }

  std::string root_;
  Host host_;
  spec::Resources resources_;
  std::map<std::string, std::string> annotations_;
  Request request_;
  FakeSystemd systemd_;
};

TEST_F(SystemdTest, ScopeIsStartedWithTheProcessInIt) {
  resources_.memory.emplace().limit = 1 << 20;
  resources_.pids.emplace().limit = 7;
  annotations_["org.systemd.property.TimeoutStopSec"] = "5";
  Running();
  EXPECT_THAT(
      Properties(),
      ElementsAre("Description=s hull container c1", "DefaultDependencies=b 0", "CPUAccounting=b 1",
                  "MemoryAccounting=b 1", "IOAccounting=b 1", "TasksAccounting=b 1",
                  "Slice=s system.slice", "Delegate=b 1", "CollectMode=s inactive-or-failed",
                  "MemoryMax=t 1048576", "TasksMax=t 7", "DevicePolicy=s auto", "DeviceAllow=a(ss)",
                  "TimeoutStopUSec=t 5000000", "PIDs=au 42"));
  EXPECT_THAT(systemd_.calls, ElementsAre("hello", absl::StrCat("start ", kUnit)));
  EXPECT_EQ(systemd_.buses, 1);
}

TEST_F(SystemdTest, FilesGetWhatTheUnitDoes) {
  resources_.memory.emplace().limit = 1 << 20;
  resources_.cpu.emplace().quota_us = 12345;  // which systemd rounds
  Running();
  EXPECT_EQ(File("memory.max"), "1048576");
  EXPECT_EQ(File("cpu.max"), "12345");
  EXPECT_THAT(Properties(), Contains("CPUQuotaPerSecUSec=t 130000"));
}

TEST_F(SystemdTest, CreateNeedsAPidFirst) {
  const std::unique_ptr<Manager> manager = Make();
  const absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_FALSE(fd->valid());
  EXPECT_THAT(systemd_.units, IsEmpty());
}

TEST_F(SystemdTest, LocationIsThatOfTheManagersOwnCgroup) {
  systemd_.facts.control_group = "/docker/x";
  const std::unique_ptr<Manager> manager = Make();
  EXPECT_THAT(manager->location().directories, ElementsAre(kDirectory));
  ASSERT_TRUE(manager->Create().ok());
  EXPECT_THAT(manager->location().directories, ElementsAre(absl::StrCat("docker/x/", kDirectory)));
  EXPECT_EQ(manager->location().backend, "systemd");
  EXPECT_EQ(manager->location().unit, kUnit);
}

TEST_F(SystemdTest, OldSystemdGetsOldProperties) {
  systemd_.facts.version = 230;
  resources_.cpu.emplace().quota_us = 50000;
  Running();
  EXPECT_THAT(Properties(), Not(Contains(HasSubstr("CPUQuotaPeriodUSec"))));
  EXPECT_THAT(Properties(), Not(Contains(HasSubstr("CollectMode"))));
}

TEST_F(SystemdTest, BadAnnotationStartsNothing) {
  annotations_["org.systemd.property.PIDs"] = "[uint32 1]";
  const absl::Status status = Make()->Create().status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(systemd_.calls, ElementsAre("hello"));
}

TEST_F(SystemdTest, FailedUnitIsClearedAwayOnce) {
  systemd_.units[kUnit].failed = true;
  Running();
  EXPECT_THAT(systemd_.calls,
              ElementsAre("hello", absl::StrCat("start ", kUnit), absl::StrCat("reset ", kUnit),
                          absl::StrCat("start ", kUnit)));
  EXPECT_THAT(Properties(), Contains("PIDs=au 42"));
}

TEST_F(SystemdTest, RunningUnitOfTheNameIsAlreadyExists) {
  systemd_.units[kUnit].failed = false;
  const std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  const absl::Status status = manager->Attach(42);
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("systemctl status hull-c1.scope"));
  EXPECT_EQ(manager->Signal(SIGKILL), absl::OkStatus()) << "its processes are not ours to kill";
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_EQ(systemd_.units.count(kUnit), 1U) << "it is not ours to stop";
}

TEST_F(SystemdTest, UnitThatWasNeverStartedIsNotStopped) {
  systemd_.units[kUnit].failed = false;
  const std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_EQ(systemd_.units.count(kUnit), 1U);
}

TEST_F(SystemdTest, FailedJobSaysHow) {
  systemd_.answers["start"] = absl::AbortedError("its job ended as 'failed'");
  const std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  EXPECT_EQ(manager->Attach(42),
            absl::AbortedError("starting unit 'hull-c1.scope': its job ended as 'failed'"));
}

TEST_F(SystemdTest, SilentSystemdIsNotAskedAgain) {
  systemd_.answers["start"] = absl::DeadlineExceededError("systemd does not answer in time");
  const std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(manager->Attach(42)));
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_THAT(systemd_.calls, Not(Contains(HasSubstr("stop"))));
}

TEST_F(SystemdTest, NoConnectionIsAnErrorOfCreate) {
  systemd_.answers["hello"] = absl::UnavailableError("no connection to systemd: x");
  const absl::Status status = Make()->Create().status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(status.message(), Not(HasSubstr("enable-linger")));
}

TEST_F(SystemdTest, UnitWithoutACgroupIsNotTakenForOne) {
  systemd_.on_start = [](const std::string&) {};
  const std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  const absl::Status status = manager->Attach(42);
  EXPECT_THAT(status.message(), HasSubstr("has made no cgroup"));
  EXPECT_FALSE(Exists(kDirectory));
}

TEST_F(SystemdTest, LimitThatTheKernelRefusesFailsTheAttach) {
  resources_.hugepage_limits = {{"2MB", 0}};
  const std::unique_ptr<Manager> manager = Make();
  ASSERT_TRUE(manager->Create().ok());
  EXPECT_THAT(manager->Attach(42).message(), HasSubstr("hugepageLimits[0]"));
  EXPECT_EQ(manager->Destroy(), absl::OkStatus());
  EXPECT_THAT(systemd_.units, IsEmpty());
}

TEST_F(SystemdTest, DestroyStopsTheUnit) {
  const Location location = Running()->location();
  systemd_.calls.clear();
  EXPECT_EQ(Open(location)->Destroy(), absl::OkStatus());
  EXPECT_THAT(systemd_.calls,
              ElementsAre(absl::StrCat("stop ", kUnit), absl::StrCat("reset ", kUnit)));
  EXPECT_EQ(Open(location)->Destroy(), absl::OkStatus()) << "gone already";
}

TEST_F(SystemdTest, DestroyWithoutSystemdRemovesTheCgroup) {
  const Location location = Running()->location();
  systemd_.answers["stop"] = absl::UnavailableError("no connection");
  for (const char* file : {"cgroup.procs", "cpu.max", "memory.max", "pids.max"}) {
    fs::remove(absl::StrCat(root_, "/", kDirectory, "/",
                            file));  // as a cgroup's files are: not in the way
  }
  EXPECT_EQ(Open(location)->Destroy(), absl::OkStatus());
  EXPECT_FALSE(Exists(kDirectory));
}

TEST_F(SystemdTest, DestroyOvertakenByAnotherJobAsksAgain) {
  const Location location = Running()->location();
  systemd_.calls.clear();
  systemd_.first_answers["stop"] = absl::AbortedError("its job ended as 'canceled'");
  EXPECT_EQ(Open(location)->Destroy(), absl::OkStatus());
  EXPECT_THAT(systemd_.units, IsEmpty());
}

TEST_F(SystemdTest, DestroyThatSystemdRefusesIsAnError) {
  const Location location = Running()->location();
  systemd_.answers["stop"] = absl::PermissionDeniedError("no");
  EXPECT_EQ(Open(location)->Destroy(),
            absl::PermissionDeniedError("stopping unit 'hull-c1.scope': no"));
  EXPECT_TRUE(Exists(kDirectory));
}

TEST_F(SystemdTest, ExecNeedsNoSystemd) {
  const Location location = Running()->location();
  systemd_.calls.clear();
  const std::unique_ptr<Manager> manager = Open(location);
  EXPECT_EQ(manager->Attach(43), absl::OkStatus());
  EXPECT_EQ(File("cgroup.procs"), "43");
  EXPECT_EQ(manager->Pids().status(), absl::OkStatus());
  EXPECT_TRUE(manager->OpenForClone()->valid());
  EXPECT_THAT(systemd_.calls, IsEmpty());
}

TEST_F(SystemdTest, SavedStateWithoutAUnitIsRefused) {
  Location location;
  location.directories = {kDirectory};
  EXPECT_FALSE(OpenManager(host_, location, &FakeSystemd::MakeBus).ok());
  location.unit = kUnit;
  location.directories = {"../x"};
  EXPECT_FALSE(OpenManager(host_, location, &FakeSystemd::MakeBus).ok());
}

// --- update --------------------------------------------------------------------------------------

TEST_F(SystemdTest, UpdateTellsSystemdFirst) {
  const Location location = Running()->location();
  systemd_.on_set = [this](const std::vector<Property>&) {
    Set(absl::StrCat(kDirectory, "/cpu.max"), "20000");
  };
  spec::Resources change;
  change.cpu.emplace().quota_us = 12345;
  ASSERT_EQ(Open(location)->Update(change, resources_), absl::OkStatus());
  EXPECT_EQ(File("cpu.max"), "12345") << "exact, after systemd's rounded one";
  EXPECT_THAT(Properties(), Contains("CPUQuotaPerSecUSec=t 130000"));
}

TEST_F(SystemdTest, UpdateThatSystemdRefusesLeavesTheFiles) {
  const Location location = Running()->location();
  Set(absl::StrCat(kDirectory, "/memory.max"), "1000");
  systemd_.answers["set"] = absl::InvalidArgumentError("no");
  spec::Resources change;
  change.memory.emplace().limit = 2000;
  EXPECT_EQ(Open(location)->Update(change, resources_), absl::InvalidArgumentError("no"));
  EXPECT_EQ(File("memory.max"), "1000");
}

TEST_F(SystemdTest, UpdateThatTheKernelRefusesBringsTheUnitBack) {
  resources_.memory.emplace().limit = 1000;
  const Location location = Running()->location();
  spec::Resources change;
  change.memory.emplace().limit = 2000;
  change.hugepage_limits = {{"2MB", 0}};  // there is no such file
  EXPECT_FALSE(Open(location)->Update(change, resources_).ok());
  EXPECT_EQ(Properties().back(), "MemoryMax=t 1000");
  EXPECT_EQ(File("memory.max"), "1000");
}

TEST_F(SystemdTest, UpdateThatBreaksARuleReachesNobody) {
  const Location location = Running()->location();
  systemd_.calls.clear();
  Set(absl::StrCat(kDirectory, "/memory.current"), "5000");
  spec::Resources change;
  change.memory.emplace().limit = 2000;
  change.memory->check_before_update = true;
  EXPECT_TRUE(absl::IsInvalidArgument(Open(location)->Update(change, resources_)));
  EXPECT_THAT(systemd_.calls, ElementsAre("hello"));
}

TEST_F(SystemdTest, ListsAreEmptiedBeforeTheyComeBack) {
  resources_.block_io.emplace().throttle_read_bps_device = {{8, 0, 1000}};
  Set("cgroup.controllers", "cpu memory pids io\n");
  Set("system.slice/cgroup.subtree_control", "cpu memory pids io\n");
  const auto make = systemd_.on_start;
  systemd_.on_start = [this, make](const std::string& unit) {
    make(unit);
    Set(absl::StrCat(kDirectory, "/io.max"), "");
  };
  const Location location = Running()->location();
  spec::Resources change;
  change.block_io.emplace().throttle_read_bps_device = {{8, 16, 5}};
  change.hugepage_limits = {{"2MB", 0}};
  EXPECT_FALSE(Open(location)->Update(change, resources_).ok());
  const std::vector<std::string> properties = Properties();
  const std::vector<std::string> last(properties.end() - 3, properties.end());
  EXPECT_THAT(last,
              ElementsAre("IOReadBandwidthMax=a(st) /dev/block/8:16 5", "IOReadBandwidthMax=a(st)",
                          "IOReadBandwidthMax=a(st) /dev/block/8:0 1000"));
}

TEST_F(SystemdTest, UpdateOfWhatSystemdDoesNotKnowIsTheFilesAlone) {
  Set("cgroup.controllers", "cpu memory pids hugetlb\n");
  Set("system.slice/cgroup.subtree_control", "cpu memory pids hugetlb\n");
  const Location location = Running()->location();
  Set(absl::StrCat(kDirectory, "/hugetlb.2MB.max"), "max");
  systemd_.calls.clear();
  spec::Resources change;
  change.hugepage_limits = {{"2MB", 4 << 20}};
  EXPECT_EQ(Open(location)->Update(change, resources_), absl::OkStatus());
  EXPECT_EQ(File("hugetlb.2MB.max"), "4194304");
  EXPECT_THAT(systemd_.calls, ElementsAre("hello"));
}

// --- slices, v1, users ---------------------------------------------------------------------------

TEST_F(SystemdTest, SliceNeedsNoProcess) {
  request_.cgroups_path = "a.slice::a-b.slice";
  Set("a.slice/cgroup.subtree_control", "cpu memory pids\n");
  systemd_.on_start = [this](const std::string&) { Set("a.slice/a-b.slice/cgroup.procs", ""); };
  const std::unique_ptr<Manager> manager = Make();
  const absl::StatusOr<sys::UniqueFd> fd = manager->Create();
  ASSERT_TRUE(fd.ok()) << fd.status();
  EXPECT_TRUE(fd->valid()) << "to clone into";
  EXPECT_THAT(Properties("a-b.slice"),
              AllOf(Contains("Wants=as a.slice"), Not(Contains(HasSubstr("Delegate"))),
                    Not(Contains(HasSubstr("PIDs")))));
}

TEST_F(SystemdTest, SliceThatWasThereStays) {
  request_.cgroups_path = "a.slice::a-b.slice";
  systemd_.units["a-b.slice"].failed = false;
  resources_.pids.emplace().limit = 3;
  Set("a.slice/cgroup.subtree_control", "cpu memory pids\n");
  Set("a.slice/a-b.slice/pids.max", "");
  const std::unique_ptr<Manager> manager = Make();
  ASSERT_EQ(manager->Create().status(), absl::OkStatus());
  EXPECT_THAT(manager->location().adopted, ElementsAre("a.slice/a-b.slice"));
  EXPECT_THAT(Properties("a-b.slice"), Contains("TasksMax=t 3"));
  EXPECT_EQ(Open(manager->location())->Destroy(), absl::OkStatus());
  EXPECT_EQ(systemd_.units.count("a-b.slice"), 1U);
}

TEST_F(SystemdTest, LegacyHostGetsTheHierarchiesThatSystemdHasNot) {
  UseLegacy(Mode::kLegacy);
  resources_.memory.emplace().limit = 1 << 20;
  fs::create_directories(absl::StrCat(root_, "/freezer/", kDirectory));
  Set(absl::StrCat("freezer/", kDirectory, "/cgroup.procs"), "");
  const std::unique_ptr<Manager> manager = Running();
  EXPECT_THAT(Properties(),
              AllOf(Contains("MemoryLimit=t 1048576"), Contains("BlockIOAccounting=b 1"),
                    Not(Contains(HasSubstr("MemoryMax")))));
  EXPECT_EQ(Get(absl::StrCat("memory/", kDirectory, "/memory.limit_in_bytes")), "1048576");
  EXPECT_EQ(Get(absl::StrCat("freezer/", kDirectory, "/cgroup.procs")), "42");
  EXPECT_THAT(manager->location().directories,
              ElementsAre(absl::StrCat("memory/", kDirectory), absl::StrCat("freezer/", kDirectory),
                          absl::StrCat("systemd/", kDirectory)));
}

TEST_F(SystemdTest, HybridHostHasTheUnifiedOneToo) {
  UseLegacy(Mode::kHybrid);
  fs::create_directories(absl::StrCat(root_, "/freezer/", kDirectory));
  Set(absl::StrCat("freezer/", kDirectory, "/cgroup.procs"), "");
  const std::unique_ptr<Manager> manager = Running();
  EXPECT_THAT(manager->location().directories, Contains(absl::StrCat("unified/", kDirectory)));
  EXPECT_EQ(Get(absl::StrCat("unified/", kDirectory, "/cgroup.procs")), "42");
}

TEST_F(SystemdTest, UsersContainerIsOfTheUsersManager) {
  host_.euid = 1000;
  const std::string directory =
      "user.slice/user-1000.slice/user@1000.service/user.slice/hull-c1.scope";
  systemd_.facts.control_group = "/user.slice/user-1000.slice/user@1000.service";
  systemd_.on_start = [this, directory](const std::string&) {
    Set(directory + "/cgroup.procs", "");
  };
  systemd_.on_stop = [this, directory](const std::string&) {
    fs::remove_all(root_ + "/" + directory);
  };
  spec::DeviceRule none;
  resources_.devices = {none};
  request_.defer_devices = true;
  const std::unique_ptr<Manager> manager = Running();
  EXPECT_TRUE(systemd_.target.user);
  EXPECT_THAT(manager->location().directories, ElementsAre(directory));
  EXPECT_THAT(Properties(),
              AllOf(Contains("Slice=s user.slice"), Not(Contains(HasSubstr("Device")))));
  systemd_.target = Target();
  EXPECT_EQ(Open(manager->location())->Destroy(), absl::OkStatus());
  EXPECT_TRUE(systemd_.target.user);
  EXPECT_EQ(systemd_.target.uid, 1000U);
}

TEST_F(SystemdTest, UserWithoutAManagerIsToldWhatToDo) {
  host_.euid = 1000;
  systemd_.answers["hello"] = absl::UnavailableError("no connection to systemd: x");
  EXPECT_THAT(Make()->Create().status().message(), HasSubstr("loginctl enable-linger"));
}

TEST(ProbeTest, SaysWhyNot) {
  Host host;
  host.mode = Mode::kUnified;
  host.in_user_namespace = false;
  EXPECT_THAT(Probe(host).message(), HasSubstr("PID 1 is not systemd"));
  host.systemd = true;
  EXPECT_EQ(Probe(host), absl::OkStatus());
  host.mode = Mode::kHybrid;
  EXPECT_EQ(Probe(host), absl::OkStatus());
  host.euid = 1000;
  EXPECT_THAT(Probe(host).message(), HasSubstr("needs cgroup v2"));
  host.mode = Mode::kNone;
  EXPECT_FALSE(Probe(host).ok());
}

}  // namespace
}  // namespace hull::cgroups::systemd
