// Files by directory fd, for the processes that have a heap (main and the tools).
#ifndef HULL_RUNTIME_SYS_FILE_H_
#define HULL_RUNTIME_SYS_FILE_H_

#include <fcntl.h>

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/sys/unique_fd.h"

namespace hull::sys {

// errno as a Status: the code that fits (ENOENT NotFound, EACCES/EPERM PermissionDenied, EEXIST
// AlreadyExists, ENOSYS/EOPNOTSUPP Unimplemented, EINVAL InvalidArgument, ENOSPC/EMFILE/ENOMEM
// ResourceExhausted, else Unavailable), the text "no such file or directory" in lower case.
absl::Status ErrnoStatus(int error);
// The same with words in front: ErrnoStatus(errno, "opening '/x'") → "opening '/x': no such file …".
absl::Status ErrnoStatus(int error, absl::string_view context);
// The name of an errno, "ENOENT"; "errno 999" for an unknown one.
std::string ErrnoName(int error);
// The errno that ErrnoStatus kept in the Status (payload), or 0.
int StatusErrno(const absl::Status& status);

// Opens beneath `dir_fd` (AT_FDCWD allowed for a trusted path). O_CLOEXEC is always added.
absl::StatusOr<UniqueFd> OpenAt(int dir_fd, absl::string_view path, int flags, unsigned mode = 0);
// Opens strictly beneath `dir_fd`: no "..", no absolute path, no symlink that leads out, no magic
// link (openat2 RESOLVE_BENEATH, Linux 5.6; before, refused unless it has one plain component).
absl::StatusOr<UniqueFd> OpenBeneath(int dir_fd, absl::string_view path, int flags,
                                     unsigned mode = 0);

// Whole file, at most `max_bytes` (ResourceExhausted above it).
absl::StatusOr<std::string> ReadAll(int fd, size_t max_bytes = 64 << 20);
absl::StatusOr<std::string> ReadFileAt(int dir_fd, absl::string_view path,
                                       size_t max_bytes = 64 << 20);

// One write(2) for the whole value, as the files of proc, sysfs and cgroupfs want it; retried on
// EINTR; a short write is continued.
absl::Status WriteAll(int fd, absl::string_view data);
absl::Status WriteFileAt(int dir_fd, absl::string_view path, absl::string_view data);

// Writes `name` in `dir_fd` so that readers see the old file or the new one, never a part:
// a temporary ".name.XXXX" (O_EXCL, `mode`), then rename.
absl::Status ReplaceFileAt(int dir_fd, absl::string_view name, absl::string_view data,
                           unsigned mode = 0600);

// Names in the directory, without "." and "..", unsorted.
absl::StatusOr<std::vector<std::string>> ListDir(int dir_fd);

// mkdir -p for a trusted absolute path; modes of existing directories stay. Returns the last one.
absl::StatusOr<UniqueFd> MakeDirs(absl::string_view path, unsigned mode);

}  // namespace hull::sys

#endif  // HULL_RUNTIME_SYS_FILE_H_
