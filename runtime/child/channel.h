// The child's end of the sync channel (runtime/sync/message.h).
#ifndef HULL_RUNTIME_CHILD_CHANNEL_H_
#define HULL_RUNTIME_CHILD_CHANNEL_H_

#include "runtime/child/context.h"

namespace hull::child {

// 0, or -errno.
int SendMessage(int fd, const sync::Message& message);
// 0, -errno, or -EPIPE at end of file (main is gone) or for anything but `expected`.
int ReceiveMessage(int fd, sync::MessageType expected, sync::Message& message);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_CHANNEL_H_
