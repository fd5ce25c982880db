// Names of the spec as the kernel's numbers: capabilities, resource limits, namespaces, where and how
// a process runs.
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

// "SCHED_BATCH" → SCHED_BATCH, "IOPRIO_CLASS_BE" → IOPRIO_CLASS_BE, "MPOL_BIND" → MPOL_BIND,
// "LINUX32" → PER_LINUX32. UINT32_MAX for an unknown name: the kernel refuses it.
uint32_t SchedulerPolicy(absl::string_view name);
uint32_t IoPriorityClass(absl::string_view name);
uint32_t MemoryPolicyMode(absl::string_view name);
uint32_t PersonalityDomain(absl::string_view name);
// "SCHED_FLAG_RECLAIM", "MPOL_F_STATIC_NODES": the bits of them all.
uint64_t SchedulerFlags(const std::vector<std::string>& names);
uint32_t MemoryPolicyFlags(const std::vector<std::string>& names);
// The way back, for words; empty for an unknown number.
absl::string_view SchedulerPolicyName(uint32_t number);
absl::string_view IoPriorityClassName(uint32_t number);
absl::string_view MemoryPolicyModeName(uint32_t number);
absl::string_view PersonalityDomainName(uint32_t number);
std::vector<absl::string_view> SchedulerFlagNames(uint64_t flags);
std::vector<absl::string_view> MemoryPolicyFlagNames(uint32_t flags);

// "pid" → CLONE_NEWPID; 0 for an unknown name.
uint64_t NamespaceFlag(absl::string_view type);
// CLONE_NEWPID → "pid"; empty for anything but one flag.
absl::string_view NamespaceName(uint64_t flag);
// "network" → "net": the entry of /proc/PID/ns.
absl::string_view NamespaceFile(absl::string_view type);

}  // namespace hull::plan

#endif  // HULL_RUNTIME_PLAN_NAMES_H_
