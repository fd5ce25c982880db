#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "spec/state_json.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"
#include "tools/commands/output.h"

namespace hull::tools {
namespace {

constexpr Flag kFlags[] = {
    {.name = "format", .letter = 'f', .value = "FORMAT", .help = "table or json (default table)"},
    {.name = "quiet", .letter = 'q', .help = "only the ids"},
};

absl::StatusOr<std::vector<spec::ContainerState>> ReadStates(const Invocation& invocation) {
  ASSIGN_OR_RETURN(const std::vector<runtime::ContainerInfo> infos, MakeRuntime(invocation).List());
  const std::string passwd = ReadPasswd();
  std::vector<spec::ContainerState> states;
  for (const runtime::ContainerInfo& info : infos) states.push_back(ShownState(info, passwd));
  std::sort(states.begin(), states.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return states;
}

absl::StatusOr<int> RunList(const Invocation& invocation) {
  const std::string_view format = invocation.arguments.Last("format", "table");
  if (format != "table" && format != "json") {
    return absl::InvalidArgumentError(
        absl::StrCat("flag --format: '", format, "' is not one of table, json"));
  }
  ASSIGN_OR_RETURN(const std::vector<spec::ContainerState> states, ReadStates(invocation));
  const std::string text = invocation.arguments.Switch("quiet") ? ListIds(states)
                           : format == "json" ? absl::StrCat(spec::StateListJson(states), "\n")
                                              : ListTable(states);
  RETURN_IF_ERROR(Print(text));
  return 0;
}

}  // namespace

const Command kList = {.name = "list",
                       .usage = "list [flags]",
                       .summary = "print every container",
                       .flags = kFlags,
                       .run = &RunList};

}  // namespace hull::tools
