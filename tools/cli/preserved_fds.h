// The file descriptors that --preserve-fds and socket activation hand to the container's process.
#ifndef HULL_TOOLS_CLI_PRESERVED_FDS_H_
#define HULL_TOOLS_CLI_PRESERVED_FDS_H_

#include "absl/status/statusor.h"
#include "tools/cli/command.h"

namespace hull::tools {

// How many, from 3 on: those of socket activation (sd_listen_fds(3)) where $LISTEN_PID is this
// process, then N of --preserve-fds. To be called before the program opens any of its own.
// InvalidArgument names the first that is not open.
absl::StatusOr<int> CountPreservedFds(const Arguments& arguments);

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_PRESERVED_FDS_H_
