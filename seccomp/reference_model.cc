#include "seccomp/reference_model.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "seccomp/multiplexed.h"
#include "seccomp/words.h"
#include "testing/bpf/interpreter.h"

namespace hull::seccomp {
namespace {

constexpr const char* kNames[] = {"read",       "write", "openat", "close", "clone",
                                  "prctl",      "ioctl", "fcntl",  "mount", "ptrace",
                                  "arch_prctl", "open",  "unshare"};
constexpr uint64_t kValues[] = {0,          1,          2,           0x7fffffff,
                                0x80000000, 0xffffffff, 0x100000000, 0x100000001,
                                0x7e020000, kAll,       kAll - 1,    0xffffffff00000000};

bool ModelHolds(const spec::SeccompArg& arg, const Args& args, uint64_t bits) {
  const uint64_t actual = args[arg.index] & bits;
  const uint64_t value = arg.value & bits;
  if (arg.op == "SCMP_CMP_NE") return actual != value;
  if (arg.op == "SCMP_CMP_LT") return actual < value;
  if (arg.op == "SCMP_CMP_LE") return actual <= value;
  if (arg.op == "SCMP_CMP_EQ") return actual == value;
  if (arg.op == "SCMP_CMP_GE") return actual >= value;
  if (arg.op == "SCMP_CMP_GT") return actual > value;
  if ((arg.value_two & ~arg.value) != 0) return false;
  return (actual & value) == (arg.value_two & bits);
}

bool ModelMatches(const spec::SeccompRule& rule, const Args& args, uint64_t bits) {
  bool repeated = false;
  size_t holding = 0;
  for (const spec::SeccompArg& arg : rule.args) {
    repeated |= std::count_if(rule.args.begin(), rule.args.end(),
                              [&](const auto& other) { return other.index == arg.index; }) > 1;
    holding += ModelHolds(arg, args, bits) ? 1 : 0;
  }
  return repeated ? holding > 0 : holding == rule.args.size();
}

// What is behind socketcall(2) or ipc(2) has a number of its own as well, else the multiplexer's.
int ModelNumber(const Arch& arch, const std::string& name) {
  const int number = seccomp_syscall_resolve_name_arch(arch.token, name.c_str());
  if (number > -100 || arch.token != SCMP_ARCH_X86) return number;
  const Multiplexed call = X86Multiplexed(number);
  return static_cast<int>(call.own_number != 0 ? call.own_number : call.multiplexer);
}

bool ModelIsNewer(const spec::Seccomp& seccomp, const Arch& arch, int number) {
  const std::string& action = seccomp.default_action;
  if (action == "SCMP_ACT_ALLOW" || action == "SCMP_ACT_LOG" || action == "SCMP_ACT_TRACE" ||
      action == "SCMP_ACT_NOTIFY") {
    return false;
  }
  if (seccomp.default_errno_ret == ENOSYS) return false;
  // x32 has a second table of its own behind the one it shares with x86_64.
  const bool is_x32 = arch.token == SCMP_ARCH_X32;
  const int second = 0x40000000 + 512;
  int newest = -1;
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    for (const std::string& name : rule.names) {
      const int known = ModelNumber(arch, name);
      if (!is_x32 || (known >= second) == (number >= second)) newest = std::max(newest, known);
    }
  }
  return newest >= 0 && number > newest;
}

}  // namespace

uint32_t Verdict(const Filter& filter, uint32_t audit_arch, int number, const Args& args) {
  seccomp_data data = {.nr = number, .arch = audit_arch, .instruction_pointer = 0, .args = {}};
  std::copy(args.begin(), args.end(), data.args);
  return testing::bpf::EvaluateChecked(filter.instructions, data);
}

void ExpectValid(const Filter& filter) {
  const absl::Status status = testing::bpf::Check(filter.instructions);
  ASSERT_TRUE(status.ok()) << status;
}

uint32_t ModelAction(const std::string& name, std::optional<uint32_t> errno_ret) {
  const uint32_t data = errno_ret.value_or(EPERM);
  if (name == "SCMP_ACT_ERRNO") return SECCOMP_RET_ERRNO | data;
  if (name == "SCMP_ACT_TRACE") return SECCOMP_RET_TRACE | data;
  return FindWord(kActions, name)->value;
}

