// What a unit has to know of a container's resources, so that systemd does not undo what is in the
// cgroup's files when it writes them again (daemon-reload, set-property): pure.
#ifndef HULL_CGROUPS_SYSTEMD_PROPERTIES_H_
#define HULL_CGROUPS_SYSTEMD_PROPERTIES_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cgroups/devices.h"
#include "cgroups/resources.h"
#include "cgroups/systemd/bus.h"

namespace hull::cgroups::systemd {

// The properties of `writes`, a list of ConvertV1 or ConvertV2: what the files get is what the unit
// keeps, `unified` included, and the two cannot differ. Files that systemd knows nothing of (hugetlb,
// rdma, realtime, cpu.max.burst, …) have none, nor have properties younger than `version` (0 = not
// known: then only the oldest). `current` as for the conversions: cpu.max and its like are given as
// a pair of which a write may hold one half, and io.bfq.weight is found only where BFQ is.
//
// Rounded as systemd wants it: CPUQuotaPerSecUSec up to 10 ms. InvalidArgument: a cpuset list that
// is none.
absl::StatusOr<std::vector<Property>> PropertiesFromWrites(absl::Span<const Write> writes,
                                                           int version, Current current);

// DevicePolicy and DeviceAllow, which replace the earlier ones. systemd knows single devices, whole
// majors (by their driver's name in `proc_devices`, the text of /proc/devices) and whole types, and
// no exceptions. With `wider` (v2, where our own filter is on the cgroup as well, and a device needs
// both) what it cannot say is rounded up, else it is left out: its list is then all there is.
std::vector<Property> DeviceProperties(const DeviceRuleSet& rules, absl::string_view proc_devices,
                                       bool wider);

// "0-2,7" as the bit mask that AllowedCPUs takes, lowest byte first.
absl::StatusOr<Value> CpuMask(absl::string_view list);

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_PROPERTIES_H_
