#include "runtime/base/status_macros.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"

namespace hull::tools {
namespace {

absl::StatusOr<int> RunResume(const Invocation& invocation) {
  RETURN_IF_ERROR(MakeRuntime(invocation).Resume(invocation.arguments.positional[0]));
  return 0;
}

}  // namespace

const Command kResume = {.name = "resume",
                         .usage = "resume <container-id>",
                         .summary = "thaw a paused container",
                         .min_args = 1,
                         .max_args = 1,
                         .run = &RunResume};

}  // namespace hull::tools
