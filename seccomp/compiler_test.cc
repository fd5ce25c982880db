// What every backend must do.
#include "seccomp/compiler.h"

#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "seccomp/engine_profile.h"
#include "seccomp/reference_model.h"
#include "seccomp/words.h"

namespace hull::seccomp {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

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

class CompilerTest : public ::testing::TestWithParam<const Backend*> {
 protected:
  // Whatever is compiled is also a program that the kernel takes.
  static absl::StatusOr<Compiled> Compile(const spec::Seccomp& seccomp) {
    absl::StatusOr<Compiled> compiled = GetParam()->compile(seccomp);
    if (compiled.ok()) ExpectValid(compiled->filter);
    return compiled;
  }
  static std::string ErrorOf(const spec::Seccomp& seccomp) {
    const absl::Status status = Compile(seccomp).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }
};

INSTANTIATE_TEST_SUITE_P(Both, CompilerTest,
                         ::testing::Values(&kDirectBackend, &kLibseccompBackend),
                         [](const auto& param_info) {
                           return std::string(param_info.param->name);
                         });

TEST_P(CompilerTest, EveryActionGivesItsReturnValue) {
  for (const Word& word : kActions) {
    spec::Seccomp seccomp = Allowing();
    seccomp.listener_path = "/run/agent";
    seccomp.syscalls = {Rule({"getpid"}, std::string(word.name))};
    const uint32_t verdict = Verdict(Compile(seccomp).value().filter, kX86_64, SYS_getpid);
    const bool has_data = word.value == SECCOMP_RET_ERRNO || word.value == SECCOMP_RET_TRACE;
    EXPECT_EQ(verdict, word.value | (has_data ? EPERM : 0)) << word.name;
  }
}

TEST_P(CompilerTest, ErrnoAndTraceCarryTheirData) {
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

TEST_P(CompilerTest, ErrnoRetOutOfRangeOrWithoutMeaningIsRefused) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"getpid"}, "SCMP_ACT_ERRNO")};
  seccomp.syscalls[0].errno_ret = 4096;
  EXPECT_THAT(ErrorOf(seccomp), HasSubstr("/linux/seccomp/syscalls/0/errnoRet: 4096 is out of"));
  seccomp.syscalls[0].action = "SCMP_ACT_LOG";
  EXPECT_THAT(ErrorOf(seccomp), HasSubstr("has no meaning with SCMP_ACT_LOG"));
  seccomp.syscalls.clear();
  seccomp.default_errno_ret = 1;
  EXPECT_THAT(ErrorOf(seccomp), StartsWith("/linux/seccomp/defaultErrnoRet: "));
}

TEST_P(CompilerTest, FlagsDefaultToSpecAllowAndAnEmptyListIsNone) {
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

TEST_P(CompilerTest, NotifyAsksForAListenerAndNeedsItsPath) {
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

TEST_P(CompilerTest, EveryArchitectureOfThisByteOrderIsAccepted) {
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
                                                     HasSubstr("is not known to this libseccomp")));
  }
}

TEST_P(CompilerTest, AnUnknownArchitectureIsRefusedByName) {
  spec::Seccomp seccomp = Allowing();
  seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86_46"};
  EXPECT_THAT(ErrorOf(seccomp),
              AllOf(StartsWith("/linux/seccomp/architectures/1: 'SCMP_ARCH_X86_46' is no"),
                    HasSubstr("did you mean 'SCMP_ARCH_X86_64'?")));
  seccomp.architectures = {"x86_64"};
  EXPECT_THAT(ErrorOf(seccomp), StartsWith("/linux/seccomp/architectures/0: 'x86_64'"));
}

TEST_P(CompilerTest, AnArchitectureThatIsNotListedIsKilled) {
  spec::Seccomp seccomp = Allowing();
  seccomp.architectures = {"SCMP_ARCH_X86_64"};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, kX86_64, SYS_read), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, 3), SECCOMP_RET_KILL_THREAD);
  EXPECT_EQ(Verdict(filter, kX86_64, 0x40000000), SECCOMP_RET_KILL_THREAD);  // x32's read
}

TEST_P(CompilerTest, X32IsAnArchitectureOfItsOwn) {
  spec::Seccomp seccomp = Allowing();
  seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  seccomp.syscalls = {Rule({"ptrace"}, "SCMP_ACT_KILL_PROCESS")};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, kX86_64, 101), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(Verdict(filter, kX86_64, 0x40000000 + 521), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, 26), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, 101), SECCOMP_RET_ALLOW);  // ioperm there
}

TEST_P(CompilerTest, UnknownNamesAreSkippedAndReportedOnce) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"no_such_b", "getpid", "no_such_a"}, "SCMP_ACT_LOG"),
                      Rule({"no_such_a", "", "no_such_b"}, "SCMP_ACT_ALLOW")};
  const Compiled compiled = Compile(seccomp).value();
  EXPECT_THAT(compiled.unknown_syscalls, ElementsAre("no_such_b", "no_such_a", ""));
  EXPECT_EQ(Verdict(compiled.filter, kX86_64, SYS_getpid), SECCOMP_RET_LOG);
}

TEST_P(CompilerTest, ANameOfAnotherArchitectureIsNotUnknown) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"socketcall", "fcntl64", "arm_fadvise64_64"}, "SCMP_ACT_LOG")};
  EXPECT_THAT(Compile(seccomp).value().unknown_syscalls, IsEmpty());
}

