#include "runtime/create.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/filter_needs.h"
#include "runtime/hooks.h"
#include "runtime/id_map.h"
#include "runtime/labels.h"
#include "runtime/mount_api.h"
#include "runtime/mount_sources.h"
#include "runtime/plan/describe.h"
#include "runtime/sockets.h"
#include "runtime/start_gate.h"
#include "runtime/sys/file.h"
#include "runtime/trace.h"

namespace hull::runtime {
namespace {

// Stands for init's pid in a state document that is written before there is one.
constexpr int64_t kPidMark = INT64_MAX;

bool HasNewNamespace(const spec::Spec& spec, absl::string_view type) {
  return std::any_of(
      spec.linux_.namespaces.begin(), spec.linux_.namespaces.end(),
      [type](const spec::Namespace& ns) { return ns.type == type && ns.path.empty(); });
}

bool AsksForLimits(const spec::Resources& resources) {
  return resources.memory.has_value() || resources.cpu.has_value() || resources.pids.has_value() ||
         resources.block_io.has_value() || !resources.hugepage_limits.empty() ||
         !resources.unified.empty() || resources.network.has_value() || !resources.rdma.empty();
}

// Who may not use CAP_SETGID on the host gives up setgroups(2) to be allowed a gid map of its own.
bool DeniesSetgroups(const spec::Spec& spec) {
  return geteuid() != 0 && HasNewNamespace(spec, "user") &&
         IsSingleOwnId(spec.linux_, geteuid(), getegid());
}

plan::StateDocument DocumentFor(const State& state, const spec::Spec& spec,
                                absl::string_view status) {
  const std::string text = spec::HookStateJson(StateFor(state, spec, status, kPidMark));
  // No text of the config can be this: its quotes are escaped.
  constexpr absl::string_view kKey = "\"pid\":";
  const std::string pid = absl::StrCat(kKey, kPidMark);
  const size_t found = text.find(pid);
  return {text.substr(0, found + kKey.size()), text.substr(found + pid.size())};
}

// Of the hooks that init runs.
plan::StateDocuments StatesForHooks(const State& state, const spec::Spec& spec) {
  if (!spec.hooks.has_value()) return {};
  return {DocumentFor(state, spec, "creating"), DocumentFor(state, spec, "created")};
}

}  // namespace

Creation::Creation(const Config& config, const CreateOptions& options, Gate gate, bool detached)
    : config_(config), options_(options), gate_kind_(gate), detached_(detached) {}

Creation::~Creation() {
  if (committed_) return;
  bool cgroup_left = false;
  launch_.reset();  // kills and reaps
  // What hooks or the process left in it, where there is no pid namespace to end with init.
  if (cgroup_made_) manager_->Signal(SIGKILL).IgnoreError();
  if (net_devices_.has_value()) net_devices_->Restore();
  if (rdt_made_) {
    const absl::Status destroyed = rdt_->Destroy();
    if (!destroyed.ok() && config_.warn) config_.warn(destroyed.message());
  }
  if (pid_file_written_) unlink(options_.pid_file.c_str());
  if (cgroup_made_) {
    const absl::Status destroyed = manager_->Destroy();
    if (!destroyed.ok() && config_.warn) config_.warn(destroyed.message());
    cgroup_left = !destroyed.ok();
  }
  if (dir_.has_value() && !cgroup_left) {  // else `delete --force` needs it
    const absl::Status removed = dir_->Remove();
    if (!removed.ok() && config_.warn) config_.warn(removed.message());
  }
  // Spec: runtime.md#lifecycle: whatever the failure of a hook undoes ends with these.
  if (launched_) RunPoststopHooks(state_, bundle_.spec(), config_);
}

absl::Status Creation::Think() {
  RETURN_IF_ERROR(ValidateId(options_.id));
  ASSIGN_OR_RETURN(bundle_, LoadBundle(options_, config_));
  RETURN_IF_ERROR(
      CheckConsole(bundle_.spec().process->terminal, detached_, options_.console_socket));
  if (!detached_) TakeCallersSize(*bundle_.parsed.spec.process);
  RETURN_IF_ERROR(ChooseParts());
  if (options_.listen_fds > 0) {
    // As the container's first process: where it has no pid namespace of its own it is none, and the
    // other runtimes say the same.
    bundle_.parsed.spec.process->env.insert(
        bundle_.parsed.spec.process->env.end(),
        {absl::StrCat("LISTEN_FDS=", options_.listen_fds), "LISTEN_PID=1"});
  }
  if (!options_.notify_socket.empty()) {
    AddNotifySocket(absl::StrCat(config_.root, "/", options_.id), bundle_.parsed.spec);
  }
  state_.set_id(options_.id);
  state_.set_bundle(bundle_.directory);
  state_.set_rootfs(bundle_.rootfs);
  state_.set_config_json(bundle_.config_json);
  state_.set_created_ns(absl::GetCurrentTimeNanos());
  state_.set_owner_uid(geteuid());
  state_.set_boot_id(BootId());
  const cgroups::Location location = manager_->location();
  state_.set_cgroup_backend(location.backend);
  for (const std::string& directory : location.directories) {
    state_.add_cgroup_directories(directory);
  }
  state_.set_cgroup_unit(location.unit);
  state_.set_no_new_keyring(options_.no_new_keyring);
  if (!options_.no_new_keyring) state_.set_keyring(NewKeyringName(options_.id));
  return absl::OkStatus();
}

absl::Status Creation::ChooseParts() {
  ASSIGN_OR_RETURN(host_proc_, PrepareLabels(*bundle_.parsed.spec.process,
                                             bundle_.spec().linux_.mount_label, LabelNames()));
  ASSIGN_OR_RETURN(mount_api_, ProbeMountApi());
  RETURN_IF_ERROR(MakeManager());
  RETURN_IF_ERROR(MakeFilter());
  return absl::OkStatus();
}

absl::Status Creation::MakeManager() {
  ASSIGN_OR_RETURN(host_, cgroups::ProbeHost());
  ASSIGN_OR_RETURN(const cgroups::Backend* backend,
                   CgroupBackendOf(config_, config_.cgroup_manager, host_));
  const spec::Linux& linux_block = bundle_.spec().linux_;
  cgroups::Request request;
  request.container_id = options_.id;
  request.cgroups_path = linux_block.cgroups_path;
  request.resources = &linux_block.resources;
  request.annotations = &bundle_.spec().annotations;
  // One filter, attached at once, may come while init sets itself up (see TakeInit); on v1 the rules
  // are written one by one, the first of which denies everything.
  request.defer_devices = host_.mode == cgroups::Mode::kUnified;
  request.optional = cgroups::IsUnprivileged(host_) && linux_block.cgroups_path.empty() &&
                     !AsksForLimits(linux_block.resources);
  ASSIGN_OR_RETURN(manager_, backend->make(host_, request));
  Trace("cgroup probe");
  return absl::OkStatus();
}

absl::Status Creation::MakeFilter() {
  if (!bundle_.spec().linux_.seccomp.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckFilterNeeds(*bundle_.spec().linux_.seccomp, *bundle_.spec().process));
  ASSIGN_OR_RETURN(seccomp_, CompileFilter(config_, *bundle_.spec().linux_.seccomp));
  // Spec: config-linux.md#seccomp: a listenerPath is ignored where nothing notifies.
  if (seccomp_->filter.notifies) {
    RETURN_IF_ERROR(CheckListener(bundle_.spec().linux_.seccomp->listener_path));
  }
  Trace("seccomp");
  return absl::OkStatus();
}

absl::Status Creation::BuildPlan() {
  const spec::Spec& spec = bundle_.spec();
  plan::CreateInput input{.spec = spec,
                          .container_id = options_.id,
                          .bundle = bundle_.directory,
                          .rootfs = bundle_.rootfs,
                          .filter = seccomp_.has_value() ? &seccomp_->filter : nullptr,
                          .cgroups = ViewOf(host_, manager_->location()),
                          .fds = fds_,
                          .states = StatesForHooks(state_, spec),
                          .mount_api = mount_api_,
                          .attach = !cgroup_fd_.valid(),
                          .privileged = geteuid() == 0,
                          .setgroups_denied = DeniesSetgroups(spec),
                          .session_keyring = !options_.no_new_keyring,
                          .keyring = state_.keyring(),
                          .clone3 = !HasNewNamespace(spec, "time") || HasClone3(),
                          .no_pivot = options_.no_pivot,
                          .preserve_fds = options_.preserve_fds};
  ASSIGN_OR_RETURN(plan_, plan::BuildCreate(input));
  return absl::OkStatus();
}

absl::StatusOr<std::string> Creation::Explain() {
  RETURN_IF_ERROR(FindHostParts());
  RETURN_IF_ERROR(BuildPlan());
  return plan::Describe(plan_.plan());
}

// Not of the bundle: it may have changed since, and its config counts no more.
absl::Status Creation::Word(const State& state, const sync::Message& failure) {
  state_ = state;
  bundle_.directory = state.bundle();
  bundle_.rootfs = state.rootfs();
  bundle_.config_json = state.config_json();
  ASSIGN_OR_RETURN(bundle_.parsed, ParseConfig(bundle_.config_json, "config.json", config_));
  RETURN_IF_ERROR(ChooseParts());
  RETURN_IF_ERROR(BuildPlan());
  return plan::FailureStatus(plan_.plan(), failure);
}

absl::Status Creation::MakeDirectory() {
  StateStore store(config_.root);
  ASSIGN_OR_RETURN(dir_, store.Create(options_.id));
  RETURN_IF_ERROR(dir_->Lock());
  RETURN_IF_ERROR(dir_->Write(state_));
  if (!options_.notify_socket.empty()) RETURN_IF_ERROR(MakeNotifyDirectory(dir_->fd()));
  // Where we start the process ourselves it may speak before Prepare() is done.
  if (!options_.notify_socket.empty() && gate_kind_ == Gate::kChannel) {
    notify_ = OpenNotifyProxy(dir_->fd(), options_.notify_socket, config_);
  }
  Trace("state");
  return absl::OkStatus();
}

absl::Status Creation::MakeDescriptors() {
  RETURN_IF_ERROR(CheckPreservedFds(options_.preserve_fds));
  ASSIGN_OR_RETURN(auto ends, sync::Channel::MakePair());
  main_end_ = std::move(ends.first);
  child_end_ = std::move(ends.second);
  fds_.sync = child_end_.get();
  fds_.proc = host_proc_.get();
  if (gate_kind_ == Gate::kSocket) {
    ASSIGN_OR_RETURN(gate_, MakeStartGate(dir_->fd()));
    fds_.start_gate = gate_.get();
  }
  if (bundle_.spec().process->terminal) {
    ASSIGN_OR_RETURN(console_, OpenConsoleChannel(options_.console_socket));
    fds_.console_socket = console_.child.get();
  }
  RETURN_IF_ERROR(OpenNamespaces());
  return OpenMountSources();
}

absl::Status Creation::OpenMountSources() {
  const auto& namespaces = bundle_.spec().linux_.namespaces;
  int user = -1;
  for (size_t i = 0; i < namespaces.size(); ++i) {
    if (namespaces[i].type == "user") user = fds_.namespaces[i];
  }
  ASSIGN_OR_RETURN(std::vector<sys::UniqueFd> sources,
                   MakeMountSources({.spec = bundle_.spec(),
                                     .bundle = bundle_.directory,
                                     .api = mount_api_,
                                     .user_namespace_fd = user}));
  for (sys::UniqueFd& source : sources) {
    fds_.mount_sources.push_back(source.get());
    owned_fds_.push_back(std::move(source));
  }
  return absl::OkStatus();
}

absl::Status Creation::MakeCgroup() {
  ASSIGN_OR_RETURN(cgroup_fd_, manager_->Create());
  cgroup_made_ = true;
  if (!HasClone3()) cgroup_fd_.reset();
  const cgroups::Location location = manager_->location();
  // Only now it is known what was there before, and where systemd puts it.
  const bool moved =
      !std::equal(location.directories.begin(), location.directories.end(),
                  state_.cgroup_directories().begin(), state_.cgroup_directories().end());
  if (moved || !location.adopted.empty()) {
    state_.mutable_cgroup_directories()->Assign(location.directories.begin(),
                                                location.directories.end());
    state_.mutable_cgroup_adopted()->Assign(location.adopted.begin(), location.adopted.end());
    RETURN_IF_ERROR(dir_->Write(state_));
  }
  Trace("cgroup");
  return absl::OkStatus();
}

absl::Status Creation::RunRuntimeHooks(pid_t init) {
  const spec::Hooks& hooks = *bundle_.spec().hooks;
  const std::string state = spec::HookStateJson(StateFor(state_, bundle_.spec(), "creating", init));
  const std::string& bundle = bundle_.directory;
  const int pidfd = launch_->pidfd();
  RETURN_IF_ERROR(RunHooks(hooks.prestart, "prestart", state, bundle, pidfd));
  RETURN_IF_ERROR(RunHooks(hooks.create_runtime, "createRuntime", state, bundle, pidfd));
  Trace("hooks");
  return absl::OkStatus();
}

// As soon as there is an init, the directory says so: whoever kills us now leaves a container that
// `delete --force` can remove.
absl::Status Creation::TakeInit(pid_t init) {
  // Nothing of the container runs before init is ready.
  RETURN_IF_ERROR(manager_->RestrictDevices());
  RETURN_IF_ERROR(dir_->AppendInit(init, state_));
  RETURN_IF_ERROR(CheckJoinedMaps(init));
  if (rdt_.has_value()) RETURN_IF_ERROR(rdt_->Attach(init));
  if (!options_.pid_file.empty()) {
    RETURN_IF_ERROR(WritePidFile(options_.pid_file, init));
    pid_file_written_ = true;
  }
  return SetOomScore(init, *bundle_.spec().process);
}

LaunchActions Creation::Actions() {
  const spec::Spec& spec = bundle_.spec();
  LaunchActions actions;
  actions.map_ids = [this, &spec](pid_t pid) -> absl::Status {
    if (HasNewNamespace(spec, "user")) {
      RETURN_IF_ERROR(WriteIdMaps(pid, spec.linux_, DeniesSetgroups(spec)));
    }
    return WriteTimeOffsets(pid, spec.linux_.time_offsets);
  };
  actions.on_init = [this](pid_t init) { return TakeInit(init); };
  actions.move_devices = [this](pid_t init) { return MoveNetDevices(init); };
  actions.run_hooks = [this](pid_t init) { return RunRuntimeHooks(init); };
  actions.hand_over_listener = [this, &spec](pid_t init, int notify_fd) {
    return HandOverToAgent(StateFor(state_, spec, "creating", init), *spec.linux_.seccomp, init,
                           notify_fd);
  };
  return actions;
}

absl::Status Creation::CarryOut() {
  RETURN_IF_ERROR(FindHostParts());
  sys::UniqueFd pidfd_socket;
  if (!options_.pidfd_socket.empty()) {
    ASSIGN_OR_RETURN(pidfd_socket, ConnectSocket(options_.pidfd_socket, SOCK_STREAM, kPidfdSocket));
  }
  RETURN_IF_ERROR(MakeDirectory());
  RETURN_IF_ERROR(MakeDescriptors());
  RETURN_IF_ERROR(MakeCgroup());
  RETURN_IF_ERROR(MakeRdt());
  RETURN_IF_ERROR(BuildPlan());
  Trace("plan");
  launch_ = std::make_unique<Launch>(LaunchOrder{.plan = plan_.plan(),
                                                 .main_end = std::move(main_end_),
                                                 .child_end = std::move(child_end_),
                                                 .cgroup = manager_.get(),
                                                 .cgroup_fd = cgroup_fd_.get(),
                                                 .attach = !cgroup_fd_.valid(),
                                                 .start_early = StartsEarly(),
                                                 .actions = Actions()});
  launched_ = true;
  RETURN_IF_ERROR(launch_->Prepare());
  gate_.reset();
  console_.child.reset();
  host_proc_.reset();
  owned_fds_.clear();
  const spec::Spec& spec = bundle_.spec();
  const bool hooked = spec.hooks.has_value() && !spec.hooks->start_container.empty();
  dir_->SetProgress(gate_kind_ == Gate::kChannel && hooked ? ContainerDir::Progress::kStarting
                                                           : ContainerDir::Progress::kDone);
  if (!pidfd_socket.valid()) return absl::OkStatus();
  return SendDescriptor(pidfd_socket.get(), "standard", launch_->pidfd(), kPidfdSocket);
}

// No other message of ours may follow kStart: with maps, devices or hooks to come it has to wait.
bool Creation::StartsEarly() const {
  return gate_kind_ == Gate::kChannel && plan_.plan().maps_ids == 0 &&
         plan_.plan().main.count == 0 && !bundle_.spec().hooks.has_value() &&
         !net_devices_.has_value();
}

absl::Status Creation::Start() {
  RETURN_IF_ERROR(launch_->Start());
  dir_->SetProgress(ContainerDir::Progress::kDone);
  return absl::OkStatus();
}

absl::Status Creation::RunPoststart() {
  const spec::Spec& spec = bundle_.spec();
  if (!spec.hooks.has_value() || spec.hooks->poststart.empty()) return absl::OkStatus();
  return RunHooks(spec.hooks->poststart, "poststart",
                  spec::HookStateJson(StateFor(state_, spec, "running", launch_->pid())),
                  bundle_.directory);
}

absl::Status Creation::Destroy() {
  committed_ = true;
  const absl::Status locked = dir_->Lock();
  if (absl::IsNotFound(locked)) return absl::OkStatus();  // somebody else has deleted it
  RETURN_IF_ERROR(locked);
  if (!HasNewNamespace(bundle_.spec(), "pid")) {
    // Others may have survived the process. FailedPrecondition: there is no cgroup to know them by.
    const absl::Status killed = manager_->Signal(SIGKILL);
    if (!absl::IsFailedPrecondition(killed)) RETURN_IF_ERROR(killed);
  }
  RETURN_IF_ERROR(manager_->Destroy());
  if (rdt_.has_value()) RETURN_IF_ERROR(rdt_->Destroy());
  RETURN_IF_ERROR(dir_->Remove());
  RunPoststopHooks(state_, bundle_.spec(), config_);
  return absl::OkStatus();
}

absl::StatusOr<sys::UniqueFd> Creation::TakeTerminal() {
  if (!console_.main.valid()) return sys::UniqueFd();
  return ReceiveDescriptor(console_.main.get());
}

}  // namespace hull::runtime
