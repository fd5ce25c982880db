// The file descriptors that --preserve-fds and socket activation hand to the container's process.
#ifndef HULL_TOOLS_CLI_PRESERVED_FDS_H_
#define HULL_TOOLS_CLI_PRESERVED_FDS_H_

#include "absl/status/statusor.h"
#include "tools/cli/command.h"

namespace hull::tools {

// Socket activation counts where $LISTEN_PID is this process. To be called before the program opens
// any descriptor of its own. InvalidArgument names the first that is not open.
absl::StatusOr<PreservedFds> CountPreservedFds(const Arguments& arguments);

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_PRESERVED_FDS_H_
