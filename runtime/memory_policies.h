// Which memory policies the kernel knows (config-linux.md#memory-policy, set_mempolicy(2)).
#ifndef HULL_RUNTIME_MEMORY_POLICIES_H_
#define HULL_RUNTIME_MEMORY_POLICIES_H_

#include <string>
#include <vector>

namespace hull::runtime {

struct MemoryPolicies {
  std::vector<std::string> modes;  // names of linux.memoryPolicy.mode
  std::vector<std::string> flags;  // names of linux.memoryPolicy.flags
};

// Asks with a page of its own: the process keeps its policy. Both are empty where the kernel is built
// without NUMA; what a seccomp filter denies is taken for known.
MemoryPolicies ProbeMemoryPolicies();

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_MEMORY_POLICIES_H_
