#include "runtime/base/status_macros.h"
#include "tools/commands/commands.h"
#include "tools/commands/options.h"

namespace hull::tools {
namespace {

constexpr Flag kFlags[] = {
    {.name = "process",
     .letter = 'p',
     .value = "FILE",
     .help = "take all of the process from this JSON file"},
    {.name = "tty", .letter = 't', .help = "give it a terminal"},
    {.name = "detach", .letter = 'd', .help = "return as soon as it runs"},
    {.name = "env", .letter = 'e', .value = "NAME=VALUE", .help = "add to its environment; repeat"},
    {.name = "cwd", .value = "DIR", .help = "its working directory"},
    {.name = "user", .letter = 'u', .value = "UID[:GID]", .help = "its user and group"},
    {.name = "additional-gids", .letter = 'g', .value = "GID", .help = "one more group; repeat"},
    {.name = "cap", .letter = 'c', .value = "NAME", .help = "one more capability; repeat"},
    {.name = "no-new-privs", .help = "it cannot gain privileges by exec"},
    {.name = "console-socket",
     .value = "PATH",
     .help = "Unix socket that receives the terminal's master"},
    {.name = "pid-file", .value = "FILE", .help = "write the process's id to this file"},
    {.name = "preserve-fds",
     .value = "N",
     .help = "pass on N file descriptors besides the first three"},
    {.name = "ignore-paused", .help = "wait in a paused container instead of failing"},
    {.name = "process-label", .value = "LABEL", .help = "its SELinux label"},
    {.name = "apparmor", .value = "PROFILE", .help = "its AppArmor profile"},
    {.name = "cgroup",
     .value = "[CONTROLLER[,...]:]PATH",
     .help = "into this cgroup beneath the container's; repeat for v1's hierarchies"},
    {.name = "pidfd-socket",
     .value = "PATH",
     .help = "Unix socket that receives a pidfd of the process"},
    {.name = "no-subreaper", .kind = FlagKind::kIgnored},
};

absl::StatusOr<int> RunExec(const Invocation& invocation) {
  ASSIGN_OR_RETURN(const runtime::ExecOptions options, ReadExecOptions(invocation));
  return MakeRuntime(invocation).Exec(options);
}

}  // namespace

const Command kExec = {.name = "exec",
                       .usage = "exec [flags] <container-id> <command> [argument...]",
                       .summary = "run a further program in a container",
                       .flags = kFlags,
                       .min_args = 1,
                       .max_args = kAnyNumber,
                       .flags_end_at_argument = true,
                       .failure_status = 255,
                       .run = &RunExec};

}  // namespace hull::tools
