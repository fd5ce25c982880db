// What a mount step is made of, the same for every kernel (Plan::mount_api). A mount is made where
// nobody can reach it, finished there, and put in its place at last. `mount_fd` is always a descriptor
// of the root of a mount; what fails has named its operation in the context.
#ifndef HULL_RUNTIME_CHILD_MOUNT_CALLS_H_
#define HULL_RUNTIME_CHILD_MOUNT_CALLS_H_

#include <fcntl.h>
#include <linux/mount.h>

#include "runtime/child/context.h"

namespace hull::child {

// Once, before any other call but ChangePropagation: `rootfs_fd` is what the host has at `rootfs`.
int PrepareMounts(Context& context, const char* rootfs, int rootfs_fd);

// A copy of the mount at (dir_fd, path), or of its part from there on; an fd or -errno. `flags`:
// AT_EMPTY_PATH, AT_RECURSIVE (with what is mounted beneath), AT_SYMLINK_NOFOLLOW.
int CloneTree(Context& context, int dir_fd, const char* path, unsigned flags);

// A copy that main has made, ready for the other calls; `tree_fd` or -errno.
int TakeTree(Context& context, int tree_fd);

// A new file system as the step says; an fd or -errno. `mode` of its root, -1 = as it comes.
int MakeFileSystem(Context& context, const plan::MountStep& mount, int mode);

// A read-only, empty directory of its own file system; an fd or -errno. `label`: of SELinux, or null.
int MakeEmptyDirectory(Context& context, const char* label);

// `flags`: 0, or AT_RECURSIVE for the whole tree.
int SetAttributes(Context& context, int mount_fd, unsigned flags,
                  const struct mount_attr& attributes);

// `propagation` is MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, with MS_REC for the whole tree.
int ChangePropagation(Context& context, int mount_fd, uint64_t propagation);
// The same, of the mount whose root is the process's root ("/") or working directory (".").
int ChangePropagationHere(Context& context, const char* path, uint64_t propagation);

// Puts a mount over the file or directory at `target_fd`; `mount_fd` stays good.
int Attach(Context& context, int mount_fd, int target_fd);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_MOUNT_CALLS_H_
