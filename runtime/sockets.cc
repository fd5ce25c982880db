#include "runtime/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {

absl::StatusOr<sys::UniqueFd> ConnectSocket(const std::string& path, int type,
                                            absl::string_view what) {
  const std::string context = absl::StrCat("connecting to the ", what, " '", path, "'");
  // Named by its descriptor: sun_path holds 107 characters only, and an abstract name is no file.
  ASSIGN_OR_RETURN(const sys::UniqueFd file, sys::OpenAt(AT_FDCWD, path, O_PATH), context);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  absl::SNPrintF(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", file.get());
  sys::UniqueFd fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!fd.valid() ||
      connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return sys::ErrnoStatus(errno, context);
  }
  return fd;
}

absl::Status SendDescriptor(int socket_fd, absl::string_view text, int fd, absl::string_view what) {
  iovec data = {const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &fd, sizeof(int));
  ssize_t n = 0;
  do {
    n = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return sys::ErrnoStatus(errno, absl::StrCat("sending to the ", what));
  return absl::OkStatus();
}

absl::StatusOr<sys::UniqueFd> ReceiveDescriptor(int socket_fd) {
  char data[64];
  iovec buffer = {data, sizeof(data)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t n = 0;
  do {
    n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return sys::ErrnoStatus(errno, "receiving the terminal");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
    return absl::InternalError("receiving the terminal: no descriptor came");
  }
  int fd = -1;
  memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  return sys::UniqueFd(fd);
}

absl::StatusOr<ConsoleChannel> OpenConsoleChannel(const std::string& path) {
  ConsoleChannel channel;
  if (!path.empty()) {
    ASSIGN_OR_RETURN(channel.child, ConnectSocket(path, SOCK_STREAM, kConsoleSocket));
    return channel;
  }
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
    return sys::ErrnoStatus(errno, "making the terminal's channel");
  }
  channel.main.reset(pair[0]);
  channel.child.reset(pair[1]);
  return channel;
}

}  // namespace hull::runtime
