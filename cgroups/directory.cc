#include "cgroups/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "cgroups/processes.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using sys::UniqueFd;

constexpr unsigned kMode = 0755;
constexpr long kSurelyLast = 2048;  // bytes

struct SplitName {
  std::string parent, name;
};

SplitName Split(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return {"", std::string(path)};
  return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

// Before openat2: one component at a time.
absl::StatusOr<UniqueFd> WalkDirectory(int root_fd, absl::string_view path) {
  ASSIGN_OR_RETURN(UniqueFd fd, sys::OpenAt(root_fd, ".", kDirectoryFlags));
  for (absl::string_view component : absl::StrSplit(path, '/')) {
    ASSIGN_OR_RETURN(fd, sys::OpenBeneath(fd.get(), component, kDirectoryFlags));
  }
  return fd;
}

struct Step {
  UniqueFd fd;
  bool made = false;
};

// One level. Another process may make it between our two calls: then it is an adopted one.
absl::StatusOr<Step> MakeStep(int parent_fd, const std::string& name) {
  Step step;
  step.made = mkdirat(parent_fd, name.c_str(), kMode) == 0;
  if (!step.made && errno != EEXIST) return sys::ErrnoStatus(errno);
  ASSIGN_OR_RETURN(step.fd, sys::OpenBeneath(parent_fd, name, kDirectoryFlags));
  return step;
}

// Makes the levels of `path` one after the other, `from` the root.
absl::Status MakeLevels(int root_fd, absl::string_view path, OnMade on_made, NewDirectory& result) {
  std::string done;
  ASSIGN_OR_RETURN(result.fd, sys::OpenAt(root_fd, ".", kDirectoryFlags));
  for (absl::string_view component : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    absl::StrAppend(&done, done.empty() ? "" : "/", component);
    ASSIGN_OR_RETURN(Step step, MakeStep(result.fd.get(), std::string(component)),
                     "making cgroup '/", done, "'");
    result.parent_fd = std::move(result.fd);
    result.fd = std::move(step.fd);
    result.adopted = !step.made;
    if (!step.made) continue;
    result.made.push_back(done);
    RETURN_IF_ERROR(on_made(result.parent_fd.get(), result.fd.get()));
  }
  return absl::OkStatus();
}

// One try: 0, or the errno of the rmdir that failed.
int TryRemove(int parent_fd, const std::string& name) {
  if (unlinkat(parent_fd, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  if (errno != EBUSY && errno != ENOTEMPTY) return errno;
  absl::StatusOr<UniqueFd> fd = sys::OpenBeneath(parent_fd, name, kDirectoryFlags);
  if (!fd.ok()) return sys::StatusErrno(fd.status()) == ENOENT ? 0 : EBUSY;
  absl::StatusOr<std::vector<std::string>> children = ListChildren(fd->get());
  if (!children.ok()) return EBUSY;
  for (const std::string& child : *children) {
    if (const int error = TryRemove(fd->get(), child); error != 0) return error;
  }
  if (unlinkat(parent_fd, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  return errno;
}

}  // namespace

absl::StatusOr<UniqueFd> OpenMount(absl::string_view mount_point) {
  ASSIGN_OR_RETURN(UniqueFd fd, sys::OpenAt(AT_FDCWD, mount_point, O_PATH | O_DIRECTORY),
                   "opening '", mount_point, "'");
  return fd;
}

absl::StatusOr<UniqueFd> OpenDirectory(int root_fd, absl::string_view path) {
  if (path.empty()) return sys::OpenAt(root_fd, ".", kDirectoryFlags);
  absl::StatusOr<UniqueFd> fd = sys::OpenBeneath(root_fd, path, kDirectoryFlags);
  if (sys::StatusErrno(fd.status()) == ENOSYS) return WalkDirectory(root_fd, path);
  return fd;
}

absl::StatusOr<NewDirectory> MakeDirectory(int root_fd, absl::string_view path, OnMade on_made) {
  const SplitName split = Split(path);
  NewDirectory result;
  absl::StatusOr<UniqueFd> parent = OpenDirectory(root_fd, split.parent);
  absl::Status status;
  if (!parent.ok()) {
    status = MakeLevels(root_fd, path, on_made, result);
  } else {  // the usual case: only the last level is missing
    absl::StatusOr<Step> step = MakeStep(parent->get(), split.name);
    if (!step.ok()) {
      return base::Annotate(step.status(), "making cgroup '/", path, "'");
    }
    result.parent_fd = *std::move(parent);
    result.fd = std::move(step->fd);
    result.adopted = !step->made;
    if (step->made) {
      result.made.emplace_back(path);
      status = on_made(result.parent_fd.get(), result.fd.get());
    }
  }
  if (!status.ok()) {
    RemoveMade(root_fd, result.made);
    return status;
  }
  return result;
}

absl::StatusOr<NewDirectory> MakeDirectory(int root_fd, absl::string_view path) {
  return MakeDirectory(root_fd, path, [](int, int) { return absl::OkStatus(); });
}

absl::StatusOr<std::vector<std::string>> ListChildren(int dir_fd) {
  ASSIGN_OR_RETURN(UniqueFd fd, sys::OpenAt(dir_fd, ".", O_RDONLY | O_DIRECTORY));
  DIR* dir = fdopendir(fd.get());
  if (dir == nullptr) return sys::ErrnoStatus(errno);
  fd.release();
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir)) {
    const absl::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  closedir(dir);
  return names;
}

void RemoveMade(int root_fd, const std::vector<std::string>& made) {
  for (auto path = made.rbegin(); path != made.rend(); ++path) {
    const SplitName split = Split(*path);
    absl::StatusOr<UniqueFd> parent = OpenDirectory(root_fd, split.parent);
    if (parent.ok()) unlinkat(parent->get(), split.name.c_str(), AT_REMOVEDIR);
  }
}

absl::StatusOr<std::string> ReadValue(int dir_fd, absl::string_view file) {
  ASSIGN_OR_RETURN(const UniqueFd fd, sys::OpenBeneath(dir_fd, file, O_RDONLY));
  std::string text;
  char buffer[8192];
  for (;;) {
    const long size = sys::RawRead(fd.get(), buffer, sizeof(buffer));
    if (size == -EINTR) continue;
    if (size < 0) return sys::ErrnoStatus(static_cast<int>(-size));
    text.append(buffer, static_cast<size_t>(size));
    // The kernel fills a page with whole lines before it stops: much less than a page is the end.
    // That spares the second read, and most files of a cgroup hold one number.
    if (size < kSurelyLast) break;
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

absl::Status WriteValue(int dir_fd, absl::string_view file, absl::string_view value) {
  ASSIGN_OR_RETURN(const UniqueFd fd, sys::OpenBeneath(dir_fd, file, O_WRONLY));
  return sys::WriteAll(fd.get(), value);
}

bool HasFile(int dir_fd, absl::string_view file) {
  return faccessat(dir_fd, std::string(file).c_str(), F_OK, 0) == 0;
}

absl::Status RemoveDirectory(int root_fd, absl::string_view path, absl::Duration timeout) {
  const SplitName split = Split(path);
  absl::StatusOr<UniqueFd> parent = OpenDirectory(root_fd, split.parent);
  if (absl::IsNotFound(parent.status())) return absl::OkStatus();
  if (!parent.ok()) return base::Annotate(parent.status(), "opening cgroup '/", split.parent, "'");
  const absl::Time deadline = absl::Now() + timeout;
  absl::Duration nap = absl::Microseconds(200);
  bool waited = false;
  for (;;) {
    const int error = TryRemove(parent->get(), split.name);
    if (error == 0) return absl::OkStatus();
    if (error != EBUSY)
      return sys::ErrnoStatus(error, absl::StrCat("removing cgroup '/", path, "'"));
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) break;
    absl::StatusOr<UniqueFd> fd = sys::OpenBeneath(parent->get(), split.name, kDirectoryFlags);
    // Naps are for v1, which has no events, and for a cgroup that is empty and yet busy.
    if (fd.ok() && !waited && WaitForEvent(fd->get(), "populated", "0", left).ok()) {
      waited = true;
      continue;
    }
    absl::SleepFor(std::min(nap, left));
    nap = std::min(nap * 2, absl::Milliseconds(20));
  }
  return absl::UnavailableError(
      absl::StrCat("removing cgroup '/", path, "': processes remain in it"));
}

}  // namespace hull::cgroups
