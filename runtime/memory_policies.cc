#include "runtime/memory_policies.h"

#include <linux/mempolicy.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "runtime/plan/names.h"
#include "runtime/sys/raw.h"
#include "spec/names.h"

namespace hull::runtime {
namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kMaxNodes = 4096;  // a bit for each; kernels have 1024 at most
using Nodes = std::array<uint64_t, kMaxNodes / 64>;

// mbind(2) of the page; the kernel reads one bit less than it is told of.
bool IsKnown(void* page, uint32_t mode, const Nodes& nodes) {
  const bool takes_nodes = mode != MPOL_DEFAULT && mode != MPOL_LOCAL;
  const long result = sys::RawCall(__NR_mbind, reinterpret_cast<long>(page), kPageBytes, mode,
                                   takes_nodes ? reinterpret_cast<long>(nodes.data()) : 0,
                                   takes_nodes ? kMaxNodes : 0, 0);
  return result != -EINVAL && result != -ENOSYS;
}

}  // namespace

MemoryPolicies ProbeMemoryPolicies() {
  MemoryPolicies known;
  Nodes nodes = {1};  // node 0, if the kernel does not tell which are allowed
  sys::RawCall(__NR_get_mempolicy, 0, reinterpret_cast<long>(nodes.data()), kMaxNodes, 0,
               MPOL_F_MEMS_ALLOWED);
  void* page = mmap(nullptr, kPageBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return known;
  for (const absl::string_view mode : spec::kMemoryPolicyModes) {
    if (IsKnown(page, plan::MemoryPolicyMode(mode), nodes)) known.modes.emplace_back(mode);
  }
  for (const absl::string_view flag : spec::kMemoryPolicyFlags) {
    if (IsKnown(page, MPOL_BIND | plan::MemoryPolicyFlags({std::string(flag)}), nodes)) {
      known.flags.emplace_back(flag);
    }
  }
  munmap(page, kPageBytes);
  return known;
}

}  // namespace hull::runtime
