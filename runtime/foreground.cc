#include "runtime/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "runtime/relay.h"
#include "runtime/sys/file.h"
#include "runtime/terminal.h"

namespace hull::runtime {
namespace {

constexpr unsigned kPidfdType = 3;  // P_PIDFD, Linux 5.4

// What must not be held back: faults of our own, and what the kernel tells us of children.
sigset_t ForwardedSignals() {
  sigset_t set;
  sigfillset(&set);
  for (const int own :
       {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGCHLD, SIGURG, SIGTTIN, SIGTTOU}) {
    sigdelset(&set, own);
  }
  return set;
}

void CopyWindowSize(int master_fd) {
  winsize size;
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) ioctl(master_fd, TIOCSWINSZ, &size);
}

absl::StatusOr<int> Reap(int pidfd) {
  siginfo_t info = {};
  while (waitid(static_cast<idtype_t>(kPidfdType), static_cast<id_t>(pidfd), &info, WEXITED) != 0) {
    if (errno != EINTR) return sys::ErrnoStatus(errno, "waiting for the container's process");
  }
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

}  // namespace

Foreground::Foreground() : old_mask_(new sigset_t) {
  const sigset_t set = ForwardedSignals();
  pthread_sigmask(SIG_BLOCK, &set, static_cast<sigset_t*>(old_mask_));
  signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Foreground::~Foreground() {
  pthread_sigmask(SIG_SETMASK, static_cast<sigset_t*>(old_mask_), nullptr);
  delete static_cast<sigset_t*>(old_mask_);
}

absl::Status Foreground::ForwardSignal(int pidfd, int master_fd) {
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGWINCH) {
      if (master_fd >= 0) CopyWindowSize(master_fd);
      continue;
    }
    if (signal == SIGPIPE) continue;  // of our own writing
    if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) != 0 && errno != ESRCH) {
      return sys::ErrnoStatus(errno, "forwarding a signal");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Foreground::Run(int pidfd, int master_fd) {
  std::optional<RawTerminal> raw;
  std::optional<Relay> relay;
  if (master_fd >= 0) {
    CopyWindowSize(master_fd);
    raw.emplace(STDIN_FILENO);
    relay.emplace(STDIN_FILENO, STDOUT_FILENO, master_fd);
  }
  for (;;) {
    pollfd entries[2 + Relay::kEntries] = {{pidfd, POLLIN, 0}, {signals_.get(), POLLIN, 0}};
    const nfds_t count = 2 + (relay.has_value() ? relay->Prepare(entries + 2) : 0);
    if (poll(entries, count, -1) < 0 && errno != EINTR) return sys::ErrnoStatus(errno, "poll");
    if ((entries[1].revents & POLLIN) != 0) {
      const absl::Status status = ForwardSignal(pidfd, master_fd);
      if (!status.ok()) return status;
    }
    if (relay.has_value()) relay->Copy(entries + 2);
    if ((entries[0].revents & POLLIN) != 0) break;
  }
  if (relay.has_value()) relay->Drain();
  return Reap(pidfd);
}

}  // namespace hull::runtime
