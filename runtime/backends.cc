#include "runtime/backends.h"

#include "cgroups/backends.h"
#include "cgroups/systemd/backend.h"

namespace hull::runtime {

absl::Span<const cgroups::Backend> DefaultCgroupBackends() {
  // systemd is only ever asked for by name: where it could serve, one of those before it can.
  static const cgroups::Backend table[] = {cgroups::kV2Backend, cgroups::kV1Backend,
                                           cgroups::kSystemdBackend, cgroups::kDisabledBackend};
  return table;
}

absl::Span<const seccomp::Backend> DefaultSeccompBackends() {
  static const seccomp::Backend table[] = {seccomp::kDirectBackend, seccomp::kLibseccompBackend};
  return table;
}

}  // namespace hull::runtime
