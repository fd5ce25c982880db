#include "runtime/child/old_mount_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "runtime/child/mount_list.h"
#include "runtime/child/text.h"

namespace hull::child::old {
namespace {

constexpr char kDirectory[] = "directory";  // the two places of the workshop
constexpr char kFile[] = "file";
constexpr uint64_t kNoSymlinks = 0x2000;  // ST_NOSYMFOLLOW
constexpr size_t kMaxData = 4096;         // mount(2) reads no more than a page

// How mount(2) is told of a descriptor. Out of line, as OpenPlace: every run carries this program.
class FdPath {
 public:
  [[gnu::noinline]] explicit FdPath(int fd) {
    char* end = Append(text_, text_ + sizeof(text_), "/proc/self/fd/");
    AppendNumber(end, text_ + sizeof(text_), static_cast<uint64_t>(fd));
  }
  const char* text() const { return text_; }

 private:
  char text_[40];
};

long CallMount(const char* source, const char* target, const char* type, uint64_t flags,
               const char* data) {
  return RawCall(__NR_mount, AsArg(source), AsArg(target), AsArg(type), static_cast<long>(flags),
                 AsArg(data));
}

long TypeOf(int dir_fd, const char* path, unsigned flags, struct statx* info) {
  return RawCall(__NR_statx, dir_fd, AsArg(path), flags, STATX_TYPE, AsArg(info));
}

const char* PlaceFor(const struct statx& info) {
  return (info.stx_mode & S_IFMT) == S_IFDIR ? kDirectory : kFile;
}

// The place itself, or what is mounted on it.
[[gnu::noinline]] int OpenPlace(Context& context, const char* place) {
  return static_cast<int>(
      HULL_TRY(context, kOpen,
               sys::RawOpenAt(context.workshop.get(), place, O_PATH | O_NOFOLLOW | O_CLOEXEC)));
}

bool IsOfType(int fd, uint64_t magic) {
  struct statfs info = {};
  const long found = RawCall(__NR_fstatfs, fd, AsArg(&info));
  return found == 0 && static_cast<uint64_t>(info.f_type) == magic;
}

int CheckProc(Context& context) {
  const UniqueFd proc(static_cast<int>(
      HULL_TRY(context, kOpen, sys::RawOpenAt(AT_FDCWD, "/proc", O_PATH | O_CLOEXEC))));
  return IsOfType(proc.get(), PROC_SUPER_MAGIC) ? 0 : context.Fail(Operation::kNoProc, -ENODEV);
}

// What has just been mounted over the rootfs, opened by the path that main found free of symlinks.
int OpenWorkshop(Context& context, const char* rootfs, int rootfs_fd) {
  UniqueFd top(static_cast<int>(HULL_TRY(
      context, kOpen, sys::RawOpenAt(AT_FDCWD, rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC))));
  struct statx above = {}, below = {};
  HULL_TRY(context, kStat, TypeOf(top.get(), "", AT_EMPTY_PATH, &above));
  HULL_TRY(context, kStat, TypeOf(rootfs_fd, "", AT_EMPTY_PATH, &below));
  const bool same =
      above.stx_dev_major == below.stx_dev_major && above.stx_dev_minor == below.stx_dev_minor;
  if (same || !IsOfType(top.get(), TMPFS_MAGIC)) return context.Fail(Operation::kOpen, -ESTALE);
  return top.release();
}

// An attribute as mount_setattr(2), mount(2) and statfs(2) know it; the last by its own numbers.
struct Flag {
  uint64_t attribute, mount_flag, stat_flag;
};
constexpr Flag kFlags[] = {
    {MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY},
    {MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID},
    {MOUNT_ATTR_NODEV, MS_NODEV, ST_NODEV},
    {MOUNT_ATTR_NOEXEC, MS_NOEXEC, ST_NOEXEC},
    {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME},
    {MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW, kNoSymlinks},
};

// The attributes that a mount has.
uint64_t AttributesOf(uint64_t stat_flags) {
  uint64_t attributes = (stat_flags & ST_NOATIME) != 0    ? MOUNT_ATTR_NOATIME
                        : (stat_flags & ST_RELATIME) != 0 ? MOUNT_ATTR_RELATIME
                                                          : MOUNT_ATTR_STRICTATIME;
  for (const Flag& flag : kFlags) {
    if ((stat_flags & flag.stat_flag) != 0) attributes |= flag.attribute;
  }
  return attributes;
}

uint64_t MountFlagsOf(uint64_t attributes) {
  const uint64_t atime = attributes & MOUNT_ATTR__ATIME;
  uint64_t flags = atime == MOUNT_ATTR_NOATIME       ? MS_NOATIME
                   : atime == MOUNT_ATTR_STRICTATIME ? MS_STRICTATIME
                                                     : MS_RELATIME;
  for (const Flag& flag : kFlags) {
    if ((attributes & flag.attribute) != 0) flags |= flag.mount_flag;
  }
  return flags;
}

// nosymfollow is of Linux 5.10: before, mount(2) passes over it.
int CheckSymlinks(Context& context, int mount_fd, uint64_t attributes) {
  if ((attributes & MOUNT_ATTR_NOSYMFOLLOW) == 0) return 0;
  struct statfs now = {};
  HULL_TRY(context, kStat, RawCall(__NR_fstatfs, mount_fd, AsArg(&now)));
  const bool heeded = (static_cast<uint64_t>(now.f_flags) & kNoSymlinks) != 0;
  return heeded ? 0 : context.Fail(Operation::kMount, -EINVAL);
}

// A remount says all flags: those that the mount has are kept, which a user namespace may insist on.
int ChangeMount(Context& context, int mount_fd, const struct mount_attr& attributes) {
  struct statfs now = {};
  HULL_TRY(context, kStat, RawCall(__NR_fstatfs, mount_fd, AsArg(&now)));
  const uint64_t wanted =
      (AttributesOf(static_cast<uint64_t>(now.f_flags)) & ~attributes.attr_clr) |
      attributes.attr_set;
  HULL_TRY(context, kMount,
           CallMount(nullptr, FdPath(mount_fd).text(), nullptr,
                     MS_REMOUNT | MS_BIND | MountFlagsOf(wanted), nullptr));
  return CheckSymlinks(context, mount_fd, wanted);
}

// Mounts at the place of a directory.
int MountNew(Context& context, const char* source, const char* type, uint64_t flags,
             const char* data) {
  const UniqueFd place(OpenPlace(context, kDirectory));
  if (!place.valid()) return place.get();
  HULL_TRY(context, kMount, CallMount(source, FdPath(place.get()).text(), type, flags, data));
  return OpenPlace(context, kDirectory);
}

}  // namespace

int PrepareMounts(Context& context, const char* rootfs, int rootfs_fd) {
  if (const int error = CheckProc(context); error < 0) return error;
  HULL_TRY(context, kMount,
           CallMount("tmpfs", FdPath(rootfs_fd).text(), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                     "nr_blocks=1,nr_inodes=4,mode=0700"));
  context.workshop.reset(OpenWorkshop(context, rootfs, rootfs_fd));
  const int workshop = context.workshop.get();
  if (workshop < 0) return workshop;
  // So that no bind of a host's directory takes it along, and no move out of it is refused.
  HULL_TRY(context, kMount,
           CallMount(nullptr, FdPath(workshop).text(), nullptr, MS_UNBINDABLE, nullptr));
  HULL_TRY(context, kMakeDirectory, RawCall(__NR_mkdirat, workshop, AsArg(kDirectory), 0700));
  HULL_TRY(context, kMakeFile, RawCall(__NR_mknodat, workshop, AsArg(kFile), S_IFREG | 0600, 0));
  return 0;
}

int CloneTree(Context& context, int dir_fd, const char* path, unsigned flags) {
  const unsigned lookup = flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
  struct statx info = {};
  HULL_TRY(context, kStat, TypeOf(dir_fd, path, lookup, &info));
  UniqueFd opened;
  if (*path != '\0') {
    const int no_follow = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0;
    opened.reset(static_cast<int>(
        HULL_TRY(context, kOpen, sys::RawOpenAt(dir_fd, path, O_PATH | O_CLOEXEC | no_follow))));
  }
  const char* const name = PlaceFor(info);
  const UniqueFd place(OpenPlace(context, name));
  if (!place.valid()) return place.get();
  const FdPath source(opened.valid() ? opened.get() : dir_fd);
  const uint64_t recursive = (flags & AT_RECURSIVE) != 0 ? MS_REC : 0;
  HULL_TRY(
      context, kMount,
      CallMount(source.text(), FdPath(place.get()).text(), nullptr, MS_BIND | recursive, nullptr));
  return OpenPlace(context, name);
}

// open_tree(2) and move_mount(2) are there on every kernel that main got such a tree from.
int TakeTree(Context& context, int tree_fd) {
  struct statx info = {};
  HULL_TRY(context, kStat, TypeOf(tree_fd, "", AT_EMPTY_PATH, &info));
  const UniqueFd place(OpenPlace(context, PlaceFor(info)));
  if (!place.valid()) return place.get();
  HULL_TRY(context, kMoveMount,
           RawCall(__NR_move_mount, tree_fd, AsArg(""), place.get(), AsArg(""),
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
  const int error = ChangePropagation(context, tree_fd, MS_SLAVE | MS_REC);
  return error < 0 ? error : tree_fd;
}

int MakeFileSystem(Context& context, const plan::MountStep& mount, int mode) {
  char data[kMaxData];
  char* end = Append(data, data + sizeof(data), mount.data ? context.text(mount.data) : "");
  if (mode >= 0) {
    end = Append(end, data + sizeof(data), mount.data ? ",mode=" : "mode=");
    end = AppendNumber(end, data + sizeof(data), static_cast<uint64_t>(mode), 8);
  }
  if (end == nullptr) return context.Fail(Operation::kMount, -E2BIG);
  const char* source = mount.source ? context.text(mount.source) : "none";
  UniqueFd made(MountNew(context, source, context.text(mount.type), mount.mount_flags, data));
  if (!made.valid()) return made.get();
  const int error = CheckSymlinks(context, made.get(), mount.attr_set);
  return error < 0 ? error : made.release();
}

int MakeEmptyDirectory(Context& context, const char* label) {
  char data[kMaxData];
  char* end = Append(data, data + sizeof(data), "nr_blocks=1,nr_inodes=2,mode=0755");
  if (label != nullptr) {
    end = Append(end, data + sizeof(data), ",context=\"");
    end = Append(end, data + sizeof(data), label);
    end = Append(end, data + sizeof(data), "\"");
  }
  if (end == nullptr) return context.Fail(Operation::kMount, -E2BIG);
  return MountNew(context, "none", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, data);
}

// One after the other, which nobody sees: the tree is in no place yet.
int SetAttributes(Context& context, int mount_fd, unsigned flags,
                  const struct mount_attr& attributes) {
  if (const int error = ChangeMount(context, mount_fd, attributes); error < 0) return error;
  if ((flags & AT_RECURSIVE) == 0) return 0;
  MountList beneath;
  if (const int error = beneath.Open(context, mount_fd); error < 0) return error;
  for (;;) {
    UniqueFd fd;
    int error = beneath.Next(context, fd);
    if (error < 0 || !fd.valid()) return error;
    error = ChangeMount(context, fd.get(), attributes);
    if (error < 0) return error;
  }
}

int ChangePropagation(Context& context, int mount_fd, uint64_t propagation) {
  return ChangePropagationHere(context, FdPath(mount_fd).text(), propagation);
}

int ChangePropagationHere(Context& context, const char* path, uint64_t propagation) {
  HULL_TRY(context, kMount, CallMount(nullptr, path, nullptr, propagation, nullptr));
  return 0;
}

int Attach(Context& context, int mount_fd, int target_fd) {
  HULL_TRY(context, kMount,
           CallMount(FdPath(mount_fd).text(), FdPath(target_fd).text(), nullptr, MS_MOVE, nullptr));
  return 0;
}

}  // namespace hull::child::old
