#include "runtime/start_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "absl/strings/str_format.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

// sun_path holds 107 characters and a state directory may be longer: it is named by its descriptor.
sockaddr_un AddressIn(int dir_fd) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  absl::SNPrintF(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", dir_fd,
                 kStartGateName);
  return address;
}

absl::StatusOr<sys::UniqueFd> MakeSocket() {
  sys::UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return sys::ErrnoStatus(errno, "making the start gate's socket");
  return fd;
}

}  // namespace

absl::StatusOr<sys::UniqueFd> MakeStartGate(int container_dir_fd) {
  ASSIGN_OR_RETURN(sys::UniqueFd fd, MakeSocket());
  const sockaddr_un address = AddressIn(container_dir_fd);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return sys::ErrnoStatus(errno, "binding the start gate");
  }
  if (listen(fd.get(), 8) != 0) return sys::ErrnoStatus(errno, "listening at the start gate");
  return fd;
}

absl::StatusOr<sync::Channel> ConnectStartGate(int container_dir_fd) {
  ASSIGN_OR_RETURN(sys::UniqueFd fd, MakeSocket());
  const sockaddr_un address = AddressIn(container_dir_fd);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return sys::ErrnoStatus(errno, "connecting to the start gate");
  }
  return sync::Channel(std::move(fd));
}

bool HasStartGate(int container_dir_fd) {
  return faccessat(container_dir_fd, kStartGateName, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void RemoveStartGate(int container_dir_fd) { unlinkat(container_dir_fd, kStartGateName, 0); }

}  // namespace hull::runtime
