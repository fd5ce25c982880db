#include "runtime/child/channel.h"

#include <errno.h>
#include <sys/socket.h>

namespace hull::child {

int SendMessage(int fd, const sync::Message& message) {
  long n = 0;
  do {
    n = RawCall(__NR_sendto, fd, AsArg(&message), sizeof(message), MSG_NOSIGNAL);
  } while (n == -EINTR);
  return n < 0 ? static_cast<int>(n) : 0;
}

int ReceiveMessage(int fd, sync::MessageType expected, sync::Message& message) {
  long n = 0;
  do {
    n = RawCall(__NR_recvfrom, fd, AsArg(&message), sizeof(message));
  } while (n == -EINTR);
  if (n < 0) return static_cast<int>(n);
  return n == sizeof(message) && message.type == expected ? 0 : -EPIPE;
}

}  // namespace hull::child
