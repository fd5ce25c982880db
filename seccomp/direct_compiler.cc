// The backend "direct": generates the program itself, a binary tree over the numbers of each
// architecture. From libseccomp it takes the names' numbers only. An architecture that it has no
// tables for sends the whole profile to the backend "libseccomp".
#include <linux/audit.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "runtime/base/status_macros.h"
#include "seccomp/compiler.h"
#include "seccomp/multiplexed.h"
#include "seccomp/policy.h"

namespace hull::seccomp {
namespace {

using Code = std::vector<sock_filter>;

constexpr uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr uint32_t kX32Bit = 0x40000000;
constexpr uint8_t kFail = 0xff;  // a jump that is not known yet: to what comes if the list fails

// Little-endian, and either without socketcall(2) and ipc(2) or with their numbers in
// multiplexed.h.
bool HasTables(uint32_t token) {
  switch (token) {
    case SCMP_ARCH_X86_64:
    case SCMP_ARCH_X86:
    case SCMP_ARCH_X32:
    case SCMP_ARCH_AARCH64:
    case SCMP_ARCH_ARM:
    case SCMP_ARCH_RISCV64: return true;
    default: return false;
  }
}

bool Compares32Bits(uint32_t token) {
  return token == SCMP_ARCH_X86 || token == SCMP_ARCH_X32 || token == SCMP_ARCH_ARM;
}

void Append(Code& code, absl::Span<const sock_filter> more) {
  code.insert(code.end(), more.begin(), more.end());
}

sock_filter Return(uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
sock_filter Jump(uint16_t test, uint32_t k, uint8_t yes, uint8_t no) {
  return BPF_JUMP(BPF_JMP | test | BPF_K, k, yes, no);
}

// ---- comparisons --------------------------------------------------------------------------------

// The last half of a comparison, when all before it were equal.
sock_filter LowJump(Comparison comparison, uint32_t low) {
  switch (comparison) {
    case Comparison::kNe: return Jump(BPF_JEQ, low, kFail, 0);
    case Comparison::kLt: return Jump(BPF_JGE, low, kFail, 0);
    case Comparison::kLe: return Jump(BPF_JGT, low, kFail, 0);
    case Comparison::kGe: return Jump(BPF_JGE, low, 0, kFail);
    case Comparison::kGt: return Jump(BPF_JGT, low, 0, kFail);
    default:  // kEq, kMaskedEq
      return Jump(BPF_JEQ, low, 0, kFail);
  }
}

// The high half decides unless it is equal. `rest` is the number of instructions for the low half,
// which a decision in favour passes over.
void AppendHighJumps(Code& code, Comparison comparison, uint32_t high, uint8_t rest) {
  switch (comparison) {
    case Comparison::kNe: code.push_back(Jump(BPF_JEQ, high, 0, rest)); break;
    case Comparison::kLt:
    case Comparison::kLe:
      code.push_back(Jump(BPF_JGT, high, kFail, 0));
      code.push_back(Jump(BPF_JEQ, high, 0, rest));
      break;
    case Comparison::kGe:
    case Comparison::kGt:
      code.push_back(Jump(BPF_JGT, high, static_cast<uint8_t>(rest + 1), 0));
      code.push_back(Jump(BPF_JEQ, high, 0, kFail));
      break;
    default: code.push_back(Jump(BPF_JEQ, high, 0, kFail)); break;
  }
}

void AppendCondition(Code& code, const Condition& condition, bool low_only) {
  const bool masked = condition.comparison == Comparison::kMaskedEq;
  const uint64_t value = masked ? condition.value_two : condition.value;
  const auto offset =
      static_cast<uint32_t>(offsetof(seccomp_data, args) + condition.index * sizeof(uint64_t));
  const uint64_t mask = condition.value;
  if (!low_only) {
    code.push_back(BPF_STMT(kLoad, offset + 4));
    if (masked)
      code.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, static_cast<uint32_t>(mask >> 32)));
    AppendHighJumps(code, condition.comparison, static_cast<uint32_t>(value >> 32), 2);
  }
  code.push_back(BPF_STMT(kLoad, offset));
  if (masked) code.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, static_cast<uint32_t>(mask)));
  code.push_back(LowJump(condition.comparison, static_cast<uint32_t>(value)));
}

