// Steps on the mount tree as a whole: propagation, the root, what is masked or read-only in it.
#include <errno.h>
#include <linux/stat.h>
#include <sys/sysmacros.h>

#include "runtime/child/mount_attributes.h"
#include "runtime/child/mount_calls.h"
#include "runtime/child/path.h"
#include "runtime/child/steps.h"

namespace hull::child {
namespace {

long MountIdOf(int fd, uint64_t* id) {
  struct statx info = {};
  const long found = RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_MNT_ID, AsArg(&info));
  *id = info.stx_mnt_id;
  return found;
}

// The mount that holds the rootfs becomes private, so that attaching the container's mounts beneath
// it is not seen by the host even where everything else stays shared.
int MakeParentPrivate(Context& context, const char* rootfs) {
  UniqueFd at(static_cast<int>(
      HULL_TRY(context, kOpen, sys::RawOpenAt(AT_FDCWD, rootfs, O_PATH | O_CLOEXEC))));
  uint64_t mount_id = 0;
  HULL_TRY(context, kStat, MountIdOf(at.get(), &mount_id));
  for (;;) {
    UniqueFd up(static_cast<int>(
        HULL_TRY(context, kOpen, sys::RawOpenAt(at.get(), "..", O_PATH | O_CLOEXEC))));
    uint64_t up_id = 0;
    HULL_TRY(context, kStat, MountIdOf(up.get(), &up_id));
    struct statx here = {}, above = {};
    RawCall(__NR_statx, at.get(), AsArg(""), AT_EMPTY_PATH, STATX_INO, AsArg(&here));
    RawCall(__NR_statx, up.get(), AsArg(""), AT_EMPTY_PATH, STATX_INO, AsArg(&above));
    const bool top = up_id == mount_id && here.stx_ino == above.stx_ino;
    if (up_id != mount_id || top) break;
    at = static_cast<UniqueFd&&>(up);
  }
  return ChangePropagation(context, at.get(), MS_PRIVATE);
}

bool IsNull(int fd) {
  struct statx info = {};
  const long found =
      RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_BASIC_STATS, AsArg(&info));
  return found == 0 && (info.stx_mode & S_IFMT) == S_IFCHR && info.stx_rdev_major == 1 &&
         info.stx_rdev_minor == 3;
}

bool IsDirectory(int fd) {
  struct statx info = {};
  const long found = RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_TYPE, AsArg(&info));
  return found == 0 && (info.stx_mode & S_IFMT) == S_IFDIR;
}

// One empty directory serves every masked one: each would cost a superblock.
int MaskDirectory(Context& context, int target_fd, const char* label) {
  if (!context.mask.valid()) {
    const int fd = MakeEmptyDirectory(context, label);
    if (fd < 0) return fd;
    context.mask.reset(fd);
    return Attach(context, fd, target_fd);
  }
  const UniqueFd copy(CloneTree(context, context.mask.get(), "", AT_EMPTY_PATH));
  if (!copy.valid()) return copy.get();
  return Attach(context, copy.get(), target_fd);
}

// The host's /dev/null, while the host's tree is in sight: the container's may be anything.
int MaskFile(Context& context, int target_fd) {
  const UniqueFd null(CloneTree(context, AT_FDCWD, "/dev/null", 0));
  if (!null.valid()) return null.get();
  if (!IsNull(null.get())) return context.Fail(Operation::kWrongNode, -ENODEV);
  return Attach(context, null.get(), target_fd);
}

// No unmount in the tree at `path` reaches the host. EINVAL: no mount is there.
int CutOff(Context& context, const char* path) {
  const int error = ChangePropagationHere(context, path, MS_SLAVE | MS_REC);
  return error == -EINVAL || error == -ENOENT ? 0 : error;
}

}  // namespace

int SetPropagation(Context& context, const Step& step) {
  return ChangePropagationHere(context, "/", step.flags.flags);
}

int AttachRootfs(Context& context, const Step& step) {
  const char* rootfs = context.text(step.rootfs.path);
  if (step.rootfs.shared != 0) {
    if (const int error = MakeParentPrivate(context, rootfs); error < 0) return error;
  }
  const UniqueFd below(static_cast<int>(HULL_TRY(
      context, kOpen, sys::RawOpenAt(AT_FDCWD, rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC))));
  if (const int error = PrepareMounts(context, rootfs, below.get()); error < 0) return error;
  UniqueFd tree(CloneTree(context, below.get(), "", AT_EMPTY_PATH | AT_RECURSIVE));
  if (!tree.valid()) return tree.get();
  if (const int error = Attach(context, tree.get(), below.get()); error < 0) return error;
  context.root = static_cast<UniqueFd&&>(tree);
  return 0;
}

