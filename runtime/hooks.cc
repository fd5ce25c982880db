#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

// A file: whatever the document's size, and however little of it the hook reads.
absl::StatusOr<sys::UniqueFd> StateFile(absl::string_view state_json) {
  sys::UniqueFd fd(memfd_create("state", MFD_CLOEXEC));
  if (!fd.valid()) return sys::ErrnoStatus(errno, "making a memfd for the hook's state");
  RETURN_IF_ERROR(sys::WriteAll(fd.get(), state_json));
  lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

absl::StatusOr<pid_t> SpawnHook(const spec::Hook& hook, int state_fd, const std::string& bundle) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, state_fd, 0);
  posix_spawn_file_actions_addchdir_np(&actions, bundle.c_str());
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  // With a timeout a group of its own, so that what it starts ends with it. Without one it stays in
  // ours, and Ctrl-C is for both.
  const int group = hook.timeout_s.has_value() ? POSIX_SPAWN_SETPGROUP : 0;
  posix_spawnattr_setflags(
      &attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  const std::vector<std::string> own_name = {hook.path};
  const std::vector<char*> argv = Pointers(hook.args.empty() ? own_name : hook.args);
  const std::vector<char*> envp = Pointers(hook.env);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, hook.path.c_str(), &actions, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return sys::ErrnoStatus(error, "cannot be executed");
  return pid;
}

enum class End { kByItself, kOfItsTime, kOfInit };
End AwaitEnd(pid_t pid, std::optional<int32_t> timeout_s, int init_pidfd) {
  const sys::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid())
    return End::kByItself;  // gone, where SIGCHLD is ignored; whatever it is, waitpid says
  const absl::Time deadline =
      timeout_s.has_value() ? absl::Now() + absl::Seconds(*timeout_s) : absl::InfiniteFuture();
  for (;;) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return End::kOfItsTime;
    pollfd entries[] = {{pidfd.get(), POLLIN, 0}, {init_pidfd, POLLIN, 0}};  // -1 is passed over
    const int wait_ms = left == absl::InfiniteDuration()
                            ? -1
                            : static_cast<int>(absl::ToInt64Milliseconds(
                                  std::min(left, absl::Hours(1)) + absl::Milliseconds(1)));
    if (poll(entries, 2, wait_ms) <= 0) continue;
    return entries[0].revents != 0 ? End::kByItself : End::kOfInit;
  }
}

absl::Status RunHook(const spec::Hook& hook, absl::string_view state_json,
                     const std::string& bundle, int init_pidfd) {
  ASSIGN_OR_RETURN(const sys::UniqueFd state, StateFile(state_json));
  ASSIGN_OR_RETURN(const pid_t pid, SpawnHook(hook, state.get(), bundle));
  const End end = AwaitEnd(pid, hook.timeout_s, init_pidfd);
  if (end != End::kByItself) {
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);  // it may have left its group
  }
  int status = 0;
  pid_t reaped = 0;
  do {
    reaped = waitpid(pid, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  if (end == End::kOfInit) {
    return absl::AbortedError("was killed, for the container's init ended meanwhile");
  }
  if (end == End::kOfItsTime) {
    return absl::DeadlineExceededError(
        absl::StrCat("was killed after its timeout of ", *hook.timeout_s, " s"));
  }
  // A hook that may have failed must not pass for one that has not.
  if (reaped != pid) {
    return absl::UnavailableError("ended with a status that is lost, as where SIGCHLD is ignored");
  }
  if (WIFSIGNALED(status)) {
    return absl::UnavailableError(absl::StrCat("died of signal ", WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    return absl::UnavailableError(absl::StrCat("exited with status ", WEXITSTATUS(status)));
  }
  return absl::OkStatus();
}

absl::Status RunNamedHook(const spec::Hook& hook, absl::string_view name, size_t index,
                          absl::string_view state_json, const std::string& bundle, int init_pidfd) {
  const absl::Status status = RunHook(hook, state_json, bundle, init_pidfd);
  if (status.ok()) return status;
  // "hook 'x' exited with …" reads as one sentence, so the macros' colon is not wanted here.
  return absl::Status(status.code(), absl::StrCat("/hooks/", name, "/", index, ": hook '",
                                                  hook.path, "' ", status.message()));
}

}  // namespace

absl::Status RunHooks(const std::vector<spec::Hook>& hooks, absl::string_view name,
                      absl::string_view state_json, const std::string& bundle, int init_pidfd) {
  for (size_t i = 0; i < hooks.size(); ++i) {
    RETURN_IF_ERROR(RunNamedHook(hooks[i], name, i, state_json, bundle, init_pidfd));
  }
  return absl::OkStatus();
}

std::vector<absl::Status> RunAllHooks(const std::vector<spec::Hook>& hooks, absl::string_view name,
                                      absl::string_view state_json, const std::string& bundle) {
  std::vector<absl::Status> failures;
  for (size_t i = 0; i < hooks.size(); ++i) {
    const absl::Status status = RunNamedHook(hooks[i], name, i, state_json, bundle, -1);
    if (!status.ok()) failures.push_back(status);
  }
  return failures;
}

}  // namespace hull::runtime
