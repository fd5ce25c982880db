#include "runtime/child/file_system.h"

#include <linux/mount.h>

#include "runtime/child/text.h"

namespace hull::child {
namespace {

struct FlagName {
  uint64_t flag;
  const char* name;
};
constexpr FlagName kSuperblockFlags[] = {
    {MS_RDONLY, "ro"},       {MS_SYNCHRONOUS, "sync"},  {MS_MANDLOCK, "mand"},
    {MS_DIRSYNC, "dirsync"}, {MS_LAZYTIME, "lazytime"},
};

int SetString(Context& context, int fs_fd, const char* key, const char* value) {
  HULL_TRY(context, kFsConfig,
           RawCall(__NR_fsconfig, fs_fd, FSCONFIG_SET_STRING, AsArg(key), AsArg(value), 0));
  return 0;
}

int SetFlag(Context& context, int fs_fd, const char* key) {
  HULL_TRY(context, kFsConfig, RawCall(__NR_fsconfig, fs_fd, FSCONFIG_SET_FLAG, AsArg(key), 0, 0));
  return 0;
}

int SetOptions(Context& context, const plan::MountStep& mount, int fs_fd) {
  for (const FlagName& flag : kSuperblockFlags) {
    if ((mount.mount_flags & flag.flag) == 0) continue;
    if (const int error = SetFlag(context, fs_fd, flag.name); error < 0) return error;
  }
  if (mount.source) {
    const int error = SetString(context, fs_fd, "source", context.text(mount.source));
    if (error < 0) return error;
  }
  for (uint32_t i = 0; i < mount.options.count; ++i) {
    const plan::Option& option = context.plan->at(mount.options, i);
    context.index = i;
    const char* key = context.text(option.key);
    const int error = option.value ? SetString(context, fs_fd, key, context.text(option.value))
                                   : SetFlag(context, fs_fd, key);
    if (error < 0) return error;
  }
  return 0;
}

int SetMode(Context& context, int fs_fd, int mode) {
  char text[16];
  AppendNumber(text, text + sizeof(text), static_cast<uint64_t>(mode), 8);
  return SetString(context, fs_fd, "mode", text);
}

int Finish(Context& context, int fs_fd, uint64_t attributes) {
  HULL_TRY(context, kFsConfig, RawCall(__NR_fsconfig, fs_fd, FSCONFIG_CMD_CREATE, 0, 0, 0));
  return static_cast<int>(
      HULL_TRY(context, kFsMount,
               RawCall(__NR_fsmount, fs_fd, FSMOUNT_CLOEXEC, static_cast<long>(attributes))));
}

}  // namespace

int ConfigureFileSystem(Context& context, const plan::MountStep& mount, int mode) {
  const UniqueFd fs(static_cast<int>(HULL_TRY(
      context, kFsOpen, RawCall(__NR_fsopen, AsArg(context.text(mount.type)), FSOPEN_CLOEXEC))));
  if (const int error = SetOptions(context, mount, fs.get()); error < 0) return error;
  if (mode >= 0) {
    if (const int error = SetMode(context, fs.get(), mode); error < 0) return error;
  }
  return Finish(context, fs.get(), mount.attr_set);
}

int ConfigureEmptyDirectory(Context& context, const char* label) {
  const UniqueFd fs(static_cast<int>(
      HULL_TRY(context, kFsOpen, RawCall(__NR_fsopen, AsArg("tmpfs"), FSOPEN_CLOEXEC))));
  const struct {
    const char *key, *value;
  } options[] = {{"nr_blocks", "1"}, {"nr_inodes", "2"}, {"mode", "0755"}};
  for (const auto& option : options) {
    const int error = SetString(context, fs.get(), option.key, option.value);
    if (error < 0) return error;
  }
  if (label != nullptr) {
    const int error = SetString(context, fs.get(), "context", label);
    if (error < 0) return error;
  }
  if (const int error = SetFlag(context, fs.get(), "ro"); error < 0) return error;
  return Finish(context, fs.get(),
                MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

}  // namespace hull::child
