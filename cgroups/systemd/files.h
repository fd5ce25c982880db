// The files of a container's cgroup, for what has to be known of them before they are written.
#ifndef HULL_CGROUPS_SYSTEMD_FILES_H_
#define HULL_CGROUPS_SYSTEMD_FILES_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/resources.h"
#include "runtime/sys/unique_fd.h"
#include "spec/spec.h"

namespace hull::cgroups::systemd {

// `directories` as in Location. Nothing is opened before it is read.
class CgroupFiles {
 public:
  CgroupFiles(std::string mount_point, std::vector<std::string> directories)
      : mount_point_(std::move(mount_point)), directories_(std::move(directories)) {}

  // One directory is v2; v1 always has several, that of systemd's own hierarchy among them.
  bool unified() const { return directories_.size() == 1; }
  absl::StatusOr<std::string> Read(absl::string_view file) const;
  // What the cgroupfs backend is going to write where systemd manages the controllers: on a hybrid
  // host the v1 side.
  absl::StatusOr<std::vector<Write>> Writes(const spec::Resources& resources,
                                            Current current) const;

  // v1: all device rules again, after systemd has written its own idea of them.
  absl::Status RewriteDevices(const std::vector<spec::DeviceRule>& rules) const;

 private:
  absl::StatusOr<sys::UniqueFd> Open(absl::string_view controller) const;
  // "" where there is none.
  std::string DirectoryOf(absl::string_view controller) const;

  std::string mount_point_;
  std::vector<std::string> directories_;
};

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_FILES_H_
