#include <seccomp.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "seccomp/compiler.h"
#include "seccomp/engine_profile.h"
#include "seccomp/words.h"
#include "testing/bpf/interpreter.h"

namespace hull::seccomp {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

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
      const int known = seccomp_syscall_resolve_name_arch(arch.token, name.c_str());
      if (!is_x32 || (known >= second) == (number >= second)) newest = std::max(newest, known);
    }
  }
  return newest >= 0 && number > newest;
}

uint32_t ModelVerdict(const spec::Seccomp& seccomp, const Arch& arch, const std::string& name,
                      int number, const std::array<uint64_t, 6>& args) {
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
                ModelVerdict(seccomp, arch, name, number, args))
          << "round " << round << ": " << arch.name << " " << name << " "
          << ::testing::PrintToString(args) << "\n"
          << Shown(seccomp);
    }
  }
}

// ---- single behaviours --------------------------------------------------------------------------

constexpr uint32_t kX86_64 = AUDIT_ARCH_X86_64;

spec::Seccomp Allowing() {
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ALLOW";
  return seccomp;
}

spec::SeccompRule Rule(std::vector<std::string> names, std::string action,
                       std::vector<spec::SeccompArg> args = {}) {
  spec::SeccompRule rule;
  rule.names = std::move(names);
  rule.action = std::move(action);
  rule.args = std::move(args);
  return rule;
}

std::string ErrorOf(const spec::Seccomp& seccomp) {
  const absl::Status status = Compile(seccomp).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(LibseccompCompilerTest, EveryActionGivesItsReturnValue) {
  for (const Word& word : kActions) {
    spec::Seccomp seccomp = Allowing();
    seccomp.listener_path = "/run/agent";
    seccomp.syscalls = {Rule({"getpid"}, std::string(word.name))};
    const uint32_t verdict = Verdict(Compile(seccomp).value().filter, kX86_64, SYS_getpid);
    const bool has_data = word.value == SECCOMP_RET_ERRNO || word.value == SECCOMP_RET_TRACE;
    EXPECT_EQ(verdict, word.value | (has_data ? EPERM : 0)) << word.name;
  }
}

TEST(LibseccompCompilerTest, ErrnoAndTraceCarryTheirData) {
  spec::Seccomp seccomp = Allowing();
  seccomp.default_action = "SCMP_ACT_ERRNO";
  seccomp.default_errno_ret = 38;
  seccomp.syscalls = {Rule({"getpid"}, "SCMP_ACT_ERRNO"), Rule({"getppid"}, "SCMP_ACT_TRACE")};
  seccomp.syscalls[0].errno_ret = 4094;
  seccomp.syscalls[1].errno_ret = 65535;
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_getpid), SECCOMP_RET_ERRNO | 4094U);
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_getppid), SECCOMP_RET_TRACE | 65535U);
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_read), SECCOMP_RET_ERRNO | 38U);
}

TEST(LibseccompCompilerTest, ErrnoRetOutOfRangeOrWithoutMeaningIsRefused) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"getpid"}, "SCMP_ACT_ERRNO")};
  seccomp.syscalls[0].errno_ret = 4095;
  EXPECT_THAT(ErrorOf(seccomp), HasSubstr("/linux/seccomp/syscalls/0/errnoRet: 4095 is out of"));
  seccomp.syscalls[0].action = "SCMP_ACT_LOG";
  EXPECT_THAT(ErrorOf(seccomp), HasSubstr("has no meaning with SCMP_ACT_LOG"));
  seccomp.syscalls.clear();
  seccomp.default_errno_ret = 1;
  EXPECT_THAT(ErrorOf(seccomp), StartsWith("/linux/seccomp/defaultErrnoRet: "));
}

