// The system calls that init makes once the container's filter holds for it: from the end of
// LoadSeccomp to the program that it executes, or to its own end. A contract: profiles are held
// against it before anything is made (runtime/filter_needs.h). Freestanding.
#ifndef HULL_RUNTIME_CHILD_FILTERED_CALLS_H_
#define HULL_RUNTIME_CHILD_FILTERED_CALLS_H_

#include <cstdint>

#include "runtime/sync/message.h"

namespace hull::child {

struct FilteredCall {
  const char* name;
  const char* purpose;       // "the runtime …"
  bool drops_admin = false;  // only where kFinalCapabilities follows
  // An argument that is known beforehand, for rules that compare it; the index -1 = none is.
  int32_t known_index = -1;
  uint64_t known_value = 0;
};

inline constexpr FilteredCall kFilteredCalls[] = {
    {"execve", "executes the process with it"},
    {"capset", "gives up with it what loading a filter needs without no_new_privs", true},
    {"write", "says with it why the process could not be executed", false, 2,
     sizeof(sync::Message)},
    {"exit_group", "ends with it where the process could not be executed", false, 0, 1},
};

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_FILTERED_CALLS_H_
