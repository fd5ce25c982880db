// Host: what the cgroup backends need to know of this machine, as a value (tests make their own).
#ifndef HULL_CGROUPS_HOST_H_
#define HULL_CGROUPS_HOST_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hull::cgroups {

enum class Mode {
  kNone,     // nothing usable at the mount point
  kUnified,  // cgroup2 on the mount point itself ("v2")
  kHybrid,   // v1 hierarchies, and a cgroup2 mount at "unified" beside them
  kLegacy,   // v1 hierarchies only
};

absl::string_view ModeName(Mode mode);  // "unified", "hybrid", "legacy", "none"

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
  // Empty = not asked yet: a v2 host needs it for a relative cgroupsPath only.
  std::vector<std::pair<std::string, std::string>> own_cgroups;
  bool systemd = false;  // PID 1 is systemd (/run/systemd/system exists)
  unsigned euid = 0;
  std::optional<bool> in_user_namespace;  // absent = asked when it matters
};

// The text of a file /proc/PID/cgroup as Host::own_cgroups has it: {"memory", "/a/b"}, {"", "/"}.
std::vector<std::pair<std::string, std::string>> ParseProcCgroup(absl::string_view text);
// Our own cgroup in the hierarchy of `controller` ("" for v2), "/" where we are in none.
absl::StatusOr<std::string> OwnCgroup(const Host& host, absl::string_view controller);
bool InUserNamespace(const Host& host);
// We have no privilege over the machine: the kernel refuses device rules, and cgroups of others.
bool IsUnprivileged(const Host& host);

// Asks the kernel: on v2 a statfs of the mount point and no more; with v1 also /proc/self/cgroup
// and a statfs per hierarchy, and /proc/self/mountinfo only where a hierarchy is not mounted under
// its usual name (that file grows with the containers that run). For a container that exists no
// probe is needed: open() takes a Host of which only the mount point counts.
absl::StatusOr<Host> ProbeHost(absl::string_view mount_point = "/sys/fs/cgroup");

// What ProbeHost asks, as functions: the statfs f_type of a path (0 if there is none) and the text
// of a file of /proc/self.
struct HostSource {
  absl::FunctionRef<unsigned long(const std::string& path)> fs_magic;
  absl::FunctionRef<absl::StatusOr<std::string>(absl::string_view name)> proc_self;
};
absl::StatusOr<Host> DescribeHost(absl::string_view mount_point, const HostSource& source);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_HOST_H_
