#include "tools/cli/parser.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace hull::tools {
namespace {

constexpr Flag kFlags[] = {
    {.name = "bundle", .letter = 'b', .value = "DIR", .help = "the bundle"},
    {.name = "env", .letter = 'e', .value = "NAME=VALUE", .help = "one more variable"},
    {.name = "tty", .letter = 't', .help = "a terminal"},
    {.name = "detach", .letter = 'd', .help = "in the background"},
    {.name = "no-subreaper", .help = "accepted", .kind = FlagKind::kIgnored},
};

constexpr Command kCommand = {.name = "try",
                              .usage = "try <container-id> [signal]",
                              .summary = "try it",
                              .flags = kFlags,
                              .min_args = 1,
                              .max_args = 2};

// "bundle=/b tty=true | id x": flags by name, then the positional arguments; or the error.
std::string Read(std::string_view line, bool flags_end_at_argument = false) {
  const std::vector<std::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  const absl::StatusOr<Arguments> read = ParseWords(kFlags, flags_end_at_argument, words);
  if (!read.ok()) return std::string(read.status().message());
  std::vector<std::string> flags;
  for (const auto& [name, values] : read->flags) {
    flags.push_back(absl::StrCat(name, "=", absl::StrJoin(values, ",")));
  }
  return absl::StrCat(absl::StrJoin(flags, " "), " | ", absl::StrJoin(read->positional, " "));
}

struct Case {
  const char* line;
  const char* expected;
};

TEST(ParserTest, EverySpellingOfAFlag) {
  const Case kCases[] = {
      {"--bundle /b id", "bundle=/b | id"},
      {"--bundle=/b id", "bundle=/b | id"},
      {"-bundle /b id", "bundle=/b | id"},
      {"-bundle=/b id", "bundle=/b | id"},
      {"-b /b id", "bundle=/b | id"},
      {"-b=/b id", "bundle=/b | id"},
      {"--b /b id", "bundle=/b | id"},
      {"--bundle= id", "bundle= | id"},
      {"--bundle -x id", "bundle=-x | id"},
      {"--env A=B=C", "env=A=B=C | "},
      {"--env=A=B", "env=A=B | "},
      {"-e A=1 -e B=2", "env=A=1,B=2 | "},
      {"-t id", "tty=true | id"},
      {"--tty=false id", "tty=false | id"},
      {"--tty=1 id", "tty=true | id"},
      {"-t=F id", "tty=false | id"},
      {"-td id", "detach=true tty=true | id"},
      {"-no-subreaper id", "no-subreaper=true | id"},
      {"-h", "help=true | "},
      {"-help", "help=true | "},
  };
  for (const Case& c : kCases) EXPECT_EQ(Read(c.line), c.expected) << c.line;
}

TEST(ParserTest, FlagsMayFollowArguments) {
  EXPECT_EQ(Read("id --tty x -b /b"), "bundle=/b tty=true | id x");
}

TEST(ParserTest, FlagsEndAtTheFirstArgumentWhereTheCommandSaysSo) {
  EXPECT_EQ(Read("-t id ls -d --bundle x", true), "tty=true | id ls -d --bundle x");
}

TEST(ParserTest, TwoDashesEndTheFlags) {
  EXPECT_EQ(Read("-t -- -d --x"), "tty=true | -d --x");
  EXPECT_EQ(Read("id -- -t"), " | id -t");
}

TEST(ParserTest, ASingleDashIsAnArgument) { EXPECT_EQ(Read("- -t"), "tty=true | -"); }

TEST(ParserTest, TheErrorNamesTheFlag) {
  const Case kCases[] = {
      {"--bundel /b", "unknown flag '--bundel', did you mean '--bundle'?"},
      {"--detatch", "unknown flag '--detatch', did you mean '--detach'?"},
      {"--something", "unknown flag '--something'"},
      {"-x", "unknown flag '-x'"},
      {"-tx", "unknown flag '--tx'"},
      {"-tb /b", "unknown flag '--tb'"},
      {"--", " | "},
      {"--bundle", "flag needs an argument: --bundle"},
      {"-b", "flag needs an argument: -b"},
      {"--tty=maybe", "flag --tty: 'maybe' is not one of true, false"},
  };
  for (const Case& c : kCases) EXPECT_EQ(Read(c.line), c.expected) << c.line;
}

TEST(ParserTest, AMissingArgumentIsSaidWithTheUsage) {
  EXPECT_EQ(ParseCommand(kCommand, {}).status().message(),
            "try: an argument is missing (usage: hull try <container-id> [signal])");
}

TEST(ParserTest, ASurplusArgumentIsNamed) {
  EXPECT_EQ(ParseCommand(kCommand, {"a", "b", "c"}).status().message(),
            "try: unexpected argument 'c' (usage: hull try <container-id> [signal])");
}

TEST(ParserTest, HelpNeedsNoArguments) {
  EXPECT_TRUE(ParseCommand(kCommand, {"--help"})->Switch("help"));
}

TEST(ParserTest, TheLastValueWins) {
  const absl::StatusOr<Arguments> read = ParseWords(kFlags, false, {"-b", "x", "--bundle", "y"});
  EXPECT_EQ(read->Last("bundle"), "y");
  EXPECT_EQ(read->Last("env", "none"), "none");
  EXPECT_EQ(read->All("bundle"), (std::vector<std::string>{"x", "y"}));
}

TEST(ParserTest, NumbersAreDecimalAndInRange) {
  EXPECT_EQ(*ParseNumber("preserve-fds", "12", 100), 12u);
  for (const char* bad :
       {"", "-1", "+1", " 1", "1 ", "0x1", "1e3", "101", "99999999999999999999"}) {
    EXPECT_EQ(ParseNumber("preserve-fds", bad, 100).status().message(),
              absl::StrCat("flag --preserve-fds: '", bad, "' is not a number from 0 to 100"));
  }
}

TEST(ParserTest, IntervalsAreTimesGreaterThanZero) {
  EXPECT_EQ(*ParseInterval("interval", "5s"), absl::Seconds(5));
  EXPECT_EQ(*ParseInterval("interval", "1m30s"), absl::Seconds(90));
  EXPECT_EQ(*ParseInterval("interval", "250ms"), absl::Milliseconds(250));
  EXPECT_EQ(*ParseInterval("interval", "3"), absl::Seconds(3));
  for (const char* bad : {"", "0", "0s", "-1s", "s", "inf", "5 s", "5x"}) {
    EXPECT_FALSE(ParseInterval("interval", bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace hull::tools
