// Conversions from the specification's resources to cgroup files: pure functions, v1 and v2.
//
// Spec: config-linux.md#control-groups. Neither function touches a file: what they need to know of
// the cgroup comes through Current. The result is a list of writes in the order the kernel wants.
#ifndef HULL_CGROUPS_RESOURCES_H_
#define HULL_CGROUPS_RESOURCES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "spec/spec.h"

namespace hull::cgroups {

struct Write {
  enum class When {
    kAlways,
    kTry,        // EINVAL is no error yet: a later kIfRefused of the same file comes back to it
    kIfRefused,  // only if the kTry before it was refused
    kIfPresent,  // skipped where the kernel has no such file
    kElseNext,   // if the file is there, this write instead of the next one; else the next one
    kReadBack,   // an error where the kernel takes the number and keeps a higher one
  };

  std::string controller;  // "memory"; "cgroup" for the core's own files
  std::string file;
  std::string value;
  std::string field;  // JSON path, "linux.resources.memory.limit"
  When when = When::kAlways;
};

// Text of a file of the cgroup to be written, without its last newline; NotFound if it has no such
// file. A new cgroup need not be asked: Create passes a reader that knows the kernel's defaults.
using Current = absl::FunctionRef<absl::StatusOr<std::string>(absl::string_view file)>;
// Whether a controller is served by the hierarchy (v2) or the hierarchies (v1) written to.
using Serves = absl::FunctionRef<bool(absl::string_view controller)>;

// The controllers that `resources` cannot do without, each with the first field that needs it, by
// v2's names ("io" is v1's blkio); v1's own are net_cls and net_prio. Devices are not here.
struct Need {
  std::string controller;
  std::string field;
};
std::vector<Need> NeededControllers(const spec::Resources& resources);

// Writes for the controllers that `serves` accepts; fields of others are left to the other function
// (on a hybrid host both run). InvalidArgument or Unimplemented name the JSON path.
absl::StatusOr<std::vector<Write>> ConvertV1(const spec::Resources& resources, Serves serves,
                                             Current current);
absl::StatusOr<std::vector<Write>> ConvertV2(const spec::Resources& resources, Serves serves,
                                             Current current);

// Returns the v2 cpu.weight for v1 CPU shares, on the curve through (2, 1), (1024, 100) and
// (262144, 10000). Units: shares 2..262144, weight 1..10000, both relative; 0 = unset.
uint64_t CpuWeightFromShares(uint64_t shares);
// The v2 io.weight (1..10000) for a v1 blkio weight (10..1000), linear.
uint64_t IoWeightFromBlkio(uint64_t weight);
// The v2 memory.swap.max for `swap` = memory + swap: "" = write nothing.
absl::StatusOr<std::string> SwapMaxFromTotal(int64_t swap_bytes, int64_t memory_bytes);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_RESOURCES_H_
