#include "tools/commands/options.h"

#include <fcntl.h>
#include <stdlib.h>

#include <limits>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "spec/parse.h"
#include "spec/validate.h"
#include "tools/cli/log.h"
#include "tools/cli/parser.h"

namespace hull::tools {
namespace {

constexpr uint64_t kMaxId = std::numeric_limits<uint32_t>::max() - 1;  // the last one means "none"

absl::StatusOr<spec::Process> ReadProcess(const Invocation& invocation, std::string_view file) {
  ASSIGN_OR_RETURN(std::string text, sys::ReadFileAt(AT_FDCWD, file), "reading '", file, "'");
  ASSIGN_OR_RETURN(spec::ParsedProcess parsed, spec::ParseProcess(std::move(text), file));
  RETURN_IF_ERROR(spec::Validate(parsed, &parsed.warnings));
  for (const spec::Diagnostic& warning : parsed.warnings) {
    if (invocation.globals.strict) return absl::InvalidArgumentError(spec::Render(warning));
    invocation.log.Warning(spec::Render(warning));
  }
  return std::move(parsed.process);
}

absl::Status CheckEnv(const std::vector<std::string>& env) {
  for (const std::string& entry : env) {
    if (entry.find('=') == 0 || entry.find('=') == entry.npos) {
      return absl::InvalidArgumentError("flag --env: expected NAME=VALUE");  // may be a secret
    }
  }
  return absl::OkStatus();
}

// A file says all of the process. What is meant to confine it, or to let it do more, is not dropped
// without a failure; --tty is what engines say beside their file, which has it too.
absl::Status CheckFlagsBesideProcess(const Invocation& invocation) {
  constexpr std::pair<std::string_view, std::string_view> kRefused[] = {
      {"apparmor", "/apparmorProfile"},
      {"process-label", "/selinuxLabel"},
      {"no-new-privs", "/noNewPrivileges"},
      {"cap", "/capabilities"}};
  for (const auto& [flag, field] : kRefused) {
    if (!invocation.arguments.Has(flag)) continue;
    return absl::InvalidArgumentError(absl::StrCat("flag --", flag,
                                                   ": not together with --process, whose file says "
                                                   "all of the process; give it there as ",
                                                   field));
  }
  for (const std::string_view flag : {"env", "cwd", "user", "additional-gids"}) {
    if (!invocation.arguments.Has(flag)) continue;
    invocation.log.Warning(absl::StrCat("flag --", flag,
                                        ": without effect beside --process, whose file says all of "
                                        "the process"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string NotifySocket() {
  const char* name = getenv("NOTIFY_SOCKET");
  return name == nullptr ? "" : name;
}

absl::StatusOr<runtime::CreateOptions> ReadCreateOptions(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  runtime::CreateOptions options;
  options.id = arguments.positional[0];
  options.bundle = arguments.Last("bundle", ".");
  options.config = arguments.Last("config");
  options.console_socket = arguments.Last("console-socket");
  options.pidfd_socket = arguments.Last("pidfd-socket");
  options.pid_file = arguments.Last("pid-file");
  options.notify_socket = NotifySocket();
  options.listen_fds = invocation.preserved_fds.listening;
  options.preserve_fds = options.listen_fds + invocation.preserved_fds.asked;
  options.no_pivot = arguments.Switch("no-pivot");
  options.no_new_keyring = arguments.Switch("no-new-keyring");
  return options;
}

runtime::RunOptions ReadRunOptions(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  return {.detach = arguments.Switch("detach"),
          .keep = arguments.Switch("keep"),
          .no_subreaper = arguments.Switch("no-subreaper")};
}

absl::StatusOr<runtime::ExecOptions> ReadExecOptions(const Invocation& invocation) {
  const Arguments& arguments = invocation.arguments;
  runtime::ExecOptions options;
  options.id = arguments.positional[0];
  auto command = arguments.positional.begin() + 1;
  // Flags ended at the id already; who writes the dashes all the same means no program of that
  // name.
  if (command != arguments.positional.end() && *command == "--") ++command;
  options.args.assign(command, arguments.positional.end());
  if (arguments.Has("process")) {
    RETURN_IF_ERROR(CheckFlagsBesideProcess(invocation));
    ASSIGN_OR_RETURN(options.process, ReadProcess(invocation, arguments.Last("process")));
  } else if (options.args.empty()) {
    return absl::InvalidArgumentError("the command to run is missing (or --process FILE)");
  }
  options.env = arguments.All("env");
  RETURN_IF_ERROR(CheckEnv(options.env));
  options.cwd = arguments.Last("cwd");
  options.user = arguments.Last("user");
  if (arguments.Has("user") && options.user.empty()) {
    return absl::InvalidArgumentError("flag --user: expected UID[:GID]");  // not the config's
  }
  for (const std::string& gid : arguments.All("additional-gids")) {
    ASSIGN_OR_RETURN(const uint64_t number, ParseNumber("additional-gids", gid, kMaxId));
    options.additional_gids.push_back(static_cast<uint32_t>(number));
  }
  options.capabilities = arguments.All("cap");
  options.cgroups = arguments.All("cgroup");
  if (arguments.Has("no-new-privs")) {
    options.no_new_privileges = arguments.Switch("no-new-privs");
  }
  options.apparmor_profile = arguments.Last("apparmor");
  options.selinux_label = arguments.Last("process-label");
  options.console_socket = arguments.Last("console-socket");
  options.pidfd_socket = arguments.Last("pidfd-socket");
  options.pid_file = arguments.Last("pid-file");
  options.preserve_fds = invocation.preserved_fds.asked;
  options.terminal = arguments.Switch("tty");
  options.detach = arguments.Switch("detach");
  options.ignore_paused = arguments.Switch("ignore-paused");
  return options;
}

runtime::Runtime MakeRuntime(const Invocation& invocation) {
  runtime::Config config;
  config.root = invocation.globals.root;
  config.cgroup_manager = invocation.globals.cgroup_manager;
  config.strict = invocation.globals.strict;
  // For tests: a directory of plain files in the place of resctrl, which few machines have.
  if (const char* resctrl = getenv("HULL_TEST_RESCTRL"); resctrl != nullptr) {
    config.resctrl = resctrl;
  }
  config.warn = [&log = invocation.log](absl::string_view text) { log.Warning(text); };
  return runtime::Runtime(std::move(config));
}

}  // namespace hull::tools
