// One entry of `mounts`: a new file system or a bind, made detached, finished, then put in place.
#include <asm/statfs.h>
#include <errno.h>
#include <linux/magic.h>
#include <linux/stat.h>

#include "runtime/child/copy_up.h"
#include "runtime/child/label.h"
#include "runtime/child/mount_attributes.h"
#include "runtime/child/mount_calls.h"
#include "runtime/child/path.h"
#include "runtime/child/steps.h"
#include "runtime/child/text.h"

namespace hull::child {
namespace {

constexpr size_t kMaxData = 4096;
constexpr size_t kMaxOptionLength = 255;  // fsconfig(2) takes no longer value

constexpr uint64_t kCallOnly = MS_SILENT | MS_I_VERSION;  // it has no words for these

bool FitsFsConfig(const Context& context, const plan::MountStep& mount) {
  if ((mount.mount_flags & kCallOnly) != 0) return false;
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

int CloneSource(Context& context, const plan::MountStep& mount, const char* source) {
  if (mount.source_fd >= 0) return TakeTree(context, mount.source_fd);
  const bool follow = mount.source_no_follow == 0 && mount.copy_symlink == 0;
  return CloneTree(context, AT_FDCWD, source,
                   (mount.recursive != 0 ? AT_RECURSIVE : 0) | (follow ? 0 : AT_SYMLINK_NOFOLLOW));
}

unsigned KindOf(int fd) {
  struct statx info = {};
  const long found = RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_TYPE, AsArg(&info));
  return found == 0 ? info.stx_mode & S_IFMT : 0;
}

uint64_t ResolveOf(const plan::MountStep& mount) {
  return mount.plain_target != 0 ? RESOLVE_NO_SYMLINKS : 0;
}

bool IsProc(int fd) {
  struct statfs info = {};
  return RawCall(__NR_fstatfs, fd, AsArg(&info)) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

// Kernels before 5.8 tell no id of a mount: 0.
uint64_t MountIdOf(int fd) {
  struct statx info = {};
  const long found = RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_MNT_ID, AsArg(&info));
  return found == 0 ? info.stx_mnt_id : 0;
}

// Whether it is part of what is mounted at /proc, as it is in doubt: another proc, where a bind has
// brought the host's to, is no business of ours.
bool IsInProc(Context& context, int fd) {
  if (!IsProc(fd)) return false;
  const UniqueFd proc(OpenInRoot(context.root.get(), "/proc", O_PATH));
  return !proc.valid() || MountIdOf(proc.get()) == MountIdOf(fd);
}

int FindTarget(Context& context, const plan::MountStep& mount, NodeType type) {
  const char* target = context.text(mount.target);
  const uint64_t resolve = ResolveOf(mount);
  if (mount.target_no_follow != 0) {
    const int fd = OpenInRoot(context.root.get(), target, O_PATH | O_NOFOLLOW, resolve);
    if (fd != -ENOENT) return static_cast<int>(HULL_TRY(context, kOpenInRoot, fd));
  }
  return OpenOrMakeInRoot(context, target, type, resolve);
}

int OpenTarget(Context& context, const plan::MountStep& mount, NodeType type) {
  UniqueFd target(FindTarget(context, mount, type));
  if (target.valid() && mount.not_in_proc != 0 && IsInProc(context, target.get())) {
    return context.Fail(Operation::kInProc, -EPERM);
  }
  return target.release();
}

int PutInPlace(Context& context, const plan::MountStep& mount, int tree_fd, int target_fd) {
  if (const int error = Attach(context, tree_fd, target_fd); error < 0) return error;
  return ApplyPropagation(context, tree_fd, mount.propagation);
}

// The symlink `tree_fd`, made again in the container: what it means is decided there. The same one may
// be there already.
int CopySymlink(Context& context, const plan::MountStep& mount, int tree_fd) {
  char wanted[kPathMax], found[kPathMax];
  const long size =
      HULL_TRY(context, kRead,
               RawCall(__NR_readlinkat, tree_fd, AsArg(""), AsArg(wanted), sizeof(wanted) - 1));
  wanted[size] = '\0';
  const char* name = nullptr;
  const UniqueFd parent(
      OpenParentInRoot(context, context.text(mount.target), ResolveOf(mount), &name));
  if (!parent.valid()) return parent.get();
  const long made = RawCall(__NR_symlinkat, AsArg(wanted), parent.get(), AsArg(name));
  if (made != -EEXIST) return static_cast<int>(HULL_TRY(context, kMakeLink, made));
  const long length =
      RawCall(__NR_readlinkat, parent.get(), AsArg(name), AsArg(found), sizeof(found) - 1);
  found[length < 0 ? 0 : length] = '\0';
  return Equal(wanted, found) ? 0 : context.Fail(Operation::kWrongNode, -EEXIST);
}

int AttachBind(Context& context, const plan::MountStep& mount, int tree_fd) {
  const NodeType type = KindOf(tree_fd) == S_IFDIR ? NodeType::kDirectory : NodeType::kFile;
  const UniqueFd target(OpenTarget(context, mount, type));
  if (!target.valid()) return target.get();
  int error = ApplyAttributes(context, tree_fd, mount.attr_set, mount.attr_clear, 0);
  if (error < 0) return error;
  error = ApplyAttributes(context, tree_fd, mount.recursive_attr_set, mount.recursive_attr_clear,
                          AT_RECURSIVE);
  // Some are locked. Which, is seen one by one, for which the tree has to be somewhere.
  const bool locked = error == -EPERM;
  if (error < 0 && !locked) return error;
  error = PutInPlace(context, mount, tree_fd, target.get());
  if (error < 0 || !locked) return error;
  return ApplyToEach(context, tree_fd, mount.recursive_attr_set, mount.recursive_attr_clear);
}

int MountBind(Context& context, const plan::MountStep& mount) {
  const UniqueFd tree(CloneSource(context, mount, context.text(mount.source)));
  if (!tree.valid()) return tree.get();
  if (mount.copy_symlink != 0 && KindOf(tree.get()) == S_IFLNK) {
    return CopySymlink(context, mount, tree.get());
  }
  return AttachBind(context, mount, tree.get());
}

// The host's own in place of a new file system. What the options take from it, they take from all of
// it; nothing is given that the host's mounts do not have.
int MountFallback(Context& context, const plan::MountStep& mount) {
  const UniqueFd tree(CloneTree(context, AT_FDCWD, context.text(mount.fallback_source),
                                mount.fallback_recursive != 0 ? AT_RECURSIVE : 0));
  if (!tree.valid()) return tree.get();
  const UniqueFd target(OpenTarget(context, mount, NodeType::kDirectory));
  if (!target.valid()) return target.get();
  const uint64_t set =
      (mount.attr_set | mount.recursive_attr_set) & ~static_cast<uint64_t>(MOUNT_ATTR__ATIME);
  const int error = ApplyAttributes(context, tree.get(), set, 0, AT_RECURSIVE);
  return error < 0 ? error : PutInPlace(context, mount, tree.get(), target.get());
}

// The options for mount(2), which reads no more than a page of them.
int JoinData(Context& context, const plan::MountStep& mount, int mode, char (&data)[kMaxData]) {
  data[0] = '\0';
  char* end = Append(data, data + kMaxData, mount.data ? context.text(mount.data) : "");
  if (mode >= 0) {
    end = Append(end, data + kMaxData, end == data ? "mode=" : ",mode=");
    if (end != nullptr) end = AppendNumber(end, data + kMaxData, static_cast<uint64_t>(mode), 8);
  }
  return end == nullptr ? context.Fail(Operation::kMount, -E2BIG) : 0;
}

// mount(2) for what fsconfig(2) does not take. The target is named through the host's /proc. An fd of
// what is mounted there then.
int MountByCall(Context& context, const plan::MountStep& mount, int target_fd, int mode) {
  char path[48], data[kMaxData];
  char* end = Append(path, path + sizeof(path), "/proc/self/fd/");
  AppendNumber(end, path + sizeof(path), static_cast<uint64_t>(target_fd));
  if (const int error = JoinData(context, mount, mode, data); error < 0) return error;
  HULL_TRY(
      context, kMount,
      RawCall(__NR_mount, AsArg(mount.source ? context.text(mount.source) : "none"), AsArg(path),
              AsArg(context.text(mount.type)), static_cast<long>(mount.mount_flags), AsArg(data)));
  return static_cast<int>(HULL_TRY(
      context, kOpenInRoot, OpenInRoot(context.root.get(), context.text(mount.target), O_PATH)));
}

// Main has made it, and knew no mode.
int TakeFileSystem(Context& context, const plan::MountStep& mount, int mode) {
  UniqueFd tree(TakeTree(context, mount.source_fd));
  if (mode >= 0 && tree.valid()) {
    HULL_TRY(context, kMode, RawCall(__NR_fchmodat, tree.get(), AsArg("."), mode));
  }
  return tree.release();
}

int FinishFileSystem(Context& context, const plan::MountStep& mount, int target_fd, int tree_fd) {
  if (mount.label) {
    const int error = LabelRoot(context, tree_fd, context.text(mount.label));
    if (error < 0) return error;
  }
  if (mount.copy_up != 0) {
    if (const int error = CopyUp(context, target_fd, tree_fd); error < 0) return error;
  }
  return ApplyAttributes(context, tree_fd, mount.recursive_attr_set, mount.recursive_attr_clear,
                         AT_RECURSIVE);
}

int MountFileSystem(Context& context, const plan::MountStep& mount) {
  const UniqueFd target(OpenTarget(context, mount, NodeType::kDirectory));
  if (!target.valid()) return target.get();
  int mode = -1;
  if (const int error = ModeFor(context, mount, target.get(), &mode); error < 0) return error;
  const bool given = mount.source_fd >= 0;
  const bool by_call = !given && !FitsFsConfig(context, mount);
  const UniqueFd tree(given     ? TakeFileSystem(context, mount, mode)
                      : by_call ? MountByCall(context, mount, target.get(), mode)
                                : MakeFileSystem(context, mount, mode));
  if (!tree.valid()) return tree.get();
  const int error = FinishFileSystem(context, mount, target.get(), tree.get());
  if (error < 0) return error;
  if (!by_call) return PutInPlace(context, mount, tree.get(), target.get());
  return ApplyPropagation(context, tree.get(), mount.propagation);
}

}  // namespace

int Mount(Context& context, const Step& step) {
  const plan::MountStep& mount = step.mount;
  if (!mount.type) return MountBind(context, mount);
  const int error = MountFileSystem(context, mount);
  const bool refused = error == -EPERM || error == -EBUSY || error == -EACCES;
  return refused && mount.fallback_source ? MountFallback(context, mount) : error;
}

}  // namespace hull::child
