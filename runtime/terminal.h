// Terminals on the runtime's side: the engine's console socket, and the caller's own terminal.
#ifndef HULL_RUNTIME_TERMINAL_H_
#define HULL_RUNTIME_TERMINAL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

// A connection to the AF_UNIX stream socket at `path` (of any length; no abstract ones), which will
// receive the terminal's master.
absl::StatusOr<sys::UniqueFd> ConnectConsoleSocket(const std::string& path);

// The descriptor that arrives on `socket_fd` by SCM_RIGHTS.
absl::StatusOr<sys::UniqueFd> ReceiveDescriptor(int socket_fd);

// The caller's terminal in raw mode; as it was again when this ends, however it ends.
class RawTerminal {
 public:
  // Where `fd` is no terminal this does nothing.
  explicit RawTerminal(int fd);
  RawTerminal(const RawTerminal&) = delete;
  ~RawTerminal();

 private:
  struct Saved;
  int fd_;
  Saved* saved_ = nullptr;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_TERMINAL_H_
