// A profile of the shape and size that engines write: about 400 names, three architectures, rules
// with arguments, a default of ENOSYS, one name that no library knows. For tests and the benchmark.
#ifndef HULL_SECCOMP_ENGINE_PROFILE_H_
#define HULL_SECCOMP_ENGINE_PROFILE_H_

#include "spec/spec.h"

namespace hull::seccomp {

spec::Seccomp EngineProfile();

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_ENGINE_PROFILE_H_
