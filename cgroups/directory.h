// Directories of a cgroup hierarchy, by fd and strictly beneath its root: v1 and v2 alike.
#ifndef HULL_CGROUPS_DIRECTORY_H_
#define HULL_CGROUPS_DIRECTORY_H_

#include <fcntl.h>

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/sys/unique_fd.h"

namespace hull::cgroups {

// How the directories of cgroups are held: enough for openat and for CLONE_INTO_CGROUP.
inline constexpr int kDirectoryFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW;

// Opens the mount point, a trusted absolute path.
absl::StatusOr<sys::UniqueFd> OpenMount(absl::string_view mount_point);

// Opens the directory at `path` beneath `root_fd`; "" is the root itself. NotFound if there is
// none. Before Linux 5.6, which brought openat2, component by component without following symlinks.
absl::StatusOr<sys::UniqueFd> OpenDirectory(int root_fd, absl::string_view path);

struct NewDirectory {
  sys::UniqueFd fd;
  sys::UniqueFd parent_fd;
  bool adopted = false;           // it was there before
  std::vector<std::string> made;  // paths below the root that this call made, outermost first
};

// mkdir -p of `path` beneath `root_fd`. On failure nothing is left behind. `on_made`, if any, sees
// each new directory and its parent before the next one is made (cpuset needs it).
using OnMade = absl::FunctionRef<absl::Status(int parent_fd, int fd)>;
absl::StatusOr<NewDirectory> MakeDirectory(int root_fd, absl::string_view path, OnMade on_made);
absl::StatusOr<NewDirectory> MakeDirectory(int root_fd, absl::string_view path);

// Names of the cgroups directly below.
absl::StatusOr<std::vector<std::string>> ListChildren(int dir_fd);

// Removes what MakeDirectory made, innermost first; failures are left for the next one.
void RemoveMade(int root_fd, const std::vector<std::string>& made);

// The file's text without its last newline, and one write of a whole value.
absl::StatusOr<std::string> ReadValue(int dir_fd, absl::string_view file);
absl::Status WriteValue(int dir_fd, absl::string_view file, absl::string_view value);
bool HasFile(int dir_fd, absl::string_view file);

// How long a cgroup without living processes may stay busy: the kernel takes the dead out of it when it
// comes to that, on a machine under load after seconds.
constexpr absl::Duration kDestroyTimeout = absl::Seconds(10);

// rmdir of the cgroup and all below it. OK if already gone. While processes of it are still dying
// it waits: by cgroup.events where there is one, else in growing naps; Unavailable after `timeout`.
absl::Status RemoveDirectory(int root_fd, absl::string_view path, absl::Duration timeout);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_DIRECTORY_H_
