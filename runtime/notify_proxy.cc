#include "runtime/notify_proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "runtime/base/status_macros.h"
#include "runtime/sockets.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

constexpr char kDirectory[] = "notify";
constexpr char kSocket[] = "notify/notify.sock";
constexpr absl::string_view kHostSocket = "notify socket";
constexpr size_t kLargestMessage = 4096;  // systemd takes no larger one
constexpr int kMostAtOnce = 64;           // messages, before the process's end is looked for again
constexpr int kHostWaitS = 30;

absl::StatusOr<sys::UniqueFd> ConnectAbstract(absl::string_view name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string context = absl::StrCat("connecting to the ", kHostSocket, " '", name, "'");
  if (name.size() > sizeof(address.sun_path)) return sys::ErrnoStatus(ENAMETOOLONG, context);
  memcpy(address.sun_path + 1, name.data() + 1, name.size() - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  sys::UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return sys::ErrnoStatus(errno, context);
  }
  return fd;
}

absl::StatusOr<sys::UniqueFd> ConnectHost(const std::string& name) {
  ASSIGN_OR_RETURN(sys::UniqueFd fd, name[0] == '@' ? ConnectAbstract(name)
                                                    : ConnectSocket(name, SOCK_DGRAM, kHostSocket));
  const timeval patience = {kHostWaitS, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  return fd;
}

// Any user of the container may speak, whoever that is on the host; what protects the socket from
// others are the directories above it.
absl::StatusOr<sys::UniqueFd> BindContainerSocket(int container_dir_fd) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  absl::SNPrintF(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
                 container_dir_fd, kSocket);
  sys::UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  unlinkat(container_dir_fd, kSocket, 0);  // of a start that failed
  if (!fd.valid() ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      fchmodat(container_dir_fd, kSocket, 0777, 0) != 0) {
    return sys::ErrnoStatus(errno, "making the container's notify socket");
  }
  return fd;
}

absl::Status Send(int fd, absl::string_view text) {
  ssize_t n = 0;
  do {
    n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return sys::ErrnoStatus(errno, absl::StrCat("sending to the ", kHostSocket));
  return absl::OkStatus();
}

// The other side closes the descriptor that comes with BARRIER=1 once it has read all before it.
absl::Status SendBarrier(int host_fd, bool wait) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return sys::ErrnoStatus(errno, "making a pipe");
  const sys::UniqueFd read_end(ends[0]);
  sys::UniqueFd write_end(ends[1]);
  RETURN_IF_ERROR(SendDescriptor(host_fd, "BARRIER=1", write_end.get(), kHostSocket));
  write_end.reset();
  if (!wait) return absl::OkStatus();
  pollfd entry = {read_end.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&entry, 1, kHostWaitS * 1000);
  } while (ready < 0 && errno == EINTR);
  if (ready != 0) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("nobody took notice at the ", kHostSocket, " for ", kHostWaitS, " s"));
}

bool SaysReady(absl::string_view message) {
  for (const absl::string_view line : absl::StrSplit(message, '\n')) {
    if (line == "READY=1") return true;
  }
  return false;
}

}  // namespace

void AddNotifySocket(const std::string& container_dir, spec::Spec& spec) {
  spec::Mount mount;
  mount.destination = "/run/notify";
  mount.type = "bind";
  mount.source = absl::StrCat(container_dir, "/", kDirectory);
  mount.options = {"bind", "ro", "nosuid", "nodev", "noexec"};
  spec.mounts.push_back(std::move(mount));
  spec.process->env.push_back("NOTIFY_SOCKET=/run/notify/notify.sock");
}

absl::Status MakeNotifyDirectory(int container_dir_fd) {
  if (mkdirat(container_dir_fd, kDirectory, 0755) == 0 &&
      fchmodat(container_dir_fd, kDirectory, 0755, 0) == 0) {
    return absl::OkStatus();
  }
  return sys::ErrnoStatus(errno, "making the directory of the container's notify socket");
}

bool HasNotifyDirectory(int container_dir_fd) {
  return faccessat(container_dir_fd, kDirectory, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

absl::StatusOr<NotifyProxy> NotifyProxy::Open(int container_dir_fd,
                                              const std::string& host_socket) {
  ASSIGN_OR_RETURN(sys::UniqueFd host, ConnectHost(host_socket));
  ASSIGN_OR_RETURN(sys::UniqueFd container, BindContainerSocket(container_dir_fd));
  return NotifyProxy(std::move(container), std::move(host));
}

// The container is not trusted: too large a message is dropped, descriptors are never received, and
// no number of messages keeps us here.
bool NotifyProxy::TakeReady() {
  char message[kLargestMessage + 1];
  for (int i = 0; i < kMostAtOnce; ++i) {
    const ssize_t n = recv(container_.get(), message, sizeof(message), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    const auto size = static_cast<size_t>(n);
    if (size <= kLargestMessage && SaysReady(absl::string_view(message, size))) return true;
  }
  return false;
}

absl::Status NotifyProxy::Forward(pid_t main_pid, bool wait) {
  RETURN_IF_ERROR(Send(host_.get(), "READY=1\n"));
  RETURN_IF_ERROR(Send(host_.get(), absl::StrCat("MAINPID=", main_pid, "\n")));
  return SendBarrier(host_.get(), wait);
}

absl::Status NotifyProxy::Serve(int pidfd, pid_t main_pid) {
  for (;;) {
    pollfd entries[] = {{container_.get(), POLLIN, 0}, {pidfd, POLLIN, 0}};
    if (poll(entries, 2, -1) < 0 && errno != EINTR) return sys::ErrnoStatus(errno, "poll");
    if (TakeReady()) return Forward(main_pid, /*wait=*/true);
    if ((entries[1].revents & POLLIN) != 0) return absl::OkStatus();
  }
}

}  // namespace hull::runtime
