#include "runtime/listener.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

constexpr size_t kMailboxBytes = 4096;

absl::StatusOr<sys::UniqueFd> TakeFd(int pidfd, int64_t number) {
  sys::UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, static_cast<int>(number), 0)));
  if (!fd.valid()) return sys::ErrnoStatus(errno, "taking a descriptor out of init");
  return fd;
}

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
    absl::StatusOr<sys::UniqueFd> fd = TakeFd(pidfd, number);
    if (fd.ok() && IsListener(fd->get())) return fd;
    if (!fd.ok() && sys::StatusErrno(fd.status()) != EBADF) return fd.status();
    absl::SleepFor(absl::Microseconds(20));
  }
  return absl::UnavailableError("init loaded no seccomp filter with a listener");
}

absl::Status OpenMailbox(int pidfd, const sync::Message& message, sync::Mailbox** mailbox) {
  ASSIGN_OR_RETURN(const sys::UniqueFd plan_file, TakeFd(pidfd, message.index));
  void* page = mmap(nullptr, kMailboxBytes, PROT_READ | PROT_WRITE, MAP_SHARED, plan_file.get(), 0);
  if (page == MAP_FAILED) return sys::ErrnoStatus(errno, "mapping the mailbox");
  *mailbox = static_cast<sync::Mailbox*>(page);
  return absl::OkStatus();
}

}  // namespace

absl::Status HandOverListener(int init_pidfd, const sync::Message& message,
                              const std::function<absl::Status(int)>& hand_over) {
  sync::Mailbox* mailbox = nullptr;
  RETURN_IF_ERROR(OpenMailbox(init_pidfd, message, &mailbox));
  const absl::StatusOr<sys::UniqueFd> listener = AwaitListener(init_pidfd, message.value);
  const absl::Status status = listener.ok() ? hand_over(listener->get()) : listener.status();
  __atomic_store_n(&mailbox->seccomp_done, status.ok() ? 1u : 2u, __ATOMIC_RELEASE);
  munmap(mailbox, kMailboxBytes);
  return status;
}

}  // namespace hull::runtime
