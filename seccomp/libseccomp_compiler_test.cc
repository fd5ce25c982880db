#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "seccomp/compiler.h"
#include "seccomp/words.h"
#include "testing/bpf/interpreter.h"

namespace hull::seccomp {
namespace {

struct Arch {
  const char* name;
  uint32_t token;       // libseccomp's
  uint32_t audit;       // the kernel's, in seccomp_data
  uint64_t value_bits;  // what the library compares of an argument
};
constexpr uint64_t kAll = ~uint64_t{0};
constexpr uint64_t kLow = 0xffffffff;
constexpr Arch kArchs[] = {
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, kAll},
    {"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, kLow},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, kLow},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, kAll},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, kLow},
    {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64, AUDIT_ARCH_MIPSEL64, kAll},
    {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE, AUDIT_ARCH_PPC64LE, kAll},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64, kAll},
};

absl::StatusOr<Compiled> Compile(const spec::Seccomp& seccomp) {
  return kLibseccompBackend.compile(seccomp);
}

uint32_t Verdict(const Filter& filter, uint32_t audit_arch, int number,
                 std::array<uint64_t, 6> args = {}) {
  seccomp_data data = {.nr = number, .arch = audit_arch, .instruction_pointer = 0, .args = {}};
  std::copy(args.begin(), args.end(), data.args);
  const absl::StatusOr<uint32_t> verdict = testing::bpf::Evaluate(filter.instructions, data);
  EXPECT_TRUE(verdict.ok()) << verdict.status();
  return verdict.value_or(0xdeadbeef);
}

// ---- the reference: what the rules mean, said once more without a compiler
// -----------------------

uint32_t ModelAction(const std::string& name, std::optional<uint32_t> errno_ret) {
  const uint32_t data = errno_ret.value_or(EPERM);
  if (name == "SCMP_ACT_ERRNO") return SECCOMP_RET_ERRNO | data;
  if (name == "SCMP_ACT_TRACE") return SECCOMP_RET_TRACE | data;
  return FindWord(kActions, name)->value;
}

bool ModelHolds(const spec::SeccompArg& arg, const std::array<uint64_t, 6>& args, uint64_t bits) {
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

bool ModelMatches(const spec::SeccompRule& rule, const std::array<uint64_t, 6>& args,
                  uint64_t bits) {
  bool repeated = false;
  size_t holding = 0;
  for (const spec::SeccompArg& arg : rule.args) {
    repeated |= std::count_if(rule.args.begin(), rule.args.end(),
                              [&](const auto& other) { return other.index == arg.index; }) > 1;
    holding += ModelHolds(arg, args, bits) ? 1 : 0;
  }
  return repeated ? holding > 0 : holding == rule.args.size();
}

uint32_t ModelVerdict(const spec::Seccomp& seccomp, const Arch& arch, const std::string& name,
                      const std::array<uint64_t, 6>& args) {
  const auto& covered = seccomp.architectures;
  if (arch.token != seccomp_arch_native() &&
      std::find(covered.begin(), covered.end(), arch.name) == covered.end()) {
    return SECCOMP_RET_KILL_THREAD;
  }
  const uint32_t otherwise = ModelAction(seccomp.default_action, seccomp.default_errno_ret);
  uint32_t conditional = otherwise;
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    if (std::find(rule.names.begin(), rule.names.end(), name) == rule.names.end()) continue;
    const uint32_t action = ModelAction(rule.action, rule.errno_ret);
    if (action == otherwise) continue;
    if (rule.args.empty()) return action;
    if (ModelMatches(rule, args, arch.value_bits)) conditional = action;
  }
  return conditional;
}

// ---- random specs -------------------------------------------------------------------------------

constexpr const char* kNames[] = {"read",       "write", "openat", "close", "clone",
                                  "prctl",      "ioctl", "fcntl",  "mount", "ptrace",
                                  "arch_prctl", "open",  "unshare"};
constexpr uint64_t kValues[] = {0,          1,          2,           0x7fffffff,
                                0x80000000, 0xffffffff, 0x100000000, 0x100000001,
                                0x7e020000, kAll,       kAll - 1,    0xffffffff00000000};

// libseccomp (2.5.4) can lose track of what it has loaded where the rules of one system call
// compare an argument in different ways: its programs are then wrong, in runc and crun as well as
// here. Equalities are safe.
bool ComparesInTwoWays(const spec::Seccomp& seccomp) {
  std::map<std::string, std::array<int, 6>> all, equal;
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    for (const spec::SeccompArg& arg : rule.args) {
      const int count = ++all[rule.action][arg.index];
      const int equals = equal[rule.action][arg.index] += arg.op == "SCMP_CMP_EQ" ? 1 : 0;
      if (count > 1 && count != equals) return true;
    }
  }
  return false;
}

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  template <typename T, size_t n>
  const T& Of(const T (&table)[n]) {
    return table[Below(n)];
  }

  spec::SeccompArg Arg() {
    spec::SeccompArg arg;
    arg.index = Below(6);
    arg.op = std::string(Of(kOperators).name);
    arg.value = Of(kValues);
    arg.value_two = Below(2) == 0 ? Of(kValues) : Of(kValues) & arg.value;
    return arg;
  }

  // One action for each name, so that overlapping rules cannot disagree.
  spec::SeccompRule Rule() {
    spec::SeccompRule rule;
    const size_t kind = Below(std::size(kActions));
    rule.action = std::string(kActions[kind].name);
    if (rule.action == "SCMP_ACT_ERRNO") rule.errno_ret = Below(4096);
    for (size_t i = 0; i < std::size(kNames); ++i) {
      if (i % std::size(kActions) == kind) rule.names.emplace_back(kNames[i]);
    }
    if (rule.errno_ret.has_value()) rule.errno_ret = 40 + rule.names.size();
    for (size_t i = 0, count = Below(4); i < count; ++i) rule.args.push_back(Arg());
    return rule;
  }

  spec::Seccomp Spec() {
    spec::Seccomp seccomp;
    seccomp.default_action = std::string(Of(kActions).name);
    seccomp.listener_path = "/run/agent";
    for (const Arch& arch : kArchs) {
      if (Below(2) == 0) seccomp.architectures.emplace_back(arch.name);
    }
    for (size_t i = 0, count = Below(12); i < count; ++i) {
      seccomp.syscalls.push_back(Rule());
      if (ComparesInTwoWays(seccomp)) seccomp.syscalls.pop_back();
    }
    return seccomp;
  }

  std::array<uint64_t, 6> Args() {
    std::array<uint64_t, 6> args;
    for (uint64_t& arg : args) {
      arg = Of(kValues) + Below(3) - 1;
      if (Below(4) == 0) arg = (uint64_t{random_()} << 32) | random_();
    }
    return args;
  }

 private:
  std::mt19937 random_;
};

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

TEST(LibseccompCompilerTest, RandomSpecsGiveWhatTheirRulesMean) {
  Dice dice(20261122);
  for (int round = 0; round < 1000; ++round) {
    const spec::Seccomp seccomp = dice.Spec();
    const absl::StatusOr<Compiled> compiled = Compile(seccomp);
    ASSERT_TRUE(compiled.ok()) << compiled.status() << "\n" << Shown(seccomp);
    for (int i = 0; i < 200; ++i) {
      const Arch& arch = dice.Of(kArchs);
      const std::string name = dice.Of(kNames);
      const int number = seccomp_syscall_resolve_name_arch(arch.token, name.c_str());
      if (number < 0) continue;  // this architecture has no such call
      const std::array<uint64_t, 6> args = dice.Args();
      ASSERT_EQ(Verdict(compiled->filter, arch.audit, number, args),
                ModelVerdict(seccomp, arch, name, args))
          << "round " << round << ": " << arch.name << " " << name << " "
          << ::testing::PrintToString(args) << "\n"
          << Shown(seccomp);
    }
  }
}

}  // namespace
}  // namespace hull::seccomp