// The new root is stacked on the old one's place, the old one detached: no directory is needed for
// it, and nothing of it can be reached afterwards.
int PivotRoot(Context& context, const Step& step) {
  const UniqueFd old(static_cast<int>(
      HULL_TRY(context, kOpen, sys::RawOpenAt(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC))));
  HULL_TRY(context, kChangeDirectory, RawCall(__NR_fchdir, context.root.get()));
  HULL_TRY(context, kPivotRoot, RawCall(__NR_pivot_root, AsArg("."), AsArg(".")));
  HULL_TRY(context, kChangeDirectory, RawCall(__NR_fchdir, old.get()));
  // What the host has mounted must not be unmounted there when our copies of it go.
  if (step.rootfs.shared != 0) {
    const int error = ChangePropagationHere(context, ".", MS_SLAVE | MS_REC);
    if (error < 0) return error;
  }
  HULL_TRY(context, kUnmount, RawCall(__NR_umount2, AsArg("."), 2 /* MNT_DETACH */));
  HULL_TRY(context, kChangeDirectory, RawCall(__NR_chdir, AsArg("/")));
  context.root.reset();
  context.parent.reset();
  context.mask.reset();
  context.workshop.reset();
  return 0;
}

// The old root stays beneath the new one. Its proc and sysfs go first: a mount namespace that holds
// a whole one may mount another, around masks and read-only paths.
int MoveRoot(Context& context, const Step& step) {
  const char* const whole[] = {"/proc", "/sys"};
  // What comes and goes in a mount does so in its peers: the host's root.
  if (step.rootfs.shared != 0) {
    if (const int error = ChangePropagationHere(context, "/", MS_SLAVE); error < 0) return error;
  }
  for (const char* path : whole) {
    if (step.rootfs.shared != 0) {
      if (const int error = CutOff(context, path); error < 0) return error;
    }
    const long gone = RawCall(__NR_umount2, AsArg(path), 2 /* MNT_DETACH */);
    // EINVAL: no mount is there, or a user namespace holds it in place: nothing can be done then.
    if (gone < 0 && gone != -EINVAL && gone != -ENOENT) {
      return context.Fail(Operation::kUnmount, static_cast<int>(gone));
    }
  }
  HULL_TRY(context, kChangeDirectory, RawCall(__NR_fchdir, context.root.get()));
  HULL_TRY(context, kMount, RawCall(__NR_mount, AsArg("."), AsArg("/"), 0, MS_MOVE, 0));
  HULL_TRY(context, kChangeRoot, RawCall(__NR_chroot, AsArg(".")));
  HULL_TRY(context, kChangeDirectory, RawCall(__NR_chdir, AsArg("/")));
  context.root.reset();
  context.parent.reset();
  context.mask.reset();
  context.workshop.reset();
  return 0;
}

int SetRootPropagation(Context& context, const Step& step) {
  return ChangePropagationHere(context, "/", step.flags.flags);
}

int SetMountAttributes(Context& context, const Step& step) {
  const UniqueFd target(static_cast<int>(
      HULL_TRY(context, kOpenInRoot,
               OpenInRoot(context.root.get(), context.text(step.attributes.path), O_PATH))));
  return ApplyAttributes(context, target.get(), step.attributes.attr_set,
                         step.attributes.attr_clear, 0);
}

// A path that is not there needs no mask.
int MaskPath(Context& context, const Step& step) {
  const int fd = OpenInRoot(context.root.get(), context.text(step.mask.path), O_PATH);
  if (fd == -ENOENT || fd == -ENOTDIR) return 0;
  const UniqueFd target(static_cast<int>(HULL_TRY(context, kOpenInRoot, fd)));
  if (!IsDirectory(target.get())) return MaskFile(context, target.get());
  return MaskDirectory(context, target.get(),
                       step.mask.label ? context.text(step.mask.label) : nullptr);
}

// Read-only before it is seen: the clone is changed while nobody can reach it, then put on the very
// object that was cloned.
int MakePathReadonly(Context& context, const Step& step) {
  const int fd = OpenInRoot(context.root.get(), context.text(step.text.text), O_PATH);
  if (fd == -ENOENT || fd == -ENOTDIR) return 0;
  const UniqueFd target(static_cast<int>(HULL_TRY(context, kOpenInRoot, fd)));
  const UniqueFd tree(CloneTree(context, target.get(), "", AT_EMPTY_PATH | AT_RECURSIVE));
  if (!tree.valid()) return tree.get();
  struct mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  const int error = SetAttributes(context, tree.get(), AT_RECURSIVE, attributes);
  return error < 0 ? error : Attach(context, tree.get(), target.get());
}

}  // namespace hull::child
