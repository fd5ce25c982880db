#include "runtime/filter_needs.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

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

TEST(FilterNeedsTest, ConditionsThatCoverOnlySomeCasesLeaveTheDefault) {
  spec::Seccomp seccomp = AllowList({"execve", "exit_group"});
  seccomp.syscalls.push_back({{"write"}, "SCMP_ACT_ALLOW", {}, {{0, 1, 0, "SCMP_CMP_EQ"}}});
  EXPECT_THAT(Refusal(seccomp), HasSubstr("/linux/seccomp/defaultAction: SCMP_ACT_KILL"));
}

}  // namespace
}  // namespace hull::runtime
