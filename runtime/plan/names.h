// Names of the spec as the kernel's numbers: capabilities, resource limits, namespaces.
#ifndef HULL_RUNTIME_PLAN_NAMES_H_
#define HULL_RUNTIME_PLAN_NAMES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hull::plan {

// "CAP_CHOWN" → 0.
std::optional<int> CapabilityNumber(absl::string_view name);
// Names that are unknown are left out.
uint64_t CapabilityMask(const std::vector<std::string>& names);

// "RLIMIT_NOFILE" → RLIMIT_NOFILE.
std::optional<uint32_t> RlimitNumber(absl::string_view name);

// "pid" → CLONE_NEWPID; 0 for an unknown name.
uint64_t NamespaceFlag(absl::string_view type);
// CLONE_NEWPID → "pid"; empty for anything but one flag.
absl::string_view NamespaceName(uint64_t flag);
// "network" → "net": the entry of /proc/PID/ns.
absl::string_view NamespaceFile(absl::string_view type);

}  // namespace hull::plan

#endif  // HULL_RUNTIME_PLAN_NAMES_H_
