#include "runtime/base/status_macros.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"
#include "tools/commands/output.h"

namespace hull::tools {
namespace {

absl::StatusOr<int> RunExplain(const Invocation& invocation) {
  ASSIGN_OR_RETURN(const runtime::CreateOptions options, ReadCreateOptions(invocation));
  ASSIGN_OR_RETURN(const std::string plan, MakeRuntime(invocation).Explain(options));
  RETURN_IF_ERROR(Print(plan));
  return 0;
}

}  // namespace

const Command kExplain = {.name = "explain",
                          .usage = "explain [flags] <container-id>",
                          .summary = "print what 'create' would do, step by step, and do nothing",
                          .flags = kCreateFlags,
                          .min_args = 1,
                          .max_args = 1,
                          .run = &RunExplain};

}  // namespace hull::tools
