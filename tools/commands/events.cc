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

std::string StatsLine(std::string_view id, const runtime::ContainerStats& stats) {
  const runtime::RdtStats* rdt = stats.intel_rdt.has_value() ? &*stats.intel_rdt : nullptr;
  return absl::StrCat(runtime::StatsEventJson(id, stats, rdt), "\n");
}

absl::StatusOr<int> RunEvents(const Invocation& invocation) {
  const std::string id(invocation.arguments.positional[0]);
  ASSIGN_OR_RETURN(const absl::Duration interval,
                   ParseInterval("interval", invocation.arguments.Last("interval", "5s")));
  runtime::Runtime runtime = MakeRuntime(invocation);
  if (invocation.arguments.Switch("stats")) {
    ASSIGN_OR_RETURN(const runtime::ContainerStats stats, runtime.Stats(id));
    RETURN_IF_ERROR(Print(StatsLine(id, stats)));
    return 0;
  }
  const auto print = [&id](const runtime::ContainerStats* stats) {
    return Print(stats == nullptr ? absl::StrCat(runtime::OomEventJson(id), "\n")
                                  : StatsLine(id, *stats));
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
