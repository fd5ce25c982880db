// The cache of compiled filters: libseccomp needs milliseconds for an engine's profile, the rest of
// `create` does too.
#ifndef HULL_SECCOMP_CACHE_H_
#define HULL_SECCOMP_CACHE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "seccomp/compiler.h"

namespace hull::seccomp {

// Returns the compiled form of `seccomp` from the directory `cache_dir` (made 0700 when missing,
// beneath the runtime's --root), else compiles it with `backend` and keeps it. The key covers every
// field of `seccomp`, the backend's name and the library's version; an entry of a wrong size,
// owner, mode or checksum is ignored and replaced. A cache that cannot be written is no error.
absl::StatusOr<Compiled> CompileCached(absl::string_view cache_dir, const Backend& backend,
                                       const spec::Seccomp& seccomp);

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_CACHE_H_