uint32_t ModelVerdict(const spec::Seccomp& seccomp, const Arch& arch, const std::string& name,
                      int number, const Args& args) {
  const auto& covered = seccomp.architectures;
  if (arch.token != seccomp_arch_native() &&
      std::find(covered.begin(), covered.end(), arch.name) == covered.end()) {
    return SECCOMP_RET_KILL_THREAD;
  }
  const uint32_t otherwise = ModelAction(seccomp.default_action, seccomp.default_errno_ret);
  if (ModelIsNewer(seccomp, arch, number)) return SECCOMP_RET_ERRNO | ENOSYS;
  uint32_t conditional = otherwise;
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    if (std::find(rule.names.begin(), rule.names.end(), name) == rule.names.end()) continue;
    const uint32_t action = ModelAction(rule.action, rule.errno_ret);
    if (action == otherwise) continue;
    if (rule.args.empty()) return action;
    if (conditional == otherwise && ModelMatches(rule, args, arch.value_bits)) conditional = action;
  }
  return conditional;
}

std::string Shown(const spec::Seccomp& seccomp) {
  std::string text = absl::StrCat("default ", seccomp.default_action);
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    absl::StrAppend(&text, "\n", rule.action, " ", rule.names.empty() ? "" : rule.names[0]);
    for (const spec::SeccompArg& arg : rule.args) {
      absl::StrAppend(&text, " [", arg.index, "] ", arg.op, " 0x", absl::Hex(arg.value), " 0x",
                      absl::Hex(arg.value_two));
    }
  }
  return text;
}

spec::SeccompArg Dice::Arg() {
  const absl::Span<const uint64_t> values = kValues;
  spec::SeccompArg arg;
  arg.index = static_cast<uint32_t>(Below(6));
  arg.op = std::string(Of<Word>(kOperators).name);
  arg.value = Of(values);
  arg.value_two = Below(2) == 0 ? Of(values) : Of(values) & arg.value;
  return arg;
}

spec::SeccompRule Dice::Rule() {
  spec::SeccompRule rule;
  const size_t kind = Below(std::size(kActions));
  rule.action = std::string(kActions[kind].name);
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (i % std::size(kActions) == kind) rule.names.emplace_back(kNames[i]);
  }
  if (rule.action == "SCMP_ACT_ERRNO") rule.errno_ret = 40;
  for (size_t i = 0, count = Below(4); i < count; ++i) rule.args.push_back(Arg());
  return rule;
}

spec::Seccomp Dice::Spec(absl::Span<const Arch> archs, bool (*accepts)(const spec::Seccomp&)) {
  spec::Seccomp seccomp;
  seccomp.default_action = std::string(Of<Word>(kActions).name);
  seccomp.listener_path = "/run/agent";
  for (const Arch& arch : archs) {
    if (Below(2) == 0) seccomp.architectures.emplace_back(arch.name);
  }
  for (size_t i = 0, count = Below(12); i < count; ++i) {
    seccomp.syscalls.push_back(Rule());
    if (!accepts(seccomp)) seccomp.syscalls.pop_back();
  }
  return seccomp;
}

Args Dice::NearArgs() {
  Args args;
  for (uint64_t& arg : args) {
    arg = Of<uint64_t>(kValues) + Below(3) - 1;
    if (Below(4) == 0) arg = (uint64_t{random_()} << 32) | random_();
  }
  return args;
}

std::string Dice::Name() { return Of<const char*>(kNames); }

void ExpectTheModel(const Backend& backend, const spec::Seccomp& seccomp,
                    absl::Span<const Arch> archs, Dice& dice) {
  const absl::StatusOr<Compiled> compiled = backend.compile(seccomp);
  ASSERT_TRUE(compiled.ok()) << compiled.status() << "\n" << Shown(seccomp);
  ASSERT_NO_FATAL_FAILURE(ExpectValid(compiled->filter));
  for (int i = 0; i < 200; ++i) {
    const Arch& arch = dice.Of(archs);
    const std::string name = dice.Name();
    const int number = seccomp_syscall_resolve_name_arch(arch.token, name.c_str());
    if (number < 0) continue;  // this architecture has no such call
    const Args args = dice.NearArgs();
    ASSERT_EQ(Verdict(compiled->filter, arch.audit, number, args),
              ModelVerdict(seccomp, arch, name, number, args))
        << arch.name << " " << name << " " << ::testing::PrintToString(args) << "\n"
        << Shown(seccomp);
  }
}

}  // namespace hull::seccomp
