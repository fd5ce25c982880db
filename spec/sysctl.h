// Names of kernel parameters: which file they are, and which namespace makes them the container's.
#ifndef HULL_SPEC_SYSCTL_H_
#define HULL_SPEC_SYSCTL_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hull::spec {

// The file below /proc/sys for `key`, as sysctl(8) reads it: the separator that comes first is the
// separator, and the other one is part of a name ("net.ipv4.conf.eth0/100.forwarding" is
// "net/ipv4/conf/eth0.100/forwarding"). Empty if that is no path of plain components ("..", "",
// control characters, blanks).
std::string SysctlFile(absl::string_view key);

// The type of the namespace that owns the file, or "" if it belongs to the whole host.
absl::string_view SysctlNamespace(absl::string_view file);

}  // namespace hull::spec

#endif  // HULL_SPEC_SYSCTL_H_
