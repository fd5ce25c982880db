// Unix sockets of the caller's, found by their path, and descriptors sent through them.
#ifndef HULL_RUNTIME_SOCKETS_H_
#define HULL_RUNTIME_SOCKETS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

inline constexpr absl::string_view kConsoleSocket = "console socket";
inline constexpr absl::string_view kPidfdSocket = "pidfd socket";

// A connection to the socket at `path` (of any length; no abstract ones); `type` is SOCK_STREAM or
// SOCK_DGRAM. `what` names it in errors: "connecting to the console socket '/x': …".
absl::StatusOr<sys::UniqueFd> ConnectSocket(const std::string& path, int type,
                                            absl::string_view what);

// One message: `text` and `fd` by SCM_RIGHTS.
absl::Status SendDescriptor(int socket_fd, absl::string_view text, int fd, absl::string_view what);

// The descriptor that arrives on `socket_fd` by SCM_RIGHTS.
absl::StatusOr<sys::UniqueFd> ReceiveDescriptor(int socket_fd);

// The way that a terminal's master takes: from `child`, which is the caller's console socket at `path`
// or, without one, the other end of `main`.
struct ConsoleChannel {
  sys::UniqueFd main;
  sys::UniqueFd child;
};
absl::StatusOr<ConsoleChannel> OpenConsoleChannel(const std::string& path);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_SOCKETS_H_
