#include "runtime/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {

absl::StatusOr<sys::UniqueFd> ConnectConsoleSocket(const std::string& path) {
  const std::string context = absl::StrCat("connecting to the console socket '", path, "'");
  // Named by its descriptor: sun_path holds 107 characters only, and an abstract name is no file.
  ASSIGN_OR_RETURN(const sys::UniqueFd file, sys::OpenAt(AT_FDCWD, path, O_PATH), context);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  absl::SNPrintF(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", file.get());
  sys::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() ||
      connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return sys::ErrnoStatus(errno, context);
  }
  return fd;
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

struct RawTerminal::Saved {
  termios settings;
};

RawTerminal::RawTerminal(int fd) : fd_(fd) {
  termios settings;
  if (tcgetattr(fd, &settings) != 0) return;
  saved_ = new Saved{settings};
  cfmakeraw(&settings);
  tcsetattr(fd, TCSANOW, &settings);
}

RawTerminal::~RawTerminal() {
  if (saved_ != nullptr) tcsetattr(fd_, TCSADRAIN, &saved_->settings);
  delete saved_;
}

}  // namespace hull::runtime
