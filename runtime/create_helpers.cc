#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "runtime/backends.h"
#include "runtime/base/select.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/create.h"
#include "runtime/sys/file.h"
#include "runtime/terminal.h"
#include "seccomp/cache.h"
#include "seccomp/notify.h"

namespace hull::runtime {
namespace {

// Our own cgroup is the container's where none is made for it.
std::string InheritedCgroup(const cgroups::Host& host, absl::string_view controller) {
  return cgroups::OwnCgroup(host, controller).value_or("/");
}

}  // namespace

plan::CgroupView ViewOf(const cgroups::Host& host, const cgroups::Location& location) {
  plan::CgroupView view;
  view.unified = host.mode == cgroups::Mode::kUnified;
  if (view.unified) {
    view.unified_path = location.directories.empty()
                            ? absl::StrCat(host.mount_point, InheritedCgroup(host, ""))
                            : absl::StrCat(host.mount_point, "/", location.directories[0]);
    return view;
  }
  for (size_t i = 0; i < host.hierarchies.size(); ++i) {
    const cgroups::Hierarchy& hierarchy = host.hierarchies[i];
    plan::CgroupView::Hierarchy entry;
    entry.name = hierarchy.directory;
    for (const std::string& controller : hierarchy.controllers) {
      if (absl::StartsWith(controller, "name=")) entry.options.push_back("none");
      entry.options.push_back(controller);
    }
    entry.host_path = i < location.directories.size()
                          ? absl::StrCat(host.mount_point, "/", location.directories[i])
                          : absl::StrCat(host.mount_point, "/", hierarchy.directory,
                                         InheritedCgroup(host, hierarchy.controllers[0]));
    view.hierarchies.push_back(std::move(entry));
  }
  if (host.mode == cgroups::Mode::kHybrid) {
    const bool made = location.directories.size() > host.hierarchies.size();
    plan::CgroupView::Hierarchy unified;
    unified.name = "unified";
    unified.host_path = made
                            ? absl::StrCat(host.mount_point, "/", location.directories.back())
                            : absl::StrCat(host.mount_point, "/unified", InheritedCgroup(host, ""));
    view.hierarchies.push_back(std::move(unified));
  }
  return view;
}

absl::StatusOr<seccomp::Compiled> CompileFilter(const Config& config,
                                                const spec::Seccomp& seccomp) {
  const absl::Span<const seccomp::Backend> table =
      config.seccomp_backends.empty() ? DefaultSeccompBackends() : config.seccomp_backends;
  ASSIGN_OR_RETURN(
      const seccomp::Backend* backend,
      base::Select(table, "seccomp compiler", config.seccomp_compiler, seccomp::ProbeHost()));
  ASSIGN_OR_RETURN(
      seccomp::Compiled compiled,
      seccomp::CompileCached(absl::StrCat(config.root, "/.cache/seccomp"), *backend, seccomp));
  if (!compiled.unknown_syscalls.empty() && config.warn) {
    config.warn(absl::StrCat("/linux/seccomp: ", compiled.unknown_syscalls.size(),
                             " unknown system calls are skipped, the first is '",
                             compiled.unknown_syscalls[0], "'"));
  }
  return compiled;
}

std::optional<NotifyProxy> OpenNotifyProxy(int container_dir_fd, const std::string& host_socket,
                                           const Config& config) {
  absl::StatusOr<NotifyProxy> proxy = NotifyProxy::Open(container_dir_fd, host_socket);
  if (proxy.ok()) return *std::move(proxy);
  if (config.warn) {
    config.warn(absl::StrCat("nobody will be told when the container is ready: $NOTIFY_SOCKET: ",
                             proxy.status().message()));
  }
  return std::nullopt;
}

absl::Status WritePidFile(const std::string& path, pid_t pid) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  ASSIGN_OR_RETURN(const sys::UniqueFd dir, sys::OpenAt(AT_FDCWD, directory, O_PATH | O_DIRECTORY),
                   "pid file '", path, "'");
  RETURN_IF_ERROR(sys::ReplaceFileAt(dir.get(), name, absl::StrCat(pid), 0644), "pid file '", path,
                  "'");
  return absl::OkStatus();
}

absl::Status SetOomScore(pid_t pid, const spec::Process& process) {
  if (!process.oom_score_adj.has_value()) return absl::OkStatus();
  const std::string path = absl::StrCat("/proc/", pid, "/oom_score_adj");
  const std::string value = absl::StrCat(*process.oom_score_adj);
  const absl::Status written = sys::WriteFileAt(AT_FDCWD, path, value);
  if (written.ok()) return written;
  // Lowering it needs CAP_SYS_RESOURCE; where it is so already, nothing is needed.
  const absl::StatusOr<std::string> current = sys::ReadFileAt(AT_FDCWD, path, 32);
  if (current.ok() && *current == absl::StrCat(value, "\n")) return absl::OkStatus();
  const absl::Status named =
      base::Annotate(written, "/process/oomScoreAdj: writing ", value, " to '", path, "'");
  if (sys::StatusErrno(written) != EACCES) return named;
  return absl::Status(named.code(),
                      absl::StrCat(named.message(), "; going below ",
                                   absl::StripSuffix(current.value_or("its own"), "\n"),
                                   " needs CAP_SYS_RESOURCE, which the runtime does not have"));
}

absl::Status CheckPreservedFds(int count) {
  for (int fd = 3; fd < 3 + count; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("--preserve-fds ", count, ": descriptor ", fd,
                                                   " is not open; pass the number of open ones"));
  }
  return absl::OkStatus();
}

absl::Status CheckConsole(bool terminal, bool detached, const std::string& console_socket) {
  if (terminal && detached && console_socket.empty()) {
    return absl::InvalidArgumentError(
        "/process/terminal: a detached container's terminal needs a console socket to be sent to; "
        "pass --console-socket");
  }
  if (!console_socket.empty() && !terminal) {
    return absl::InvalidArgumentError(
        absl::StrCat("the console socket '", console_socket,
                     "' would receive nothing: /process/terminal is false; leave it out"));
  }
  return absl::OkStatus();
}

void TakeCallersSize(spec::Process& process) {
  if (!process.terminal) return;
  const std::optional<TerminalSize> size = SizeOfTerminal(STDIN_FILENO);
  if (size.has_value()) process.console_size = {.height = size->rows, .width = size->columns};
}

std::string NewKeyringName(const std::string& id) {
  uint64_t random = 0;
  if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0) {
    random = static_cast<uint64_t>(absl::GetCurrentTimeNanos());  // a boot without entropy yet
  }
  return absl::StrCat("_ses.", id, ".", absl::Hex(random, absl::kZeroPad16));
}

absl::Status CheckListener(const std::string& path) {
  struct stat info;
  const std::string where = absl::StrCat("/linux/seccomp/listenerPath: '", path, "'");
  if (stat(path.c_str(), &info) != 0) return sys::ErrnoStatus(errno, where);
  if (!S_ISSOCK(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " is no socket; name the one that the seccomp agent listens on"));
  }
  return absl::OkStatus();
}

absl::Status HandOverToAgent(const spec::ContainerState& state, const spec::Seccomp& seccomp,
                             pid_t pid, int notify_fd) {
  return seccomp::SendListener(seccomp.listener_path, notify_fd,
                               spec::SeccompAgentStateJson(state, pid, seccomp.listener_metadata));
}

}  // namespace hull::runtime
