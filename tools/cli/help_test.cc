#include "tools/cli/help.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::tools {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Flag kFlags[] = {
    {.name = "bundle", .letter = 'b', .value = "DIR", .help = "the bundle"},
    {.name = "force", .help = "do it"},
    {.name = "old", .help = "unused", .kind = FlagKind::kIgnored},
};
constexpr Command kTry = {
    .name = "try", .usage = "try [flags] <id>", .summary = "try it out", .flags = kFlags};
constexpr const Command* kCommands[] = {&kTry};

TEST(HelpTest, ACommandsHelpIsItsTable) {
  EXPECT_EQ(CommandHelp(kTry),
            "hull try: try it out\n\nusage: hull try [flags] <id>\n\nflags:\n"
            "  -b, --bundle DIR  the bundle\n"
            "  --force           do it\n"
            "  -h, --help        show this text\n");
}

TEST(HelpTest, TheGeneralHelpNamesEveryCommandAndGlobalFlag) {
  const std::string help = GeneralHelp(kCommands, kFlags);
  EXPECT_THAT(help, HasSubstr("  try   try it out\n"));
  EXPECT_THAT(help, HasSubstr("  -b, --bundle DIR  the bundle\n"));
  EXPECT_THAT(help, Not(HasSubstr("--old")));
}

}  // namespace
}  // namespace hull::tools
