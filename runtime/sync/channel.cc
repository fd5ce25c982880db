#include "runtime/sync/channel.h"

#include <errno.h>
#include <sys/socket.h>

#include "runtime/sys/file.h"

namespace hull::sync {

absl::StatusOr<std::pair<sys::UniqueFd, sys::UniqueFd>> Channel::MakePair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
    return sys::ErrnoStatus(errno, "making the sync channel");
  }
  return std::make_pair(sys::UniqueFd(fds[0]), sys::UniqueFd(fds[1]));
}

absl::Status Channel::Send(MessageType type, int64_t value) {
  Message message;
  message.type = type;
  message.value = value;
  ssize_t n = 0;
  do {
    n = send(fd_.get(), &message, sizeof(message), MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && errno != EPIPE && errno != ECONNRESET) {
    return sys::ErrnoStatus(errno, "writing to the sync channel");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Message>> Channel::Receive() {
  Message message;
  ssize_t n = 0;
  do {
    n = recv(fd_.get(), &message, sizeof(message), 0);
    // ECONNRESET comes once, before what is still queued: the peer ended without reading all of ours.
  } while (n < 0 && (errno == EINTR || errno == ECONNRESET));
  if (n == 0) return std::nullopt;
  if (n < 0) return sys::ErrnoStatus(errno, "reading from the sync channel");
  if (n != sizeof(message)) {
    return absl::InternalError("a message of a wrong size on the sync channel");
  }
  return message;
}

}  // namespace hull::sync
