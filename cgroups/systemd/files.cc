#include "cgroups/systemd/files.h"

#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/device_files.h"
#include "cgroups/directory.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups::systemd {

std::string CgroupFiles::DirectoryOf(absl::string_view controller) const {
  if (unified()) return directories_[0];
  for (const std::string& directory : directories_) {
    const std::vector<absl::string_view> controllers =
        absl::StrSplit(directory.substr(0, directory.find('/')), ',');
    if (absl::c_linear_search(controllers, controller)) return directory;
  }
  return "";
}

absl::StatusOr<sys::UniqueFd> CgroupFiles::Open(absl::string_view controller) const {
  const std::string directory = DirectoryOf(controller);
  if (directory.empty()) {
    return absl::NotFoundError(absl::StrCat("this host has no '", controller, "' controller"));
  }
  ASSIGN_OR_RETURN(const sys::UniqueFd root_fd, OpenMount(mount_point_));
  return OpenDirectory(root_fd.get(), directory);
}

absl::StatusOr<std::string> CgroupFiles::Read(absl::string_view file) const {
  ASSIGN_OR_RETURN(const sys::UniqueFd fd, Open(file.substr(0, file.find('.'))));
  return ReadValue(fd.get(), file);
}

absl::Status CgroupFiles::RewriteDevices(const std::vector<spec::DeviceRule>& rules) const {
  const absl::StatusOr<sys::UniqueFd> fd = Open("devices");
  if (absl::IsNotFound(fd.status())) return absl::OkStatus();
  RETURN_IF_ERROR(fd.status());
  return WriteDeviceFiles(fd->get(), rules, /*reset=*/true);
}

absl::StatusOr<std::vector<Write>> CgroupFiles::Writes(const spec::Resources& resources,
                                                       Current current) const {
  if (unified()) {
    return ConvertV2(
        resources, [](absl::string_view) { return true; }, current);
  }
  return ConvertV1(
      resources, [this](absl::string_view controller) { return !DirectoryOf(controller).empty(); },
      current);
}

}  // namespace hull::cgroups::systemd
