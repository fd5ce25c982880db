// One entry of `mounts`: a new file system or a bind, made detached, finished, then put in place.
#include <errno.h>
#include <linux/stat.h>

#include "runtime/child/copy_up.h"
#include "runtime/child/label.h"
#include "runtime/child/mount_calls.h"
#include "runtime/child/path.h"
#include "runtime/child/steps.h"
#include "runtime/child/text.h"

namespace hull::child {
namespace {

constexpr size_t kMaxOptionLength = 255;  // fsconfig(2) takes no longer value

bool FitsFsConfig(const Context& context, const plan::MountStep& mount) {
  for (uint32_t i = 0; i < mount.options.count; ++i) {
    const plan::Text value = context.plan->at(mount.options, i).value;
    if (value && Length(context.text(value)) > kMaxOptionLength) return false;
  }
  return true;
}

// A tmpfs without mode= looks like the directory it covers. -1 = as it comes.
int ModeFor(Context& context, const plan::MountStep& mount, int target_fd, int* mode) {
  *mode = -1;
  if (mount.keep_mode == 0) return 0;
  struct statx info = {};
  HULL_TRY(
      context, kStat,
      RawCall(__NR_statx, target_fd, AsArg(""), AT_EMPTY_PATH, STATX_BASIC_STATS, AsArg(&info)));
  *mode = info.stx_mode & 07777;
  return 0;
}

int ApplyAttributes(Context& context, int tree_fd, uint64_t set, uint64_t clear, unsigned flags) {
  if (set == 0 && clear == 0) return 0;
  struct mount_attr attributes = {};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  return SetAttributes(context, tree_fd, flags, attributes);
}

int CloneSource(Context& context, const plan::MountStep& mount, const char* source) {
  if (mount.source_fd >= 0) return TakeTree(context, mount.source_fd);
  return CloneTree(context, AT_FDCWD, source, mount.recursive != 0 ? AT_RECURSIVE : 0);
}

bool IsDirectory(int fd) {
  struct statx info = {};
  const long found = RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_TYPE, AsArg(&info));
  return found == 0 && (info.stx_mode & S_IFMT) == S_IFDIR;
}

int OpenTarget(Context& context, const plan::MountStep& mount, NodeType type) {
  return OpenOrMakeInRoot(context, context.text(mount.target), type,
                          mount.plain_target != 0 ? RESOLVE_NO_SYMLINKS : 0);
}

int PutInPlace(Context& context, const plan::MountStep& mount, int tree_fd, int target_fd) {
  if (const int error = Attach(context, tree_fd, target_fd); error < 0) return error;
  return mount.propagation == 0 ? 0 : ChangePropagation(context, tree_fd, mount.propagation);
}

int MountBind(Context& context, const plan::MountStep& mount, const char* source) {
  const UniqueFd tree(CloneSource(context, mount, source));
  if (!tree.valid()) return tree.get();
  const NodeType type = IsDirectory(tree.get()) ? NodeType::kDirectory : NodeType::kFile;
  const UniqueFd target(OpenTarget(context, mount, type));
  if (!target.valid()) return target.get();
  int error = ApplyAttributes(context, tree.get(), mount.attr_set, mount.attr_clear, 0);
  if (error < 0) return error;
  error = ApplyAttributes(context, tree.get(), mount.recursive_attr_set, mount.recursive_attr_clear,
                          AT_RECURSIVE);
  if (error < 0) return error;
  return PutInPlace(context, mount, tree.get(), target.get());
}

// mount(2) for what fsconfig(2) does not take. The target is named through the host's /proc.
int MountByCall(Context& context, const plan::MountStep& mount, int target_fd) {
  char path[48];
  char* end = Append(path, path + sizeof(path), "/proc/self/fd/");
  AppendNumber(end, path + sizeof(path), static_cast<uint64_t>(target_fd));
  const char* data = mount.data ? context.text(mount.data) : nullptr;
  HULL_TRY(
      context, kMount,
      RawCall(__NR_mount, AsArg(mount.source ? context.text(mount.source) : "none"), AsArg(path),
              AsArg(context.text(mount.type)), static_cast<long>(mount.mount_flags), AsArg(data)));
  if (mount.propagation == 0) return 0;
  const UniqueFd mounted(static_cast<int>(HULL_TRY(
      context, kOpenInRoot, OpenInRoot(context.root.get(), context.text(mount.target), O_PATH))));
  return ChangePropagation(context, mounted.get(), mount.propagation);
}

int MountFileSystem(Context& context, const plan::MountStep& mount) {
  const UniqueFd target(OpenTarget(context, mount, NodeType::kDirectory));
  if (!target.valid()) return target.get();
  if (!FitsFsConfig(context, mount)) return MountByCall(context, mount, target.get());
  int mode = -1;
  if (const int error = ModeFor(context, mount, target.get(), &mode); error < 0) return error;
  const UniqueFd tree(MakeFileSystem(context, mount, mode));
  if (!tree.valid()) return tree.get();
  if (mount.label) {
    const int error = LabelRoot(context, tree.get(), context.text(mount.label));
    if (error < 0) return error;
  }
  if (mount.copy_up != 0) {
    if (const int error = CopyUp(context, target.get(), tree.get()); error < 0) return error;
  }
  int error = ApplyAttributes(context, tree.get(), mount.recursive_attr_set,
                              mount.recursive_attr_clear, AT_RECURSIVE);
  if (error < 0) return error;
  return PutInPlace(context, mount, tree.get(), target.get());
}

}  // namespace

int Mount(Context& context, const Step& step) {
  const plan::MountStep& mount = step.mount;
  if (!mount.type) return MountBind(context, mount, context.text(mount.source));
  const int error = MountFileSystem(context, mount);
  const bool refused = error == -EPERM || error == -EBUSY || error == -EACCES;
  if (!refused || !mount.fallback_source) return error;
  return MountBind(context, mount, context.text(mount.fallback_source));
}

}  // namespace hull::child
