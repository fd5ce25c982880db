// User-namespace mappings and time offsets, written from outside (config-linux.md).
#ifndef HULL_RUNTIME_ID_MAP_H_
#define HULL_RUNTIME_ID_MAP_H_

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "spec/spec.h"

namespace hull::runtime {

// Writes the maps of a process that has just made its user namespace: directly, or where the kernel
// does not let us (not root, more than our own id) by newuidmap and newgidmap. A caller without
// CAP_SETGID must give up setgroups(2) first; `setgroups_denied` says that this was decided.
absl::Status WriteIdMaps(pid_t pid, const spec::Linux& linux_block, bool setgroups_denied);

// The same for a namespace that nothing will ever run in: directly, or not at all.
absl::Status WriteMaps(pid_t pid, const std::vector<spec::IdMapping>& uids,
                       const std::vector<spec::IdMapping>& gids);

// /proc/PID/timens_offsets of the children of `pid`. Linux 5.6.
absl::Status WriteTimeOffsets(pid_t pid, const std::map<std::string, spec::TimeOffset>& offsets);

// True where the maps ask for no more than what an unprivileged process may write itself: its own
// id, once, which costs setgroups(2).
bool IsSingleOwnId(const spec::Linux& linux_block, unsigned uid, unsigned gid);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_ID_MAP_H_
