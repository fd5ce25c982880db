// The registries of hull's own runtime: which backends there are, in order of preference.
#ifndef HULL_RUNTIME_BACKENDS_H_
#define HULL_RUNTIME_BACKENDS_H_

#include "absl/types/span.h"
#include "cgroups/manager.h"
#include "seccomp/compiler.h"

namespace hull::runtime {

absl::Span<const cgroups::Backend> DefaultCgroupBackends();
absl::Span<const seccomp::Backend> DefaultSeccompBackends();

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_BACKENDS_H_
