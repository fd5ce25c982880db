// Exec: a further process in a running container, with all that the container's own was given.
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/path.h"
#include "runtime/affinity.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/create.h"
#include "runtime/filter_needs.h"
#include "runtime/foreground.h"
#include "runtime/id_map.h"
#include "runtime/labels.h"
#include "runtime/launch.h"
#include "runtime/lifecycle.h"
#include "runtime/plan/build.h"
#include "runtime/plan/names.h"
#include "runtime/sockets.h"
#include "runtime/sys/file.h"
#include "runtime/trace.h"

namespace hull::runtime {
namespace {

absl::StatusOr<uint32_t> ParseId(absl::string_view text, absl::string_view user) {
  uint32_t id = 0;
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (digits && absl::SimpleAtoi(text, &id) && id != UINT32_MAX) return id;
  return absl::InvalidArgumentError(
      absl::StrCat("user '", user, "': expected UID or UID:GID, numbers in 0..4294967294"));
}

// "UID" or "UID:GID"; the gid stays the config's where none is given.
absl::Status SetUser(absl::string_view text, spec::User& user) {
  const std::vector<absl::string_view> ids = absl::StrSplit(text, ':');
  if (ids.size() > 2) return ParseId("", text).status();
  ASSIGN_OR_RETURN(user.uid, ParseId(ids[0], text));
  if (ids.size() == 2) {
    ASSIGN_OR_RETURN(user.gid, ParseId(ids[1], text));
  }
  return absl::OkStatus();
}

absl::Status AddCapabilities(const std::vector<std::string>& names, spec::Process& process) {
  if (names.empty()) return absl::OkStatus();
  if (!process.capabilities.has_value()) process.capabilities.emplace();
  for (const std::string& name : names) {
    if (!plan::CapabilityNumber(name).has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--cap '", name,
                       "': unknown capability; capabilities(7) lists them, in capitals and with "
                       "CAP_ before the name: CAP_NET_ADMIN"));
    }
    // Not inheritable: a file with inheritable capabilities must gain nothing (CVE-2022-29162).
    process.capabilities->bounding.push_back(name);
    process.capabilities->effective.push_back(name);
    process.capabilities->permitted.push_back(name);
  }
  return absl::OkStatus();
}

// What a process of -p does not say on where and how it runs, and on what confines it, is the
// container's, as with the other runtimes: nothing that is left out sets it free. Who it is, its
// limits and no_new_privs are its own alone.
spec::Process CompleteProcess(spec::Process process, const spec::Process& container) {
  if (!process.capabilities.has_value()) process.capabilities = container.capabilities;
  if (process.apparmor_profile.empty()) process.apparmor_profile = container.apparmor_profile;
  if (process.selinux_label.empty()) process.selinux_label = container.selinux_label;
  if (!process.user.umask.has_value()) process.user.umask = container.user.umask;
  if (!process.oom_score_adj.has_value()) process.oom_score_adj = container.oom_score_adj;
  if (!process.scheduler.has_value()) process.scheduler = container.scheduler;
  if (!process.io_priority.has_value()) process.io_priority = container.io_priority;
  if (!process.exec_cpu_affinity.has_value()) {
    process.exec_cpu_affinity = container.exec_cpu_affinity;
  }
  return process;
}

// The process to run: that of -p, or the container's own with what the options change.
absl::StatusOr<spec::Process> ProcessFor(const ExecOptions& options, const spec::Spec& spec) {
  if (options.process.has_value()) return CompleteProcess(*options.process, *spec.process);
  spec::Process process = *spec.process;
  process.args = options.args;
  process.terminal = options.terminal;
  process.env.insert(process.env.end(), options.env.begin(), options.env.end());
  if (!options.cwd.empty()) process.cwd = options.cwd;
  if (!options.user.empty()) RETURN_IF_ERROR(SetUser(options.user, process.user));
  process.user.additional_gids.insert(process.user.additional_gids.end(),
                                      options.additional_gids.begin(),
                                      options.additional_gids.end());
  RETURN_IF_ERROR(AddCapabilities(options.capabilities, process));
  if (options.no_new_privileges.has_value()) {
    process.no_new_privileges = *options.no_new_privileges;
  }
  if (!options.apparmor_profile.empty()) process.apparmor_profile = options.apparmor_profile;
  if (!options.selinux_label.empty()) process.selinux_label = options.selinux_label;
  if (process.args.empty() || process.args[0].empty()) {
    return absl::InvalidArgumentError("exec needs a command");
  }
  if (!absl::StartsWith(process.cwd, "/")) {
    return absl::InvalidArgumentError(
        absl::StrCat("--cwd '", process.cwd, "': expected an absolute path"));
  }
  return process;
}

