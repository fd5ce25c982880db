#include "runtime/plan/names.h"

#include <linux/sched.h>
#include <sys/resource.h>

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
