#include "runtime/child/mount_list.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>

#include "runtime/child/path.h"
#include "runtime/child/text.h"

namespace hull::child {
namespace {

constexpr unsigned kPathField = 4;  // "36 35 98:0 /mnt1 /mnt2 rw,noatime …": the fifth
constexpr int kEnd = -1;            // of the list, where a character is asked for

bool IsBeneath(const char* path, const char* directory, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (path[i] != directory[i]) return false;
  }
  return path[length] == '/';
}

// Undoes "\040" and the like, in place.
void Unescape(char* text) {
  char* out = text;
  for (const char* in = text; *in != '\0'; ++in) {
    if (in[0] == '\\' && in[1] != '\0' && in[2] != '\0' && in[3] != '\0') {
      *out++ = static_cast<char>((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
      in += 3;
    } else {
      *out++ = *in;
    }
  }
  *out = '\0';
}

// A path that another mount hides leads to something that is no mount's root. Linux 5.8 tells.
bool MayBeMount(int fd) {
  struct statx info = {};
  const long found = RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_TYPE, AsArg(&info));
  const bool told = found == 0 && (info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0;
  return !told || (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

}  // namespace

int MountList::Open(Context& context, int mount_fd) {
  char link[40];
  char* end = Append(link, link + sizeof(link), "/proc/self/fd/");
  AppendNumber(end, link + sizeof(link), static_cast<uint64_t>(mount_fd));
  prefix_ = static_cast<size_t>(HULL_TRY(
      context, kRead, RawCall(__NR_readlinkat, AT_FDCWD, AsArg(link), AsArg(own_), sizeof(own_))));
  if (prefix_ == sizeof(own_)) return context.Fail(Operation::kRead, -ENAMETOOLONG);
  mount_fd_ = mount_fd;
  file_.reset(static_cast<int>(HULL_TRY(
      context, kOpen, sys::RawOpenAt(AT_FDCWD, "/proc/self/mountinfo", O_RDONLY | O_CLOEXEC))));
  return 0;
}

// The next character, kEnd, or what went wrong as -errno - 1.
int MountList::Read(Context& context) {
  if (at_ == size_) {
    const long size = sys::RawRead(file_.get(), buffer_, sizeof(buffer_));
    if (size < 0) return context.Fail(Operation::kRead, size) - 1;
    if (size == 0) return kEnd;
    at_ = 0;
    size_ = static_cast<size_t>(size);
  }
  return static_cast<unsigned char>(buffer_[at_++]);
}

// Reads a line, whose mount point goes to `path_`. 1, 0 at the end of the list, or -errno.
int MountList::NextPath(Context& context) {
  unsigned field = 0;
  size_t length = 0;
  for (;;) {
    const int c = Read(context);
    if (c == kEnd) return 0;
    if (c < 0) return c + 1;
    if (c == '\n') break;
    if (c == ' ') {
      ++field;
    } else if (field == kPathField) {
      if (length + 1 == sizeof(path_)) return context.Fail(Operation::kRead, -ENAMETOOLONG);
      path_[length++] = static_cast<char>(c);
    }
  }
  path_[length] = '\0';
  Unescape(path_);
  return 1;
}

int MountList::Next(Context& context, UniqueFd& fd) {
  for (;;) {
    fd.reset();
    const int more = NextPath(context);
    if (more <= 0) return more;
    if (!IsBeneath(path_, own_, prefix_)) continue;
    const int opened =
        OpenInRoot(mount_fd_, path_ + prefix_ + 1, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
    if (opened == -ENOENT || opened == -ENOTDIR || opened == -ELOOP) continue;
    fd.reset(static_cast<int>(HULL_TRY(context, kOpen, opened)));
    if (MayBeMount(fd.get())) return 0;
  }
}

}  // namespace hull::child
