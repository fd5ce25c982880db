#include "seccomp/policy.h"

#include <linux/audit.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "runtime/base/status_macros.h"
#include "seccomp/multiplexed.h"
#include "seccomp/rules.h"

namespace hull::seccomp {
namespace {

constexpr uint32_t kLargestErrno = 4095;  // MAX_ERRNO; the kernel cuts what is above
constexpr uint32_t kLargestTraceData = 0xffff;
constexpr uint32_t kArgumentCount = 6;

// ---- words to numbers ---------------------------------------------------------------------------

// `action_path` and `errno_path` are where the two values stand in config.json.
absl::StatusOr<uint32_t> ActionOf(absl::string_view action,
                                  const std::optional<uint32_t>& errno_ret,
                                  absl::string_view action_path, absl::string_view errno_path) {
  const Word* word = FindWord(kActions, action);
  if (word == nullptr) return UnknownWord(action_path, action, "seccomp action", kActions);
  const uint32_t value = *ActionValue(action, errno_ret);
  const bool is_errno = word->value == SECCOMP_RET_ERRNO;
  if (!is_errno && word->value != SECCOMP_RET_TRACE) {
    if (!errno_ret.has_value()) return value;
    return BadValue(
        errno_path,
        absl::StrCat(*errno_ret, " has no meaning with ", action,
                     ", expected only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE; remove it"));
  }
  const uint32_t largest = is_errno ? kLargestErrno : kLargestTraceData;
  if (errno_ret.value_or(0) <= largest) return value;
  return BadValue(errno_path, absl::StrCat(*errno_ret, " is out of range, expected 0..", largest,
                                           "; use a number of errno(3)"));
}

// Linux 4.14 brought the question, KILL_PROCESS and LOG, 5.0 NOTIFY. An older kernel loads a filter
// that returns what it does not know, and kills.
absl::Status CheckKernelHas(uint32_t action, absl::string_view name, absl::string_view path) {
  uint32_t bare = action & SECCOMP_RET_ACTION_FULL;
  const bool young =
      bare == SECCOMP_RET_KILL_PROCESS || bare == SECCOMP_RET_LOG || bare == SECCOMP_RET_USER_NOTIF;
  if (!young || syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &bare) == 0) {
    return absl::OkStatus();
  }
  if (errno != EOPNOTSUPP && errno != EINVAL) return absl::OkStatus();  // we may not ask
  return absl::UnimplementedError(absl::StrCat(path, ": this kernel lacks ", name));
}

// TSYNC is taken and means nothing: the filter is loaded in a process of one thread.
absl::StatusOr<uint32_t> FlagsOf(const spec::Seccomp& seccomp, bool notifies) {
  uint32_t flags = notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  if (!seccomp.flags.has_value()) return flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  for (size_t i = 0; i < seccomp.flags->size(); ++i) {
    const std::string& name = (*seccomp.flags)[i];
    const Word* word = FindWord(kFlags, name);
    if (word == nullptr) {
      return UnknownWord(absl::StrCat("/linux/seccomp/flags/", i), name, "seccomp flag", kFlags);
    }
    if (word->value == SECCOMP_FILTER_FLAG_TSYNC) continue;
    // The kernel refuses this one where nothing notifies, though it then means nothing.
    if (word->value == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !notifies) continue;
    // Linux 4.14 brought LOG, 4.17 SPEC_ALLOW, 5.19 WAIT_KILLABLE_RECV.
    if (ErrnoOfFlag(word->value) == EINVAL) {
      return absl::UnimplementedError(
          absl::StrCat("/linux/seccomp/flags/", i, ": this kernel lacks ", name, "; remove it"));
    }
    flags |= word->value;
  }
  return flags;
}

absl::Status CheckListener(const spec::Seccomp& seccomp, absl::string_view action_path) {
  if (!seccomp.listener_path.empty()) return absl::OkStatus();
  return BadValue(
      "/linux/seccomp/listenerPath",
      absl::StrCat("'' is no socket's path, expected one because ", action_path,
                   " is SCMP_ACT_NOTIFY; name the agent's socket or use another action"));
}

// ---- architectures ------------------------------------------------------------------------------

absl::StatusOr<uint32_t> TokenOf(absl::string_view name, absl::string_view path) {
  absl::string_view bare = name;
  const bool known =
      absl::ConsumePrefix(&bare, kArchitecturePrefix) && FindWord(kArchitectures, bare) != nullptr;
  if (!known) {
    return UnknownWord(path, name, "seccomp architecture", kArchitectures, kArchitecturePrefix);
  }
  const uint32_t token = seccomp_arch_resolve_name(absl::AsciiStrToLower(bare).c_str());
  if (token == 0) {
    return BadValue(path, absl::StrCat("'", name,
                                       "' is not known to this libseccomp, expected an "
                                       "older architecture; remove it"));
  }
  if (((token ^ seccomp_arch_native()) & __AUDIT_ARCH_LE) != 0) {
    return BadValue(path, absl::StrCat("'", name,
                                       "' has another byte order than this machine, "
                                       "expected only architectures it can run; remove it"));
  }
  return token;
}

absl::StatusOr<std::vector<uint32_t>> TokensOf(const spec::Seccomp& seccomp) {
  std::vector<uint32_t> tokens = {seccomp_arch_native()};
  for (size_t i = 0; i < seccomp.architectures.size(); ++i) {
    ASSIGN_OR_RETURN(
        const uint32_t token,
        TokenOf(seccomp.architectures[i], absl::StrCat("/linux/seccomp/architectures/", i)));
    if (std::find(tokens.begin(), tokens.end(), token) == tokens.end()) tokens.push_back(token);
  }
  return tokens;
}

// ---- rules --------------------------------------------------------------------------------------

absl::StatusOr<Condition> ConditionOf(const spec::SeccompArg& arg, absl::string_view path) {
  if (arg.index >= kArgumentCount) {
    return BadValue(absl::StrCat(path, "/index"),
                    absl::StrCat(arg.index, " is no argument of a system call, expected 0..5"));
  }
  const Word* word = FindWord(kOperators, arg.op);
  if (word == nullptr) {
    return UnknownWord(absl::StrCat(path, "/op"), arg.op, "comparison", kOperators);
  }
  return Condition{.index = arg.index,
                   .comparison = static_cast<Comparison>(word->value),
                   .value = arg.value,
                   .value_two = arg.value_two};
}

// libseccomp leaves out a comparison whose mask and value disagree, so that it would always hold.
bool CanHold(const Condition& condition) {
  return condition.comparison != Comparison::kMaskedEq ||
         (condition.value_two & ~condition.value) == 0;
}

// Where an index comes twice, each condition is a rule of its own: what runc does (libseccomp takes
// an argument once in a rule) and profiles therefore mean.
absl::StatusOr<std::vector<Conditions>> AlternativesOf(const std::vector<spec::SeccompArg>& args,
                                                       absl::string_view rule_path) {
  Conditions all;
  uint32_t seen = 0;
  bool repeated = false;
  for (size_t i = 0; i < args.size(); ++i) {
    ASSIGN_OR_RETURN(const Condition condition,
                     ConditionOf(args[i], absl::StrCat(rule_path, "/args/", i)));
    repeated |= (seen & (1U << condition.index)) != 0;
    seen |= 1U << condition.index;
    all.push_back(condition);
  }
  std::vector<Conditions> alternatives;
  if (!repeated) {
    if (std::all_of(all.begin(), all.end(), CanHold)) alternatives.push_back(std::move(all));
    return alternatives;
  }
  for (const Condition& condition : all) {
    if (CanHold(condition)) alternatives.push_back({condition});
  }
  return alternatives;
}

absl::Status AddRule(const spec::Seccomp& seccomp, size_t position, Policy& policy) {
  const spec::SeccompRule& rule = seccomp.syscalls[position];
  const std::string path = RulePath(position);
  const std::string action_path = path + "/action";
  ASSIGN_OR_RETURN(const uint32_t action,
                   ActionOf(rule.action, rule.errno_ret, action_path, path + "/errnoRet"));
  RETURN_IF_ERROR(CheckKernelHas(action, rule.action, action_path));
  if (action == SECCOMP_RET_USER_NOTIF) {
    RETURN_IF_ERROR(CheckListener(seccomp, action_path));
    policy.notifies = true;
  }
  ASSIGN_OR_RETURN(std::vector<Conditions> alternatives, AlternativesOf(rule.args, path));
  if (SaysTheDefault(seccomp, rule)) return absl::OkStatus();
  policy.rules.push_back({.names = rule.names,
                          .action = action,
                          .alternatives = std::move(alternatives),
                          .position = position});
  return absl::OkStatus();
}

// In the order of the spec, each once. A name of another architecture is known all the same.
std::vector<std::string> UnknownNames(const spec::Seccomp& seccomp) {
  std::vector<std::string> unknown;
  std::set<absl::string_view> reported;
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    for (const std::string& name : rule.names) {
      if (seccomp_syscall_resolve_name(name.c_str()) != __NR_SCMP_ERROR) continue;
      if (reported.insert(name).second) unknown.push_back(name);
    }
  }
  return unknown;
}

