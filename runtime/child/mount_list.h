// The mounts beneath a mount, as /proc/self/mountinfo lists them: for kernels where no call changes a
// whole tree.
#ifndef HULL_RUNTIME_CHILD_MOUNT_LIST_H_
#define HULL_RUNTIME_CHILD_MOUNT_LIST_H_

#include "runtime/child/context.h"

namespace hull::child {

class MountList {
 public:
  // Of what lies beneath the mount `mount_fd` of this namespace. 0 or -errno.
  int Open(Context& context, int mount_fd);

  // Opens the root of the next one, O_PATH, into `fd`, which becomes invalid after the last. What
  // another mount hides is left out: no path leads there. 0 or -errno.
  int Next(Context& context, UniqueFd& fd);

 private:
  int NextPath(Context& context);
  int Read(Context& context);

  int mount_fd_ = -1;
  size_t prefix_ = 0;  // length of that mount's own path
  UniqueFd file_;
  char own_[kPathMax], path_[kPathMax], buffer_[1024];
  size_t at_ = 0, size_ = 0;
};

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_MOUNT_LIST_H_
