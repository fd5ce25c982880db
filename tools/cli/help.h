// Texts that derive from the tables of commands and flags.
#ifndef HULL_TOOLS_CLI_HELP_H_
#define HULL_TOOLS_CLI_HELP_H_

#include <string>

#include "absl/types/span.h"
#include "tools/cli/command.h"

namespace hull::tools {

// `hull --help`.
std::string GeneralHelp(absl::Span<const Command* const> commands, absl::Span<const Flag> globals);
// `hull COMMAND --help`.
std::string CommandHelp(const Command& command);

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_HELP_H_