// Returns `action` if all conditions hold, else runs on behind. At most 6 conditions of 6
// instructions: every jump is short.
void AppendChoice(Code& code, const Conditions& conditions, uint32_t action, bool low_only) {
  const size_t start = code.size();
  for (const Condition& condition : conditions) AppendCondition(code, condition, low_only);
  code.push_back(Return(action));
  for (size_t pc = start; pc < code.size(); ++pc) {
    const auto to_end = static_cast<uint8_t>(code.size() - pc - 1);
    if (BPF_CLASS(code[pc].code) != BPF_JMP) continue;
    if (code[pc].jt == kFail) code[pc].jt = to_end;
    if (code[pc].jf == kFail) code[pc].jf = to_end;
  }
}

// ---- calls --------------------------------------------------------------------------------------

// One rule for one number.
struct Entry {
  uint32_t number;
  uint32_t token;
  const PolicyRule* rule;
  uint32_t subcall;  // socketcall's or ipc's first argument, 0 for a call of its own
};

void AddEntries(const Policy& policy, uint32_t token, std::vector<Entry>& entries) {
  for (const PolicyRule& rule : policy.rules) {
    for (const std::string& name : rule.names) {
      const int number = SyscallNumber(token, name);
      if (number >= 0) entries.push_back({static_cast<uint32_t>(number), token, &rule, 0});
      if (number >= 0 || token != SCMP_ARCH_X86) continue;
      const Multiplexed call = X86Multiplexed(number);
      if (call.subcall == 0) continue;
      entries.push_back({call.multiplexer, token, &rule, call.subcall});
      if (call.own_number != 0) entries.push_back({call.own_number, token, &rule, 0});
    }
  }
}

// A multiplexer's arguments are another call's: what libseccomp does, its first one says which
// call, conditions on that are void and the others stay.
Conditions ForSubcall(const Conditions& conditions, uint32_t subcall) {
  Conditions result = {
      {.index = 0, .comparison = Comparison::kEq, .value = subcall, .value_two = 0}};
  std::copy_if(conditions.begin(), conditions.end(), std::back_inserter(result),
               [](const Condition& condition) { return condition.index != 0; });
  return result;
}

// By subcall, the first rule that has no conditions: it beats those that have.
using Unconditional = std::array<const PolicyRule*, kMostSubcalls + 1>;

Unconditional UnconditionalOf(absl::Span<const Entry> entries) {
  Unconditional unconditional = {};
  for (const Entry& entry : entries) {
    const std::vector<Conditions>& alternatives = entry.rule->alternatives;
    const bool always = !alternatives.empty() && alternatives.front().empty();
    if (always && unconditional[entry.subcall] == nullptr)
      unconditional[entry.subcall] = entry.rule;
  }
  return unconditional;
}

// What one number gives: the rule without conditions, else the first whose conditions hold, else
// the default.
Code LeafOf(absl::Span<const Entry> entries, uint32_t default_action) {
  const Unconditional unconditional = UnconditionalOf(entries);
  if (unconditional[0] != nullptr) return {Return(unconditional[0]->action)};
  const bool low_only = Compares32Bits(entries.front().token);
  Code code;
  for (const Entry& entry : entries) {
    const PolicyRule* beats = unconditional[entry.subcall];
    if (beats != nullptr && beats != entry.rule) continue;
    for (const Conditions& conditions : entry.rule->alternatives) {
      AppendChoice(code, entry.subcall == 0 ? conditions : ForSubcall(conditions, entry.subcall),
                   entry.rule->action, low_only);
    }
  }
  code.push_back(Return(default_action));
  return code;
}

// ---- one architecture ---------------------------------------------------------------------------

// From `first` up to the next one's.
struct Interval {
  uint32_t first;
  Code code;
};

bool Same(const Code& a, const Code& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(a[0])) == 0;
}

void AddInterval(std::vector<Interval>& intervals, uint32_t first, Code code) {
  if (!intervals.empty() && intervals.back().first == first) {
    intervals.back().code = std::move(code);
    if (intervals.size() > 1 && Same(intervals[intervals.size() - 2].code, intervals.back().code)) {
      intervals.pop_back();
    }
    return;
  }
  if (!intervals.empty() && Same(intervals.back().code, code)) return;
  intervals.push_back({first, std::move(code)});
}

// What a tracer writes over a number to skip the call. The kernel asks the filter about it again.
constexpr uint32_t kSkipped = 0xffffffff;

