// Handing controllers down a cgroup v2 tree.
#ifndef HULL_CGROUPS_CONTROLLERS_H_
#define HULL_CGROUPS_CONTROLLERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cgroups/resources.h"

namespace hull::cgroups {

// The controllers of a file such as cgroup.controllers; empty where there is no such file.
absl::StatusOr<std::vector<std::string>> ReadControllers(int dir_fd, absl::string_view file);

// Sees to it that the cgroup `path` beneath `root_fd`, made already, is served by the controllers
// in `needs`, and as far as the kernel lets us by `wanted`: enables them in cgroup.subtree_control
// of every cgroup above, but of those with processes only what is needed. If the parent
// (`parent_fd`) has them all, nothing is written. Returns whether all of `wanted` that the host has
// are served.
//
// Unavailable names the field of `needs` that cannot be served and why: the kernel has no such
// controller, it is bound to a v1 hierarchy, a cgroup above holds processes of its own ("no
// internal processes"), or a cgroup above is threaded.
absl::StatusOr<bool> EnableControllers(int root_fd, absl::string_view path, int parent_fd,
                                       absl::Span<const absl::string_view> wanted,
                                       absl::Span<const Need> needs);

// A cgroup below a threaded one takes no process until it is threaded itself ("domain invalid").
absl::Status MakeThreadedWhereNeeded(int dir_fd);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_CONTROLLERS_H_
