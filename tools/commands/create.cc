#include "runtime/base/status_macros.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"

namespace hull::tools {
namespace {

absl::StatusOr<int> RunCreate(const Invocation& invocation) {
  ASSIGN_OR_RETURN(const runtime::CreateOptions options, ReadCreateOptions(invocation));
  RETURN_IF_ERROR(MakeRuntime(invocation).Create(options));
  return 0;
}

}  // namespace

const Command kCreate = {.name = "create",
                         .usage = "create [flags] <container-id>",
                         .summary = "make a container whose program waits for 'start'",
                         .flags = kCreateFlags,
                         .min_args = 1,
                         .max_args = 1,
                         .run = &RunCreate};

}  // namespace hull::tools
