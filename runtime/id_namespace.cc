#include "runtime/id_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/id_map.h"
#include "runtime/sys/file.h"
#include "runtime/sys/raw.h"

namespace hull::runtime {
namespace {

using sys::AsArg;
using sys::RawCall;
using sys::UniqueFd;

// A process in a new user namespace that waits to be killed.
class Holder {
 public:
  Holder() = default;
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    // It ends without a signal to us, so that nobody else waits for it.
    while (RawCall(__NR_wait4, pid_, 0, __WALL, 0) == -EINTR) {
    }
  }

  absl::Status Start();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  UniqueFd pipe_;
};

// With our threads it shares nothing, and no handler of ours may run in it: every signal is blocked
// before. Should we die, the pipe ends and so does it.
absl::Status Holder::Start() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return sys::ErrnoStatus(errno, "making a pipe");
  const UniqueFd read_end(ends[0]);
  pipe_.reset(ends[1]);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const long pid = RawCall(__NR_clone, CLONE_NEWUSER, 0, 0, 0, 0);
  if (pid == 0) {
    char byte;
    sys::RawClose(ends[1]);
    RawCall(__NR_read, ends[0], AsArg(&byte), 1);
    sys::RawExit(0);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return sys::ErrnoStatus(static_cast<int>(-pid), "cloning into a user namespace");
  pid_ = static_cast<pid_t>(pid);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> IdNamespaces::For(const spec::IdMaps& maps) {
  for (const Entry& entry : made_) {
    if (entry.maps == maps) return entry.fd.get();
  }
  Holder holder;
  RETURN_IF_ERROR(holder.Start());
  RETURN_IF_ERROR(WriteMaps(holder.pid(), maps.uids, maps.gids));
  ASSIGN_OR_RETURN(
      UniqueFd fd,
      sys::OpenAt(AT_FDCWD, absl::StrCat("/proc/", holder.pid(), "/ns/user"), O_RDONLY));
  made_.push_back({maps, std::move(fd)});
  return made_.back().fd.get();
}

}  // namespace hull::runtime
