// The foreground: while the container's process runs, its signals and its terminal are ours.
#ifndef HULL_RUNTIME_FOREGROUND_H_
#define HULL_RUNTIME_FOREGROUND_H_

#include <sys/types.h>

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

class Relay;

// Something else to do: called whenever `fd` is readable.
struct FdWatch {
  int fd = -1;
  std::function<void()> on_readable;
};

// Every signal that can be forwarded is blocked from construction on, so that none that comes while
// the container is made is lost or ends us; unblocked again at the end, and what came too late to be
// forwarded is dropped.
class Foreground {
 public:
  // kAdopt: descendants of ours whose parents end become our children, and are reaped.
  enum class Orphans { kLeave, kAdopt };
  explicit Foreground(Orphans orphans);
  Foreground(const Foreground&) = delete;
  ~Foreground();

  // Forwards signals to our child `pid`, copies between our stdio and `master_fd` (-1 = the process
  // has our stdio itself), follows our terminal's size; returns the process's exit status, 128 + N
  // after signal N. Meanwhile serves `watch`.
  absl::StatusOr<int> Run(pid_t pid, int pidfd, int master_fd, const FdWatch& watch = {});

 private:
  void DrainTerminal(Relay& relay);
  absl::Status HandleSignals(pid_t pid, int pidfd, int master_fd);

  sys::UniqueFd signals_;
  void* old_mask_;
  bool adopts_ = false;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_FOREGROUND_H_
