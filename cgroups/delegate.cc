#include "cgroups/delegate.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

constexpr char kDefaultFiles[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
constexpr gid_t kSameGroup = static_cast<gid_t>(-1);

}  // namespace

absl::Status DelegateCgroup(int dir_fd, uint32_t uid) {
  if (fchownat(dir_fd, "", uid, kSameGroup, AT_EMPTY_PATH) != 0) {
    return sys::ErrnoStatus(errno, absl::StrCat("giving the cgroup to uid ", uid));
  }
  const std::string files =
      sys::ReadFileAt(AT_FDCWD, "/sys/kernel/cgroup/delegate").value_or(kDefaultFiles);
  for (absl::string_view line : absl::StrSplit(files, '\n', absl::SkipEmpty())) {
    const std::string file(line);
    if (absl::StrContains(file, '/')) continue;
    if (fchownat(dir_fd, file.c_str(), uid, kSameGroup, AT_SYMLINK_NOFOLLOW) == 0) continue;
    if (errno == ENOENT) continue;  // of a controller that this cgroup does not have
    return sys::ErrnoStatus(errno, absl::StrCat("giving '", file, "' to uid ", uid));
  }
  return absl::OkStatus();
}

}  // namespace hull::cgroups
