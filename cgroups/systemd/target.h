// Which systemd manager a container is a unit of: the system's or a user's.
#ifndef HULL_CGROUPS_SYSTEMD_TARGET_H_
#define HULL_CGROUPS_SYSTEMD_TARGET_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "cgroups/host.h"
#include "cgroups/systemd/bus.h"

namespace hull::cgroups::systemd {

// The manager for new containers of the calling process: a user's where it is not root, or root of a
// user namespace only (which `podman` without root is).
Target OwnTarget(const Host& host);

// The one that a container's directory is of: that of user@UID.service if it is below that.
Target TargetOf(absl::string_view directory);

// The UID of a path with a component "user@UID.service".
std::optional<uint32_t> UserManagerOf(absl::string_view path);

// Where a manager usually has its cgroup: "", "/user.slice/user-7.slice/user@7.service".
std::string UsualControlGroup(const Target& target);

// The uid outside of the user namespace for `uid` inside, by the text of /proc/self/uid_map.
uint32_t OuterUid(absl::string_view uid_map, uint32_t uid);

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_TARGET_H_
