// linux.intelRdt: a container's class of service (CLOS) in the kernel's resctrl file system: shares
// of the cache and of the memory bandwidth, and what it uses of them.
// Spec: config-linux.md#intelrdt. Works on files beneath a directory alone: the mount point of
// resctrl, or what a test has in its place.
#ifndef HULL_RUNTIME_INTEL_RDT_H_
#define HULL_RUNTIME_INTEL_RDT_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/sys/unique_fd.h"
#include "spec/spec.h"

namespace hull::runtime {

// Where resctrl is mounted. FailedPrecondition: nowhere, this host has none or nobody mounted it.
absl::StatusOr<std::string> FindResctrl();

// What a container's State keeps: enough to find its part again.
struct RdtLocation {
  std::string root;     // mount point of resctrl
  std::string clos;     // directory beneath it; "" = the default class, the root itself
  bool made = false;    // by us, for this container
  bool own = false;     // of this container alone: the config names no class
  std::string monitor;  // its directory beneath the class's mon_groups; "" = none
};

struct RdtStats {
  struct CacheInfo {
    std::string cbm_mask;
    uint64_t min_cbm_bits = 0, num_closids = 0;
  };
  struct BandwidthInfo {
    uint64_t granularity = 0, delay_linear = 0, minimum = 0, num_closids = 0;
  };
  struct Node {  // one L3 cache
    std::optional<uint64_t> total_bytes, local_bytes, occupancy_bytes;
  };
  std::optional<CacheInfo> cache;
  std::optional<BandwidthInfo> bandwidth;
  std::vector<std::string> root_schemata, schemata;  // lines
  std::vector<Node> nodes;                           // in the order of their names
};

// The lines of `schemata` that begin with `resource` and a colon, as "L3"; "" = none.
std::string SchemaLine(const std::vector<std::string>& schemata, absl::string_view resource);

class IntelRdt {
 public:
  // Looks at what is there and touches nothing; location() then says what Make() will do.
  static absl::StatusOr<IntelRdt> Plan(const spec::IntelRdt& wanted, absl::string_view container_id,
                                       const std::string& root);
  // One that Make() has made, maybe in another process.
  static absl::StatusOr<IntelRdt> Open(const RdtLocation& location);

  const RdtLocation& location() const { return location_; }

  // The directories, and what is asked for into a new one's `schemata`. Into one that was there
  // nothing is written: InvalidArgument where it has not what is asked for, as others use it, too.
  absl::Status Make(const spec::IntelRdt& wanted);
  // Puts a process, and what it starts from now on, into the class and the monitoring group.
  absl::Status Attach(pid_t pid);
  // Other values for a container that lives; an empty one stays. All or nothing.
  absl::Status Update(absl::string_view l3_cache_schema, absl::string_view mem_bw_schema);
  absl::StatusOr<RdtStats> ReadStats() const;
  // Removes what was made for this container; a class that the config names stays while others use
  // it. OK if already gone.
  absl::Status Destroy();

 private:
  IntelRdt(RdtLocation location, sys::UniqueFd root)
      : location_(std::move(location)), root_(std::move(root)) {}
  std::string Below(absl::string_view file) const;  // of the class, beneath the root
  absl::Status Compare(const spec::IntelRdt& wanted) const;
  absl::Status Write(absl::string_view file, absl::string_view text) const;
  absl::Status MakeMonitor();
  absl::Status RemoveDirectory(const std::string& path) const;

  RdtLocation location_;
  sys::UniqueFd root_;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_INTEL_RDT_H_