// ---- what is newer than the profile -------------------------------------------------------------

// ENOSYS for what came after the profile is kinder than any refusal and no weaker. Where the
// default lets calls through, or asks somebody who can say ENOSYS too, it stands.
bool NeedsEnosysStub(uint32_t default_action) {
  switch (default_action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ERRNO: return default_action != (SECCOMP_RET_ERRNO | ENOSYS);
    case SECCOMP_RET_KILL_PROCESS:
    case SECCOMP_RET_KILL_THREAD:
    case SECCOMP_RET_TRAP: return true;
    default: return false;
  }
}

constexpr int64_t kX32Bit = 0x40000000;
constexpr int64_t kArmPrivate = 0x0f0000;  // set_tls and the like, far above the table

// Where system calls of an architecture lie, with room to grow.
struct Table {
  int64_t first;
  int64_t last;
};

std::vector<Table> TablesOf(uint32_t token) {
  switch (token) {
    case SCMP_ARCH_X86_64: return {{0, kX32Bit - 1}};
    case SCMP_ARCH_X32:  // those it shares with x86_64, then its own
      return {{kX32Bit, kX32Bit + 511}, {kX32Bit + 512, 2 * kX32Bit - 1}};
    case SCMP_ARCH_ARM: return {{0, kArmPrivate - 1}};
    default: return {{0, INT32_MAX}};
  }
}

