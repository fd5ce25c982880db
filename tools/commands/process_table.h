// The processes of a container, in the words of the machine's ps(1).
#ifndef HULL_TOOLS_COMMANDS_PROCESS_TABLE_H_
#define HULL_TOOLS_COMMANDS_PROCESS_TABLE_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace hull::tools {

// `hull ps --format json`: "[1,2]".
std::string PidsJson(absl::Span<const pid_t> pids);

// What `ps` prints when it is given `words`. NotFound: the machine has none, neither in PATH nor
// where it usually is; FailedPrecondition: it has failed, with what it said.
absl::StatusOr<std::string> RunHostPs(const std::vector<std::string>& words);

// The title of a table of ps, and the rows of these processes. InvalidArgument: it has no column
// PID, or a row none.
absl::StatusOr<std::string> KeepRows(std::string_view table, absl::Span<const pid_t> pids);

}  // namespace hull::tools

#endif  // HULL_TOOLS_COMMANDS_PROCESS_TABLE_H_
