// The configuration that `spec` prints: a shell with few capabilities in namespaces of its own.
#ifndef HULL_SPEC_DEFAULT_SPEC_H_
#define HULL_SPEC_DEFAULT_SPEC_H_

#include <cstdint>

#include "spec/spec.h"

namespace hull::spec {

// The settings that `runc spec` has. With `cgroup_namespace`, which is right where the host has
// cgroup v2 alone, the container gets a cgroup namespace too.
Spec DefaultSpec(bool cgroup_namespace);

// The same for a caller without privileges: a user namespace in which root is the host's `uid` and
// `gid`, the host's network and /sys, no limits.
Spec RootlessSpec(uint32_t uid, uint32_t gid, bool cgroup_namespace);

}  // namespace hull::spec

#endif  // HULL_SPEC_DEFAULT_SPEC_H_
