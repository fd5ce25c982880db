#include "cgroups/cpuset.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/directory.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

constexpr int kMaxDepth = 256;

// A parent without a value gets its own parent's first; the root always has one.
absl::Status InheritFile(int parent_fd, int fd, absl::string_view file, int depth) {
  ASSIGN_OR_RETURN(std::string above, ReadValue(parent_fd, file), "reading the parent's '", file,
                   "'");
  if (above.empty() && depth < kMaxDepth) {
    ASSIGN_OR_RETURN(const sys::UniqueFd grandparent_fd,
                     sys::OpenAt(parent_fd, "..", kDirectoryFlags));
    RETURN_IF_ERROR(InheritFile(grandparent_fd.get(), parent_fd, file, depth + 1));
    ASSIGN_OR_RETURN(above, ReadValue(parent_fd, file));
  }
  RETURN_IF_ERROR(WriteValue(fd, file, above), "writing '", above, "' to '", file, "'");
  return absl::OkStatus();
}

}  // namespace

absl::Status InheritCpuset(int parent_fd, int fd) {
  RETURN_IF_ERROR(InheritFile(parent_fd, fd, "cpuset.cpus", 0));
  return InheritFile(parent_fd, fd, "cpuset.mems", 0);
}

absl::Status CompleteCpuset(int parent_fd, int fd) {
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    ASSIGN_OR_RETURN(const std::string own, ReadValue(fd, file), "reading '", file, "'");
    if (own.empty()) RETURN_IF_ERROR(InheritFile(parent_fd, fd, file, 0));
  }
  return absl::OkStatus();
}

}  // namespace hull::cgroups
