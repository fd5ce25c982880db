#include "seccomp/notify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "runtime/sys/unique_fd.h"

namespace hull::seccomp {
namespace {

absl::Status CheckPath(absl::string_view path) {
  if (path.empty()) return absl::InvalidArgumentError("expected the path of a socket");
  if (path.front() == '\0' || path.front() == '@') {
    return absl::InvalidArgumentError(
        "abstract sockets belong to a network namespace and not to a directory, expected a path");
  }
  if (absl::StrContains(path, '\0')) {
    return absl::InvalidArgumentError("a path has no NUL byte");
  }
  return absl::OkStatus();
}

// The socket as the path says now. An fd of it has a short name whatever the path's length is.
absl::StatusOr<sys::UniqueFd> OpenSocketFile(absl::string_view path) {
  return sys::OpenAt(AT_FDCWD, path, O_PATH);
}

// Blocking calls with a limit: a non-blocking connect to a full backlog gives EAGAIN at once and
// nothing to poll for.
absl::Status SetTimeout(int socket_fd, absl::Time deadline) {
  const absl::Duration left = deadline - absl::Now();
  if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("too late");
  // 0 would mean no limit at all.
  const timeval value = absl::ToTimeval(std::max(left, absl::Milliseconds(1)));
  if (setsockopt(socket_fd, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof(value)) != 0) {
    return sys::ErrnoStatus(errno, "limiting the time");
  }
  return absl::OkStatus();
}

absl::Status Connect(int socket_fd, int file_fd, absl::Time deadline) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string name = absl::StrCat("/proc/self/fd/", file_fd);
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  for (;;) {
    RETURN_IF_ERROR(SetTimeout(socket_fd, deadline), "connecting");
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (connect(socket_fd, generic, sizeof(address)) == 0) return absl::OkStatus();
    if (errno == EAGAIN) return absl::DeadlineExceededError("nobody accepts the connection");
    if (errno != EINTR) return sys::ErrnoStatus(errno, "connecting");
  }
}

// One sendmsg; `notify_fd` < 0 sends none. Returns how many bytes went.
absl::StatusOr<size_t> SendOnce(int socket_fd, absl::string_view data, int notify_fd) {
  iovec part = {.iov_base = const_cast<char*>(data.data()), .iov_len = data.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (notify_fd >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &notify_fd, sizeof(notify_fd));
  }
  const ssize_t sent = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<size_t>(sent);
  if (errno == EINTR) return 0;
  if (errno == EAGAIN) return absl::DeadlineExceededError("nobody reads the message");
  return sys::ErrnoStatus(errno, "sending the message");
}

absl::Status Send(int socket_fd, absl::string_view data, int notify_fd, absl::Time deadline) {
  while (!data.empty()) {
    RETURN_IF_ERROR(SetTimeout(socket_fd, deadline), "sending the message");
    ASSIGN_OR_RETURN(const size_t sent, SendOnce(socket_fd, data, notify_fd));
    if (sent > 0) notify_fd = -1;  // it went with the first bytes
    data.remove_prefix(sent);
  }
  return absl::OkStatus();
}

absl::Status ConnectAndSend(absl::string_view path, int notify_fd, absl::string_view data,
                            absl::Time deadline) {
  RETURN_IF_ERROR(CheckPath(path));
  ASSIGN_OR_RETURN(const sys::UniqueFd file, OpenSocketFile(path));
  const sys::UniqueFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket_fd.valid()) return sys::ErrnoStatus(errno, "making a socket");
  RETURN_IF_ERROR(Connect(socket_fd.get(), file.get(), deadline));
  return Send(socket_fd.get(), data, notify_fd, deadline);
}

}  // namespace

absl::Status SendListener(absl::string_view listener_path, int notify_fd,
                          absl::string_view container_process_state_json, absl::Duration timeout) {
  RETURN_IF_ERROR(
      ConnectAndSend(listener_path, notify_fd, container_process_state_json, absl::Now() + timeout),
      "handing the seccomp notify fd to the agent at '", absl::Utf8SafeCHexEscape(listener_path),
      "'");
  return absl::OkStatus();
}

}  // namespace hull::seccomp
