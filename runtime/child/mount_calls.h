// The mount system calls, on descriptors. The new mount API is Linux 5.2, mount_setattr 5.12.
#ifndef HULL_RUNTIME_CHILD_MOUNT_CALLS_H_
#define HULL_RUNTIME_CHILD_MOUNT_CALLS_H_

#include <fcntl.h>
#include <linux/mount.h>

#include "runtime/child/context.h"

namespace hull::child {

inline long OpenTree(int dir_fd, const char* path, unsigned flags) {
  return RawCall(__NR_open_tree, dir_fd, AsArg(path), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

inline long MoveMount(int from_fd, int to_fd) {
  return RawCall(__NR_move_mount, from_fd, AsArg(""), to_fd, AsArg(""),
                 MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

inline long SetAttributes(int mount_fd, unsigned flags, const struct mount_attr& attributes) {
  return RawCall(__NR_mount_setattr, mount_fd, AsArg(""), AT_EMPTY_PATH | flags, AsArg(&attributes),
                 sizeof(attributes));
}

// `propagation` is MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, with MS_REC for the whole tree.
inline long ChangePropagation(int mount_fd, uint64_t propagation) {
  struct mount_attr attributes = {};
  attributes.propagation = propagation & ~static_cast<uint64_t>(MS_REC);
  return SetAttributes(mount_fd, (propagation & MS_REC) != 0 ? AT_RECURSIVE : 0, attributes);
}

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_MOUNT_CALLS_H_
