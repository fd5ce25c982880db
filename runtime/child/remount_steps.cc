// Changes of a mount that is there: its attributes, its propagation, the options of its file system.
#include <asm/statfs.h>
#include <errno.h>
#include <linux/stat.h>

#include "runtime/child/mount_attributes.h"
#include "runtime/child/mount_calls.h"
#include "runtime/child/path.h"
#include "runtime/child/steps.h"

namespace hull::child {
namespace {

struct FlagName {
  uint64_t flag;
  const char *set, *clear;  // fsconfig(2) has no word for everything
};
constexpr FlagName kSuperblockFlags[] = {
    {MS_SYNCHRONOUS, "sync", "async"},
    {MS_MANDLOCK, "mand", "nomand"},
    {MS_DIRSYNC, "dirsync", nullptr},
    {MS_LAZYTIME, "lazytime", "nolazytime"},
};

uint64_t SuperblockFlags(uint64_t flags) {
  uint64_t known = 0;
  for (const FlagName& name : kSuperblockFlags) known |= name.flag;
  return flags & known;
}

int Configure(Context& context, int fs_fd, const char* key, const char* value) {
  const unsigned command = value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
  HULL_TRY(context, kFsConfig, RawCall(__NR_fsconfig, fs_fd, command, AsArg(key), AsArg(value), 0));
  return 0;
}

int ConfigureFlags(Context& context, const plan::MountStep& mount, int fs_fd) {
  for (const FlagName& name : kSuperblockFlags) {
    const char* word = (mount.mount_flags & name.flag) != 0   ? name.set
                       : (mount.clear_flags & name.flag) != 0 ? name.clear
                                                              : nullptr;
    if (word == nullptr) continue;
    if (const int error = Configure(context, fs_fd, word, nullptr); error < 0) return error;
  }
  return 0;
}

// The file system itself, for everybody who has it mounted. Linux 5.2.
int PickFileSystem(Context& context, int mount_fd) {
  return static_cast<int>(
      HULL_TRY(context, kFsPick,
               RawCall(__NR_fspick, mount_fd, AsArg(""), FSPICK_CLOEXEC | FSPICK_EMPTY_PATH)));
}

int Commit(Context& context, int fs_fd) {
  HULL_TRY(context, kFsConfig, RawCall(__NR_fsconfig, fs_fd, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0));
  return 0;
}

int Reconfigure(Context& context, const plan::MountStep& mount, int mount_fd) {
  const UniqueFd fs(PickFileSystem(context, mount_fd));
  if (!fs.valid()) return fs.get();
  if (const int error = ConfigureFlags(context, mount, fs.get()); error < 0) return error;
  for (uint32_t i = 0; i < mount.options.count; ++i) {
    const plan::Option& option = context.plan->at(mount.options, i);
    context.index = i;
    const char* value = option.value ? context.text(option.value) : nullptr;
    const int error = Configure(context, fs.get(), context.text(option.key), value);
    if (error < 0) return error;
  }
  return Commit(context, fs.get());
}

// Without "bind", `rw` is a wish for the file system too.
int MakeWritable(Context& context, int mount_fd) {
  struct statfs info = {};
  HULL_TRY(context, kStat, RawCall(__NR_fstatfs, mount_fd, AsArg(&info)));
  if ((info.f_flags & 1 /* ST_RDONLY */) == 0) return 0;
  const UniqueFd fs(PickFileSystem(context, mount_fd));
  if (!fs.valid()) return fs.get();
  const int error = Configure(context, fs.get(), "rw", nullptr);
  return error < 0 ? error : Commit(context, fs.get());
}

// Kernels before 5.8 do not tell: it is then.
bool IsMount(int fd) {
  struct statx info = {};
  const long found = RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_TYPE, AsArg(&info));
  return found < 0 || (info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0 ||
         (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int Change(Context& context, const plan::MountStep& mount, int target_fd) {
  if (mount.options.count != 0 || SuperblockFlags(mount.mount_flags | mount.clear_flags) != 0) {
    const int error = Reconfigure(context, mount, target_fd);
    if (error < 0) return error;
  }
  int error = ApplyAttributes(context, target_fd, mount.attr_set, mount.attr_clear, 0);
  if (error < 0) return error;
  error = ApplyAttributes(context, target_fd, mount.recursive_attr_set, mount.recursive_attr_clear,
                          AT_RECURSIVE);
  if (error == -EPERM) {
    error = ApplyToEach(context, target_fd, mount.recursive_attr_set, mount.recursive_attr_clear);
  }
  if (error >= 0 && mount.make_writable != 0) error = MakeWritable(context, target_fd);
  return error < 0 ? error : ApplyPropagation(context, target_fd, mount.propagation);
}

}  // namespace

int Remount(Context& context, const Step& step) {
  const plan::MountStep& mount = step.mount;
  const uint64_t resolve = mount.plain_target != 0 ? RESOLVE_NO_SYMLINKS : 0;
  const UniqueFd target(static_cast<int>(
      HULL_TRY(context, kOpenInRoot,
               OpenInRoot(context.root.get(), context.text(mount.target), O_PATH, resolve))));
  const int error = Change(context, mount, target.get());
  const bool missing = error == -EINVAL && !IsMount(target.get());
  return missing ? context.Fail(Operation::kNoMount, error) : error;
}

}  // namespace hull::child
