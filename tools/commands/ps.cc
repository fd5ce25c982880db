#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"
#include "tools/commands/output.h"
#include "tools/commands/process_table.h"

namespace hull::tools {
namespace {

constexpr Flag kFlags[] = {
    {.name = "format", .letter = 'f', .value = "FORMAT", .help = "table or json (default table)"},
};

absl::StatusOr<int> RunPs(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  const std::string_view format = arguments.Last("format", "table");
  if (format != "table" && format != "json") {
    return absl::InvalidArgumentError(
        absl::StrCat("flag --format: '", format, "' is not one of table, json"));
  }
  ASSIGN_OR_RETURN(const std::vector<pid_t> pids,
                   MakeRuntime(invocation).Pids(arguments.positional[0]));
  if (format == "json") {
    RETURN_IF_ERROR(Print(absl::StrCat(PidsJson(pids), "\n")));
    return 0;
  }
  std::vector<std::string> words(arguments.positional.begin() + 1, arguments.positional.end());
  if (words.empty()) words.push_back("-ef");
  ASSIGN_OR_RETURN(const std::string table, RunHostPs(words));
  ASSIGN_OR_RETURN(const std::string rows, KeepRows(table, pids));
  RETURN_IF_ERROR(Print(rows));
  return 0;
}

}  // namespace

const Command kPs = {.name = "ps",
                     .usage = "ps [flags] <container-id> [ps option...]",
                     .summary = "print the processes of a container",
                     .flags = kFlags,
                     .min_args = 1,
                     .max_args = kAnyNumber,
                     .flags_end_at_argument = true,
                     .run = &RunPs};

}  // namespace hull::tools
