// Hooks that run inside: createContainer (host's tree still in sight) and startContainer.
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/wait.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#include "runtime/child/steps.h"
#include "runtime/child/text.h"
#include "runtime/child/vector.h"

namespace hull::child {
namespace {

// The state document as a file: whatever its size, and however little of it the hook reads. Spec:
// runtime.md#state: hooks in the container's namespaces get the pid that is seen there, our own.
int MakeStateFile(Context& context, const plan::HooksStep& hooks) {
  UniqueFd file(static_cast<int>(
      HULL_TRY(context, kMakeFile, RawCall(__NR_memfd_create, AsArg("state"), 1 /* cloexec */))));
  char pid[24];
  AppendNumber(pid, pid + sizeof(pid), static_cast<uint64_t>(RawCall(__NR_getpid)));
  const char* const parts[] = {context.text(hooks.state_head), pid, context.text(hooks.state_tail)};
  for (const char* part : parts) {
    HULL_TRY(context, kWrite, sys::RawWrite(file.get(), part, Length(part)));
  }
  HULL_TRY(context, kRead, RawCall(__NR_lseek, file.get(), 0, 0));
  return file.release();
}

// In the hook's process. Exits; an errno before execve goes through `error_fd`.
[[noreturn]] void BecomeHook(Context& context, const plan::HooksStep& hooks,
                             const plan::HookEntry& hook, int state_fd, int error_fd) {
  // What it starts ends with it, at its timeout.
  if (hook.timeout_s > 0) RawCall(__NR_setpgid, 0, 0);
  // Ours is 0 while the rootfs is made: like the hooks outside, it has main's. One that runs in the
  // container has the process's, as we have by then.
  if (hooks.cwd && context.caller_umask >= 0) RawCall(__NR_umask, context.caller_umask);
  long error = RawCall(__NR_dup3, state_fd, 0, 0);
  if (error >= 0 && hooks.cwd) error = RawCall(__NR_chdir, AsArg(context.text(hooks.cwd)));
  if (error >= 0) {
    error = RawCall(__NR_execve, AsArg(context.text(hook.path)),
                    AsArg(PointersOf(context, hook.argv)), AsArg(PointersOf(context, hook.envp)));
  }
  const int32_t number = static_cast<int32_t>(-error);
  sys::RawWrite(error_fd, &number, sizeof(number));
  sys::RawExit(127);
}

int64_t NowMs() {
  struct {
    int64_t seconds, nanoseconds;
  } now = {};
  RawCall(__NR_clock_gettime, CLOCK_MONOTONIC, AsArg(&now));
  return now.seconds * 1000 + now.nanoseconds / 1000000;
}

// 0 once the process has ended, -ETIME after its time.
long AwaitEnd(int pidfd, int32_t timeout_s) {
  const int64_t deadline = NowMs() + static_cast<int64_t>(timeout_s) * 1000;
  for (;;) {
    struct {
      int64_t seconds, nanoseconds;
    } left = {};
    if (timeout_s > 0) {
      const int64_t ms = deadline - NowMs();
      if (ms <= 0) return -ETIME;
      left.seconds = ms / 1000;
      left.nanoseconds = ms % 1000 * 1000000;
    }
    struct pollfd poll = {pidfd, POLLIN, 0};
    const long ready = RawCall(__NR_ppoll, AsArg(&poll), 1, timeout_s > 0 ? AsArg(&left) : 0, 0, 0);
    if (ready > 0) return 0;
    if (ready < 0 && ready != -EINTR) return ready;
  }
}

int JudgeHook(Context& context, int pid, int pidfd, int error_fd, int32_t timeout_s) {
  const long ended = AwaitEnd(pidfd, timeout_s);
  if (ended < 0) {
    RawCall(__NR_kill, -pid, SIGKILL);
    RawCall(__NR_kill, pid, SIGKILL);  // it may have left its group
  }
  int status = 0;
  RawCall(__NR_wait4, pid, AsArg(&status), 0, 0);
  if (ended == -ETIME) {
    context.value = timeout_s;
    return context.Fail(Operation::kHookTimeout, -ETIME);
  }
  int32_t error = 0;
  if (sys::RawRead(error_fd, &error, sizeof(error)) == sizeof(error)) {
    return context.Fail(Operation::kHookExecute, -error);
  }
  context.value = status;
  return status == 0 ? 0 : context.Fail(Operation::kHookStatus, -ECHILD);
}

long CloneHook(int* pidfd) {
  struct clone_args args = {};
  args.flags = CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uint64_t>(pidfd);
  args.exit_signal = SIGCHLD;
  const long pid = RawCall(__NR_clone3, AsArg(&args), sizeof(args));
  // Kernels before 5.3, filters around us. The third argument is the same for every architecture.
  return pid != -ENOSYS ? pid : RawCall(__NR_clone, CLONE_PIDFD | SIGCHLD, 0, AsArg(pidfd), 0, 0);
}

int RunHook(Context& context, const plan::HooksStep& hooks, const plan::HookEntry& hook) {
  const UniqueFd state(MakeStateFile(context, hooks));
  if (!state.valid()) return state.get();
  int pipe[2];
  HULL_TRY(context, kHookSpawn, RawCall(__NR_pipe2, AsArg(pipe), O_CLOEXEC));
  const UniqueFd error_read(pipe[0]);
  UniqueFd error_write(pipe[1]);
  int pidfd_number = -1;
  const long pid = HULL_TRY(context, kHookSpawn, CloneHook(&pidfd_number));
  if (pid == 0) BecomeHook(context, hooks, hook, state.get(), error_write.get());
  const UniqueFd pidfd(pidfd_number);
  error_write.reset();
  return JudgeHook(context, static_cast<int>(pid), pidfd.get(), error_read.get(), hook.timeout_s);
}

}  // namespace

int RunHooks(Context& context, const Step& step) {
  for (uint32_t i = 0; i < step.hooks.hooks.count; ++i) {
    context.index = i;
    const int error = RunHook(context, step.hooks, context.plan->at(step.hooks.hooks, i));
    if (error < 0) return error;
  }
  return 0;
}

}  // namespace hull::child
