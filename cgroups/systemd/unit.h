// The unit of a container: its name and where its cgroup is, worked out from linux.cgroupsPath.
#ifndef HULL_CGROUPS_SYSTEMD_UNIT_H_
#define HULL_CGROUPS_SYSTEMD_UNIT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hull::cgroups::systemd {

struct Unit {
  std::string name;   // "hull-x.scope", or a slice: "kubepods-a.slice"
  std::string slice;  // the one it is in: "system.slice", "-.slice"
  std::string path;   // its cgroup below the manager's own: "system.slice/hull-x.scope"

  bool is_slice() const { return name.ends_with(".slice"); }
};

// "slice:prefix:name" as runc reads it: the scope "prefix-name.scope" in the slice, or the unit
// `name` itself where that ends in ".slice". "" is ":hull:<id>", an empty slice is "system.slice",
// of a user's manager "user.slice", and "-" is the root slice. Characters that a unit's name may
// not have are escaped as systemd does it ("\x2b").
// Spec: config-linux.md#cgroups-path. InvalidArgument says what is wrong with which part.
absl::StatusOr<Unit> ParseUnit(absl::string_view cgroups_path, absl::string_view container_id,
                               bool user);

// "a-b.slice" → "a.slice/a-b.slice", "-.slice" → "".
absl::StatusOr<std::string> ExpandSlice(absl::string_view slice);

// Names that could be taken for a file of the kernel ("cpu.scope", "_x") get a '_' in front.
std::string CgroupName(absl::string_view unit);

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_UNIT_H_
