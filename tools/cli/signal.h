// Signals by number or name.
#ifndef HULL_TOOLS_CLI_SIGNAL_H_
#define HULL_TOOLS_CLI_SIGNAL_H_

#include <string_view>

#include "absl/status/statusor.h"

namespace hull::tools {

// "9", "KILL", "SIGKILL", "sigkill", "RTMIN+3", "SIGRTMAX-1"; 0, which only asks whether the
// process is there. InvalidArgument names the word, and the nearest name.
absl::StatusOr<int> ParseSignal(std::string_view word);

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_SIGNAL_H_
