// The flags before the command.
#ifndef HULL_TOOLS_CLI_GLOBALS_H_
#define HULL_TOOLS_CLI_GLOBALS_H_

#include <sys/types.h>

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tools/cli/command.h"
#include "tools/cli/log.h"

namespace hull::tools {

absl::Span<const Flag> GlobalFlags();

// What the defaults depend on; a value, so that tests can describe any caller.
struct Caller {
  uid_t euid = 0;
  bool in_user_namespace = false;  // not every uid of the host has a name here
  std::string user = {};           // $USER
  std::string runtime_dir = {};    // $XDG_RUNTIME_DIR
};
Caller ThisCaller();

// Where containers are kept when --root does not say: /run/hull, or $XDG_RUNTIME_DIR/hull for
// callers who are not the host's root (as runc: euid 0 in a user namespace counts as such unless
// $USER is root).
std::string DefaultRoot(const Caller& caller);

// InvalidArgument: "/" as the root, an unknown manager, format or level.
absl::StatusOr<Globals> ReadGlobals(const Arguments& arguments, const Caller& caller);
absl::StatusOr<LogOptions> ReadLogOptions(const Arguments& arguments);

// Makes the default root below $XDG_RUNTIME_DIR, sticky so that cleaners of old files leave it
// alone (XDG Base Directory Specification). The runtime makes any other root.
absl::Status PrepareDefaultRoot(const Arguments& arguments, const Globals& globals);

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_GLOBALS_H_
