// Giving a cgroup v2 to the owner of a container, who may then make cgroups below it.
#ifndef HULL_CGROUPS_DELEGATE_H_
#define HULL_CGROUPS_DELEGATE_H_

#include <cstdint>

#include "absl/status/status.h"

namespace hull::cgroups {

// Makes `uid` the owner of the directory and of those files in it that the kernel lists in
// /sys/kernel/cgroup/delegate (Linux 4.15; before, the three that it would list). The files that
// hold the limits stay ours.
absl::Status DelegateCgroup(int dir_fd, uint32_t uid);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_DELEGATE_H_
