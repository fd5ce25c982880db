// The processes of a cgroup: list, signal, freeze, kill. Each call takes the cgroup's directory fd.
#ifndef HULL_CGROUPS_PROCESSES_H_
#define HULL_CGROUPS_PROCESSES_H_

#include <sys/types.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "runtime/sys/unique_fd.h"

namespace hull::cgroups {

inline constexpr absl::Duration kFreezeTimeout = absl::Seconds(10);

// The processes in this cgroup and those below it (threads where the cgroup is a threaded one),
// each once, in ascending order. A cgroup that goes away meanwhile counts as empty. Processes
// outside our pid namespace, which the kernel shows as 0, are left out.
absl::StatusOr<std::vector<pid_t>> ReadPids(int dir_fd);

// The cgroup at or below `dir_fd` that holds the process with the lowest id, usually the
// container's init; NotFound if there is none.
absl::StatusOr<sys::UniqueFd> OpenOldestLeaf(int dir_fd);

// Sends `signal` to every process; one that is gone is no error.
absl::Status SignalPids(const std::vector<pid_t>& pids, int signal);

// Waits until `cgroup.events` says `key` is `value` ("populated 0"), by poll, without sleeping.
// Unavailable after `timeout`; OK if the cgroup goes away meanwhile. v2.
absl::Status WaitForEvent(int dir_fd, absl::string_view key, absl::string_view value,
                          absl::Duration timeout);

// Freezes or thaws and waits until it is so; a freeze that does not come about is taken back.
absl::Status FreezeUnified(int dir_fd, bool frozen);
absl::StatusOr<bool> FrozenUnified(int dir_fd);
absl::Status FreezeLegacy(int dir_fd, bool frozen);
absl::StatusOr<bool> FrozenLegacy(int dir_fd);  // true while it is freezing, too

// SIGKILL to all: cgroup.kill (Linux 5.14), else freeze, signal, thaw. OK if the cgroup is gone.
absl::Status KillUnified(int dir_fd);
// The same on v1. `freezer_fd` is the cgroup in the freezer's hierarchy, or -1.
absl::Status KillLegacy(int freezer_fd, int dir_fd);
// v1 keeps a frozen process from dying, whoever froze it and whatever killed it. OK if the cgroup is gone.
absl::Status ThawToDie(int freezer_fd);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_PROCESSES_H_
