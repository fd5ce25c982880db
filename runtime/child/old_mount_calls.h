// mount_calls.h by mount(2) and umount2(2) alone, for kernels without mount_setattr(2) (before 5.12).
//
// mount(2) changes only mounts that are somewhere. So a tmpfs of init's own, the workshop, lies
// between the rootfs and what is mounted over it, where no path leads to: every mount is made there,
// changed there, and moved to its place. Files are named as /proc/self/fd/N of the descriptors that
// openat2(2) gave, so no path is walked a second time; all of it ends before the host's /proc is left.
#ifndef HULL_RUNTIME_CHILD_OLD_MOUNT_CALLS_H_
#define HULL_RUNTIME_CHILD_OLD_MOUNT_CALLS_H_

#include <linux/mount.h>

#include "runtime/child/context.h"

namespace hull::child::old {

int PrepareMounts(Context& context, const char* rootfs, int rootfs_fd);
int CloneTree(Context& context, int dir_fd, const char* path, unsigned flags);
int TakeTree(Context& context, int tree_fd);
int MakeFileSystem(Context& context, const plan::MountStep& mount, int mode);
int MakeEmptyDirectory(Context& context, const char* label);
int SetAttributes(Context& context, int mount_fd, unsigned flags,
                  const struct mount_attr& attributes);
int ChangePropagation(Context& context, int mount_fd, uint64_t propagation);
int ChangePropagationHere(Context& context, const char* path, uint64_t propagation);
int Attach(Context& context, int mount_fd, int target_fd);

}  // namespace hull::child::old

#endif  // HULL_RUNTIME_CHILD_OLD_MOUNT_CALLS_H_
