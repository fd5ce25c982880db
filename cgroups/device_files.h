// Device rules on cgroup v1: the files devices.allow and devices.deny.
#ifndef HULL_CGROUPS_DEVICE_FILES_H_
#define HULL_CGROUPS_DEVICE_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "spec/spec.h"

namespace hull::cgroups {

// Makes `rules`, followed by DefaultDeviceRules() (cgroups/devices.h), hold in the cgroup `dir_fd` of the
// devices hierarchy; -1 says that the host has none, which is an error only if `rules` deny
// anything. `reset`: the cgroup may hold rules already. InvalidArgument: an exception to an
// exception, which v1 cannot hold.
absl::Status WriteDeviceFiles(int dir_fd, const std::vector<spec::DeviceRule>& rules, bool reset);

// Makes `rules` hold in the place of `before`, of which the kernel tells only a part. Rules that both
// have are not touched: no process is denied for a moment what it may do before and after. What is
// new is allowed before anything is denied. On failure the old rules are back.
absl::Status ReplaceDeviceFiles(int dir_fd, const std::vector<spec::DeviceRule>& rules,
                                const std::vector<spec::DeviceRule>& before);
// Whether that takes a moment in which everything is allowed, or denied: v1 has one default, and
// takes a new one only with all exceptions forgotten.
bool ReplacesDeviceDefault(const std::vector<spec::DeviceRule>& rules,
                           const std::vector<spec::DeviceRule>& before);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_DEVICE_FILES_H_