// Numbers without entries give `low_action` below x32's bit and `high_action` from there on, but
// the last one is no system call of any architecture and gives the default.
std::vector<Interval> IntervalsOf(absl::Span<const Entry> entries, const Policy& policy,
                                  uint32_t low_action, uint32_t high_action) {
  std::vector<Interval> intervals;
  AddInterval(intervals, 0, {Return(low_action)});
  bool high = false;
  for (size_t i = 0; i < entries.size();) {
    const uint32_t number = entries[i].number;
    if (!high && number >= kX32Bit) {
      AddInterval(intervals, kX32Bit, {Return(high_action)});
      high = true;
    }
    size_t end = i;
    while (end < entries.size() && entries[end].number == number) ++end;
    AddInterval(intervals, number, LeafOf(entries.subspan(i, end - i), policy.default_action));
    AddInterval(intervals, number + 1, {Return(number + 1 >= kX32Bit ? high_action : low_action)});
    i = end;
  }
  if (!high) AddInterval(intervals, kX32Bit, {Return(high_action)});
  AddInterval(intervals, kSkipped, {Return(policy.default_action)});
  return intervals;
}

Code TreeOf(absl::Span<const Interval> intervals) {
  if (intervals.size() == 1) return intervals.front().code;
  const size_t middle = intervals.size() / 2;
  const Code low = TreeOf(intervals.first(middle));
  const Code high = TreeOf(intervals.subspan(middle));
  Code code;
  if (low.size() <= 0xff) {
    code.push_back(Jump(BPF_JGE, intervals[middle].first, static_cast<uint8_t>(low.size()), 0));
  } else {
    code.push_back(Jump(BPF_JGE, intervals[middle].first, 0, 1));
    code.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(low.size())));
  }
  Append(code, low);
  Append(code, high);
  return code;
}

// Everything for one AUDIT_ARCH_*, which x86_64 and x32 share.
Code SectionOf(const Policy& policy, uint32_t audit_arch) {
  bool covers_x32 = false;
  bool covers_other = false;
  std::vector<Entry> entries;
  for (const uint32_t token : policy.architectures) {
    if (AuditArch(token) != audit_arch) continue;
    (token == SCMP_ARCH_X32 ? covers_x32 : covers_other) = true;
    AddEntries(policy, token, entries);
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.number < b.number; });
  const bool has_x32 = audit_arch == AUDIT_ARCH_X86_64;
  const uint32_t low = covers_other ? policy.default_action : SECCOMP_RET_KILL_THREAD;
  const uint32_t high = covers_x32 || !has_x32 ? policy.default_action : SECCOMP_RET_KILL_THREAD;
  Code section = {BPF_STMT(kLoad, offsetof(seccomp_data, nr))};
  Append(section, TreeOf(IntervalsOf(entries, policy, low, high)));
  return section;
}

Code ProgramOf(const Policy& policy) {
  Code program = {BPF_STMT(kLoad, offsetof(seccomp_data, arch))};
  std::vector<uint32_t> done;
  for (const uint32_t token : policy.architectures) {
    const uint32_t audit_arch = AuditArch(token);
    if (std::find(done.begin(), done.end(), audit_arch) != done.end()) continue;
    done.push_back(audit_arch);
    const Code section = SectionOf(policy, audit_arch);
    program.push_back(Jump(BPF_JEQ, audit_arch, 1, 0));
    program.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(section.size())));
    Append(program, section);
  }
  program.push_back(Return(SECCOMP_RET_KILL_THREAD));
  return program;
}

absl::StatusOr<Compiled> Compile(const spec::Seccomp& seccomp) {
  ASSIGN_OR_RETURN(Policy policy, MakePolicy(seccomp));
  if (!std::all_of(policy.architectures.begin(), policy.architectures.end(), HasTables)) {
    return kLibseccompBackend.compile(seccomp);
  }
  Code program = StubFor(policy, seccomp);
  Append(program, ProgramOf(policy));
  RETURN_IF_ERROR(CheckLength(program.size()));
  return Compiled{.filter = {.instructions = std::move(program),
                             .flags = policy.flags,
                             .notifies = policy.notifies},
                  .unknown_syscalls = std::move(policy.unknown_syscalls)};
}

absl::Status Probe(const Host& host) { return kLibseccompBackend.probe(host); }
std::string Version() { return kLibseccompBackend.version(); }

}  // namespace

const constinit Backend kDirectBackend = {
    .name = "direct", .probe = &Probe, .compile = &Compile, .version = &Version, .revision = 3};

}  // namespace hull::seccomp
