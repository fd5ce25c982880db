#include "runtime/base/status_macros.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"

namespace hull::tools {
namespace {

constexpr Flag kFlags[] = {
    {.name = "force", .letter = 'f', .help = "kill it first; no error where nothing exists"},
};

absl::StatusOr<int> RunDelete(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  RETURN_IF_ERROR(
      MakeRuntime(invocation).Delete(arguments.positional[0], arguments.Switch("force")));
  return 0;
}

}  // namespace

const Command kDelete = {.name = "delete",
                         .usage = "delete [flags] <container-id>",
                         .summary = "remove what a stopped container left",
                         .flags = kFlags,
                         .min_args = 1,
                         .max_args = 1,
                         .run = &RunDelete};

}  // namespace hull::tools
