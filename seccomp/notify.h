// The hand-off of a notify fd to the agent that answers for the container's system calls.
#ifndef HULL_SECCOMP_NOTIFY_H_
#define HULL_SECCOMP_NOTIFY_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hull::seccomp {

// Connects to the AF_UNIX stream socket `listener_path` (of any length; abstract ones are refused)
// and sends one message: `container_process_state_json`, with `notify_fd` by SCM_RIGHTS. Then the
// connection is closed; the caller closes its own `notify_fd`. At most `timeout` passes in all.
// Spec: config-linux.md#containerprocessstate: the JSON object has ociVersion, fds ["seccompFd"],
// pid, metadata and state.
// Errors: NotFound no such socket, InvalidArgument no socket's path, DeadlineExceeded the agent
// accepts or reads nothing, Unavailable and others from the kernel; each names the path.
absl::Status SendListener(absl::string_view listener_path, int notify_fd,
                          absl::string_view container_process_state_json,
                          absl::Duration timeout = absl::Seconds(5));

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_NOTIFY_H_
