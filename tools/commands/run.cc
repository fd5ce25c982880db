#include <array>
#include <cstddef>

#include "runtime/base/status_macros.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"

namespace hull::tools {
namespace {

constexpr Flag kOwnFlags[] = {
    {.name = "detach", .letter = 'd', .help = "return as soon as the program runs"},
    {.name = "keep", .help = "leave the stopped container for 'state' and 'delete'"},
};

constexpr auto kRunFlags = [] {
  std::array<Flag, std::size(kOwnFlags) + std::size(kCreateFlags)> flags;
  size_t count = 0;
  for (const Flag& flag : kOwnFlags) flags[count++] = flag;
  for (const Flag& flag : kCreateFlags) flags[count++] = flag;
  return flags;
}();

absl::StatusOr<int> RunRun(const Invocation& invocation) {
  ASSIGN_OR_RETURN(const runtime::CreateOptions options, ReadCreateOptions(invocation));
  return MakeRuntime(invocation).Run(options, ReadRunOptions(invocation));
}

}  // namespace

const Command kRun = {.name = "run",
                      .usage = "run [flags] <container-id>",
                      .summary = "create, start, wait for the program, delete",
                      .flags = kRunFlags,
                      .min_args = 1,
                      .max_args = 1,
                      .run = &RunRun};

}  // namespace hull::tools
