// Attributes of mounts, where a user namespace may have locked some of them.
#ifndef HULL_RUNTIME_CHILD_MOUNT_ATTRIBUTES_H_
#define HULL_RUNTIME_CHILD_MOUNT_ATTRIBUTES_H_

#include "runtime/child/context.h"

namespace hull::child {

// Sets and clears MOUNT_ATTR_* of a mount (`flags` as SetAttributes takes them); nothing to do costs
// nothing. Of one mount, what the kernel does not let a user namespace clear stays as it is: nosuid,
// nodev, noexec, ro and the access time mode of a mount that came from a more privileged one.
int ApplyAttributes(Context& context, int mount_fd, uint64_t set, uint64_t clear, unsigned flags);

// Of a tree that is in its place: what is locked stays on each of its mounts.
int ApplyToEach(Context& context, int tree_fd, uint64_t set, uint64_t clear);

// Changes its propagation, in order: MS_* as ChangePropagation takes them.
int ApplyPropagation(Context& context, int mount_fd, plan::Array<uint64_t> propagation);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_MOUNT_ATTRIBUTES_H_
