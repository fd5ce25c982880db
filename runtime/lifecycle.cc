#include "runtime/lifecycle.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/create.h"
#include "runtime/foreground.h"
#include "runtime/hooks.h"
#include "runtime/launch.h"
#include "runtime/plan/describe.h"
#include "runtime/plan_file.h"
#include "runtime/start_gate.h"
#include "runtime/sys/file.h"
#include "runtime/trace.h"

namespace hull::runtime {
namespace {

absl::Status RunPoststart(const State& state, const spec::Spec& spec, pid_t pid) {
  if (!spec.hooks.has_value() || spec.hooks->poststart.empty()) return absl::OkStatus();
  return RunHooks(spec.hooks->poststart, "poststart",
                  spec::HookStateJson(StateFor(state, spec, "running", pid)), state.bundle());
}

// The container runs, whatever becomes of the news of it.
void AwaitReadiness(std::optional<NotifyProxy>& notify, int pidfd, pid_t pid,
                    const Config& config) {
  if (!notify.has_value()) return;
  const absl::Status served = notify->Serve(pidfd, pid);
  if (!served.ok() && config.warn) config.warn(served.message());
}

bool HasOwnPidNamespace(const spec::Spec& spec) {
  for (const spec::Namespace& ns : spec.linux_.namespaces) {
    if (ns.type == "pid" && ns.path.empty()) return true;
  }
  return false;
}

// Init failed after its gate: the Plan it was made of is built again, to word its last message.
absl::Status WordFailure(const Config& config, const State& state, const sync::Message& message) {
  CreateOptions options;
  options.id = state.id();
  options.no_new_keyring = state.no_new_keyring();
  Config quiet = config;
  quiet.warn = nullptr;
  quiet.strict = false;
  Creation creation(quiet, options, Creation::Gate::kSocket, /*detached=*/false);
  return creation.Word(state, message);
}

// Spec: runtime.md#lifecycle: a startContainer or poststart hook that fails fails the start; the
// container is stopped and destroyed.
absl::Status StopAndDestroy(Container& container, const absl::Status& failure,
                            const Config& config) {
  RETURN_IF_ERROR(KillContainer(container), failure.message());
  RETURN_IF_ERROR(DestroyContainer(container, config), failure.message());
  return failure;
}

// From the gate to the program.
absl::Status AwaitProgram(sync::Channel& channel, const Container& container,
                          const spec::Spec& spec, int plan_file, const Config& config,
                          bool* hook_failed) {
  ExecuteWatch watch;
  watch.init_pidfd = container.init_pidfd();
  watch.plan_file = plan_file;
  watch.fail = [&](const sync::Message& message) {
    *hook_failed = sync::IsOfHook(message.operation);
    return WordFailure(config, container.state(), message);
  };
  watch.ended = [&] {
    return absl::AbortedError(
        absl::StrCat("cannot start container '", container.state().id(),
                     "': its init ended (was it killed?) before it executed the program"));
  };
  watch.hand_over_listener = [&](int notify_fd) {
    const pid_t init = container.init_pid();
    return HandOverToAgent(StateFor(container.state(), spec, "created", init), *spec.linux_.seccomp,
                           init, notify_fd);
  };
  return AwaitExecute(channel, watch);
}

}  // namespace

Runtime::Runtime(Config config) : config_(std::move(config)) {}

absl::Status Runtime::Create(const CreateOptions& options) {
  Creation creation(config_, options, Creation::Gate::kSocket, /*detached=*/true);
  RETURN_IF_ERROR(creation.Think());
  RETURN_IF_ERROR(creation.CarryOut());
  creation.Commit();
  creation.launch().Release();
  return absl::OkStatus();
}

absl::StatusOr<std::string> Runtime::Explain(const CreateOptions& options) {
  Creation creation(config_, options, Creation::Gate::kSocket, /*detached=*/false);
  RETURN_IF_ERROR(creation.Think());
  return creation.Explain();
}

absl::Status Runtime::Start(absl::string_view id, const std::string& notify_socket) {
  ASSIGN_OR_RETURN(Container container, Container::Open(config_, id, /*lock=*/true));
  ASSIGN_OR_RETURN(const ContainerStatus status, container.Status());
  if (status == ContainerStatus::kStopped) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot start container '", id,
                     "' that is stopped: container process exited before start"));
  }
  if (status != ContainerStatus::kCreated) return WrongStatus(container, "start", status);
  ASSIGN_OR_RETURN(const spec::Spec spec, container.LoadSpec());
  std::optional<NotifyProxy> notify;
  if (!notify_socket.empty() && HasNotifyDirectory(container.dir().fd())) {
    notify = OpenNotifyProxy(container.dir().fd(), notify_socket, config_);
  }
  ASSIGN_OR_RETURN(sync::Channel channel, ConnectStartGate(container.dir().fd()));
  const sys::UniqueFd plan_file = TakePlanFile(container.init_pid(), container.init_pidfd());
  RETURN_IF_ERROR(channel.Send(sync::MessageType::kStart));
  bool hook_failed = false;
  const absl::Status executed =
      AwaitProgram(channel, container, spec, plan_file.get(), config_, &hook_failed);
  RemoveStartGate(container.dir().fd());
  if (!executed.ok()) return hook_failed ? StopAndDestroy(container, executed, config_) : executed;
  const absl::Status hooks = RunPoststart(container.state(), spec, container.init_pid());
  if (!hooks.ok()) return StopAndDestroy(container, hooks, config_);
  container.dir().Unlock();
  AwaitReadiness(notify, container.init_pidfd(), container.init_pid(), config_);
  return absl::OkStatus();
}