TEST(LibseccompCompilerTest, FlagsDefaultToSpecAllowAndAnEmptyListIsNone) {
  spec::Seccomp seccomp = Allowing();
  EXPECT_EQ(Compile(seccomp).value().filter.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  seccomp.flags.emplace();
  EXPECT_EQ(Compile(seccomp).value().filter.flags, 0U);
  seccomp.flags = {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"};
  EXPECT_EQ(Compile(seccomp).value().filter.flags, SECCOMP_FILTER_FLAG_LOG);
  seccomp.flags = {"SECCOMP_FILTER_FLAG_LOGS"};
  EXPECT_THAT(ErrorOf(seccomp), AllOf(StartsWith("/linux/seccomp/flags/0: "),
                                      HasSubstr("did you mean 'SECCOMP_FILTER_FLAG_LOG'?")));
}

TEST(LibseccompCompilerTest, NotifyAsksForAListenerAndNeedsItsPath) {
  spec::Seccomp seccomp = Allowing();
  seccomp.flags = {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};
  EXPECT_EQ(Compile(seccomp).value().filter.flags, 0U);  // alone the kernel refuses it
  seccomp.syscalls = {Rule({"mkdir"}, "SCMP_ACT_NOTIFY")};
  EXPECT_THAT(ErrorOf(seccomp), StartsWith("/linux/seccomp/listenerPath: "));
  seccomp.listener_path = "/run/agent";
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_TRUE(filter.notifies);
  EXPECT_EQ(filter.flags,
            SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}

TEST(LibseccompCompilerTest, EveryArchitectureOfThisByteOrderIsAccepted) {
  const std::vector<std::string> little = {"AARCH64",     "ARM",     "MIPSEL",  "MIPSEL64",
                                           "MIPSEL64N32", "PPC64LE", "RISCV64", "X32",
                                           "X86",         "X86_64"};
  spec::Seccomp seccomp = Allowing();
  for (const std::string& name : little) seccomp.architectures.push_back("SCMP_ARCH_" + name);
  EXPECT_TRUE(Compile(seccomp).ok());
  for (const Word& word : kArchitectures) {
    seccomp.architectures = {absl::StrCat("SCMP_ARCH_", word.name)};
    const absl::Status status = Compile(seccomp).status();
    if (status.ok()) continue;
    EXPECT_THAT(std::string(status.message()), AnyOf(HasSubstr("has another byte order"),
                                                     HasSubstr("is not known to libseccomp")));
  }
}

TEST(LibseccompCompilerTest, AnUnknownArchitectureIsRefusedByName) {
  spec::Seccomp seccomp = Allowing();
  seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86_46"};
  EXPECT_THAT(ErrorOf(seccomp),
              AllOf(StartsWith("/linux/seccomp/architectures/1: 'SCMP_ARCH_X86_46' is no"),
                    HasSubstr("did you mean 'SCMP_ARCH_X86_64'?")));
  seccomp.architectures = {"x86_64"};
  EXPECT_THAT(ErrorOf(seccomp), StartsWith("/linux/seccomp/architectures/0: 'x86_64'"));
}

TEST(LibseccompCompilerTest, AnArchitectureThatIsNotListedIsKilled) {
  spec::Seccomp seccomp = Allowing();
  seccomp.architectures = {"SCMP_ARCH_X86_64"};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_read), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, 3), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(Verdict(filter, kX86_64, 0x40000000), SECCOMP_RET_KILL_THREAD);  // x32's read
}

TEST(LibseccompCompilerTest, X32IsAnArchitectureOfItsOwn) {
  spec::Seccomp seccomp = Allowing();
  seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  seccomp.syscalls = {Rule({"ptrace"}, "SCMP_ACT_KILL_PROCESS")};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, kX86_64, 101), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(Verdict(filter, kX86_64, 0x40000000 + 521), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, 26), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, 101), SECCOMP_RET_ALLOW);  // ioperm there
}

TEST(LibseccompCompilerTest, UnknownNamesAreSkippedAndReportedOnce) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"no_such_b", "getpid", "no_such_a"}, "SCMP_ACT_LOG"),
                      Rule({"no_such_a", "", "no_such_b"}, "SCMP_ACT_ALLOW")};
  const Compiled compiled = Compile(seccomp).value();
  EXPECT_THAT(compiled.unknown_syscalls, ElementsAre("no_such_b", "no_such_a", ""));
  EXPECT_EQ(Verdict(compiled.filter, kX86_64, SYS_getpid), SECCOMP_RET_LOG);
}

TEST(LibseccompCompilerTest, ANameOfAnotherArchitectureIsNotUnknown) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"socketcall", "fcntl64", "arm_fadvise64_64"}, "SCMP_ACT_LOG")};
  EXPECT_THAT(Compile(seccomp).value().unknown_syscalls, IsEmpty());
}

