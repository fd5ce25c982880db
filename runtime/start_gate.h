// The start gate of a "created" container: a listening socket in its state directory, on which init
// waits. A starter connects and sends kStart; init answers with kFailed, or by the end of file that
// execve(2) makes of its close-on-exec connection.
#ifndef HULL_RUNTIME_START_GATE_H_
#define HULL_RUNTIME_START_GATE_H_

#include "absl/status/statusor.h"
#include "runtime/sync/channel.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

inline constexpr char kStartGateName[] = "start.sock";

// The listening socket, bound in the directory.
absl::StatusOr<sys::UniqueFd> MakeStartGate(int container_dir_fd);
// NotFound: no gate (started already); Unavailable: nobody listens (init is gone).
absl::StatusOr<sync::Channel> ConnectStartGate(int container_dir_fd);
bool HasStartGate(int container_dir_fd);
void RemoveStartGate(int container_dir_fd);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_START_GATE_H_
