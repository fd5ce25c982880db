// Everything about a configuration that can be refused before any side effect; pure.
//
// Reports every error at once, as parse.h says. What only the host can tell (does the kernel know
// this flag, does this path exist) is not looked at here.
#ifndef HULL_SPEC_VALIDATE_H_
#define HULL_SPEC_VALIDATE_H_

#include <vector>

#include "absl/status/status.h"
#include "spec/diagnostic.h"
#include "spec/parse.h"

namespace hull::spec {

// OK, or InvalidArgument with every rule that is broken. What is doubtful but accepted (an unknown
// capability, a relative mount destination) is added to `warnings` where that is not null.
absl::Status Validate(const Parsed& parsed, std::vector<Diagnostic>* warnings = nullptr);
// The same for the process of `exec --process`; pointers start at the process object.
absl::Status Validate(const ParsedProcess& parsed, std::vector<Diagnostic>* warnings = nullptr);
// The same for the resources of `update`.
absl::Status Validate(const ParsedResources& parsed, std::vector<Diagnostic>* warnings = nullptr);

}  // namespace hull::spec

#endif  // HULL_SPEC_VALIDATE_H_
