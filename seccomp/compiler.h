// Compiler: from linux.seccomp of the spec to a Filter.
#ifndef HULL_SECCOMP_COMPILER_H_
#define HULL_SECCOMP_COMPILER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "seccomp/filter.h"
#include "spec/spec.h"

namespace hull::seccomp {

// What the kernel knows; a value, so that tests and other machines can be described.
struct Host {
  bool filter_supported = true;  // seccomp(2) with SECCOMP_SET_MODE_FILTER
};
Host ProbeHost();

struct Compiled {
  Filter filter;
  std::vector<std::string> unknown_syscalls;  // names that were skipped; the caller warns once
};

struct Backend {
  absl::string_view name;
  absl::Status (*probe)(const Host& host);
  // InvalidArgument names the JSON path below /linux/seccomp, the value and what was expected.
  absl::StatusOr<Compiled> (*compile)(const spec::Seccomp& seccomp);
};

extern const Backend kLibseccompBackend;  // "libseccomp"

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_COMPILER_H_
