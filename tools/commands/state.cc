#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "spec/state_json.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"
#include "tools/commands/output.h"

namespace hull::tools {
namespace {

absl::StatusOr<int> RunState(const Invocation& invocation) {
  ASSIGN_OR_RETURN(const runtime::ContainerInfo info,
                   MakeRuntime(invocation).State(invocation.arguments.positional[0]));
  const spec::ContainerState state = ShownState(info, ReadPasswd());
  RETURN_IF_ERROR(Print(absl::StrCat(spec::StateJson(state), "\n")));
  return 0;
}

}  // namespace

const Command kState = {.name = "state",
                        .usage = "state <container-id>",
                        .summary = "print a container's state as JSON",
                        .min_args = 1,
                        .max_args = 1,
                        .run = &RunState};

}  // namespace hull::tools
