#include "runtime/filter_needs.h"

#include <linux/seccomp.h>
#include <seccomp.h>

#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/child/filtered_calls.h"
#include "seccomp/compiler.h"
#include "seccomp/reference_model.h"

namespace hull::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

spec::Seccomp AllowList(std::vector<std::string> names) {
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_KILL";
  seccomp.syscalls.push_back({std::move(names), "SCMP_ACT_ALLOW", {}, {}});
  return seccomp;
}

spec::Seccomp Denying(const std::string& action, const std::string& name,
                      std::vector<spec::SeccompArg> args = {}) {
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ALLOW";
  seccomp.syscalls.push_back({{"mkdir"}, "SCMP_ACT_ERRNO", {}, {}});
  seccomp.syscalls.push_back({{"rmdir", name}, action, {}, std::move(args)});
  return seccomp;
}

spec::Process WithNoNewPrivileges() {
  spec::Process process;
  process.no_new_privileges = true;
  return process;
}

std::string Refusal(const spec::Seccomp& seccomp) {
  return std::string(CheckFilterNeeds(seccomp, WithNoNewPrivileges()).message());
}

TEST(FilterNeedsTest, AnAllowListOfWhatInitNeedsIsEnough) {
  EXPECT_EQ(Refusal(AllowList({"execve", "write", "exit_group"})), "");
}

TEST(FilterNeedsTest, EachOfThemIsMissedByName) {
  EXPECT_THAT(Refusal(AllowList({"write", "exit_group"})),
              AllOf(HasSubstr("/linux/seccomp/defaultAction: SCMP_ACT_KILL holds for 'execve'"),
                    HasSubstr("executes the process with it")));
  EXPECT_THAT(Refusal(AllowList({"execve", "exit_group"})), HasSubstr("'write'"));
  EXPECT_THAT(Refusal(AllowList({"execve", "write"})), HasSubstr("'exit_group'"));
}

TEST(FilterNeedsTest, CapabilitiesAreSetOnlyWhereOneIsGivenUp) {
  const spec::Seccomp list = AllowList({"execve", "write", "exit_group"});
  spec::Process process;
  EXPECT_THAT(std::string(CheckFilterNeeds(list, process).message()), HasSubstr("'capset'"));
  process.capabilities.emplace();
  process.capabilities->permitted = process.capabilities->effective = {"CAP_SYS_ADMIN"};
  EXPECT_TRUE(CheckFilterNeeds(list, process).ok());
}

TEST(FilterNeedsTest, EveryActionThatDoesNotLetThroughIsRefused) {
  for (const char* action : {"SCMP_ACT_NOTIFY", "SCMP_ACT_TRAP", "SCMP_ACT_KILL",
                             "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE"}) {
    EXPECT_THAT(Refusal(Denying(action, "execve")),
                HasSubstr("/linux/seccomp/syscalls/1/names/1: " + std::string(action)));
  }
  EXPECT_EQ(Refusal(Denying("SCMP_ACT_LOG", "execve")), "");
  EXPECT_EQ(Refusal(Denying("SCMP_ACT_NOTIFY", "close")), "");
}

TEST(FilterNeedsTest, ArgumentsThatAreNotKnownMayMatch) {
  EXPECT_THAT(Refusal(Denying("SCMP_ACT_NOTIFY", "execve", {{0, 7, 0, "SCMP_CMP_EQ"}})),
              HasSubstr("'execve'"));
}

TEST(FilterNeedsTest, ArgumentsThatAreKnownAreCompared) {
  struct Row {
    const char* op;
    uint64_t value, value_two;
    bool matches;
  };
  for (const Row& row : std::vector<Row>{{"SCMP_CMP_EQ", 1, 0, true},
                                         {"SCMP_CMP_EQ", 2, 0, false},
                                         {"SCMP_CMP_NE", 1, 0, false},
                                         {"SCMP_CMP_LT", 1, 0, false},
                                         {"SCMP_CMP_LE", 1, 0, true},
                                         {"SCMP_CMP_GT", 0, 0, true},
                                         {"SCMP_CMP_GE", 2, 0, false},
                                         {"SCMP_CMP_MASKED_EQ", 3, 1, true},
                                         {"SCMP_CMP_MASKED_EQ", 3, 2, false}}) {
    const spec::SeccompArg arg = {0, row.value, row.value_two, row.op};
    EXPECT_EQ(Refusal(Denying("SCMP_ACT_TRAP", "exit_group", {arg})).empty(), !row.matches)
        << row.op << " " << row.value;
    // Another argument cannot save it where one of them does not match.
    const spec::SeccompArg other = {1, 5, 0, "SCMP_CMP_EQ"};
    EXPECT_EQ(Refusal(Denying("SCMP_ACT_TRAP", "exit_group", {arg, other})).empty(), !row.matches);
  }
}

TEST(FilterNeedsTest, AnArgumentThatComesTwiceIsTwoRules) {
  const std::vector<spec::SeccompArg> either = {{0, 9, 0, "SCMP_CMP_EQ"}, {0, 1, 0, "SCMP_CMP_EQ"}};
  EXPECT_THAT(Refusal(Denying("SCMP_ACT_TRAP", "exit_group", either)), HasSubstr("'exit_group'"));
}

