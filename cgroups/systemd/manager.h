// The systemd backend: systemd makes and keeps the container's unit, and the cgroupfs backend of the
// host writes into its cgroup whatever systemd has no word for. The two never disagree: what systemd
// is told is worked out from what the files get (properties.h).
#ifndef HULL_CGROUPS_SYSTEMD_MANAGER_H_
#define HULL_CGROUPS_SYSTEMD_MANAGER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/host.h"
#include "cgroups/manager.h"
#include "cgroups/systemd/bus.h"

namespace hull::cgroups::systemd {

inline constexpr absl::string_view kBackendName = "systemd";

// OK where PID 1 is systemd and there are cgroups; for an unprivileged user v2 only, since systemd
// hands no v1 hierarchy to a user's manager.
absl::Status Probe(const Host& host);

// For a new container. As Manager says of backends that need a pid: Create() asks systemd who it is
// and works everything out, the first Attach() starts the unit with that process in it. A failed
// Attach() leaves what Destroy() removes.
//
// Attach's errors: AlreadyExists, a unit of that name is there and is not one that had failed;
// DeadlineExceeded, systemd does not answer; Aborted, it could not start the unit; Unavailable, no
// connection.
absl::StatusOr<std::unique_ptr<Manager>> MakeManager(const Host& host, const Request& request,
                                                     BusFactory make_bus);
// For one that exists. Only Update and Destroy speak to systemd.
absl::StatusOr<std::unique_ptr<Manager>> OpenManager(const Host& host, const Location& location,
                                                     BusFactory make_bus);

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_MANAGER_H_
