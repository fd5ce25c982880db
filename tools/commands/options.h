// From what the user typed to what the runtime takes.
#ifndef HULL_TOOLS_COMMANDS_OPTIONS_H_
#define HULL_TOOLS_COMMANDS_OPTIONS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/lifecycle.h"
#include "tools/cli/command.h"

namespace hull::tools {

// The flags of `create`, which `run` and `explain` have as well.
inline constexpr Flag kCreateFlags[] = {
    {.name = "bundle", .letter = 'b', .value = "DIR", .help = "the bundle (default: here)"},
    {.name = "config",
     .letter = 'f',
     .value = "FILE",
     .help = "read this instead of the bundle's config.json"},
    {.name = "console-socket",
     .value = "PATH",
     .help = "Unix socket that receives the terminal's master"},
    {.name = "pid-file", .value = "FILE", .help = "write the process's id to this file"},
    {.name = "preserve-fds",
     .value = "N",
     .help = "pass on N file descriptors besides the first three"},
    {.name = "no-pivot", .help = "do not use pivot_root (for a root file system in RAM)"},
    {.name = "no-new-keyring", .help = "keep the caller's session keyring"},
    {.name = "no-subreaper", .help = "do not adopt the container's orphans"},
    {.name = "pidfd-socket",
     .value = "PATH",
     .help = "Unix socket that receives a pidfd of the process"},
};

// $NOTIFY_SOCKET of sd_notify(3), "" where the caller has none.
std::string NotifySocket();

absl::StatusOr<runtime::CreateOptions> ReadCreateOptions(const Invocation& invocation);
runtime::RunOptions ReadRunOptions(const Invocation& invocation);
// Reads the file of --process as well.
absl::StatusOr<runtime::ExecOptions> ReadExecOptions(const Invocation& invocation);

// The Runtime that the global flags describe. Its warnings go to the log.
runtime::Runtime MakeRuntime(const Invocation& invocation);

}  // namespace hull::tools

#endif  // HULL_TOOLS_COMMANDS_OPTIONS_H_
