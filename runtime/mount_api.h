// Which of its ways to mount the kernel has.
#ifndef HULL_RUNTIME_MOUNT_API_H_
#define HULL_RUNTIME_MOUNT_API_H_

#include "absl/status/statusor.h"
#include "runtime/plan/plan.h"

namespace hull::runtime {

// One system call where the kernel has the new API. Unimplemented: openat2(2) is missing, without
// which no path of a container can be trusted (Linux 5.6).
absl::StatusOr<plan::MountApi> ProbeMountApi();

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_MOUNT_API_H_
