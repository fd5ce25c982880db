#include "runtime/backends.h"

#include "cgroups/backends.h"

namespace hull::runtime {

absl::Span<const cgroups::Backend> DefaultCgroupBackends() {
  static const cgroups::Backend table[] = {cgroups::kV2Backend, cgroups::kV1Backend,
                                           cgroups::kDisabledBackend};
  return table;
}

absl::Span<const seccomp::Backend> DefaultSeccompBackends() {
  static const seccomp::Backend table[] = {seccomp::kDirectBackend, seccomp::kLibseccompBackend};
  return table;
}

}  // namespace hull::runtime
