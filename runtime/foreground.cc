#include "runtime/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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

constexpr unsigned kPidfdType = 3;       // P_PIDFD, Linux 5.4
constexpr int kReaderPatienceMs = 5000;  // without any progress

// All but those that stop a job in the background, and SIGURG, which means nothing to who has no
// sockets of that kind. A fault of our own ends us all the same: the kernel does not hold it back.
sigset_t HandledSignals(bool adopts) {
  sigset_t set;
  sigfillset(&set);
  for (const int own : {SIGURG, SIGTTIN, SIGTTOU}) sigdelset(&set, own);
  if (!adopts) sigdelset(&set, SIGCHLD);
  return set;
}

// Not the one whose end is awaited: its status is still needed.
void ReapOrphans(pid_t awaited) {
  for (;;) {
    siginfo_t info = {};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (info.si_pid == 0 || info.si_pid == awaited) return;
    waitpid(info.si_pid, nullptr, WNOHANG);
  }
}

void CopyWindowSize(int master_fd) {
  const std::optional<TerminalSize> ours = SizeOfTerminal(STDIN_FILENO);
  if (!ours.has_value()) return;
  winsize size = {};
  size.ws_row = ours->rows;
  size.ws_col = ours->columns;
  ioctl(master_fd, TIOCSWINSZ, &size);
}

absl::StatusOr<int> Reap(int pidfd) {
  siginfo_t info = {};
  while (waitid(static_cast<idtype_t>(kPidfdType), static_cast<id_t>(pidfd), &info, WEXITED) != 0) {
    if (errno == EINTR) continue;
    return sys::ErrnoStatus(
        errno, "waiting for the container's process (its status is lost where SIGCHLD is ignored)");
  }
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

// Of who is told to end, and has nothing left to do but to wait for a reader.
bool IsToEnd(int signal) {
  return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT;
}

}  // namespace

Foreground::Foreground(Orphans orphans) : old_mask_(new sigset_t) {
  adopts_ = orphans == Orphans::kAdopt && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
  const sigset_t set = HandledSignals(adopts_);
  pthread_sigmask(SIG_BLOCK, &set, static_cast<sigset_t*>(old_mask_));
  signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

Foreground::~Foreground() {
  if (adopts_) prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  // What came after the last chance to forward it has nobody left to go to. It must not end us now,
  // before our caller has the container's status or the error.
  signalfd_siginfo info[8];
  while (read(signals_.get(), info, sizeof(info)) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, static_cast<sigset_t*>(old_mask_), nullptr);
  delete static_cast<sigset_t*>(old_mask_);
}

absl::Status Foreground::HandleSignals(pid_t pid, int pidfd, int master_fd) {
  signalfd_siginfo info;
  while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGWINCH) {
      if (master_fd >= 0) CopyWindowSize(master_fd);
      continue;
    }
    if (signal == SIGCHLD) {
      if (adopts_) ReapOrphans(pid);
      continue;
    }
    const bool own = info.ssi_pid == static_cast<uint32_t>(getpid());
    if (signal == SIGPIPE && own) continue;  // of our own writing
    if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) != 0 && errno != ESRCH) {
      return sys::ErrnoStatus(errno, "forwarding a signal");
    }
  }
  return absl::OkStatus();
}

// The container's status must not wait for ever for a reader that does not read.
void Foreground::DrainTerminal(Relay& relay) {
  while (relay.Drain()) {
    pollfd entries[] = {{relay.output_fd(), POLLOUT, 0}, {signals_.get(), POLLIN, 0}};
    if (poll(entries, 2, kReaderPatienceMs) == 0) return;
    signalfd_siginfo info;
    while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
      if (IsToEnd(static_cast<int>(info.ssi_signo))) return;
    }
  }
}

absl::StatusOr<int> Foreground::Run(pid_t pid, int pidfd, int master_fd, const FdWatch& watch) {
  std::optional<RawTerminal> raw;
  std::optional<Relay> relay;
  if (master_fd >= 0) {
    CopyWindowSize(master_fd);  // once more: it may have changed since the plan was made
    raw.emplace(STDIN_FILENO);
    relay.emplace(STDIN_FILENO, STDOUT_FILENO, master_fd);
  }
  for (;;) {
    pollfd entries[3 + Relay::kEntries] = {
        {pidfd, POLLIN, 0}, {signals_.get(), POLLIN, 0}, {watch.fd, POLLIN, 0}};
    const nfds_t count = 3 + (relay.has_value() ? relay->Prepare(entries + 3) : 0);
    if (poll(entries, count, -1) < 0 && errno != EINTR) return sys::ErrnoStatus(errno, "poll");
    const bool ended = (entries[0].revents & POLLIN) != 0;
    if (!ended && (entries[1].revents & POLLIN) != 0) {  // else they are for DrainTerminal()
      const absl::Status status = HandleSignals(pid, pidfd, master_fd);
      if (!status.ok()) return status;
    }
    if (relay.has_value()) relay->Copy(entries + 3);
    if ((entries[2].revents & POLLIN) != 0) watch.on_readable();
    if (ended) break;
  }
  if (relay.has_value()) DrainTerminal(*relay);
  return Reap(pidfd);
}

}  // namespace hull::runtime
