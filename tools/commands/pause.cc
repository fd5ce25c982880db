#include "runtime/base/status_macros.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"

namespace hull::tools {
namespace {

absl::StatusOr<int> RunPause(const Invocation& invocation) {
  RETURN_IF_ERROR(MakeRuntime(invocation).Pause(invocation.arguments.positional[0]));
  return 0;
}

}  // namespace

const Command kPause = {.name = "pause",
                        .usage = "pause <container-id>",
                        .summary = "freeze every process of a container",
                        .min_args = 1,
                        .max_args = 1,
                        .run = &RunPause};

}  // namespace hull::tools
