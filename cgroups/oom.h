// OomWatch: tells that a container has run out of memory, on every cgroup version.
#ifndef HULL_CGROUPS_OOM_H_
#define HULL_CGROUPS_OOM_H_

#include <poll.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "cgroups/host.h"
#include "cgroups/manager.h"
#include "runtime/sys/unique_fd.h"

namespace hull::cgroups {

class OomWatch {
 public:
  // Of the cgroup at `location`. Where no memory controller serves it, or it is gone, the watch
  // never wakes.
  static absl::StatusOr<OomWatch> Open(const Host& host, const Location& location);

  // What to poll(2) for; the fd is -1, which poll skips, where nothing can come.
  pollfd entry() const;
  // After poll has woken: whether the kernel has killed, or would have to (v1 with the killer
  // disabled), since the last call. False where it woke because the cgroup was removed.
  bool Take();

 private:
  absl::Status OpenLegacy(int dir_fd);
  absl::Status OpenUnified(int dir_fd);

  // v1: an eventfd that memory.oom_control signals. v2: memory.events, which wakes as often as one
  // of its numbers grows, those of the cgroups below included.
  sys::UniqueFd event_fd_;
  sys::UniqueFd file_fd_;
  uint64_t kills_ = 0;  // v2: as read last
};

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_OOM_H_
