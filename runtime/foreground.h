// The foreground: while the container's process runs, its signals and its terminal are ours.
#ifndef HULL_RUNTIME_FOREGROUND_H_
#define HULL_RUNTIME_FOREGROUND_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

// Every signal that can be forwarded is blocked from construction on, so that none that comes while
// the container is made is lost or ends us; unblocked again at the end.
class Foreground {
 public:
  Foreground();
  Foreground(const Foreground&) = delete;
  ~Foreground();

  // Forwards signals, copies between our stdio and `master_fd` (-1 = the process has our stdio
  // itself), follows our terminal's size; returns the process's exit status, 128 + N after signal N.
  absl::StatusOr<int> Run(int pidfd, int master_fd);

 private:
  absl::Status ForwardSignal(int pidfd, int master_fd);

  sys::UniqueFd signals_;
  void* old_mask_;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_FOREGROUND_H_