TEST(FilterNeedsTest, ARuleWithoutArgumentsBeatsThoseWithThem) {
  spec::Seccomp seccomp = AllowList({"execve", "write", "exit_group"});
  seccomp.syscalls.push_back({{"exit_group"}, "SCMP_ACT_TRAP", {}, {{0, 1, 0, "SCMP_CMP_EQ"}}});
  EXPECT_EQ(Refusal(seccomp), "");
  // One that says what the default says is none.
  seccomp.default_action = "SCMP_ACT_ALLOW";
  EXPECT_THAT(Refusal(seccomp), HasSubstr("/linux/seccomp/syscalls/1/names/0: SCMP_ACT_TRAP"));
}

// The compiler leaves such rules out, so that a later one holds.
TEST(FilterNeedsTest, ARuleThatSaysWhatTheDefaultSaysSavesNothing) {
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ALLOW";
  seccomp.syscalls = {
      {{"exit_group"}, "SCMP_ACT_ALLOW", {}, {{0, 1, 0, "SCMP_CMP_EQ"}}},
      {{"exit_group"}, "SCMP_ACT_NOTIFY", {}, {{0, 0, 0, "SCMP_CMP_GE"}}},
  };
  EXPECT_THAT(Refusal(seccomp), HasSubstr("/linux/seccomp/syscalls/1/names/0: SCMP_ACT_NOTIFY"));
  // One that lets through in another way than the default does counts.
  seccomp.syscalls[0].action = "SCMP_ACT_LOG";
  EXPECT_EQ(Refusal(seccomp), "");
}

TEST(FilterNeedsTest, AnotherErrnoThanTheDefaultsIsAnotherAction) {
  spec::Seccomp seccomp = AllowList({"write", "exit_group"});
  seccomp.default_action = "SCMP_ACT_ERRNO";
  seccomp.syscalls.push_back({{"execve"}, "SCMP_ACT_ERRNO", 5, {}});
  EXPECT_THAT(Refusal(seccomp), HasSubstr("/linux/seccomp/syscalls/1/names/0: SCMP_ACT_ERRNO"));
  seccomp.default_errno_ret = 5;
  EXPECT_THAT(Refusal(seccomp), HasSubstr("/linux/seccomp/defaultAction: SCMP_ACT_ERRNO"));
}

// ---- the check and the compiler -----------------------------------------------------------------

class Random {
 public:
  // Rules whose outcome can be told: they compare arguments that are known beforehand.
  spec::Seccomp Spec() {
    spec::Seccomp seccomp;
    seccomp.listener_path = "/run/agent";
    seccomp.default_action =
        Of({"SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL"});
    for (const child::FilteredCall& call : child::kFilteredCalls) {
      for (uint32_t i = 0, count = Below(4); i < count; ++i) seccomp.syscalls.push_back(Rule(call));
    }
    return seccomp;
  }

 private:
  uint32_t Below(uint32_t n) { return random_() % n; }
  std::string Of(std::vector<const char*> words) {
    return words[Below(static_cast<uint32_t>(words.size()))];
  }

  spec::SeccompRule Rule(const child::FilteredCall& call) {
    spec::SeccompRule rule;
    rule.names = {call.name};
    rule.action = Of({"SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG",
                      "SCMP_ACT_NOTIFY", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL_THREAD"});
    if (rule.action == "SCMP_ACT_ERRNO" && Below(2) == 0) rule.errno_ret = 5;
    if (call.known_index < 0) return rule;
    for (uint32_t i = 0, count = Below(3); i < count; ++i) {
      const uint64_t value = call.known_value + Below(3) - 1;
      rule.args.push_back({static_cast<uint32_t>(call.known_index), value, Below(2) * value,
                           Of({"SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",
                               "SCMP_CMP_GT", "SCMP_CMP_GE", "SCMP_CMP_MASKED_EQ"})});
    }
    return rule;
  }

  std::mt19937 random_{20261128};
};

bool FilterLetsInitThrough(const seccomp::Filter& filter) {
  for (const child::FilteredCall& call : child::kFilteredCalls) {
    if (call.drops_admin) continue;
    seccomp::Args args = {};
    if (call.known_index >= 0) args[static_cast<size_t>(call.known_index)] = call.known_value;
    const uint32_t verdict = seccomp::Verdict(filter, seccomp_arch_native(),
                                              seccomp_syscall_resolve_name(call.name), args);
    if (verdict != SECCOMP_RET_ALLOW && verdict != SECCOMP_RET_LOG) return false;
  }
  return true;
}

TEST(FilterNeedsTest, TheFilterDoesWhatTheCheckTakesItFor) {
  Random random;
  int passed = 0;
  for (int round = 0; round < 2000; ++round) {
    const spec::Seccomp seccomp = random.Spec();
    const seccomp::Filter filter = seccomp::kDirectBackend.compile(seccomp).value().filter;
    ASSERT_NO_FATAL_FAILURE(seccomp::ExpectValid(filter));
    const std::string refusal = Refusal(seccomp);
    ASSERT_EQ(refusal.empty(), FilterLetsInitThrough(filter)) << refusal << "\n"
                                                              << seccomp::Shown(seccomp);
    passed += refusal.empty() ? 1 : 0;
  }
  EXPECT_GT(passed, 200);
}

TEST(FilterNeedsTest, ConditionsThatCoverOnlySomeCasesLeaveTheDefault) {
  spec::Seccomp seccomp = AllowList({"execve", "exit_group"});
  seccomp.syscalls.push_back({{"write"}, "SCMP_ACT_ALLOW", {}, {{0, 1, 0, "SCMP_CMP_EQ"}}});
  EXPECT_THAT(Refusal(seccomp), HasSubstr("/linux/seccomp/defaultAction: SCMP_ACT_KILL"));
}

}  // namespace
}  // namespace hull::runtime
