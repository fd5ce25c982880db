// The ENOSYS stub: what stands before a filter so that system calls newer than its profile are
// "not there" and not "forbidden". A libc tries a new call first and falls back on ENOSYS only.
#ifndef HULL_SECCOMP_ENOSYS_STUB_H_
#define HULL_SECCOMP_ENOSYS_STUB_H_

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace hull::seccomp {

// System call numbers `first`..`last` (inclusive) of one AUDIT_ARCH_*.
struct NumberRange {
  uint32_t audit_arch;
  uint32_t first;
  uint32_t last;
};

// A program that returns ERRNO(ENOSYS) for these numbers and for all others runs on into what is
// put behind it. Several ranges may have one architecture (x86_64 and x32). Empty for no ranges.
std::vector<sock_filter> EnosysStub(absl::Span<const NumberRange> ranges);

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_ENOSYS_STUB_H_
