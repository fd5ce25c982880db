#include "cgroups/processes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "cgroups/directory.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using sys::UniqueFd;

// A process that forks between our reading and our signal leaves a child to the next round.
constexpr int kKillRounds = 10;

// A file of a cgroup that somebody removed cannot be opened; one that was open then says ENODEV.
bool IsGone(const absl::Status& status) {
  const int error = sys::StatusErrno(status);
  return error == ENOENT || error == ENODEV;
}

// The pids of this cgroup alone.
absl::StatusOr<std::vector<pid_t>> ReadOwnPids(int dir_fd) {
  absl::StatusOr<std::string> text = sys::ReadFileAt(dir_fd, "cgroup.procs");
  // A threaded cgroup shows its processes in the domain above it only.
  if (sys::StatusErrno(text.status()) == EOPNOTSUPP) {
    text = sys::ReadFileAt(dir_fd, "cgroup.threads");
  }
  std::vector<pid_t> pids;
  if (IsGone(text.status())) return pids;
  if (!text.ok()) return text.status();
  for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    pid_t pid = 0;
    if (absl::SimpleAtoi(line, &pid) && pid > 0) pids.push_back(pid);
  }
  return pids;
}

// Calls `visit` with the cgroup and each one below it. One that goes away meanwhile is passed over.
absl::Status Walk(int dir_fd, absl::FunctionRef<absl::Status(int dir_fd)> visit) {
  RETURN_IF_ERROR(visit(dir_fd));
  absl::StatusOr<std::vector<std::string>> children = ListChildren(dir_fd);
  if (!children.ok()) return absl::OkStatus();
  for (const std::string& child : *children) {
    absl::StatusOr<UniqueFd> fd = sys::OpenBeneath(dir_fd, child, kDirectoryFlags);
    if (fd.ok()) RETURN_IF_ERROR(Walk(fd->get(), visit));
  }
  return absl::OkStatus();
}

// Whether a line of the flat-keyed `text` is "key value".
bool HasLine(absl::string_view text, absl::string_view key, absl::string_view value) {
  const std::string line = absl::StrCat(key, " ", value);
  for (absl::string_view candidate : absl::StrSplit(text, '\n')) {
    if (candidate == line) return true;
  }
  return false;
}

// Signals until nobody new is found; frozen processes cannot fork, so then one round is enough.
absl::Status KillInRounds(int dir_fd) {
  std::vector<pid_t> before;
  for (int round = 0; round < kKillRounds; ++round) {
    ASSIGN_OR_RETURN(const std::vector<pid_t> pids, ReadPids(dir_fd));
    RETURN_IF_ERROR(SignalPids(pids, SIGKILL));
    if (std::includes(before.begin(), before.end(), pids.begin(), pids.end())) break;
    before = pids;
  }
  return absl::OkStatus();
}

// One look at freezer.state; asks again while it is half done, as new tasks may have slipped in.
absl::Status WaitForFreezer(int dir_fd, absl::string_view wanted) {
  const absl::Time deadline = absl::Now() + kFreezeTimeout;
  absl::Duration nap = absl::Microseconds(100);
  for (;;) {
    RETURN_IF_ERROR(WriteValue(dir_fd, "freezer.state", wanted), "writing '", wanted,
                    "' to 'freezer.state'");
    ASSIGN_OR_RETURN(const std::string state, ReadValue(dir_fd, "freezer.state"),
                     "reading 'freezer.state'");
    if (state == wanted) return absl::OkStatus();
    if (absl::Now() >= deadline) break;
    absl::SleepFor(nap);
    nap = std::min(nap * 2, absl::Milliseconds(10));
  }
  return absl::UnavailableError(absl::StrCat("'freezer.state' did not come to say ", wanted,
                                             " within ", absl::FormatDuration(kFreezeTimeout)));
}

}  // namespace

absl::StatusOr<std::vector<pid_t>> ReadPids(int dir_fd) {
  std::vector<pid_t> pids;
  const auto collect = [&pids](int fd) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<pid_t> own, ReadOwnPids(fd), "reading 'cgroup.procs'");
    pids.insert(pids.end(), own.begin(), own.end());
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(Walk(dir_fd, collect));
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

