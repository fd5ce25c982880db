#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "spec/spec.h"
#include "tools/cli/log.h"
#include "tools/commands/commands.h"
#include "tools/commands/limits.h"
#include "tools/commands/options.h"

namespace hull::tools {
namespace {

absl::StatusOr<int> RunUpdate(const Invocation& invocation) {
  ASSIGN_OR_RETURN(const runtime::Change change, ReadLimits(invocation));
  RETURN_IF_ERROR(MakeRuntime(invocation).Update(invocation.arguments.positional[0], change));
  return 0;
}

}  // namespace

const Command kUpdate = {.name = "update",
                         .usage = "update [flags] <container-id>",
                         .summary = "change the limits of a container that lives",
                         .flags = kLimitFlags,
                         .min_args = 1,
                         .max_args = 1,
                         .run = &RunUpdate};

}  // namespace hull::tools
