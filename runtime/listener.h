// The seccomp listener's way out of a process that may make no system call any more.
#ifndef HULL_RUNTIME_LISTENER_H_
#define HULL_RUNTIME_LISTENER_H_

#include <functional>

#include "absl/status/status.h"
#include "runtime/sync/message.h"

namespace hull::runtime {

// After kSeccomp: waits until init has loaded its filter, takes the listener's fd out of it
// (pidfd_getfd, Linux 5.6), gives it to `hand_over`, and lets init go on through the Mailbox, also
// when that failed: then init reports and exits.
absl::Status HandOverListener(int init_pidfd, const sync::Message& message,
                              const std::function<absl::Status(int notify_fd)>& hand_over);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_LISTENER_H_