namespace {

// In the foreground we stay the main process of whoever started us, and need not wait for it. What
// the container says later is read and dropped: a socket that nobody reads stops who speaks to it.
FdWatch ReadinessWatch(std::optional<NotifyProxy>& notify, const Config& config) {
  if (!notify.has_value()) return {};
  return {notify->fd(), [&notify, &config, forwarded = false]() mutable {
            if (!notify->TakeReady() || forwarded) return;
            forwarded = true;
            const absl::Status told = notify->Forward(getpid(), /*wait=*/false);
            if (!told.ok() && config.warn) config.warn(told.message());
          }};
}

}  // namespace

absl::StatusOr<int> Runtime::Run(const CreateOptions& create, const RunOptions& run) {
  std::optional<Foreground> foreground;
  if (!run.detach) {
    foreground.emplace(run.no_subreaper ? Foreground::Orphans::kLeave
                                        : Foreground::Orphans::kAdopt);
  }
  Creation creation(config_, create, Creation::Gate::kChannel, run.detach);
  RETURN_IF_ERROR(creation.Think());
  RETURN_IF_ERROR(creation.CarryOut());
  ASSIGN_OR_RETURN(const sys::UniqueFd terminal, creation.TakeTerminal());
  RETURN_IF_ERROR(creation.Start());
  RETURN_IF_ERROR(creation.RunPoststart());
  creation.Unlock();
  if (run.detach) {
    creation.Commit();
    AwaitReadiness(creation.notify(), creation.launch().pidfd(), creation.launch().pid(), config_);
    creation.launch().Release();
    return 0;
  }
  ASSIGN_OR_RETURN(const int exit_status,
                   foreground->Run(creation.launch().pid(), creation.launch().pidfd(),
                                   terminal.get(), ReadinessWatch(creation.notify(), config_)));
  Trace("wait");
  creation.launch().Release();
  if (run.keep) {
    creation.Commit();
    return exit_status;
  }
  // How the container ended is known, whatever keeps its remains.
  const absl::Status destroyed = creation.Destroy();
  if (!destroyed.ok() && config_.warn) {
    config_.warn(absl::StrCat("container '", create.id, "' has ended but is not all removed: ",
                              destroyed.message(), "; hull delete --force removes the rest"));
  }
  Trace("delete");
  return exit_status;
}

absl::StatusOr<ContainerInfo> Runtime::State(absl::string_view id) {
  ASSIGN_OR_RETURN(Container container, Container::Open(config_, id, /*lock=*/false));
  return container.Info();
}

