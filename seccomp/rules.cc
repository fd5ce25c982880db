#include "seccomp/rules.h"

#include <cerrno>

#include "seccomp/words.h"

namespace hull::seccomp {

std::optional<uint32_t> ActionValue(absl::string_view action, std::optional<uint32_t> errno_ret) {
  const Word* word = FindWord(kActions, action);
  if (word == nullptr) return std::nullopt;
  const bool has_data = word->value == SECCOMP_RET_ERRNO || word->value == SECCOMP_RET_TRACE;
  return has_data ? word->value | errno_ret.value_or(EPERM) : word->value;
}

bool SaysTheDefault(const spec::Seccomp& seccomp, const spec::SeccompRule& rule) {
  return ActionValue(rule.action, rule.errno_ret) ==
         ActionValue(seccomp.default_action, seccomp.default_errno_ret);
}

}  // namespace hull::seccomp
