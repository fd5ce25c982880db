// Host: what the cgroup backends need to know of this machine, as a value (tests make their own).
#ifndef HULL_CGROUPS_HOST_H_
#define HULL_CGROUPS_HOST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/sys/unique_fd.h"

namespace hull::cgroups {

enum class Mode {
  kNone,     // nothing usable at the mount point
  kUnified,  // cgroup2 on the mount point itself ("v2")
  kHybrid,   // v1 hierarchies, and a cgroup2 mount at "unified" beside them
  kLegacy,   // v1 hierarchies only
};

// One mounted v1 hierarchy: its directory under the mount point and the controllers bound to it
// ("cpu", "cpuacct", …; a named one is "name=systemd").
struct Hierarchy {
  std::string directory;
  std::vector<std::string> controllers;
};

struct Host {
  Mode mode = Mode::kNone;
  std::string mount_point = "/sys/fs/cgroup";  // absolute; tests point it at a directory of theirs
  std::vector<Hierarchy> hierarchies;          // v1 and hybrid
  // The calling process's own cgroup: by controller list for v1 ("memory" → "/user"), "" for v2.
  std::vector<std::pair<std::string, std::string>> own_cgroups;
  bool systemd = false;  // PID 1 is systemd (/run/systemd/system exists)
  unsigned euid = 0;
  bool in_user_namespace = false;
};

// Reads /proc/self/cgroup and statfs of the mount point; no /proc/self/mountinfo on the fast path
// of a pure v2 host (its length grows with the containers that run).
absl::StatusOr<Host> ProbeHost();

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_HOST_H_
