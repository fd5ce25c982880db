// The table of commands, in the order of the help.
#ifndef HULL_TOOLS_COMMANDS_TABLE_H_
#define HULL_TOOLS_COMMANDS_TABLE_H_

#include "absl/types/span.h"
#include "tools/cli/command.h"

namespace hull::tools {

absl::Span<const Command* const> Commands();

}  // namespace hull::tools

#endif  // HULL_TOOLS_COMMANDS_TABLE_H_
