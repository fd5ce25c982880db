// Hooks that run in the runtime's own namespaces: prestart, createRuntime, poststart, poststop.
#ifndef HULL_RUNTIME_HOOKS_H_
#define HULL_RUNTIME_HOOKS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "spec/spec.h"

namespace hull::runtime {

// Runs `hooks` in order, each with `state_json` on its stdin, the bundle as directory, its own
// environment or none, and no descriptor beyond 0..2; stops at the first that fails. `name` is the
// key of the specification, for messages: "/hooks/prestart/0: hook '/x' exited with status 1". If the
// process of `init_pidfd` ends meanwhile, the hook has nothing to prepare any more and is killed.
absl::Status RunHooks(const std::vector<spec::Hook>& hooks, absl::string_view name,
                      absl::string_view state_json, const std::string& bundle, int init_pidfd = -1);

// The same, but whatever becomes of one, the next follows: every failure.
std::vector<absl::Status> RunAllHooks(const std::vector<spec::Hook>& hooks, absl::string_view name,
                                      absl::string_view state_json, const std::string& bundle);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_HOOKS_H_
