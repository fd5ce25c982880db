// The compiled filters in the kernel: each test's child loads one by seccomp(2) and says what it
// saw.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "seccomp/compiler.h"
#include "seccomp/engine_profile.h"
#include "seccomp/features.h"

namespace hull::seccomp {
namespace {

spec::Seccomp With(std::string call, std::string action) {
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ALLOW";
  seccomp.listener_path = "/run/agent";
  seccomp.syscalls.resize(1);
  seccomp.syscalls[0].names = {std::move(call)};
  seccomp.syscalls[0].action = std::move(action);
  return seccomp;
}

// seccomp(2) in this very process; the listener's fd, 0, or -1.
long Load(const Filter& filter) {
  const sock_fprog program = {.len = static_cast<uint16_t>(filter.instructions.size()),
                              .filter = const_cast<sock_filter*>(filter.instructions.data())};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter.flags, &program);
}

constexpr int kNotLoaded = 250;

class LoadTest : public ::testing::TestWithParam<const Backend*> {
 protected:
  // The wait status of a child that loads `seccomp` and exits with what `body` returns.
  static int StatusUnder(const spec::Seccomp& seccomp, const std::function<int()>& body) {
    const Filter filter = GetParam()->compile(seccomp).value().filter;
    const pid_t pid = fork();
    if (pid == 0) {
      if (Load(filter) < 0) _exit(kNotLoaded);
      _exit(body());
    }
    int status = -1;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return status;
  }
};

INSTANTIATE_TEST_SUITE_P(Both, LoadTest, ::testing::Values(&kDirectBackend, &kLibseccompBackend),
                         [](const auto& param_info) {
                           return std::string(param_info.param->name);
                         });

int ErrnoOfGetppid() { return syscall(SYS_getppid) == -1 ? errno : 0; }

TEST_P(LoadTest, ErrnoIsSeenByTheProgram) {
  const int status = StatusUnder(With("getppid", "SCMP_ACT_ERRNO"), ErrnoOfGetppid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), EPERM);
}

TEST_P(LoadTest, LogLetsTheCallThrough) {
  const int status = StatusUnder(With("getppid", "SCMP_ACT_LOG"), ErrnoOfGetppid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_P(LoadTest, TraceWithoutATracerIsENOSYS) {
  const int status = StatusUnder(With("getppid", "SCMP_ACT_TRACE"), ErrnoOfGetppid);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), ENOSYS);
}

TEST_P(LoadTest, KillAndTrapEndTheProgramBySIGSYS) {
  for (const char* action :
       {"SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"}) {
    const int status = StatusUnder(With("getppid", action), ErrnoOfGetppid);
    ASSERT_TRUE(WIFSIGNALED(status)) << action << " " << status;
    EXPECT_EQ(WTERMSIG(status), SIGSYS) << action;
  }
}

TEST_P(LoadTest, EverySupportedFlagIsTakenByTheKernel) {
  for (const std::string& flag : ProbeFeatures().supported_flags) {
    for (const char* action : {"SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY"}) {
      spec::Seccomp seccomp = With("mkdir", action);
      seccomp.flags = {flag};
      const int status = StatusUnder(seccomp, [] { return 0; });
      ASSERT_TRUE(WIFEXITED(status)) << flag;
      EXPECT_EQ(WEXITSTATUS(status), 0) << flag << " " << action;
    }
  }
}

// An older kernel: one whose seccomp(2) takes no such flag.
int LacksFlag(uint32_t flag) {
  sock_filter old[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, flag, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  return Load({.instructions = {std::begin(old), std::end(old)}, .flags = 0, .notifies = false}) < 0
             ? -1
             : 0;
}

TEST_P(LoadTest, AFlagThatTheKernelLacksIsRefusedByName) {
  for (const auto& [flag, name] : std::vector<std::pair<uint32_t, std::string>>{
           {SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"},
           {SECCOMP_FILTER_FLAG_SPEC_ALLOW, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"},
           {SECCOMP_FILTER_FLAG_LOG, "SECCOMP_FILTER_FLAG_LOG"}}) {
    const pid_t pid = fork();
    if (pid == 0) {
      if (LacksFlag(flag) != 0) _exit(kNotLoaded);
      spec::Seccomp seccomp = With("mkdir", "SCMP_ACT_NOTIFY");
      seccomp.flags = {name};
      const absl::Status status = GetParam()->compile(seccomp).status();
      const std::string expected =
          "/linux/seccomp/flags/0: this kernel lacks " + name + "; remove it";
      _exit(status == absl::UnimplementedError(expected) ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFEXITED(status)) << name << " " << status;
    EXPECT_EQ(WEXITSTATUS(status), 0) << name;
  }
}

TEST_P(LoadTest, AnEnginesProfileLetsAProgramWorkAndRefusesTheRest) {
  const int status = StatusUnder(EngineProfile(), [] {
    int wrong = 0;
    wrong |= syscall(SYS_getppid) > 0 ? 0 : 1;
    wrong |= syscall(SYS_swapon, nullptr, 0) == -1 && errno == EPERM ? 0 : 2;
    wrong |= syscall(SYS_keyctl, 0, 0, 0, 0, 0) == -1 && errno == ENOSYS ? 0 : 4;
    wrong |= syscall(SYS_socket, 16, 3, 9) == -1 && errno == EINVAL ? 0 : 8;
    wrong |= syscall(SYS_socket, 16, 3, 0) >= 0 ? 0 : 16;
    wrong |= syscall(SYS_personality, 0xffffffffUL) >= 0 ? 0 : 32;
    wrong |= syscall(SYS_personality, 0x20001UL) == -1 && errno == ENOSYS ? 0 : 64;
    return wrong;
  });
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// A thread of the child would need the filter too; so the grandchild asks and the child answers.
TEST_P(LoadTest, NotifyAsksTheHolderOfTheFd) {
  const Filter filter = GetParam()->compile(With("getppid", "SCMP_ACT_NOTIFY")).value().filter;
  const pid_t pid = fork();
  if (pid == 0) {
    const int listener = static_cast<int>(Load(filter));
    if (listener < 0) _exit(kNotLoaded);
    const pid_t asking = fork();
    if (asking == 0) _exit(syscall(SYS_getppid) == 77 ? 0 : 1);
    seccomp_notif request = {};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) _exit(2);
    seccomp_notif_resp response = {.id = request.id, .val = 77, .error = 0, .flags = 0};
    if (request.data.nr != SYS_getppid) _exit(3);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response) != 0) _exit(4);
    int status = -1;
    if (waitpid(asking, &status, 0) != asking) _exit(5);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 6);
  }
  int status = -1;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  ASSERT_TRUE(WIFEXITED(status)) << status;
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace hull::seccomp
