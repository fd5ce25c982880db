#include "runtime/child/path.h"

#include <errno.h>
#include <fcntl.h>

#include "runtime/child/text.h"

namespace hull::child {
namespace {

constexpr int kMaxRetries = 10000;  // a rename racing the walk gives EAGAIN; ~10 ms in all
constexpr int kMaxLinks = 40;       // in a path, as in the kernel

// The directory of a path of the Plan, which begins with a slash and has none at its end, into
// `parent`; returns what follows it, or null where it is too long.
const char* SplitLast(const char* path, char (&parent)[kPathMax]) {
  size_t slash = 0;
  for (size_t n = 0; path[n] != '\0'; ++n) {
    if (path[n] == '/') slash = n;
  }
  const size_t size = slash == 0 ? 1 : slash;
  if (size >= sizeof(parent)) return nullptr;
  for (size_t i = 0; i < size; ++i) parent[i] = path[i];
  parent[size] = '\0';
  return path + slash + 1;
}

// Makes one component that is missing. Another's directory of that name, made meanwhile, will do; what
// is no directory, or no new file, gives -ENOTDIR or -EEXIST.
int MakeComponent(int parent_fd, const char* name, NodeType type) {
  if (type == NodeType::kDirectory) {
    const long made = RawCall(__NR_mkdirat, parent_fd, AsArg(name), 0755);
    if (made < 0 && made != -EEXIST) return static_cast<int>(made);
    return sys::RawOpenAt(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }
  const int made =
      sys::RawOpenAt(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (made < 0) return made;
  sys::RawClose(made);
  return sys::RawOpenAt(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

// A symlink among the components of a path: path[start, end).
struct Link {
  size_t start = 0, end = 0;
  char target[kPathMax];
  bool found = false;
};

// MakeComponent, but where a symlink is in the way, because it leads to nothing, `link` has it.
int MakeOrReadLink(int parent_fd, const char* name, NodeType type, Link& link) {
  const int fd = MakeComponent(parent_fd, name, type);
  if (fd != -EEXIST && fd != -ENOTDIR) return fd;
  const long size =
      RawCall(__NR_readlinkat, parent_fd, AsArg(name), AsArg(link.target), sizeof(link.target) - 1);
  link.found = size > 0;
  link.target[size > 0 ? size : 0] = '\0';
  return fd;
}

bool IsDots(const char* name) {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

// Walks the path by its prefixes, each resolved from the root anew, so that a symlink in the middle
// means what it means inside.
int Walk(int root_fd, const char* path, NodeType type, uint64_t resolve, Link& link) {
  char prefix[kPathMax];
  UniqueFd parent(sys::RawOpenAt(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!parent.valid()) return parent.get();
  size_t n = 0;
  while (path[n] != '\0') {
    const size_t start = path[n] == '/' ? n + 1 : n;
    if (path[n] == '/') prefix[n] = '/', ++n;
    for (; path[n] != '\0' && path[n] != '/'; ++n) {
      if (n + 2 >= sizeof(prefix)) return -ENAMETOOLONG;
      prefix[n] = path[n];
    }
    prefix[n] = '\0';
    if (n == start) continue;
    const bool last = path[n] == '\0' || (path[n] == '/' && path[n + 1] == '\0');
    int fd = OpenInRoot(root_fd, prefix, O_PATH, resolve);
    if (fd == -ENOENT && !IsDots(prefix + start)) {
      link.start = start;
      link.end = n;
      fd = MakeOrReadLink(parent.get(), prefix + start, last ? type : NodeType::kDirectory, link);
    }
    if (fd < 0) return fd;
    parent.reset(fd);
  }
  return parent.release();
}

// `path` with the target of the link in the link's place.
int Follow(const char* path, const Link& link, char (&result)[kPathMax]) {
  const size_t kept = link.target[0] == '/' ? 0 : link.start;
  for (size_t i = 0; i < kept; ++i) result[i] = path[i];  // no longer than a path that was walked
  char* end = Append(result + kept, result + kPathMax, link.target);
  end = Append(end, result + kPathMax, path + link.end);
  return end == nullptr ? -ENAMETOOLONG : 0;
}

// As the kernel would follow them to what is there, symlinks are followed to what is to be made.
int MakeInRoot(int root_fd, const char* path, NodeType type, uint64_t resolve) {
  char walked[2][kPathMax];
  Link link;
  int fd = -ENOENT;
  const char* name = SplitLast(path, walked[0]);
  if (name != nullptr) {  // as a rule it alone is missing
    const UniqueFd parent(OpenInRoot(root_fd, walked[0], O_PATH, resolve));
    link.start = static_cast<size_t>(name - path);
    link.end = link.start + Length(name);
    if (parent.valid()) fd = MakeOrReadLink(parent.get(), name, type, link);
    if (parent.valid() && !link.found) return fd;
  }
  for (int links = 0; links < kMaxLinks; ++links) {
    if (link.found && (resolve & RESOLVE_NO_SYMLINKS) != 0) return -ELOOP;
    if (link.found) {
      char(&next)[kPathMax] = walked[links % 2];
      if (const int error = Follow(path, link, next); error < 0) return error;
      path = next;
    }
    link.found = false;
    fd = Walk(root_fd, path, type, resolve, link);
    if (!link.found) return fd;
  }
  return -ELOOP;
}

}  // namespace

int OpenInRoot(int root_fd, const char* path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve;
  int fd = -EAGAIN;
  for (int i = 0; i < kMaxRetries && (fd == -EAGAIN || fd == -EINTR); ++i) {
    fd = sys::RawOpenAt2(root_fd, path, how);
  }
  return fd;
}

int OpenOrMakeInRoot(Context& context, const char* path, NodeType type, uint64_t resolve) {
  const int fd = OpenInRoot(context.root.get(), path, O_PATH, resolve);
  if (fd >= 0) return fd;
  if (fd != -ENOENT) return context.Fail(Operation::kOpenInRoot, fd);
  return static_cast<int>(
      HULL_TRY(context, kMakeDirectory, MakeInRoot(context.root.get(), path, type, resolve)));
}

int OpenParentInRoot(Context& context, const char* path, uint64_t resolve, const char** name) {
  char parent[kPathMax];
  *name = SplitLast(path, parent);
  if (*name == nullptr) return context.Fail(Operation::kOpenInRoot, -ENAMETOOLONG);
  return OpenOrMakeInRoot(context, parent, NodeType::kDirectory, resolve);
}

}  // namespace hull::child