// Who asks for the process's labels.
LabelNames NamesOf(const ExecOptions& options) {
  LabelNames names;
  if (options.process.has_value()) return names;
  if (!options.apparmor_profile.empty()) names.apparmor = "--apparmor";
  if (!options.selinux_label.empty()) names.selinux = "--process-label";
  return names;
}

uint64_t NamespaceFlags(const spec::Spec& spec) {
  uint64_t flags = 0;
  for (const spec::Namespace& ns : spec.linux_.namespaces) flags |= plan::NamespaceFlag(ns.type);
  return flags;
}

// A namespace that we are in already cannot be joined again where it is a user namespace (EINVAL),
// and need not be elsewhere.
bool IsSameNamespace(pid_t pid, absl::string_view file) {
  struct stat ours, theirs;
  return stat(absl::StrCat("/proc/self/ns/", file).c_str(), &ours) == 0 &&
         stat(absl::StrCat("/proc/", pid, "/ns/", file).c_str(), &theirs) == 0 &&
         ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

class Joining {
 public:
  Joining(const Config& config, const ExecOptions& options) : config_(config), options_(options) {}
  Joining(const Joining&) = delete;
  ~Joining() {
    if (pid_file_written_) unlink(options_.pid_file.c_str());
  }

  absl::StatusOr<int> Run() {
    std::optional<Foreground> foreground;
    if (!options_.detach) foreground.emplace(Foreground::Orphans::kLeave);
    RETURN_IF_ERROR(OpenContainer());
    sys::UniqueFd pidfd_socket;
    if (!options_.pidfd_socket.empty()) {
      ASSIGN_OR_RETURN(pidfd_socket,
                       ConnectSocket(options_.pidfd_socket, SOCK_STREAM, kPidfdSocket));
    }
    RETURN_IF_ERROR(MakeDescriptors());
    RETURN_IF_ERROR(BuildPlan());
    Trace("plan");
    launch_ = std::make_unique<Launch>(LaunchOrder{.plan = plan_.plan(),
                                                   .main_end = std::move(main_end_),
                                                   .child_end = std::move(child_end_),
                                                   .cgroup = cgroup_,
                                                   .cgroup_fd = cgroup_fd_.get(),
                                                   .attach = !cgroup_fd_.valid(),
                                                   .start_early = plan_.plan().main.count == 0,
                                                   .actions = Actions()});
    RETURN_IF_ERROR(PrepareOnInitialCpus());
    if (pidfd_socket.valid()) {
      RETURN_IF_ERROR(SendDescriptor(pidfd_socket.get(), "setns", launch_->pidfd(), kPidfdSocket));
      pidfd_socket.reset();
    }
    console_.child.reset();
    host_proc_.reset();
    sys::UniqueFd terminal;
    if (console_.main.valid()) {
      ASSIGN_OR_RETURN(terminal, ReceiveDescriptor(console_.main.get()));
    }
    RETURN_IF_ERROR(launch_->Start());
    pid_file_written_ = false;  // no longer ours to remove
    if (options_.detach) {
      launch_->Release();
      return 0;
    }
    ASSIGN_OR_RETURN(const int status,
                     foreground->Run(launch_->pid(), launch_->pidfd(), terminal.get()));
    launch_->Release();
    return status;
  }

 private:
  absl::Status PrepareOnInitialCpus() {
    ThreadAffinity affinity;
    if (process_.exec_cpu_affinity.has_value()) {
      RETURN_IF_ERROR(
          affinity.Pin(process_.exec_cpu_affinity->initial, "/process/execCPUAffinity/initial"));
    }
    return launch_->Prepare();
  }

  absl::StatusOr<ContainerStatus> FindContainer() {
    ASSIGN_OR_RETURN(Container found, Container::Open(config_, options_.id, /*lock=*/false));
    container_.emplace(std::move(found));
    ASSIGN_OR_RETURN(const ContainerStatus status, container_->Status());
    if (status != ContainerStatus::kCreating || container_->init_pid() == 0) return status;
    // It has not all of its namespaces yet, and its root may still be the host's. Whoever makes it
    // holds the lock.
    ASSIGN_OR_RETURN(Container made, Container::Open(config_, options_.id, /*lock=*/true));
    made.dir().Unlock();
    container_.emplace(std::move(made));
    return container_->Status();
  }

  absl::Status OpenContainer() {
    ASSIGN_OR_RETURN(const ContainerStatus status, FindContainer());
    if (status == ContainerStatus::kStopped || container_->init_pid() == 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          "cannot exec in container '", options_.id, "' that is stopped: container not running"));
    }
    if (status == ContainerStatus::kPaused && !options_.ignore_paused) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot exec in container '", options_.id,
                       "' that is paused; resume it, or pass --ignore-paused"));
    }
    ASSIGN_OR_RETURN(spec_, container_->LoadSpec());
    Trace("state");
    ASSIGN_OR_RETURN(process_, ProcessFor(options_, spec_));
    if (!options_.detach) TakeCallersSize(process_);
    ASSIGN_OR_RETURN(host_proc_, PrepareLabels(process_, "", NamesOf(options_)));
    if (spec_.linux_.seccomp.has_value()) {
      RETURN_IF_ERROR(CheckFilterNeeds(*spec_.linux_.seccomp, process_));
      ASSIGN_OR_RETURN(seccomp_, CompileFilter(config_, *spec_.linux_.seccomp));
    }
    ASSIGN_OR_RETURN(cgroup_, container_->cgroup());
    if (!options_.cgroups.empty()) {
      ASSIGN_OR_RETURN(const auto below, cgroups::ParseSubCgroups(options_.cgroups));
      RETURN_IF_ERROR(cgroup_->Narrow(below));
    }
    ASSIGN_OR_RETURN(cgroup_fd_, cgroup_->OpenForClone());
    if (!HasClone3()) cgroup_fd_.reset();
    Trace("cgroup");
    return absl::OkStatus();
  }

  absl::Status MakeDescriptors() {
    RETURN_IF_ERROR(CheckPreservedFds(options_.preserve_fds));
    RETURN_IF_ERROR(CheckConsole(process_.terminal, options_.detach, options_.console_socket));
    ASSIGN_OR_RETURN(auto ends, sync::Channel::MakePair());
    main_end_ = std::move(ends.first);
    child_end_ = std::move(ends.second);
    fds_.sync = child_end_.get();
    fds_.proc = host_proc_.get();
    if (!process_.terminal) return absl::OkStatus();
    ASSIGN_OR_RETURN(console_, OpenConsoleChannel(options_.console_socket));
    fds_.console_socket = console_.child.get();
    return absl::OkStatus();
  }

  absl::Status BuildPlan() {
    uint64_t flags = NamespaceFlags(spec_);
    if ((flags & CLONE_NEWUSER) != 0 && IsSameNamespace(container_->init_pid(), "user")) {
      flags &= ~static_cast<uint64_t>(CLONE_NEWUSER);
    }
    plan::JoinInput input{
        .spec = spec_,
        .process = process_,
        .container_id = options_.id,
        .filter = seccomp_.has_value() ? &seccomp_->filter : nullptr,
        .fds = fds_,
        // One call with init's pidfd joins them all, in the order that the kernel needs (5.8).
        .namespaces = {{container_->init_pidfd(), static_cast<uint32_t>(flags)}},
        .attach = !cgroup_fd_.valid(),
        .joins_user = (flags & CLONE_NEWUSER) != 0,
        .privileged = geteuid() == 0,
        .session_keyring = !container_->state().no_new_keyring(),
        .keyring = container_->state().keyring(),
        .setgroups_denied = geteuid() != 0 && IsSingleOwnId(spec_.linux_, geteuid(), getegid()),
        .preserve_fds = options_.preserve_fds};
    ASSIGN_OR_RETURN(plan_, plan::BuildJoin(input));
    return absl::OkStatus();
  }

  LaunchActions Actions() {
    LaunchActions actions;
    actions.on_init = [this](pid_t pid) -> absl::Status {
      ASSIGN_OR_RETURN(std::optional<IntelRdt> rdt, OpenRdt(container_->state()));
      if (rdt.has_value()) RETURN_IF_ERROR(rdt->Attach(pid));
      RETURN_IF_ERROR(SetOomScore(pid, process_));
      if (options_.pid_file.empty()) return absl::OkStatus();
      RETURN_IF_ERROR(WritePidFile(options_.pid_file, pid));
      pid_file_written_ = true;
      return absl::OkStatus();
    };
    actions.hand_over_listener = [this](pid_t pid, int notify_fd) {
      return HandOverToAgent(
          StateFor(container_->state(), spec_, "running", container_->init_pid()),
          *spec_.linux_.seccomp, pid, notify_fd);
    };
    return actions;
  }

  const Config& config_;
  const ExecOptions& options_;
  std::optional<Container> container_;
  spec::Spec spec_;
  spec::Process process_;
  std::optional<seccomp::Compiled> seccomp_;
  cgroups::Manager* cgroup_ = nullptr;
  sys::UniqueFd cgroup_fd_, main_end_, child_end_, host_proc_;
  ConsoleChannel console_;
  plan::Descriptors fds_;
  plan::Block plan_;
  std::unique_ptr<Launch> launch_;
  bool pid_file_written_ = false;
};

}  // namespace

absl::StatusOr<int> Runtime::Exec(const ExecOptions& options) {
  return Joining(config_, options).Run();
}

}  // namespace hull::runtime