absl::StatusOr<std::vector<ContainerInfo>> Runtime::List() {
  StateStore store(config_.root);
  ASSIGN_OR_RETURN(const std::vector<std::string> ids, store.List());
  std::vector<ContainerInfo> infos;
  for (const std::string& id : ids) {
    absl::StatusOr<ContainerInfo> info = State(id);
    if (info.ok()) {
      infos.push_back(*std::move(info));
    } else if (!absl::IsNotFound(info.status()) && config_.warn) {
      config_.warn(info.status().message());  // one damaged container hides no other
    }
  }
  return infos;
}

absl::Status Runtime::Kill(absl::string_view id, int signal, bool all) {
  ASSIGN_OR_RETURN(Container container, Container::Open(config_, id, /*lock=*/false));
  ASSIGN_OR_RETURN(const ContainerStatus status, container.Status());
  if (all) {
    ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
    return manager->Signal(signal);
  }
  if (status == ContainerStatus::kStopped || container.init_pid() == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot kill container '", id, "': container not running"));
  }
  if (signal == SIGKILL) {
    ASSIGN_OR_RETURN(const spec::Spec spec, container.LoadSpec());
    // Without a pid namespace of its own the others would survive their init.
    if (!HasOwnPidNamespace(spec)) {
      ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
      RETURN_IF_ERROR(manager->Signal(SIGKILL));
    }
  }
  if (syscall(SYS_pidfd_send_signal, container.init_pidfd(), signal, nullptr, 0) != 0) {
    if (errno == ESRCH) {
      return absl::FailedPreconditionError(
          absl::StrCat("cannot kill container '", id, "': container not running"));
    }
    return sys::ErrnoStatus(errno,
                            absl::StrCat("sending signal ", signal, " to container '", id, "'"));
  }
  return absl::OkStatus();
}

namespace {

// A hook may hang, and whoever makes the container wait for it with the lock: without init both end.
void EndCreation(const Config& config, absl::string_view id) {
  StateStore store(config.root);
  const absl::StatusOr<ContainerDir> dir = store.Open(id);
  if (!dir.ok() || dir->progress() == ContainerDir::Progress::kDone) return;
  const absl::StatusOr<Container> container = Container::Open(config, id, /*lock=*/false);
  if (!container.ok() || container->init_pid() == 0) return;
  syscall(SYS_pidfd_send_signal, container->init_pidfd(), SIGKILL, nullptr, 0);
}

}  // namespace

absl::Status Runtime::Delete(absl::string_view id, bool force) {
  if (force) EndCreation(config_, id);
  absl::StatusOr<Container> container = Container::Open(config_, id, /*lock=*/true);
  if (!container.ok()) {
    if (force && absl::IsNotFound(container.status())) return RemoveRemains(config_, id);
    if (force && absl::IsDataLoss(container.status())) return RemoveRemains(config_, id);
    return container.status();
  }
  ASSIGN_OR_RETURN(const ContainerStatus status, container->Status());
  // An unfinished create has no init, and whoever made it is gone: the lock is ours.
  const bool dead = container->init_pid() == 0;
  if (!dead && !force) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot delete container ", id, " that is not stopped: ", StatusName(status)));
  }
  // What survived its init (a shared pid namespace) goes with the container.
  RETURN_IF_ERROR(KillContainer(*container));
  return DestroyContainer(*container, config_);
}

absl::Status Runtime::Pause(absl::string_view id) {
  ASSIGN_OR_RETURN(Container container, Container::Open(config_, id, /*lock=*/true));
  ASSIGN_OR_RETURN(const ContainerStatus status, container.Status());
  if (status != ContainerStatus::kRunning && status != ContainerStatus::kCreated) {
    return WrongStatus(container, "pause", status);
  }
  ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
  return manager->Freeze(true);
}

absl::Status Runtime::Resume(absl::string_view id) {
  ASSIGN_OR_RETURN(Container container, Container::Open(config_, id, /*lock=*/true));
  ASSIGN_OR_RETURN(const ContainerStatus status, container.Status());
  if (status != ContainerStatus::kPaused) return WrongStatus(container, "resume", status);
  ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
  return manager->Freeze(false);
}

}  // namespace hull::runtime
