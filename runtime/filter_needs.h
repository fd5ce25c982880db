// What a filter must let through, for it is loaded before the container's process is executed.
#ifndef HULL_RUNTIME_FILTER_NEEDS_H_
#define HULL_RUNTIME_FILTER_NEEDS_H_

#include "absl/status/status.h"
#include "spec/spec.h"

namespace hull::runtime {

// InvalidArgument: `seccomp` would notify of, trap, refuse or kill at a system call that init still
// makes on the way to `process` (runtime/child/filtered_calls.h); names the rule by its JSON pointer,
// the call and its purpose. A rule with arguments passes where it can be told that init's own do not
// match.
absl::Status CheckFilterNeeds(const spec::Seccomp& seccomp, const spec::Process& process);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_FILTER_NEEDS_H_
