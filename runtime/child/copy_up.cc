#include "runtime/child/copy_up.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>

#include "runtime/child/text.h"

namespace hull::child {
namespace {

constexpr int kMaxDepth = 64;

struct Entry {  // struct linux_dirent64
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[];
};

int CopyDirectory(Context& context, int from_fd, int to_fd, int depth);

int TakeOwnerAndMode(Context& context, int dir_fd, const char* name, const struct statx& info) {
  HULL_TRY(
      context, kOwner,
      RawCall(__NR_fchownat, dir_fd, AsArg(name), info.stx_uid, info.stx_gid, AT_SYMLINK_NOFOLLOW));
  if ((info.stx_mode & S_IFMT) == S_IFLNK) return 0;
  HULL_TRY(context, kMode, RawCall(__NR_fchmodat, dir_fd, AsArg(name), info.stx_mode & 07777));
  return 0;
}

int CopyFile(Context& context, int from_dir, int to_dir, const char* name) {
  const UniqueFd from(static_cast<int>(
      HULL_TRY(context, kOpen,
               sys::RawOpenAt(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC))));
  const UniqueFd to(static_cast<int>(
      HULL_TRY(context, kMakeFile,
               sys::RawOpenAt(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600))));
  for (;;) {
    const long n =
        HULL_TRY(context, kWrite, RawCall(__NR_sendfile, to.get(), from.get(), 0, 1 << 20));
    if (n == 0) return 0;
  }
}

int CopyLink(Context& context, int from_dir, int to_dir, const char* name) {
  char target[kPathMax];
  const long n =
      HULL_TRY(context, kRead,
               RawCall(__NR_readlinkat, from_dir, AsArg(name), AsArg(target), sizeof(target) - 1));
  target[n] = '\0';
  HULL_TRY(context, kMakeLink, RawCall(__NR_symlinkat, AsArg(target), to_dir, AsArg(name)));
  return 0;
}

int CopySubdirectory(Context& context, int from_dir, int to_dir, const char* name, int depth) {
  HULL_TRY(context, kMakeDirectory, RawCall(__NR_mkdirat, to_dir, AsArg(name), 0700));
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd from(
      static_cast<int>(HULL_TRY(context, kOpen, sys::RawOpenAt(from_dir, name, flags))));
  const UniqueFd to(
      static_cast<int>(HULL_TRY(context, kOpen, sys::RawOpenAt(to_dir, name, flags))));
  return CopyDirectory(context, from.get(), to.get(), depth + 1);
}

int CopyEntry(Context& context, int from_dir, int to_dir, const char* name, int depth) {
  struct statx info = {};
  HULL_TRY(context, kStat,
           RawCall(__NR_statx, from_dir, AsArg(name), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS,
                   AsArg(&info)));
  int error = 0;
  switch (info.stx_mode & S_IFMT) {
    case S_IFDIR: error = CopySubdirectory(context, from_dir, to_dir, name, depth); break;
    case S_IFREG: error = CopyFile(context, from_dir, to_dir, name); break;
    case S_IFLNK: error = CopyLink(context, from_dir, to_dir, name); break;
    default: {
      // dev_t as mknod(2) wants it: minor's low byte, major, minor's rest.
      const uint64_t device = (info.stx_rdev_minor & 0xff) |
                              (static_cast<uint64_t>(info.stx_rdev_major) << 8) |
                              (static_cast<uint64_t>(info.stx_rdev_minor & ~0xffu) << 12);
      HULL_TRY(
          context, kMakeNode,
          RawCall(__NR_mknodat, to_dir, AsArg(name), info.stx_mode, static_cast<long>(device)));
    }
  }
  return error < 0 ? error : TakeOwnerAndMode(context, to_dir, name, info);
}

int CopyDirectory(Context& context, int from_fd, int to_fd, int depth) {
  if (depth > kMaxDepth) return context.Fail(Operation::kMakeDirectory, -ELOOP);
  alignas(Entry) char buffer[2048];
  for (;;) {
    const long size =
        HULL_TRY(context, kRead, RawCall(__NR_getdents64, from_fd, AsArg(buffer), sizeof(buffer)));
    if (size == 0) return 0;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const Entry*>(buffer + at);
      at += entry->size;
      if (Equal(entry->name, ".") || Equal(entry->name, "..")) continue;
      const int error = CopyEntry(context, from_fd, to_fd, entry->name, depth);
      if (error < 0) return error;
    }
  }
}

}  // namespace

int CopyUp(Context& context, int from_fd, int to_fd) {
  const UniqueFd from(static_cast<int>(
      HULL_TRY(context, kOpen, sys::RawOpenAt(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))));
  // A detached mount's fd is O_PATH in nature: a directory description of its root is needed.
  const UniqueFd to(static_cast<int>(
      HULL_TRY(context, kOpen, sys::RawOpenAt(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))));
  return CopyDirectory(context, from.get(), to.get(), 0);
}

}  // namespace hull::child
