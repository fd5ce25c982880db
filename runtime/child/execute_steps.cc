// The last steps: what is executed, its HOME, the filter, execve.
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/stat.h>

#include "runtime/child/channel.h"
#include "runtime/child/passwd.h"
#include "runtime/child/steps.h"
#include "runtime/child/text.h"
#include "runtime/child/vector.h"

namespace hull::child {
namespace {

// With the ids and capabilities that we have by now, so that it says what execve(2) will say. Kernels
// before 5.8 (and filters around us) answer for the real uid alone, which has none: there whatever is
// executable for anybody is left to execve.
long CheckExecutable(const char* path) {
  struct statx info = {};
  const long found =
      RawCall(__NR_statx, AT_FDCWD, AsArg(path), 0, STATX_TYPE | STATX_MODE, AsArg(&info));
  if (found < 0) return found;
  if ((info.stx_mode & S_IFMT) != S_IFREG) return -EACCES;
  const long allowed =
      RawCall(__NR_faccessat2, AT_FDCWD, AsArg(path), 1 /* X_OK */, 0x200 /* AT_EACCESS */);
  if (allowed != -ENOSYS && allowed != -EPERM) return allowed;
  return (info.stx_mode & 0111) != 0 ? 0 : -EACCES;
}

}  // namespace

// Like a shell: one that may not be executed is remembered, the search goes on.
int FindExecutable(Context& context, const Step& step) {
  const auto candidates = step.find.candidates;
  long denied = 0;
  for (uint32_t i = 0; i < candidates.count; ++i) {
    const char* path = context.text(context.plan->at(candidates, i));
    const long found = CheckExecutable(path);
    if (found == 0) {
      context.executable = path;
      return 0;
    }
    if (found != -ENOENT && found != -ENOTDIR && denied == 0) {
      denied = found;
      context.index = i;
    }
  }
  return denied != 0 ? context.Fail(Operation::kNotExecutable, denied)
                     : context.Fail(Operation::kNotFound, -ENOENT);
}

int FindHome(Context& context, const Step& step) {
  char* end = Append(context.home, context.home + sizeof(context.home), "HOME=");
  if (!FindHomeDirectory(step.home.uid, end, context.home + sizeof(context.home))) {
    Append(end, context.home + sizeof(context.home), "/");
  }
  char** env = PointersOf(context, context.plan->envp);
  env[step.home.env_slot] = context.home;
  return 0;
}

int PassDescriptors(Context&, const Step& step) {
  for (uint64_t i = 0; i < step.flags.flags; ++i) {
    RawCall(__NR_fcntl, static_cast<long>(3 + i), F_SETFD, 0);
  }
  return 0;
}

namespace {

// The number that the listener's fd will have: the lowest that is free.
long NextFd() {
  const long fd = RawCall(__NR_dup, 0);
  if (fd >= 0) sys::RawClose(static_cast<int>(fd));
  return fd;
}

}  // namespace

// What this process calls from here on is listed in filtered_calls.h, and nothing else may be.
// With a listener every system call after this one may block until main has handed the fd over, and
// the hand-over must come first: main is told before, and answers in shared memory.
int LoadSeccomp(Context& context, const Step& step) {
  const plan::SeccompStep& seccomp = step.seccomp;
  if (seccomp.notifies != 0) {
    sync::Message message;
    message.type = sync::MessageType::kSeccomp;
    message.value = HULL_TRY(context, kDuplicate, NextFd());
    message.index = static_cast<uint32_t>(context.plan_fd);
    HULL_TRY(context, kSend, SendMessage(context.report_fd, message));
  }
  struct sock_fprog program = {};
  program.len = static_cast<uint16_t>(seccomp.program.count);
  program.filter = reinterpret_cast<sock_filter*>(
      const_cast<plan::Instruction*>(context.plan->begin(seccomp.program)));
  HULL_TRY(context, kSeccomp,
           RawCall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, seccomp.flags, AsArg(&program)));
  if (seccomp.notifies == 0) return 0;
  uint32_t done = 0;
  while ((done = __atomic_load_n(&context.mailbox->seccomp_done, __ATOMIC_ACQUIRE)) == 0) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  return done == 1 ? 0 : context.Fail(Operation::kSeccomp, -ECONNREFUSED);
}

int Execute(Context& context, const Step& step) {
  char** argv = PointersOf(context, step.execute.argv);
  char** envp = PointersOf(context, context.plan->envp);
  // A store and no message: the filter is loaded.
  __atomic_store_n(&context.mailbox->executing, 1u, __ATOMIC_RELEASE);
  const long failed = RawCall(__NR_execve, AsArg(context.executable), AsArg(argv), AsArg(envp));
  __atomic_store_n(&context.mailbox->executing, 0u, __ATOMIC_RELEASE);
  return context.Fail(Operation::kExecute, failed);
}

}  // namespace hull::child
