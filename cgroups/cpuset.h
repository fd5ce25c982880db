// A new v1 cpuset has no CPUs and no memory nodes, and takes no process until it has.
#ifndef HULL_CGROUPS_CPUSET_H_
#define HULL_CGROUPS_CPUSET_H_

#include "absl/status/status.h"

namespace hull::cgroups {

// Gives the new cpuset `fd` its parent's CPUs and memory nodes.
absl::Status InheritCpuset(int parent_fd, int fd);
// The same for one that was there: what it has stays.
absl::Status CompleteCpuset(int parent_fd, int fd);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_CPUSET_H_
