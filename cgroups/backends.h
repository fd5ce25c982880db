// The cgroup backends that come with hull, in order of preference for "auto".
#ifndef HULL_CGROUPS_BACKENDS_H_
#define HULL_CGROUPS_BACKENDS_H_

#include "absl/types/span.h"
#include "cgroups/manager.h"

namespace hull::cgroups {

extern const Backend kV2Backend;        // "cgroupfs-v2"
extern const Backend kV1Backend;        // "cgroupfs-v1", hybrid hosts included
extern const Backend kDisabledBackend;  // "disabled": no cgroup at all, only by name

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_BACKENDS_H_
