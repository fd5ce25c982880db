// The cache of compiled filters: libseccomp needs milliseconds for an engine's profile, the rest of
// `create` does too.
#ifndef HULL_SECCOMP_CACHE_H_
#define HULL_SECCOMP_CACHE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "seccomp/compiler.h"

namespace hull::seccomp {

// Returns the compiled form of `seccomp` from the directory `cache_dir` (an absolute path, made
// 0700 when missing, beneath the runtime's --root), else compiles it with `backend` and keeps it,
// the names it skipped included: a warm cache warns as a cold one does. An entry of a wrong size,
// owner, mode or checksum is ignored and replaced. A cache that cannot be written, or that others
// may write, is no error and no cache. Any number of processes may share the directory.
absl::StatusOr<Compiled> CompileCached(absl::string_view cache_dir, const Backend& backend,
                                       const spec::Seccomp& seccomp);

// The entry's file name, 64 hex digits: a cryptographic hash over the backend's name, version and
// revision and every field of `seccomp` that the filter depends on. Of listenerPath that is only
// whether there is one, of listenerMetadata nothing: both may differ for each container.
std::string CacheKey(const Backend& backend, const spec::Seccomp& seccomp);

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_CACHE_H_