// A call behind a multiplexer is known by both of its numbers.
int64_t NewestNumber(uint32_t token, const std::string& name) {
  const int number = SyscallNumber(token, name);
  if (number >= 0 || token != SCMP_ARCH_X86) return number;
  const Multiplexed call = X86Multiplexed(number);
  return call.subcall == 0 ? number : int64_t{std::max(call.multiplexer, call.own_number)};
}

// Everything in the table above the largest number that the profile has a rule for.
std::optional<NumberRange> NewerThan(const spec::Seccomp& seccomp, uint32_t token,
                                     const Table& table) {
  int64_t newest = -1;
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    for (const std::string& name : rule.names) {
      const int64_t number = NewestNumber(token, name);
      if (number >= table.first && number <= table.last) newest = std::max(newest, number);
    }
  }
  if (newest < 0 || newest == table.last) return std::nullopt;  // nothing said, or nothing left
  return NumberRange{.audit_arch = AuditArch(token),
                     .first = static_cast<uint32_t>(newest + 1),
                     .last = static_cast<uint32_t>(table.last)};
}

}  // namespace

// Flags are looked at before the program.
int ErrnoOfFlag(uint32_t flag) {
  // This one is refused alone.
  if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag, nullptr) == 0 ? 0 : errno;
}

std::string RulePath(size_t position) { return absl::StrCat("/linux/seccomp/syscalls/", position); }

uint32_t AuditArch(uint32_t token) { return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token; }

int SyscallNumber(uint32_t token, const std::string& name) {
  return seccomp_syscall_resolve_name_arch(token, name.c_str());
}

absl::StatusOr<Policy> MakePolicy(const spec::Seccomp& seccomp) {
  Policy policy = {};
  ASSIGN_OR_RETURN(policy.default_action,
                   ActionOf(seccomp.default_action, seccomp.default_errno_ret,
                            "/linux/seccomp/defaultAction", "/linux/seccomp/defaultErrnoRet"));
  RETURN_IF_ERROR(CheckKernelHas(policy.default_action, seccomp.default_action,
                                 "/linux/seccomp/defaultAction"));
  policy.notifies = policy.default_action == SECCOMP_RET_USER_NOTIF;
  if (policy.notifies) RETURN_IF_ERROR(CheckListener(seccomp, "/linux/seccomp/defaultAction"));
  ASSIGN_OR_RETURN(policy.architectures, TokensOf(seccomp));
  for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    RETURN_IF_ERROR(AddRule(seccomp, i, policy));
  }
  ASSIGN_OR_RETURN(policy.flags, FlagsOf(seccomp, policy.notifies));
  policy.unknown_syscalls = UnknownNames(seccomp);
  return policy;
}

std::vector<sock_filter> StubFor(const Policy& policy, const spec::Seccomp& seccomp) {
  if (!NeedsEnosysStub(policy.default_action)) return {};
  std::vector<NumberRange> ranges;
  for (const uint32_t token : policy.architectures) {
    for (const Table& table : TablesOf(token)) {
      const std::optional<NumberRange> range = NewerThan(seccomp, token, table);
      if (range.has_value()) ranges.push_back(*range);
    }
  }
  return EnosysStub(ranges);
}

absl::Status CheckLength(size_t instruction_count) {
  if (instruction_count <= BPF_MAXINSNS) return absl::OkStatus();
  return BadValue(
      "/linux/seccomp/syscalls",
      absl::StrCat("the rules need ", instruction_count, " instructions, expected at most ",
                   BPF_MAXINSNS, "; name fewer architectures or arguments"));
}

}  // namespace hull::seccomp
