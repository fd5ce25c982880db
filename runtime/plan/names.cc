#include "runtime/plan/names.h"

#include <linux/mempolicy.h>
#include <linux/personality.h>
#include <linux/sched.h>
#include <sys/resource.h>

#include "absl/types/span.h"
#include "spec/names.h"

namespace hull::plan {
namespace {

struct Number {
  absl::string_view name;
  uint64_t number;
};

constexpr Number kRlimits[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

constexpr Number kSchedulerPolicies[] = {
    {"SCHED_OTHER", SCHED_NORMAL}, {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},  {"SCHED_IDLE", SCHED_IDLE}, {"SCHED_DEADLINE", SCHED_DEADLINE},
};

constexpr Number kSchedulerFlags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
    {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
    {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
    {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
};

// linux/ioprio.h is no C++ any more: since Linux 6.1.192 it has a parameter called "class".
constexpr Number kIoPriorityClasses[] = {
    {"IOPRIO_CLASS_RT", 1},
    {"IOPRIO_CLASS_BE", 2},
    {"IOPRIO_CLASS_IDLE", 3},
};

constexpr uint32_t kWeightedInterleave = 6;  // MPOL_WEIGHTED_INTERLEAVE, Linux 6.9
constexpr Number kMemoryPolicyModes[] = {
    {"MPOL_DEFAULT", MPOL_DEFAULT},
    {"MPOL_PREFERRED", MPOL_PREFERRED},
    {"MPOL_BIND", MPOL_BIND},
    {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
    {"MPOL_LOCAL", MPOL_LOCAL},
    {"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
    {"MPOL_WEIGHTED_INTERLEAVE", kWeightedInterleave},
};

constexpr Number kMemoryPolicyFlags[] = {
    {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
    {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
    {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
};

constexpr Number kPersonalityDomains[] = {{"LINUX", PER_LINUX}, {"LINUX32", PER_LINUX32}};

uint32_t NumberOf(absl::Span<const Number> table, absl::string_view name) {
  for (const Number& row : table) {
    if (row.name == name) return static_cast<uint32_t>(row.number);
  }
  return UINT32_MAX;
}

absl::string_view NameOf(absl::Span<const Number> table, uint64_t number) {
  for (const Number& row : table) {
    if (row.number == number) return row.name;
  }
  return "";
}

uint64_t MaskOf(absl::Span<const Number> table, const std::vector<std::string>& names) {
  uint64_t mask = 0;
  for (const Number& row : table) {
    for (const std::string& name : names) {
      if (row.name == name) mask |= row.number;
    }
  }
  return mask;
}

std::vector<absl::string_view> NamesOf(absl::Span<const Number> table, uint64_t mask) {
  std::vector<absl::string_view> names;
  for (const Number& row : table) {
    if ((mask & row.number) != 0) names.push_back(row.name);
  }
  return names;
}

struct Namespace {
  absl::string_view type, file;
  uint64_t flag;
};
constexpr Namespace kNamespaces[] = {
    {"cgroup", "cgroup", CLONE_NEWCGROUP}, {"ipc", "ipc", CLONE_NEWIPC},
    {"mount", "mnt", CLONE_NEWNS},         {"network", "net", CLONE_NEWNET},
    {"pid", "pid", CLONE_NEWPID},          {"time", "time", CLONE_NEWTIME},
    {"user", "user", CLONE_NEWUSER},       {"uts", "uts", CLONE_NEWUTS},
};

}  // namespace

std::optional<int> CapabilityNumber(absl::string_view name) {
  for (size_t i = 0; i < std::size(spec::kCapabilityNames); ++i) {
    if (spec::kCapabilityNames[i] == name) return static_cast<int>(i);
  }
  return std::nullopt;
}

uint64_t CapabilityMask(const std::vector<std::string>& names) {
  uint64_t mask = 0;
  for (const std::string& name : names) {
    if (const std::optional<int> number = CapabilityNumber(name)) mask |= uint64_t{1} << *number;
  }
  return mask;
}

std::optional<uint32_t> RlimitNumber(absl::string_view name) {
  for (const Number& limit : kRlimits) {
    if (limit.name == name) return static_cast<uint32_t>(limit.number);
  }
  return std::nullopt;
}

uint32_t SchedulerPolicy(absl::string_view name) { return NumberOf(kSchedulerPolicies, name); }
uint32_t IoPriorityClass(absl::string_view name) { return NumberOf(kIoPriorityClasses, name); }
uint32_t MemoryPolicyMode(absl::string_view name) { return NumberOf(kMemoryPolicyModes, name); }
uint32_t PersonalityDomain(absl::string_view name) { return NumberOf(kPersonalityDomains, name); }
uint64_t SchedulerFlags(const std::vector<std::string>& names) {
  return MaskOf(kSchedulerFlags, names);
}
uint32_t MemoryPolicyFlags(const std::vector<std::string>& names) {
  return static_cast<uint32_t>(MaskOf(kMemoryPolicyFlags, names));
}
absl::string_view SchedulerPolicyName(uint32_t number) {
  return NameOf(kSchedulerPolicies, number);
}
absl::string_view IoPriorityClassName(uint32_t number) {
  return NameOf(kIoPriorityClasses, number);
}
absl::string_view MemoryPolicyModeName(uint32_t number) {
  return NameOf(kMemoryPolicyModes, number);
}
absl::string_view PersonalityDomainName(uint32_t number) {
  return NameOf(kPersonalityDomains, number);
}
std::vector<absl::string_view> SchedulerFlagNames(uint64_t flags) {
  return NamesOf(kSchedulerFlags, flags);
}
std::vector<absl::string_view> MemoryPolicyFlagNames(uint32_t flags) {
  return NamesOf(kMemoryPolicyFlags, flags);
}

uint64_t NamespaceFlag(absl::string_view type) {
  for (const Namespace& ns : kNamespaces) {
    if (ns.type == type) return ns.flag;
  }
  return 0;
}

absl::string_view NamespaceName(uint64_t flag) {
  for (const Namespace& ns : kNamespaces) {
    if (ns.flag == flag) return ns.type;
  }
  return "";
}

absl::string_view NamespaceFile(absl::string_view type) {
  for (const Namespace& ns : kNamespaces) {
    if (ns.type == type) return ns.file;
  }
  return "";
}

}  // namespace hull::plan
