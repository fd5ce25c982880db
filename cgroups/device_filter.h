// Device rules on cgroup v2: an eBPF program on the cgroup.
#ifndef HULL_CGROUPS_DEVICE_FILTER_H_
#define HULL_CGROUPS_DEVICE_FILTER_H_

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "spec/spec.h"

namespace hull::cgroups {

// Makes `rules`, followed by DefaultDeviceRules() (cgroups/devices.h), hold in the cgroup. In a new cgroup
// (`replace` false) rules that allow everything cost nothing; with `replace`, programs that are
// there are taken off once ours is on.
//
// The kernel lets nobody without privileges attach such a program, who cannot make device files
// either, nor open any but those that the host has given: then PermissionDenied counts as done.
absl::Status FilterDevices(int dir_fd, const std::vector<spec::DeviceRule>& rules, bool replace,
                           absl::FunctionRef<bool()> unprivileged);

// Makes `rules` hold in the place of those that hold now, in a live cgroup: at every moment one of
// the two, or both, are in force. On failure the old ones are.
absl::Status ReplaceDeviceFilter(int dir_fd, const std::vector<spec::DeviceRule>& rules);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_DEVICE_FILTER_H_
