// Launches real containers and lets each step of their plans fail in turn: whatever fails, the
// status says so, no process stays, and the host's mounts are what they were.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/launch.h"
#include "runtime/plan/build.h"
#include "runtime/sys/unique_fd.h"
#include "spec/default_spec.h"

namespace hull::runtime {
namespace {

using ::testing::HasSubstr;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return (std::stringstream() << file.rdbuf()).str();
}

class LaunchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(directory_), nullptr);
    std::filesystem::create_directories(Rootfs() + "/bin");
    std::filesystem::copy_file("/bin/busybox", Rootfs() + "/bin/busybox");
    spec_ = spec::DefaultSpec(/*cgroup_namespace=*/true);
    spec_.process->terminal = false;
    spec_.process->args = {"/bin/busybox", "true"};
    // The test makes no cgroup that it could show.
    std::erase_if(spec_.mounts, [](const spec::Mount& mount) { return mount.type == "cgroup"; });
    mounts_ = ReadFile("/proc/self/mountinfo");
  }
  void TearDown() override {
    EXPECT_EQ(ReadFile("/proc/self/mountinfo"), mounts_);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
    EXPECT_EQ(errno, ECHILD);
    std::filesystem::remove_all(directory_);
  }

  std::string Rootfs() const { return std::string(directory_) + "/rootfs"; }

  // A launch of spec_ with the n-th step of `steps` replaced; n < 0 = none.
  absl::StatusOr<std::unique_ptr<Launch>> MakeLaunch(plan::Array<plan::Step> plan::Plan::*steps,
                                                     int failing_step) {
    auto ends = sync::Channel::MakePair();
    if (!ends.ok()) return ends.status();
    plan::CreateInput input{
        .spec = spec_, .container_id = "t", .bundle = directory_, .rootfs = Rootfs()};
    input.fds.sync = ends->second.get();
    for (const spec::Namespace& ns : spec_.linux_.namespaces) {
      if (!ns.path.empty()) joined_.reset(open(ns.path.c_str(), O_RDONLY | O_CLOEXEC));
      input.fds.namespaces.push_back(ns.path.empty() ? -1 : joined_.get());
    }
    absl::StatusOr<plan::Block> block = plan::BuildCreate(input);
    if (!block.ok()) return block.status();
    block_ = *std::move(block);
    if (failing_step >= 0) {
      plan::Plan& plan = block_.mutable_plan();
      auto& step =
          const_cast<plan::Step&>(plan.at(plan.*steps, static_cast<uint32_t>(failing_step)));
      step.kind = plan::StepKind::kFail;
      step.fail.error = EXDEV;
    }
    LaunchActions actions;
    actions.map_ids = [](pid_t) { return absl::OkStatus(); };
    return std::make_unique<Launch>(LaunchOrder{.plan = block_.plan(),
                                                .main_end = std::move(ends->first),
                                                .child_end = std::move(ends->second),
                                                .actions = std::move(actions)});
  }

  absl::Status Run(plan::Array<plan::Step> plan::Plan::*steps, int failing_step) {
    auto launch = MakeLaunch(steps, failing_step);
    if (!launch.ok()) return launch.status();
    const absl::Status prepared = (*launch)->Prepare();
    return prepared.ok() ? (*launch)->Start() : prepared;
  }

  void SweepAll(plan::Array<plan::Step> plan::Plan::*steps) {
    ASSERT_TRUE(MakeLaunch(steps, -1).ok());
    const uint32_t count = (block_.plan().*steps).count;
    ASSERT_GT(count, 0u);
    for (uint32_t i = 0; i < count; ++i) {
      const absl::Status status = Run(steps, static_cast<int>(i));
      EXPECT_THAT(std::string(status.message()), HasSubstr("cross-device link")) << "step " << i;
    }
  }

  char directory_[32] = "/tmp/hull-launch-XXXXXX";
  spec::Spec spec_;
  std::string mounts_;
  sys::UniqueFd joined_;  // the one namespace with a path
  plan::Block block_;
};

TEST_F(LaunchTest, AProcessRunsToItsEnd) {
  auto launch = MakeLaunch(&plan::Plan::init, -1);
  ASSERT_TRUE(launch.ok()) << launch.status();
  ASSERT_EQ((*launch)->Prepare(), absl::OkStatus());
  ASSERT_EQ((*launch)->Start(), absl::OkStatus());
  const pid_t pid = (*launch)->pid();
  (*launch)->Release();
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

TEST_F(LaunchTest, ALaunchThatIsGivenUpLeavesNoProcess) {
  auto launch = MakeLaunch(&plan::Plan::init, -1);
  ASSERT_TRUE(launch.ok()) << launch.status();
  ASSERT_EQ((*launch)->Prepare(), absl::OkStatus());
}

TEST_F(LaunchTest, NothingOfOursTakesThePlaceOfAStandardDescriptor) {
  int saved[2];  // the first goes to main's end of the channel, the second to init's
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) close(fd);
  const absl::Status status = Run(&plan::Plan::init, -1);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    dup2(saved[fd], fd);
    close(saved[fd]);
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
}

TEST_F(LaunchTest, EveryStepOfADirectLaunchMayFail) { SweepAll(&plan::Plan::init); }

TEST_F(LaunchTest, EveryStepOfAnIntermediateMayFail) {
  spec_.linux_.namespaces[0].path = "/proc/self/ns/pid";
  ASSERT_EQ(spec_.linux_.namespaces[0].type, "pid");
  spec_.linux_.namespaces.push_back({"time", ""});
  spec_.linux_.time_offsets["boottime"].secs = 1;
  SweepAll(&plan::Plan::intermediate);
}

TEST_F(LaunchTest, EveryStepOfAStagedInitMayFail) {
  spec_.linux_.namespaces.push_back({"time", ""});
  spec_.linux_.time_offsets["boottime"].secs = 1;
  SweepAll(&plan::Plan::init);
}

TEST_F(LaunchTest, AnActionThatFailsEndsTheLaunch) {
  spec_.linux_.namespaces.push_back({"user", ""});
  auto ends = sync::Channel::MakePair();
  ASSERT_TRUE(ends.ok());
  plan::CreateInput input{
      .spec = spec_, .container_id = "t", .bundle = directory_, .rootfs = Rootfs()};
  input.fds.sync = ends->second.get();
  block_ = *plan::BuildCreate(input);
  LaunchActions actions;
  actions.map_ids = [](pid_t) { return absl::PermissionDeniedError("no maps"); };
  Launch launch(LaunchOrder{.plan = block_.plan(),
                            .main_end = std::move(ends->first),
                            .child_end = std::move(ends->second),
                            .actions = std::move(actions)});
  EXPECT_EQ(launch.Prepare(), absl::PermissionDeniedError("no maps"));
}

}  // namespace
}  // namespace hull::runtime
