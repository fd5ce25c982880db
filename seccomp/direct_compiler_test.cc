#include <linux/audit.h>
#include <sys/syscall.h>

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "seccomp/compiler.h"
#include "seccomp/engine_profile.h"
#include "seccomp/reference_model.h"

namespace hull::seccomp {
namespace {

constexpr absl::Span<const Arch> kOurs = absl::MakeConstSpan(kArchs, kDirectArchs);

bool Any(const spec::Seccomp&) { return true; }

// No exception: any comparisons of any arguments.
TEST(DirectCompilerTest, RandomSpecsGiveWhatTheirRulesMean) {
  Dice dice(20261122);
  for (int round = 0; round < 1000; ++round) {
    ExpectTheModel(kDirectBackend, dice.Spec(kOurs, &Any), kOurs, dice);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

// Every name in every rule, so that rules with different actions overlap.
TEST(DirectCompilerTest, OfOverlappingRulesTheFirstOneHolds) {
  Dice dice(7);
  for (int round = 0; round < 300; ++round) {
    spec::Seccomp seccomp = dice.Spec(kOurs, &Any);
    for (spec::SeccompRule& rule : seccomp.syscalls) {
      rule.names = {"read", "clone", "ioctl", "openat"};
      if (rule.args.empty()) rule.args.push_back(dice.Arg());
    }
    ExpectTheModel(kDirectBackend, seccomp, kOurs, dice);
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

// All numbers, the multiplexers of x86 included, where the model has no say.
TEST(DirectCompilerTest, AnEnginesProfileGivesWhatLibseccompGives) {
  spec::Seccomp seccomp = EngineProfile();
  for (const uint32_t errno_ret : {38U, 1U}) {
    seccomp.default_errno_ret = errno_ret;
    const Filter direct = kDirectBackend.compile(seccomp).value().filter;
    const Filter library = kLibseccompBackend.compile(seccomp).value().filter;
    ASSERT_NO_FATAL_FAILURE(ExpectValid(direct));
    ASSERT_NO_FATAL_FAILURE(ExpectValid(library));
    EXPECT_LT(direct.instructions.size(), library.instructions.size());
    for (const uint32_t audit :
         std::vector<uint32_t>{AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM}) {
      for (uint32_t number = 0; number < 600; ++number) {
        for (const uint64_t first : {0x0, 0x1, 3, 16, 23, 0x20008}) {
          for (const uint32_t bit : {0U, 0x40000000U}) {
            const Args args = {first, 3, first == 16 ? 9U : 0U, 9};
            const int nr = static_cast<int>(number | bit);
            ASSERT_EQ(Verdict(direct, audit, nr, args), Verdict(library, audit, nr, args))
                << audit << " " << number << " " << bit << " " << first;
          }
        }
      }
    }
  }
}

// Every system call of every architecture that both know, with arguments near what the rules compare.
TEST(DirectCompilerTest, OnEveryArchitectureAnEnginesProfileGivesWhatLibseccompGives) {
  spec::Seccomp seccomp = EngineProfile();
  seccomp.architectures.clear();
  for (const Arch& arch : kOurs) seccomp.architectures.emplace_back(arch.name);
  const Filter direct = kDirectBackend.compile(seccomp).value().filter;
  const Filter library = kLibseccompBackend.compile(seccomp).value().filter;
  ASSERT_NO_FATAL_FAILURE(ExpectValid(direct));
  ASSERT_NO_FATAL_FAILURE(ExpectValid(library));
  Dice dice(20261127);
  for (const Arch& arch : kOurs) {
    const int base = arch.token == SCMP_ARCH_X32 ? 0x40000000 : 0;
    for (int number = 0; number < 600; ++number) {
      for (int round = 0; round < 40; ++round) {
        Args args = dice.NearArgs();
        // 32-bit programs have no high halves to show; x86 has no comparisons of socketcall's.
        if (arch.value_bits == kLow) {
          for (uint64_t& arg : args) arg &= kLow;
        }
        ASSERT_EQ(Verdict(direct, arch.audit, base + number, args),
                  Verdict(library, arch.audit, base + number, args))
            << arch.name << " " << number << " " << ::testing::PrintToString(args);
      }
    }
  }
}

spec::SeccompRule Rule(std::vector<std::string> names, std::string action,
                       std::vector<spec::SeccompArg> args = {}) {
  spec::SeccompRule rule;
  rule.names = std::move(names);
  rule.action = std::move(action);
  rule.args = std::move(args);
  return rule;
}

TEST(DirectCompilerTest, X86sMultiplexedCallsAreWhatLibseccompMakesOfThem) {
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ERRNO";
  seccomp.architectures = {"SCMP_ARCH_X86"};
  const spec::SeccompArg first = {.index = 0, .value = 16, .value_two = 0, .op = "SCMP_CMP_EQ"};
  const spec::SeccompArg third = {.index = 2, .value = 9, .value_two = 0, .op = "SCMP_CMP_EQ"};
  seccomp.syscalls = {
      Rule({"socket", "semop"}, "SCMP_ACT_LOG", {first, third}),
      Rule({"send", "recv", "accept", "accept4", "recvmmsg", "sendmmsg", "bind", "connect"},
           "SCMP_ACT_ALLOW"),
      Rule({"listen", "getsockname", "getpeername", "socketpair", "sendto", "recvfrom"},
           "SCMP_ACT_TRAP"),
      Rule({"shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg"}, "SCMP_ACT_KILL"),
      Rule({"semget", "semctl", "semtimedop", "msgsnd", "msgrcv", "msgget"}, "SCMP_ACT_TRACE"),
      Rule({"msgctl", "shmat", "shmdt", "shmget", "shmctl"}, "SCMP_ACT_LOG")};
  const Filter direct = kDirectBackend.compile(seccomp).value().filter;
  const Filter library = kLibseccompBackend.compile(seccomp).value().filter;
  ASSERT_NO_FATAL_FAILURE(ExpectValid(direct));
  ASSERT_NO_FATAL_FAILURE(ExpectValid(library));
  for (int number = 0; number < 450; ++number) {
    for (uint64_t call = 0; call < 40; ++call) {
      for (const uint64_t other : {0, 9}) {
        const Args args = {call, other, other};
        ASSERT_EQ(Verdict(direct, AUDIT_ARCH_I386, number, args),
                  Verdict(library, AUDIT_ARCH_I386, number, args))
            << number << " " << call << " " << other;
      }
    }
  }
}

// A tracer skips a call by the number -1, which the filter sees again: it is no call of x32.
TEST(DirectCompilerTest, NumbersPastTheTablesGiveWhatLibseccompGives) {
  spec::Seccomp seccomp;
  seccomp.syscalls = {Rule({"getpid"}, "SCMP_ACT_TRACE"), Rule({"getppid"}, "SCMP_ACT_LOG")};
  const std::vector<std::vector<std::string>> lists = {
      {},
      {"SCMP_ARCH_X86_64"},
      {"SCMP_ARCH_X86"},
      {"SCMP_ARCH_X32"},
      {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}};
  for (const std::vector<std::string>& architectures : lists) {
    seccomp.architectures = architectures;
    for (const char* action :
         {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS"}) {
      seccomp.default_action = action;
      const Filter direct = kDirectBackend.compile(seccomp).value().filter;
      const Filter library = kLibseccompBackend.compile(seccomp).value().filter;
      ASSERT_NO_FATAL_FAILURE(ExpectValid(direct));
      for (const uint32_t audit : {uint32_t{AUDIT_ARCH_X86_64}, uint32_t{AUDIT_ARCH_I386}}) {
        for (const uint32_t number : {0xffffffffU, 0xfffffffeU, 0x80000000U, 0x7fffffffU,
                                      0x40000000U, 0x3fffffffU, 0x40000027U, 39U}) {
          const int nr = static_cast<int>(number);
          EXPECT_EQ(Verdict(direct, audit, nr), Verdict(library, audit, nr))
              << ::testing::PrintToString(architectures) << " " << action << " " << number;
        }
      }
    }
  }
}

TEST(DirectCompilerTest, AnArchitectureWithoutTablesIsLeftToLibseccomp) {
  spec::Seccomp seccomp = EngineProfile();
  seccomp.architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_PPC64LE"};
  const Filter direct = kDirectBackend.compile(seccomp).value().filter;
  const Filter library = kLibseccompBackend.compile(seccomp).value().filter;
  ASSERT_NO_FATAL_FAILURE(ExpectValid(direct));
  EXPECT_EQ(direct.instructions.size(), library.instructions.size());
  EXPECT_EQ(Verdict(direct, AUDIT_ARCH_PPC64LE, 3), SECCOMP_RET_ALLOW);  // read
}

TEST(DirectCompilerTest, TheLargestErrnoIsTaken) {
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ALLOW";
  seccomp.syscalls = {Rule({"getpid"}, "SCMP_ACT_ERRNO")};
  seccomp.syscalls[0].errno_ret = 4095;
  const Filter filter = kDirectBackend.compile(seccomp).value().filter;
  ASSERT_NO_FATAL_FAILURE(ExpectValid(filter));
  EXPECT_EQ(Verdict(filter, AUDIT_ARCH_X86_64, SYS_getpid), SECCOMP_RET_ERRNO | 4095U);
}

}  // namespace
}  // namespace hull::seccomp
