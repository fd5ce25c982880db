// Filter: a compiled seccomp program, plain data, ready for seccomp(2).
#ifndef HULL_SECCOMP_FILTER_H_
#define HULL_SECCOMP_FILTER_H_

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace hull::seccomp {

struct Filter {
  std::vector<sock_filter> instructions;  // at most BPF_MAXINSNS (4096)
  uint32_t flags = 0;                     // SECCOMP_FILTER_FLAG_*, NEW_LISTENER where it notifies
  bool notifies = false;                  // some rule is SCMP_ACT_NOTIFY
};

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_FILTER_H_
