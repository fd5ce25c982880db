// Device nodes and the symlinks of /dev.
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>

#include "runtime/child/mount_attributes.h"
#include "runtime/child/mount_calls.h"
#include "runtime/child/path.h"
#include "runtime/child/steps.h"
#include "runtime/child/text.h"

namespace hull::child {
namespace {

// Whether the first `size` characters of `directory`, a path with its last slash, hold `path`.
bool IsIn(const char* path, const char* directory, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (path[i] != directory[i]) return false;
  }
  for (const char* p = path + size; *p != '\0'; ++p) {
    if (*p == '/') return false;
  }
  return path[size] != '\0';
}

// The directory that a device or a link goes into, open until another is asked for.
int ParentOf(Context& context, const char* path, const char** name) {
  if (context.parent.valid() && IsIn(path, context.parent_path, context.parent_size)) {
    *name = path + context.parent_size;
    return context.parent.get();
  }
  const int fd = OpenParentInRoot(context, path, RESOLVE_NO_SYMLINKS, name);
  if (fd < 0) return fd;
  context.parent.reset(fd);
  context.parent_path = path;
  context.parent_size = static_cast<size_t>(*name - path);
  return fd;
}

bool IsNode(int dir_fd, const char* name, const plan::DeviceStep& device, int flags) {
  struct statx info = {};
  const long found =
      RawCall(__NR_statx, dir_fd, AsArg(name), flags, STATX_BASIC_STATS, AsArg(&info));
  if (found < 0 || (info.stx_mode & S_IFMT) != (device.mode & S_IFMT)) return false;
  return (device.mode & S_IFMT) == S_IFIFO ||
         (info.stx_rdev_major == device.major && info.stx_rdev_minor == device.minor);
}

uint64_t DeviceNumber(const plan::DeviceStep& device) {
  return (device.minor & 0xff) | (static_cast<uint64_t>(device.major & 0xfff) << 8) |
         (static_cast<uint64_t>(device.minor & ~0xffu) << 12) |
         (static_cast<uint64_t>(device.major & ~0xfffu) << 32);
}

// Who shares the directory may have put something else in the place of the new node, a symlink to a
// file of the host above all: the owner is given by a descriptor of what is known to be the device.
int OwnNode(Context& context, const plan::DeviceStep& device, int parent_fd, const char* name) {
  const UniqueFd node(static_cast<int>(
      HULL_TRY(context, kOpen, sys::RawOpenAt(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC))));
  if (!IsNode(node.get(), "", device, AT_EMPTY_PATH)) {
    return context.Fail(Operation::kWrongNode, -EEXIST);
  }
  HULL_TRY(context, kOwner,
           RawCall(__NR_fchownat, node.get(), AsArg(""), device.uid, device.gid, AT_EMPTY_PATH));
  return 0;
}

// Its mode is that of mknod(2), as no umask is in force: changed afterwards, it could be another's.
// A node that the image brings is as good as ours if it is the same device; else it is refused.
int MakeNode(Context& context, const plan::DeviceStep& device, int parent_fd, const char* name) {
  const long made = RawCall(__NR_mknodat, parent_fd, AsArg(name), device.mode,
                            static_cast<long>(DeviceNumber(device)));
  if (made == -EEXIST) {
    return IsNode(parent_fd, name, device, AT_SYMLINK_NOFOLLOW)
               ? 0
               : context.Fail(Operation::kWrongNode, -EEXIST);
  }
  HULL_TRY(context, kMakeNode, made);
  return device.uid == 0 && device.gid == 0 ? 0 : OwnNode(context, device, parent_fd, name);
}

// In a user namespace mknod(2) is not allowed: the host's node of the same path is shown, if it is
// that device.
int BindNode(Context& context, const plan::DeviceStep& device) {
  const char* path = context.text(device.path);
  const UniqueFd tree(CloneTree(context, AT_FDCWD, path, 0));
  if (!tree.valid()) return tree.get();
  if (!IsNode(tree.get(), "", device, AT_EMPTY_PATH)) {
    return context.Fail(Operation::kWrongNode, -ENODEV);
  }
  const UniqueFd target(OpenOrMakeInRoot(context, path, NodeType::kFile, RESOLVE_NO_SYMLINKS));
  if (!target.valid()) return target.get();
  // A device is never a program.
  const int error =
      ApplyAttributes(context, tree.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, 0);
  return error < 0 ? error : Attach(context, tree.get(), target.get());
}

}  // namespace

int MakeDevice(Context& context, const Step& step) {
  const plan::DeviceStep& device = step.device;
  if (device.bind != 0) return BindNode(context, device);
  const char* name = nullptr;
  const int parent = ParentOf(context, context.text(device.path), &name);
  if (parent < 0) return parent;
  const int error = MakeNode(context, device, parent, name);
  if (error == -EPERM && (device.mode & S_IFMT) != S_IFIFO) return BindNode(context, device);
  return error;
}

int MakeSymlink(Context& context, const Step& step) {
  const char* name = nullptr;
  const int parent = ParentOf(context, context.text(step.symlink.path), &name);
  if (parent < 0) return parent;
  const char* target = context.text(step.symlink.target);
  long made = RawCall(__NR_symlinkat, AsArg(target), parent, AsArg(name));
  if (made == -EEXIST && step.symlink.replace != 0) {
    HULL_TRY(context, kUnlink, RawCall(__NR_unlinkat, parent, AsArg(name), 0));
    made = RawCall(__NR_symlinkat, AsArg(target), parent, AsArg(name));
  }
  if (made == -EEXIST) return 0;  // what the image brings stays
  HULL_TRY(context, kMakeLink, made);
  return 0;
}

}  // namespace hull::child
