#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "runtime/base/status_macros.h"
#include "runtime/events_json.h"
#include "tools/cli/parser.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"
#include "tools/commands/output.h"

namespace hull::tools {
namespace {

constexpr Flag kFlags[] = {
    {.name = "stats", .help = "print the statistics once, and no lack of memory"},
    {.name = "interval", .value = "TIME", .help = "print them so often, as 500ms (default 5s)"},
};

absl::StatusOr<int> RunEvents(const Invocation& invocation) {
  const std::string id(invocation.arguments.positional[0]);
  ASSIGN_OR_RETURN(const absl::Duration interval,
                   ParseInterval("interval", invocation.arguments.Last("interval", "5s")));
  runtime::Runtime runtime = MakeRuntime(invocation);
  if (invocation.arguments.Switch("stats")) {
    ASSIGN_OR_RETURN(const cgroups::Stats stats, runtime.Stats(id));
    RETURN_IF_ERROR(Print(absl::StrCat(runtime::StatsEventJson(id, stats), "\n")));
    return 0;
  }
  const auto print = [&id](const cgroups::Stats* stats) {
    return Print(absl::StrCat(
        stats == nullptr ? runtime::OomEventJson(id) : runtime::StatsEventJson(id, *stats), "\n"));
  };
  RETURN_IF_ERROR(runtime.Watch(id, interval, print));
  return 0;
}

}  // namespace

const Command kEvents = {
    .name = "events",
    .usage = "events [flags] <container-id>",
    .summary = "print a container's statistics, and when it lacks memory, as JSON",
    .flags = kFlags,
    .min_args = 1,
    .max_args = 1,
    .run = &RunEvents};

}  // namespace hull::tools
