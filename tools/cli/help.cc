#include "tools/cli/help.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/cli/parser.h"

namespace hull::tools {
namespace {

constexpr std::string_view kSummary = "run containers described by an OCI bundle";

// "-b, --bundle DIR".
std::string Spelled(const Flag& flag) {
  return absl::StrCat(
      flag.letter == '\0' ? "" : absl::StrCat("-", std::string(1, flag.letter), ", "), "--",
      flag.name, flag.value.empty() ? "" : absl::StrCat(" ", flag.value));
}

// Two columns, the second one aligned.
std::string Columns(const std::vector<std::pair<std::string, std::string>>& rows) {
  size_t width = 0;
  for (const auto& [left, right] : rows) width = std::max(width, left.size());
  std::string text;
  for (const auto& [left, right] : rows) {
    absl::StrAppend(&text, "  ", left, std::string(width - left.size() + 2, ' '), right, "\n");
  }
  return text;
}

std::string FlagRows(absl::Span<const Flag> flags) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Flag& flag : flags) {
    if (flag.kind == FlagKind::kOffered) rows.emplace_back(Spelled(flag), flag.help);
  }
  rows.emplace_back(Spelled(kHelpFlag), kHelpFlag.help);
  return Columns(rows);
}

}  // namespace

std::string GeneralHelp(absl::Span<const Command* const> commands, absl::Span<const Flag> globals) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Command* command : commands) rows.emplace_back(command->name, command->summary);
  rows.emplace_back("help", "show this text, or with a command's name that command's");
  return absl::StrCat("hull: ", kSummary,
                      "\n\nusage: hull [global flags] <command> [flags] ...\n\n", "commands:\n",
                      Columns(rows), "\nglobal flags:\n", FlagRows(globals));
}

std::string CommandHelp(const Command& command) {
  return absl::StrCat("hull ", command.name, ": ", command.summary, "\n\nusage: hull ",
                      command.usage, "\n\nflags:\n", FlagRows(command.flags));
}

}  // namespace hull::tools
