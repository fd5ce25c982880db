#include "runtime/listener.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/base/status_macros.h"
#include "runtime/plan_file.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

bool IsListener(int fd) {
  char target[64];
  const ssize_t n = readlink(absl::StrCat("/proc/self/fd/", fd).c_str(), target, sizeof(target));
  return n > 0 && std::string(target, static_cast<size_t>(n)) == "anon_inode:seccomp notify";
}

bool HasEnded(int pidfd) {
  pollfd entry = {pidfd, POLLIN, 0};
  return poll(&entry, 1, 0) > 0;
}

// Init said that it loads the filter *now*, and cannot say when it is done: the fd appears.
absl::StatusOr<sys::UniqueFd> AwaitListener(int pidfd, int64_t number) {
  const absl::Time deadline = absl::Now() + absl::Seconds(5);
  while (absl::Now() < deadline && !HasEnded(pidfd)) {
    absl::StatusOr<sys::UniqueFd> fd = TakeDescriptor(pidfd, static_cast<int>(number));
    if (fd.ok() && IsListener(fd->get())) return fd;
    if (!fd.ok() && sys::StatusErrno(fd.status()) != EBADF) return fd.status();
    absl::SleepFor(absl::Microseconds(20));
  }
  return absl::UnavailableError("init loaded no seccomp filter with a listener");
}

}  // namespace

absl::Status HandOverListener(int init_pidfd, const sync::Message& message,
                              const std::function<absl::Status(int)>& hand_over) {
  ASSIGN_OR_RETURN(const sys::UniqueFd plan_file,
                   TakeDescriptor(init_pidfd, static_cast<int>(message.index)));
  ASSIGN_OR_RETURN(const SharedMailbox mailbox, SharedMailbox::Map(plan_file.get()));
  const absl::StatusOr<sys::UniqueFd> listener = AwaitListener(init_pidfd, message.value);
  const absl::Status status = listener.ok() ? hand_over(listener->get()) : listener.status();
  __atomic_store_n(&mailbox->seccomp_done, status.ok() ? 1u : 2u, __ATOMIC_RELEASE);
  return status;
}

}  // namespace hull::runtime
