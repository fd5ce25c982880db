// Reads a command line by its table of flags, with the grammar of runc and crun.
//
//   --bundle DIR   --bundle=DIR   -bundle DIR   -b DIR   -b=DIR      one value
//   --force   -f   --force=false                                     a switch
//   -td                                                              switches of one letter
//   --                                                               ends the flags
//
// Flags may follow positional arguments, but for the commands that say otherwise.
#ifndef HULL_TOOLS_CLI_PARSER_H_
#define HULL_TOOLS_CLI_PARSER_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "tools/cli/command.h"

namespace hull::tools {

// Reads `words` by `flags`. InvalidArgument names the flag: unknown (with the nearest), without its
// value, not a switch's value.
absl::StatusOr<Arguments> ParseWords(absl::Span<const Flag> flags, bool flags_end_at_argument,
                                     absl::Span<const std::string_view> words);

// ParseWords, then the count of positional arguments.
absl::StatusOr<Arguments> ParseCommand(const Command& command,
                                       absl::Span<const std::string_view> words);

// Every command has it besides its own.
inline constexpr Flag kHelpFlag = {.name = "help", .letter = 'h', .help = "show this text"};

// A decimal number from 0 to `max`, all of `text`. InvalidArgument names the flag.
absl::StatusOr<uint64_t> ParseNumber(std::string_view flag, std::string_view text, uint64_t max);

// A time greater than 0 as Go writes it ("5s", "500ms", "1m30s"), or in whole seconds ("5").
absl::StatusOr<absl::Duration> ParseInterval(std::string_view flag, std::string_view text);

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_PARSER_H_
