#include "runtime/base/status_macros.h"
#include "tools/cli/signal.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"

namespace hull::tools {
namespace {

constexpr Flag kFlags[] = {
    {.name = "all", .letter = 'a', .help = "to every process of the container"},
};

absl::StatusOr<int> RunKill(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  ASSIGN_OR_RETURN(const int signal,
                   ParseSignal(arguments.positional.size() > 1 ? arguments.positional[1] : "TERM"));
  RETURN_IF_ERROR(
      MakeRuntime(invocation).Kill(arguments.positional[0], signal, arguments.Switch("all")));
  return 0;
}

}  // namespace

const Command kKill = {.name = "kill",
                       .usage = "kill [flags] <container-id> [signal]",
                       .summary = "send a signal (default TERM) to the container's first process",
                       .flags = kFlags,
                       .min_args = 1,
                       .max_args = 2,
                       .run = &RunKill};

}  // namespace hull::tools
