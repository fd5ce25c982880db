#include "tools/commands/process_table.h"

#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::tools {
namespace {

using ::testing::HasSubstr;

constexpr char kTable[] =
    "UID          PID    PPID  C CMD\n"
    "root           1       0  0 init\n"
    "root          12       1  0 sleep 1\n"
    "root         121       1  0 sleep 12\n";

TEST(ProcessTableTest, TheTitleAndTheRowsOfTheProcessesStay) {
  EXPECT_EQ(*KeepRows(kTable, {12, 500}),
            "UID          PID    PPID  C CMD\nroot          12       1  0 sleep 1\n");
  EXPECT_EQ(*KeepRows(kTable, {}), "UID          PID    PPID  C CMD\n");
}

TEST(ProcessTableTest, ATableWithoutTheColumnIsRefused) {
  EXPECT_THAT(std::string(KeepRows("CMD\ninit\n", {1}).status().message()),
              HasSubstr("no column PID"));
  EXPECT_TRUE(absl::IsInvalidArgument(KeepRows("", {1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(KeepRows("C PID\n1\n", {1}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(KeepRows("C PID\n1 x\n", {1}).status()));
}

TEST(ProcessTableTest, PidsAreAListOfNumbers) {
  EXPECT_EQ(PidsJson({3, 14}), "[3,14]");
  EXPECT_EQ(PidsJson({}), "[]");
}

TEST(ProcessTableTest, AFailingPsIsQuoted) {
  const absl::Status status = RunHostPs({"--no-such-option"}).status();
  if (absl::IsNotFound(status)) GTEST_SKIP() << "no ps on this machine";
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("'ps --no-such-option' failed: "));
}

}  // namespace
}  // namespace hull::tools
