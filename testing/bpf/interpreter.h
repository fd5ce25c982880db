// A classic BPF machine as seccomp(2) has it: the oracle for compiled filters, with no kernel.
#ifndef HULL_TESTING_BPF_INTERPRETER_H_
#define HULL_TESTING_BPF_INTERPRETER_H_

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace hull::testing::bpf {

// OK where the kernel takes the program: 1..4096 instructions, only those seccomp has, aligned
// loads inside seccomp_data, jumps forward and inside, no constant division by 0 or shift by 32,
// memory written on every way before it is read, a return at the end. Else InvalidArgument with the
// instruction's number.
absl::Status Check(absl::Span<const sock_filter> program);

// What the program returns for `data`: SECCOMP_RET_* with its 16 bits of data. Checks it first.
absl::StatusOr<uint32_t> Evaluate(absl::Span<const sock_filter> program, const seccomp_data& data);

// The same for a program that Check() has taken: for many runs of one program.
uint32_t EvaluateChecked(absl::Span<const sock_filter> program, const seccomp_data& data);

}  // namespace hull::testing::bpf

#endif  // HULL_TESTING_BPF_INTERPRETER_H_
