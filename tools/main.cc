// hull: an OCI container runtime. The grammar is runc's and crun's:
// hull [global flags] <command> [flags] [arguments].
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "runtime/base/status_macros.h"
#include "spec/spec.h"
#include "tools/cli/command.h"
#include "tools/cli/globals.h"
#include "tools/cli/help.h"
#include "tools/cli/log.h"
#include "tools/cli/nearest.h"
#include "tools/cli/parser.h"
#include "tools/cli/preserved_fds.h"
#include "tools/commands/output.h"
#include "tools/commands/table.h"
#include "tools/version/version.h"

namespace hull::tools {
namespace {

using Words = absl::Span<const std::string_view>;

// Three lines, each in two halves: so old clients split it.
std::string VersionText() {
  return absl::StrCat("hull version ", version::kVersion, "\ncommit: ", version::kCommit,
                      "\nspec: ", spec::kOciVersion, "\n");
}

absl::StatusOr<const Command*> FindCommand(std::string_view name) {
  std::vector<std::string_view> names = {"help"};
  for (const Command* command : Commands()) {
    if (command->name == name) return command;
    names.push_back(command->name);
  }
  const std::string_view nearest = Nearest(name, names);
  return absl::InvalidArgumentError(
      absl::StrCat("unknown command '", name, "'",
                   nearest.empty() ? "" : absl::StrCat(", did you mean '", nearest, "'?"),
                   " (hull --help lists them)"));
}

absl::StatusOr<int> ShowHelp(Words words) {
  if (words.empty()) {
    RETURN_IF_ERROR(Print(GeneralHelp(Commands(), GlobalFlags())));
    return 0;
  }
  ASSIGN_OR_RETURN(const Command* command, FindCommand(words[0]));
  RETURN_IF_ERROR(Print(CommandHelp(*command)));
  return 0;
}

// `bazel run` starts a program in its own runfiles; what the user typed is meant from where they
// are. A hull that some other program of such a run starts must not be moved.
void EnterCallersDirectory() {
  const char* directory = getenv("BUILD_WORKING_DIRECTORY");
  char here[4096];
  if (directory == nullptr || getcwd(here, sizeof(here)) == nullptr) return;
  if (!absl::StrContains(here, "/runtime.runfiles/")) return;
  if (chdir(directory) != 0) return;  // then relative paths are meant from here
}

// What `command` needs from its own words, so that nothing but the descriptors of the caller is
// open yet.
struct Request {
  const Command* command = nullptr;
  Arguments arguments;
  PreservedFds preserved_fds = {};
};

absl::StatusOr<Request> ReadRequest(Words words, int& failure_status) {
  if (words.empty()) {
    return absl::InvalidArgumentError("no command given (hull --help lists them)");
  }
  Request request;
  ASSIGN_OR_RETURN(request.command, FindCommand(words[0]));
  failure_status = request.command->failure_status;
  ASSIGN_OR_RETURN(request.arguments, ParseCommand(*request.command, words.subspan(1)));
  ASSIGN_OR_RETURN(request.preserved_fds, CountPreservedFds(request.arguments));
  return request;
}

absl::StatusOr<int> Carry(const absl::StatusOr<Request>& request, const Arguments& global,
                          Log& log) {
  RETURN_IF_ERROR(request.status());
  const Command& command = *request->command;
  if (request->arguments.Switch("help")) return ShowHelp({command.name});
  ASSIGN_OR_RETURN(const Globals globals, ReadGlobals(global, ThisCaller()));
  RETURN_IF_ERROR(PrepareDefaultRoot(global, globals));
  return command.run({.globals = globals,
                      .arguments = request->arguments,
                      .log = log,
                      .preserved_fds = request->preserved_fds});
}

// `failure_status` is the command's as soon as that is known: one of `exec` says of itself with it
// that the status is not that of the program it was to run.
absl::StatusOr<int> Dispatch(Words words, Log& log, int& failure_status) {
  ASSIGN_OR_RETURN(const Arguments global, ParseWords(GlobalFlags(), true, words));
  if (global.Switch("version") || global.Switch("V")) {
    RETURN_IF_ERROR(Print(VersionText()));
    return 0;
  }
  const Words rest = global.positional;
  if (global.Switch("help")) return ShowHelp({});
  if (!rest.empty() && rest[0] == "help") return ShowHelp(rest.subspan(1));
  const absl::StatusOr<Request> request = ReadRequest(rest, failure_status);
  ASSIGN_OR_RETURN(const LogOptions log_options, ReadLogOptions(global));
  RETURN_IF_ERROR(log.Open(log_options));
  return Carry(request, global, log);
}

// Whatever is opened next would get the number of a standard descriptor that our caller has closed:
// a container's process would have it as its own, and our errors would be written into it.
void OpenStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) return;
  }
}

int Main(Words words) {
  OpenStandardDescriptors();
  EnterCallersDirectory();
  Log log;
  int failure_status = 1;
  const absl::StatusOr<int> status = Dispatch(words, log, failure_status);
  if (status.ok()) return *status;
  log.Error(status.status().message());
  return failure_status;
}

}  // namespace
}  // namespace hull::tools

int main(int argc, char** argv) {
  // Ignored by our caller, as after `trap '' CHLD`, it would have the kernel throw away how our
  // children end: hooks, and the container's process.
  signal(SIGCHLD, SIG_DFL);
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  return hull::tools::Main(words);
}