TEST(LibseccompCompilerTest, DuplicatesAreTolerated) {
  spec::Seccomp seccomp = Allowing();
  const spec::SeccompArg arg = {.index = 0, .value = 5, .value_two = 0, .op = "SCMP_CMP_EQ"};
  seccomp.syscalls = {Rule({"close", "close"}, "SCMP_ACT_LOG", {arg}),
                      Rule({"close"}, "SCMP_ACT_LOG", {arg}), Rule({"dup"}, "SCMP_ACT_LOG"),
                      Rule({"dup", "dup"}, "SCMP_ACT_LOG")};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_close, {5}), SECCOMP_RET_LOG);
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_close, {6}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_dup), SECCOMP_RET_LOG);
}

TEST(LibseccompCompilerTest, OneIndexTwiceMeansEitherCondition) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"personality"}, "SCMP_ACT_LOG",
                           {{.index = 0, .value = 1, .value_two = 0, .op = "SCMP_CMP_EQ"},
                            {.index = 0, .value = 2, .value_two = 0, .op = "SCMP_CMP_EQ"},
                            {.index = 1, .value = 9, .value_two = 0, .op = "SCMP_CMP_EQ"}})};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_personality, {1, 0}), SECCOMP_RET_LOG);
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_personality, {2, 0}), SECCOMP_RET_LOG);
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_personality, {3, 9}), SECCOMP_RET_LOG);
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_personality, {3, 0}), SECCOMP_RET_ALLOW);
}

TEST(LibseccompCompilerTest, AMaskThatCannotGiveTheValueNeverMatches) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"close"}, "SCMP_ACT_KILL",
                           {{.index = 0, .value = 0, .value_two = 1, .op = "SCMP_CMP_MASKED_EQ"}})};
  EXPECT_EQ(Verdict(Compile(seccomp).value().filter, kX86_64, SYS_close, {1}), SECCOMP_RET_ALLOW);
}

TEST(LibseccompCompilerTest, CallsNewerThanTheProfileGiveENOSYSWhereTheDefaultRefuses) {
  spec::Seccomp seccomp = EngineProfile();
  const uint32_t enosys = SECCOMP_RET_ERRNO | ENOSYS;
  for (const char* action : {"SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"}) {
    seccomp.default_action = action;
    seccomp.default_errno_ret.reset();
    const uint32_t refused = ModelAction(action, std::nullopt);
    const Filter filter = Compile(seccomp).value().filter;
    EXPECT_EQ(Verdict(filter, kX86_64, 250), refused);  // keyctl
    for (const int number : {460, 471, 9999, 0x3fffffff}) {
      EXPECT_EQ(Verdict(filter, kX86_64, number), enosys) << number;
      EXPECT_EQ(Verdict(filter, kX86_64, 0x40000000 | number), enosys) << number;
      EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, number), enosys) << number;
    }
    EXPECT_EQ(Verdict(filter, kX86_64, 0x40000000 + 250), refused);
    EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, 288), refused);
    EXPECT_EQ(Verdict(filter, AUDIT_ARCH_AARCH64, 9999), SECCOMP_RET_KILL_THREAD);
  }
  for (const char* action : {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"}) {
    seccomp.default_action = action;
    EXPECT_EQ(Verdict(Compile(seccomp).value().filter, kX86_64, 9999),
              ModelAction(action, std::nullopt));
  }
}

TEST(LibseccompCompilerTest, WithoutX32ItsNumbersAreKilledAndNotNew) {
  spec::Seccomp seccomp = EngineProfile();
  seccomp.default_errno_ret = EPERM;
  seccomp.architectures = {"SCMP_ARCH_X86_64"};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, kX86_64, 9999), SECCOMP_RET_ERRNO | ENOSYS);
  EXPECT_EQ(Verdict(filter, kX86_64, 0x40000000 + 9999), SECCOMP_RET_KILL_THREAD);
}

TEST(LibseccompCompilerTest, ArmsPrivateNumbersDoNotHideItsTablesEnd) {
  spec::Seccomp seccomp = Allowing();
  seccomp.default_action = "SCMP_ACT_ERRNO";
  seccomp.architectures = {"SCMP_ARCH_ARM"};
  seccomp.syscalls = {Rule({"read", "openat2", "set_tls"}, "SCMP_ACT_ALLOW")};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_ARM, 436), SECCOMP_RET_ERRNO | EPERM);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_ARM, 438), SECCOMP_RET_ERRNO | ENOSYS);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_ARM, 0xf0005), SECCOMP_RET_ALLOW);
}