absl::StatusOr<UniqueFd> OpenOldestLeaf(int dir_fd) {
  pid_t oldest = 0;
  UniqueFd leaf;
  const auto compare = [&](int fd) -> absl::Status {
    ASSIGN_OR_RETURN(const std::vector<pid_t> own, ReadOwnPids(fd), "reading 'cgroup.procs'");
    const auto lowest = std::min_element(own.begin(), own.end());
    if (lowest == own.end() || (oldest != 0 && oldest < *lowest)) return absl::OkStatus();
    oldest = *lowest;
    ASSIGN_OR_RETURN(leaf, sys::OpenAt(fd, ".", kDirectoryFlags));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(Walk(dir_fd, compare));
  if (!leaf.valid()) return absl::NotFoundError("the cgroup has no process");
  return leaf;
}

absl::Status SignalPids(const std::vector<pid_t>& pids, int signal) {
  absl::Status first;
  for (pid_t pid : pids) {
    if (pid <= 0 || kill(pid, signal) == 0 || errno == ESRCH) continue;
    first.Update(sys::ErrnoStatus(errno, absl::StrCat("sending signal ", signal, " to ", pid)));
  }
  return first;
}

absl::Status WaitForEvent(int dir_fd, absl::string_view key, absl::string_view value,
                          absl::Duration timeout) {
  absl::StatusOr<UniqueFd> fd = sys::OpenBeneath(dir_fd, "cgroup.events", O_RDONLY);
  if (!fd.ok()) return fd.status();
  const absl::Time deadline = absl::Now() + timeout;
  char text[512];
  for (;;) {
    const ssize_t size = pread(fd->get(), text, sizeof(text), 0);
    if (size < 0 && errno == ENODEV) return absl::OkStatus();
    if (size < 0) return sys::ErrnoStatus(errno, "reading 'cgroup.events'");
    if (HasLine(absl::string_view(text, size), key, value)) return absl::OkStatus();
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) break;
    pollfd poller = {.fd = fd->get(), .events = POLLPRI, .revents = 0};
    poll(&poller, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
  }
  return absl::UnavailableError(absl::StrCat("'cgroup.events' did not come to say '", key, " ",
                                             value, "' within ", absl::FormatDuration(timeout)));
}

absl::Status FreezeUnified(int dir_fd, bool frozen) {
  RETURN_IF_ERROR(WriteValue(dir_fd, "cgroup.freeze", frozen ? "1" : "0"),
                  "writing 'cgroup.freeze'");
  absl::Status status = WaitForEvent(dir_fd, "frozen", frozen ? "1" : "0", kFreezeTimeout);
  if (!status.ok() && frozen) WriteValue(dir_fd, "cgroup.freeze", "0").IgnoreError();
  return status;
}

absl::StatusOr<bool> FrozenUnified(int dir_fd) {
  ASSIGN_OR_RETURN(const std::string events, ReadValue(dir_fd, "cgroup.events"),
                   "reading 'cgroup.events'");
  return HasLine(events, "frozen", "1");
}

absl::Status FreezeLegacy(int dir_fd, bool frozen) {
  absl::Status status = WaitForFreezer(dir_fd, frozen ? "FROZEN" : "THAWED");
  if (!status.ok() && frozen) WriteValue(dir_fd, "freezer.state", "THAWED").IgnoreError();
  return status;
}

absl::StatusOr<bool> FrozenLegacy(int dir_fd) {
  ASSIGN_OR_RETURN(const std::string state, ReadValue(dir_fd, "freezer.state"),
                   "reading 'freezer.state'");
  return state != "THAWED";
}

absl::Status KillUnified(int dir_fd) {
  const absl::Status killed = WriteValue(dir_fd, "cgroup.kill", "1");
  if (!IsGone(killed)) return killed;
  // A freeze that fails is no reason to spare anyone.
  FreezeUnified(dir_fd, true).IgnoreError();
  const absl::Status status = KillInRounds(dir_fd);
  WriteValue(dir_fd, "cgroup.freeze", "0").IgnoreError();
  return status;
}

absl::Status ThawToDie(int freezer_fd) {
  if (freezer_fd < 0) return absl::OkStatus();
  absl::Status status = FreezeLegacy(freezer_fd, false);
  return IsGone(status) ? absl::OkStatus() : status;
}

absl::Status KillLegacy(int freezer_fd, int dir_fd) {
  if (freezer_fd >= 0) FreezeLegacy(freezer_fd, true).IgnoreError();
  const absl::Status status = KillInRounds(dir_fd);
  RETURN_IF_ERROR(ThawToDie(freezer_fd));
  return status;
}

}  // namespace hull::cgroups
