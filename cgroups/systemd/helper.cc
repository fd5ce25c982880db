// The helper program: speaks D-Bus for a hull that is a static binary and cannot. It is dynamically
// linked, sits in hull as bytes, and is executed from a sealed memfd where the systemd backend needs
// it; its arguments are the addresses to try, its requests come in on a socket (message.h). When
// that closes it ends.
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cgroups/systemd/session.h"

namespace {

using hull::cgroups::systemd::kHelperSocketFd;
using hull::cgroups::systemd::kMaxMessageBytes;
using hull::cgroups::systemd::Session;

char request[kMaxMessageBytes], reply[kMaxMessageBytes];

}  // namespace

int main(int, char** argv) {
  Session session;
  session.set_addresses(argv + 1);
  for (;;) {
    const ssize_t size = recv(kHelperSocketFd, request, sizeof(request), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return 0;
    const size_t length = session.Handle(request, static_cast<size_t>(size), reply, sizeof(reply));
    if (send(kHelperSocketFd, reply, length, MSG_NOSIGNAL) < 0) return 0;
  }
}
