// Rules of linux.seccomp before they are compiled: which of them count.
#ifndef HULL_SECCOMP_RULES_H_
#define HULL_SECCOMP_RULES_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "spec/spec.h"

namespace hull::seccomp {

// SECCOMP_RET_* with the data that the kernel is given, EPERM where the spec names none; nothing
// for a word that is no action.
std::optional<uint32_t> ActionValue(absl::string_view action, std::optional<uint32_t> errno_ret);

// Such a rule has no effect: the compilers leave it out before they weigh rules against each other.
bool SaysTheDefault(const spec::Seccomp& seccomp, const spec::SeccompRule& rule);

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_RULES_H_