TEST_P(CompilerTest, DuplicatesAreTolerated) {
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

TEST_P(CompilerTest, OneIndexTwiceMeansEitherCondition) {
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

TEST_P(CompilerTest, AMaskThatCannotGiveTheValueNeverMatches) {
  spec::Seccomp seccomp = Allowing();
  seccomp.syscalls = {Rule({"close"}, "SCMP_ACT_KILL",
                           {{.index = 0, .value = 0, .value_two = 1, .op = "SCMP_CMP_MASKED_EQ"}})};
  EXPECT_EQ(Verdict(Compile(seccomp).value().filter, kX86_64, SYS_close, {1}), SECCOMP_RET_ALLOW);
}

TEST_P(CompilerTest, CallsNewerThanTheProfileGiveENOSYSWhereTheDefaultRefuses) {
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

// socket(2) of x86 is 359, and socketcall(1): libseccomp knows it by neither.
TEST_P(CompilerTest, ACallBehindAMultiplexerIsNotNewerThanTheProfileThatNamesIt) {
  struct Row {
    const char* name;
    int number;  // the newest that it makes known
    Args args;
  };
  spec::Seccomp seccomp = Allowing();
  seccomp.default_action = "SCMP_ACT_ERRNO";
  seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
  for (const Row& row : std::vector<Row>{{"socket", 359, {}},
                                         {"shmctl", 396, {}},
                                         {"recvmmsg", 337, {}},
                                         {"semop", 117, {1}},
                                         {"recv", 102, {10}}}) {
    seccomp.syscalls = {Rule({"read", row.name}, "SCMP_ACT_ALLOW")};
    const Filter filter = Compile(seccomp).value().filter;
    EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, row.number, row.args), SECCOMP_RET_ALLOW)
        << row.name;
    EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, row.number - 1), SECCOMP_RET_ERRNO | EPERM)
        << row.name;
    EXPECT_EQ(Verdict(filter, AUDIT_ARCH_I386, row.number + 1), SECCOMP_RET_ERRNO | ENOSYS)
        << row.name;
  }
}

TEST_P(CompilerTest, WithoutX32ItsNumbersAreKilledAndNotNew) {
  spec::Seccomp seccomp = EngineProfile();
  seccomp.default_errno_ret = EPERM;
  seccomp.architectures = {"SCMP_ARCH_X86_64"};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, kX86_64, 9999), SECCOMP_RET_ERRNO | ENOSYS);
  EXPECT_EQ(Verdict(filter, kX86_64, 0x40000000 + 9999), SECCOMP_RET_KILL_THREAD);
}

TEST_P(CompilerTest, ArmsPrivateNumbersDoNotHideItsTablesEnd) {
  spec::Seccomp seccomp = Allowing();
  seccomp.default_action = "SCMP_ACT_ERRNO";
  seccomp.architectures = {"SCMP_ARCH_ARM"};
  seccomp.syscalls = {Rule({"read", "openat2", "set_tls"}, "SCMP_ACT_ALLOW")};
  const Filter filter = Compile(seccomp).value().filter;
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_ARM, 436), SECCOMP_RET_ERRNO | EPERM);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_ARM, 438), SECCOMP_RET_ERRNO | ENOSYS);
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_ARM, 0xf0005), SECCOMP_RET_ALLOW);
}

TEST_P(CompilerTest, BadRulesAreNamedByTheirPath) {
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

TEST_P(CompilerTest, AProgramLongerThanTheKernelTakesIsRefused) {
  spec::Seccomp seccomp = Allowing();
  for (uint64_t i = 0; i < 2000; ++i) {
    seccomp.syscalls.push_back(
        Rule({"close"}, "SCMP_ACT_LOG",
             {{.index = 0, .value = i * 0x200000001, .value_two = 0, .op = "SCMP_CMP_EQ"}}));
  }
  EXPECT_THAT(ErrorOf(seccomp), AllOf(StartsWith("/linux/seccomp/syscalls: the rules need "),
                                      HasSubstr("at most 4096")));
}

TEST_P(CompilerTest, ValuesInErrorsArePrintableAndShort) {
  spec::Seccomp seccomp = Allowing();
  seccomp.default_action = "\x1b[31m" + std::string(100000, 'x');
  const std::string error = ErrorOf(seccomp);
  EXPECT_THAT(error, HasSubstr("'\\x1b[31mxxx"));
  EXPECT_LT(error.size(), 1000U);
}

TEST_P(CompilerTest, TheProbeSaysWhyThereIsNone) {
  EXPECT_TRUE(GetParam()->probe(Host{.filter_supported = true}).ok());
  EXPECT_EQ(GetParam()->probe(Host{.filter_supported = false}).code(),
            absl::StatusCode::kUnavailable);
  EXPECT_THAT(GetParam()->version(), StartsWith("libseccomp 2."));
}

// ---- an engine's profile ------------------------------------------------------------------------

TEST_P(CompilerTest, AnEnginesProfileMeansWhatItSaysForEveryCall) {
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
      for (const Args& args : {dice.NearArgs(), Args{16, 3, 9}, Args{16, 3, 0}, Args{2, 3, 9},
                               Args{0x20008}, Args{0x20001}}) {
        Args seen = args;
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
