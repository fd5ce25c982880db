// Device rules on cgroup v2: an eBPF program on the cgroup.
#ifndef HULL_CGROUPS_DEVICE_FILTER_H_
#define HULL_CGROUPS_DEVICE_FILTER_H_

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "spec/spec.h"

namespace hull::cgroups {

// Makes `rules`, followed by kDefaultRules (cgroups/devices.h), hold in the cgroup. In a new cgroup
// (`replace` false) rules that allow everything cost nothing; with `replace`, programs that are
// there are taken off once ours is on.
//
// In a user namespace the kernel lets nobody attach such a program, and device files cannot be made
// or opened there but for those that the host has given: then PermissionDenied counts as done.
absl::Status FilterDevices(int dir_fd, const std::vector<spec::DeviceRule>& rules, bool replace,
                           absl::FunctionRef<bool()> in_user_namespace);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_DEVICE_FILTER_H_