TEST(LibseccompCompilerTest, BadRulesAreNamedByTheirPath) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"read"}, "SCMP_ACT_LOG"), Rule({"close"}, "SCMP_ACT_ALOW")};
  EXPECT_THAT(ErrorOf(seccomp),
              AllOf(StartsWith("/linux/seccomp/syscalls/1/action: 'SCMP_ACT_ALOW'"),
                    HasSubstr("did you mean 'SCMP_ACT_ALLOW'?")));
  seccomp.syscalls[1] = Rule({"close"}, "SCMP_ACT_LOG", {{.index = 6, .op = "SCMP_CMP_EQ"}});
  EXPECT_THAT(ErrorOf(seccomp), StartsWith("/linux/seccomp/syscalls/1/args/0/index: 6"));
  seccomp.syscalls[1].args = {{.index = 5, .op = "=="}};
  EXPECT_THAT(ErrorOf(seccomp), StartsWith("/linux/seccomp/syscalls/1/args/0/op: '=='"));
  seccomp.default_action = "";
  EXPECT_THAT(ErrorOf(seccomp), StartsWith("/linux/seccomp/defaultAction: ''"));
}

TEST(LibseccompCompilerTest, AProgramLongerThanTheKernelTakesIsRefused) {
  spec::Seccomp seccomp = Allowing();
  for (uint64_t i = 0; i < 2000; ++i) {
    seccomp.syscalls.push_back(
        Rule({"close"}, "SCMP_ACT_LOG",
             {{.index = 0, .value = i * 0x200000001, .value_two = 0, .op = "SCMP_CMP_EQ"}}));
  }
  EXPECT_THAT(ErrorOf(seccomp), AllOf(StartsWith("/linux/seccomp/syscalls: the rules need "),
                                      HasSubstr("at most 4096")));
}

TEST(LibseccompCompilerTest, ValuesInErrorsArePrintableAndShort) {
  spec::Seccomp seccomp = Allowing();
  seccomp.default_action = "\x1b[31m" + std::string(100000, 'x');
  const std::string error = ErrorOf(seccomp);
  EXPECT_THAT(error, HasSubstr("'\\x1b[31mxxx"));
  EXPECT_LT(error.size(), 1000U);
}

TEST(LibseccompCompilerTest, TheProbeSaysWhyThereIsNone) {
  EXPECT_TRUE(kLibseccompBackend.probe(Host{.filter_supported = true}).ok());
  EXPECT_EQ(kLibseccompBackend.probe(Host{.filter_supported = false}).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_THAT(kLibseccompBackend.version(), StartsWith("libseccomp 2."));
}

// ---- an engine's profile ------------------------------------------------------------------------

TEST(LibseccompCompilerTest, AnEnginesProfileMeansWhatItSaysForEveryCall) {
  const spec::Seccomp seccomp = EngineProfile();
  const Compiled compiled = Compile(seccomp).value();
  EXPECT_THAT(compiled.unknown_syscalls, ElementsAre("hull_test_no_such_call"));
  Dice dice(7);
  for (size_t a = 0; a < 3; ++a) {
    const Arch& arch = kArchs[a];
    for (int i = 0; i < 600; ++i) {
      const int number = i + (arch.token == SCMP_ARCH_X32 ? 0x40000000 : 0);
      char* name = seccomp_syscall_resolve_num_arch(arch.token, number);
      const std::string owned = name == nullptr ? "" : name;
      free(name);
      // x86 has socket(2) twice, once as a socketcall with the arguments out of reach.
      if (arch.token == SCMP_ARCH_X86 && owned == "socket") continue;
      for (const std::array<uint64_t, 6>& args :
           {dice.Args(), std::array<uint64_t, 6>{16, 3, 9}, std::array<uint64_t, 6>{16, 3, 0},
            std::array<uint64_t, 6>{2, 3, 9}, std::array<uint64_t, 6>{0x20008},
            std::array<uint64_t, 6>{0x20001}}) {
        std::array<uint64_t, 6> seen = args;
        if (arch.token == SCMP_ARCH_X86) {
          for (uint64_t& arg : seen) arg &= kLow;  // as the kernel shows them
        }
        ASSERT_EQ(Verdict(compiled.filter, arch.audit, number, seen),
                  ModelVerdict(seccomp, arch, owned, number, seen))
            << arch.name << " " << owned << " " << number;
      }
    }
  }
}

}  // namespace
}  // namespace hull::seccomp
