// Policy: linux.seccomp with its words checked and turned into numbers; what every backend starts
// from.
#ifndef HULL_SECCOMP_POLICY_H_
#define HULL_SECCOMP_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "seccomp/enosys_stub.h"
#include "seccomp/words.h"
#include "spec/spec.h"

namespace hull::seccomp {

struct Condition {
  uint32_t index;  // 0..5
  Comparison comparison;
  uint64_t value;      // with kMaskedEq the mask
  uint64_t value_two;  // with kMaskedEq the value, which then lies inside the mask
};
using Conditions = std::vector<Condition>;  // all must hold

struct PolicyRule {
  absl::Span<const std::string> names;
  uint32_t action;                       // SECCOMP_RET_* with its data
  std::vector<Conditions> alternatives;  // any will do; empty: never; one empty one: always
  size_t position;                       // in syscalls[]
};

struct Policy {
  uint32_t default_action;
  uint32_t flags;  // SECCOMP_FILTER_FLAG_*
  bool notifies;
  std::vector<uint32_t> architectures;  // libseccomp's tokens, the native one first, each once
  std::vector<PolicyRule> rules;        // without those that say what the default says
  std::vector<std::string> unknown_syscalls;  // as in Compiled
};

// Errors: InvalidArgument with the JSON path, see compiler.h. Points into `seccomp`.
absl::StatusOr<Policy> MakePolicy(const spec::Seccomp& seccomp);

// "/linux/seccomp/syscalls/3".
std::string RulePath(size_t position);

// What seccomp(2) says of a SECCOMP_FILTER_FLAG_* when there is nothing to load: EFAULT where the
// kernel has it, EINVAL where it lacks it, anything else where it may not be asked.
int ErrnoOfFlag(uint32_t flag);

// AUDIT_ARCH_* of an architecture: its token, but x32 is x86_64 to the kernel.
uint32_t AuditArch(uint32_t token);

// The number of `name` for an architecture; below 0: none of its own (then -101..-120 is a call of
// socketcall(2), -201..-224 of ipc(2), where the architecture has them).
int SyscallNumber(uint32_t token, const std::string& name);

// The ENOSYS stub that the policy's rules and default ask for; often empty.
std::vector<sock_filter> StubFor(const Policy& policy, const spec::Seccomp& seccomp);

// InvalidArgument where the kernel would not take so many instructions.
absl::Status CheckLength(size_t instruction_count);

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_POLICY_H_
