#include "runtime/child/channel.h"

#include <errno.h>

namespace hull::child {

// By write(2), which the container's filter lets through (filtered_calls.h). Where main is gone it
// may end us by SIGPIPE, and there would be nothing else left to do.
int SendMessage(int fd, const sync::Message& message) {
  long n = 0;
  do {
    n = sys::RawWrite(fd, &message, sizeof(message));
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
