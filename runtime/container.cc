#include "runtime/container.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/backends.h"
#include "runtime/base/select.h"
#include "runtime/base/status_macros.h"
#include "runtime/hooks.h"
#include "runtime/start_gate.h"
#include "runtime/sys/file.h"
#include "spec/parse.h"

namespace hull::runtime {
namespace {

constexpr int kKillWaitMs = 10000;

}  // namespace

absl::string_view StatusName(ContainerStatus status) {
  switch (status) {
    case ContainerStatus::kCreating: return "creating";
    case ContainerStatus::kCreated: return "created";
    case ContainerStatus::kRunning: return "running";
    case ContainerStatus::kPaused: return "paused";
    case ContainerStatus::kStopped: return "stopped";
  }
  return "stopped";
}

absl::StatusOr<const cgroups::Backend*> CgroupBackendOf(const Config& config,
                                                        absl::string_view name,
                                                        const cgroups::Host& host) {
  const absl::Span<const cgroups::Backend> table =
      config.cgroup_backends.empty() ? DefaultCgroupBackends() : config.cgroup_backends;
  // Engines say "cgroupfs" for whatever is not systemd.
  return base::Select(table, "cgroup manager", name == "cgroupfs" ? "auto" : name, host);
}

absl::StatusOr<Container> Container::Open(const Config& config, absl::string_view id, bool lock) {
  StateStore store(config.root);
  ASSIGN_OR_RETURN(ContainerDir dir, store.Open(id));
  if (lock) RETURN_IF_ERROR(dir.Lock());
  ASSIGN_OR_RETURN(State state, dir.Read());
  Container container(config, std::move(dir), std::move(state));
  RETURN_IF_ERROR(container.FindInit());
  return container;
}

absl::Status Container::FindInit() {
  const auto pid = static_cast<pid_t>(state_.init_pid());
  if (pid == 0 || state_.boot_id() != BootId()) return absl::OkStatus();
  sys::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) return absl::OkStatus();
  if (ProcessStartTime(pid) != state_.init_start_time_ticks()) return absl::OkStatus();
  init_pid_ = pid;
  init_pidfd_ = std::move(pidfd);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<cgroups::Manager>> OpenCgroup(const Config& config,
                                                             const State& state) {
  const absl::Span<const cgroups::Backend> table =
      config.cgroup_backends.empty() ? DefaultCgroupBackends() : config.cgroup_backends;
  const auto* const backend =
      std::find_if(table.begin(), table.end(), [&state](const cgroups::Backend& candidate) {
        return candidate.name == state.cgroup_backend();
      });
  if (backend == table.end()) {
    return absl::NotFoundError(absl::StrCat("container '", state.id(), "' has the cgroup manager '",
                                            state.cgroup_backend(), "', which is not built in"));
  }
  const cgroups::Host host;  // what was found at creation holds: nothing is probed again
  cgroups::Location location;
  location.backend = state.cgroup_backend();
  location.directories.assign(state.cgroup_directories().begin(), state.cgroup_directories().end());
  location.unit = state.cgroup_unit();
  location.adopted.assign(state.cgroup_adopted().begin(), state.cgroup_adopted().end());
  return backend->open(host, location);
}

void SaveRdt(const RdtLocation& location, State& state) {
  RdtGroup& group = *state.mutable_intel_rdt();
  group.set_root(location.root);
  group.set_clos(location.clos);
  group.set_made(location.made);
  group.set_own(location.own);
  group.set_monitor(location.monitor);
}

absl::StatusOr<std::optional<IntelRdt>> OpenRdt(const State& state) {
  if (!state.has_intel_rdt()) return std::nullopt;
  const RdtGroup& group = state.intel_rdt();
  ASSIGN_OR_RETURN(IntelRdt rdt, IntelRdt::Open({.root = group.root(),
                                                 .clos = group.clos(),
                                                 .made = group.made(),
                                                 .own = group.own(),
                                                 .monitor = group.monitor()}));
  return rdt;
}

absl::StatusOr<cgroups::Manager*> Container::cgroup() {
  if (cgroup_ != nullptr) return cgroup_.get();
  ASSIGN_OR_RETURN(cgroup_, OpenCgroup(*config_, state_));
  return cgroup_.get();
}

absl::StatusOr<ContainerStatus> Container::Status() {
  if (init_pid_ == 0) {
    return state_.init_pid() != 0 ? ContainerStatus::kStopped : ContainerStatus::kCreating;
  }
  const ContainerDir::Progress progress = dir_.progress();
  if (progress == ContainerDir::Progress::kCreating) return ContainerStatus::kCreating;
  // A created one can be paused, too.
  ASSIGN_OR_RETURN(cgroups::Manager * manager, cgroup());
  if (manager->Frozen().value_or(false)) return ContainerStatus::kPaused;
  const bool waits = progress == ContainerDir::Progress::kStarting || HasStartGate(dir_.fd());
  return waits ? ContainerStatus::kCreated : ContainerStatus::kRunning;
}

absl::StatusOr<spec::Spec> Container::LoadSpec() const {
  ASSIGN_OR_RETURN(spec::Parsed parsed, spec::Parse(state_.config_json(), "config.json"));
  if (state_.resources_json().empty()) return std::move(parsed.spec);
  ASSIGN_OR_RETURN(spec::ParsedResources updated,
                   spec::ParseResources(state_.resources_json(), "updated resources"));
  parsed.spec.linux_.resources = std::move(updated.resources);
  return std::move(parsed.spec);
}

absl::StatusOr<ContainerInfo> Container::Info() {
  ContainerInfo info;
  ASSIGN_OR_RETURN(info.status, Status());
  ASSIGN_OR_RETURN(spec::Spec spec, LoadSpec());
  info.id = state_.id();
  info.pid = info.status == ContainerStatus::kStopped ? 0 : init_pid_;
  info.bundle = state_.bundle();
  info.rootfs = state_.rootfs();
  info.created_ns = state_.created_ns();
  info.annotations = std::move(spec.annotations);
  info.owner_uid = state_.owner_uid();
  return info;
}

absl::Status WrongStatus(const Container& container, absl::string_view verb,
                         ContainerStatus status) {
  return absl::FailedPreconditionError(absl::StrCat(
      "cannot ", verb, " container '", container.state().id(), "' that is ", StatusName(status),
      status == ContainerStatus::kStopped ? ": container not running"
      : verb == "resume"                  ? ": container not paused"
                                          : ""));
}

absl::Status AwaitEnd(int pidfd) {
  pollfd entry = {pidfd, POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&entry, 1, kKillWaitMs);
  } while (ready < 0 && errno == EINTR);
  return ready > 0 ? absl::OkStatus() : absl::DeadlineExceededError("its init does not die");
}

