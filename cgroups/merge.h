// A change of a container's resources put together with those that held before: pure.
#ifndef HULL_CGROUPS_MERGE_H_
#define HULL_CGROUPS_MERGE_H_

#include "spec/spec.h"

namespace hull::cgroups {

// `before` with every field that `change` has: what holds once `change` is made. A number that means
// "unset" (0, but for pids.limit, swappiness, idle, burst and classID, where it is a value) changes
// nothing. Lists go by what their entries are about: device, page size, interface, file; device
// rules are one list with one meaning and are replaced whole.
spec::Resources MergeResources(spec::Resources before, const spec::Resources& change);

// `change` and those fields of `before` that make sense only together with a changed one: memory +
// swap is a sum of which memory.limit is a part, and an idle cgroup has no shares. Without the
// device rules that were there before already, in the same order: they stay untouched.
spec::Resources CompleteChange(spec::Resources change, const spec::Resources& before);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_MERGE_H_
