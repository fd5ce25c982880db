// Paths of cgroups below their hierarchy, worked out from linux.cgroupsPath.
#ifndef HULL_CGROUPS_PATH_H_
#define HULL_CGROUPS_PATH_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/manager.h"

namespace hull::cgroups {

// Where a container's cgroup goes, relative to the root of the hierarchy, without a leading '/'.
// Spec: config-linux.md#cgroups-path.
//   "/a/b"  → "a/b", beneath the mount point
//   "a/b"   → beneath `base`, a cgroup of this hierarchy as /proc/self/cgroup has it
//   ""      → the container's id beneath `base`
// InvalidArgument: "..", a component over 255 bytes, a control character, the root itself, and the
// form "slice:prefix:name", which only a systemd backend can serve.
absl::StatusOr<std::string> ResolvePath(absl::string_view cgroups_path,
                                        absl::string_view container_id, absl::string_view base);

// Whether `cgroups_path` is beneath the caller's own cgroup (the second and third form).
bool IsRelative(absl::string_view cgroups_path);

// The cgroup above `own`; "/" for the root and for what lies outside our cgroup namespace
// ("/../x").
std::string ParentCgroup(absl::string_view own);

// The words of `exec --cgroup`, as runc has them: one "PATH", or any number of
// "CONTROLLER[,CONTROLLER...]:PATH". InvalidArgument: another form, a controller named twice, "..".
absl::StatusOr<std::vector<SubCgroup>> ParseSubCgroups(const std::vector<std::string>& words);
// The cgroup at `below` (of a SubCgroup) beneath `cgroup`.
std::string Below(absl::string_view cgroup, absl::string_view below);

// What a saved Location may hold: relative paths without "..". It comes from a file that others may
// have touched, so it is checked like a config.
absl::Status CheckLocation(const Location& location);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_PATH_H_
