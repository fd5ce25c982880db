// The new mount API, on descriptors: Linux 5.2, mount_setattr 5.12. Without it: old_mount_calls.cc.
#include "runtime/child/mount_calls.h"

#include <errno.h>
#include <linux/stat.h>

#include "runtime/child/file_system.h"
#include "runtime/child/old_mount_calls.h"

namespace hull::child {
namespace {

bool IsOld(const Context& context) { return context.plan->mount_api == plan::MountApi::kOld; }

long SetMountAttributes(int dir_fd, const char* path, unsigned flags,
                        const struct mount_attr& attributes) {
  return RawCall(__NR_mount_setattr, dir_fd, AsArg(path), flags, AsArg(&attributes),
                 sizeof(attributes));
}

int Propagate(Context& context, int dir_fd, const char* path, unsigned flags,
              uint64_t propagation) {
  struct mount_attr attributes = {};
  attributes.propagation = propagation & ~static_cast<uint64_t>(MS_REC);
  if ((propagation & MS_REC) != 0) flags |= AT_RECURSIVE;
  HULL_TRY(context, kMountAttributes, SetMountAttributes(dir_fd, path, flags, attributes));
  return 0;
}

int MoveMount(Context& context, int mount_fd, int target_fd) {
  HULL_TRY(context, kMoveMount,
           RawCall(__NR_move_mount, mount_fd, AsArg(""), target_fd, AsArg(""),
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
  return 0;
}

bool IsDirectory(int fd) {
  struct statx info = {};
  const long found = RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_TYPE, AsArg(&info));
  return found == 0 && (info.stx_mode & S_IFMT) == S_IFDIR;
}

}  // namespace

int PrepareMounts(Context& context, const char* rootfs, int rootfs_fd) {
  return IsOld(context) ? old::PrepareMounts(context, rootfs, rootfs_fd) : 0;
}

int CloneTree(Context& context, int dir_fd, const char* path, unsigned flags) {
  if (IsOld(context)) return old::CloneTree(context, dir_fd, path, flags);
  return static_cast<int>(HULL_TRY(
      context, kOpenTree,
      RawCall(__NR_open_tree, dir_fd, AsArg(path), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags)));
}

int TakeTree(Context& context, int tree_fd) {
  return IsOld(context) ? old::TakeTree(context, tree_fd) : tree_fd;
}

int MakeFileSystem(Context& context, const plan::MountStep& mount, int mode) {
  if (IsOld(context)) return old::MakeFileSystem(context, mount, mode);
  return ConfigureFileSystem(context, mount, mode);
}

int MakeEmptyDirectory(Context& context, const char* label) {
  return IsOld(context) ? old::MakeEmptyDirectory(context, label)
                        : ConfigureEmptyDirectory(context, label);
}

int SetAttributes(Context& context, int mount_fd, unsigned flags,
                  const struct mount_attr& attributes) {
  if (IsOld(context)) return old::SetAttributes(context, mount_fd, flags, attributes);
  HULL_TRY(context, kMountAttributes,
           SetMountAttributes(mount_fd, "", AT_EMPTY_PATH | flags, attributes));
  return 0;
}

int ChangePropagation(Context& context, int mount_fd, uint64_t propagation) {
  if (IsOld(context)) return old::ChangePropagation(context, mount_fd, propagation);
  return Propagate(context, mount_fd, "", AT_EMPTY_PATH, propagation);
}

int ChangePropagationHere(Context& context, const char* path, uint64_t propagation) {
  if (IsOld(context)) return old::ChangePropagationHere(context, path, propagation);
  return Propagate(context, AT_FDCWD, path, 0, propagation);
}

int Attach(Context& context, int mount_fd, int target_fd) {
  const int error = IsOld(context) ? old::Attach(context, mount_fd, target_fd)
                                   : MoveMount(context, mount_fd, target_fd);
  if (error == -EINVAL && IsDirectory(mount_fd) != IsDirectory(target_fd)) {
    return context.Fail(Operation::kOtherKind, error);
  }
  return error;
}

}  // namespace hull::child