absl::Status KillContainer(Container& container) {
  if (container.init_pid() != 0) {
    syscall(SYS_pidfd_send_signal, container.init_pidfd(), SIGKILL, nullptr, 0);
  }
  // Also without an init: its pid namespace may be shared, so that others have survived it.
  ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
  const absl::Status killed = manager->Signal(SIGKILL);
  // FailedPrecondition: it was made without a cgroup, so that init is all there is to know of.
  if (!absl::IsFailedPrecondition(killed)) RETURN_IF_ERROR(killed);
  if (container.init_pid() == 0) return absl::OkStatus();
  return base::Annotate(AwaitEnd(container.init_pidfd()), "container '", container.state().id(),
                        "', pid ", container.init_pid());
}

absl::Status DestroyContainer(Container& container, const Config& config) {
  ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
  RETURN_IF_ERROR(manager->Destroy());
  ASSIGN_OR_RETURN(std::optional<IntelRdt> rdt, OpenRdt(container.state()));
  if (rdt.has_value()) RETURN_IF_ERROR(rdt->Destroy());
  const absl::StatusOr<spec::Spec> spec = container.LoadSpec();
  RETURN_IF_ERROR(container.dir().Remove());
  if (spec.ok()) RunPoststopHooks(container.state(), *spec, config);
  return absl::OkStatus();
}

void RunPoststopHooks(const State& state, const spec::Spec& spec, const Config& config) {
  if (!spec.hooks.has_value() || spec.hooks->poststop.empty()) return;
  const std::string json = spec::HookStateJson(StateFor(state, spec, "stopped", 0));
  for (const absl::Status& failure :
       RunAllHooks(spec.hooks->poststop, "poststop", json, state.bundle())) {
    if (config.warn) config.warn(failure.message());
  }
}

spec::ContainerState StateFor(const State& state, const spec::Spec& spec, absl::string_view status,
                              int64_t pid) {
  return {.id = state.id(),
          .status = std::string(status),
          .pid = pid,
          .bundle = state.bundle(),
          .rootfs = state.rootfs(),
          .created_ns = state.created_ns(),
          .annotations = spec.annotations};
}

}  // namespace hull::runtime
