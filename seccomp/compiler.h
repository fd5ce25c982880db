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
  // Names that were skipped because the compiling library does not know them, each once, in the
  // order of the spec; the caller warns once.
  std::vector<std::string> unknown_syscalls;
};

struct Backend {
  absl::string_view name;
  absl::Status (*probe)(const Host& host);
  // Spec: config-linux.md#seccomp. The native architecture is always covered. Rules that say what
  // the default says are dropped; for one system call, a rule without arguments beats those with
  // them. Calls newer than every rule give ENOSYS where the default refuses (enosys_stub.h). On
  // 32-bit architectures, x32 included, the low halves of values are compared. Two rules with
  // different actions whose arguments overlap have no order in the spec: "direct" takes the first of
  // those that are left, with "libseccomp" one of the two holds.
  // InvalidArgument names the JSON path below /linux/seccomp, the value and what was expected;
  // Unimplemented: this kernel lacks the action or the flag.
  absl::StatusOr<Compiled> (*compile)(const spec::Seccomp& seccomp);
  // The generator and its version, "libseccomp 2.5.4", and the number of this backend's own
  // generation, raised whenever it makes another filter of the same spec: the cache's key has both.
  std::string (*version)();
  uint64_t revision;
};

// Generates the program itself, in less than a millisecond: the better one.
extern const Backend kDirectBackend;  // "direct"
// libseccomp generates it: tens of milliseconds for an engine's profile, and 2.5.4 can be wrong
// where the rules of one call compare one argument in several ways other than equality.
extern const Backend kLibseccompBackend;  // "libseccomp"

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_COMPILER_H_
