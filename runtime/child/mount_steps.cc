// One entry of `mounts`: a new file system or a bind, made detached, finished, then put in place.
#include <errno.h>
#include <linux/stat.h>

#include "runtime/child/copy_up.h"
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

struct FlagName {
  uint64_t flag;
  const char* name;
};
constexpr FlagName kSuperblockFlags[] = {
    {MS_RDONLY, "ro"},       {MS_SYNCHRONOUS, "sync"},  {MS_MANDLOCK, "mand"},
    {MS_DIRSYNC, "dirsync"}, {MS_LAZYTIME, "lazytime"},
};

int ConfigureSuperblock(Context& context, const plan::MountStep& mount, int fs_fd) {
  for (const FlagName& flag : kSuperblockFlags) {
    if ((mount.mount_flags & flag.flag) == 0) continue;
    HULL_TRY(context, kFsConfig,
             RawCall(__NR_fsconfig, fs_fd, FSCONFIG_SET_FLAG, AsArg(flag.name), 0, 0));
  }
  if (mount.source) {
    HULL_TRY(context, kFsConfig,
             RawCall(__NR_fsconfig, fs_fd, FSCONFIG_SET_STRING, AsArg("source"),
                     AsArg(context.text(mount.source)), 0));
  }
  for (uint32_t i = 0; i < mount.options.count; ++i) {
    const plan::Option& option = context.plan->at(mount.options, i);
    context.index = i;
    const unsigned command = option.value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
    const char* value = option.value ? context.text(option.value) : nullptr;
    HULL_TRY(
        context, kFsConfig,
        RawCall(__NR_fsconfig, fs_fd, command, AsArg(context.text(option.key)), AsArg(value), 0));
  }
  return 0;
}

// A tmpfs without mode= looks like the directory it covers.
int KeepMode(Context& context, int target_fd, int fs_fd) {
  struct statx info = {};
  HULL_TRY(
      context, kStat,
      RawCall(__NR_statx, target_fd, AsArg(""), AT_EMPTY_PATH, STATX_BASIC_STATS, AsArg(&info)));
  char mode[16];
  AppendNumber(mode, mode + sizeof(mode), info.stx_mode & 07777, 8);
  HULL_TRY(context, kFsConfig,
           RawCall(__NR_fsconfig, fs_fd, FSCONFIG_SET_STRING, AsArg("mode"), AsArg(mode), 0));
  return 0;
}

int MakeFileSystem(Context& context, const plan::MountStep& mount, int target_fd) {
  const UniqueFd fs(static_cast<int>(HULL_TRY(
      context, kFsOpen, RawCall(__NR_fsopen, AsArg(context.text(mount.type)), FSOPEN_CLOEXEC))));
  if (const int error = ConfigureSuperblock(context, mount, fs.get()); error < 0) return error;
  if (mount.keep_mode != 0) {
    if (const int error = KeepMode(context, target_fd, fs.get()); error < 0) return error;
  }
  HULL_TRY(context, kFsConfig, RawCall(__NR_fsconfig, fs.get(), FSCONFIG_CMD_CREATE, 0, 0, 0));
  return static_cast<int>(HULL_TRY(
      context, kFsMount,
      RawCall(__NR_fsmount, fs.get(), FSMOUNT_CLOEXEC, static_cast<long>(mount.attr_set))));
}

int ApplyAttributes(Context& context, int tree_fd, uint64_t set, uint64_t clear, unsigned flags) {
  if (set == 0 && clear == 0) return 0;
  struct mount_attr attributes = {};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  HULL_TRY(context, kMountAttributes, SetAttributes(tree_fd, flags, attributes));
  return 0;
}

int CloneSource(Context& context, const plan::MountStep& mount, const char* source) {
  if (mount.source_fd >= 0) return mount.source_fd;
  return static_cast<int>(HULL_TRY(
      context, kOpenTree, OpenTree(AT_FDCWD, source, mount.recursive != 0 ? AT_RECURSIVE : 0)));
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
  HULL_TRY(context, kMoveMount, MoveMount(tree_fd, target_fd));
  if (mount.propagation != 0) {
    HULL_TRY(context, kMountAttributes, ChangePropagation(tree_fd, mount.propagation));
  }
  return 0;
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
  HULL_TRY(context, kMountAttributes, ChangePropagation(mounted.get(), mount.propagation));
  return 0;
}

int MountFileSystem(Context& context, const plan::MountStep& mount) {
  const UniqueFd target(OpenTarget(context, mount, NodeType::kDirectory));
  if (!target.valid()) return target.get();
  if (!FitsFsConfig(context, mount)) return MountByCall(context, mount, target.get());
  const UniqueFd tree(MakeFileSystem(context, mount, target.get()));
  if (!tree.valid()) return tree.get();
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
