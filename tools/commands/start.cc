#include "runtime/base/status_macros.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"

namespace hull::tools {
namespace {

absl::StatusOr<int> RunStart(const Invocation& invocation) {
  RETURN_IF_ERROR(
      MakeRuntime(invocation).Start(invocation.arguments.positional[0], NotifySocket()));
  return 0;
}

}  // namespace

const Command kStart = {.name = "start",
                        .usage = "start <container-id>",
                        .summary = "let the program of a created container run",
                        .min_args = 1,
                        .max_args = 1,
                        .run = &RunStart};

}  // namespace hull::tools
