#include "runtime/plan/build.h"

#include <linux/mount.h>
#include <linux/sched.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/plan/mount_options.h"
#include "runtime/plan/names.h"
#include "runtime/plan/steps.h"
#include "runtime/sync/message.h"
#include "spec/sysctl.h"

namespace hull::plan {
namespace {

using sync::MessageType;

uint32_t Number(MessageType type) { return static_cast<uint32_t>(type); }

// What the spec's namespaces come to.
struct Namespaces {
  uint64_t made = 0;                    // CLONE_NEW* of new ones
  uint64_t joined = 0;                  // of those with a path
  std::vector<NamespaceEntry> entries;  // to join, in order
};

// A privileged caller joins the user namespace last (before it, every other is open to it), anybody
// else first (only there is it privileged).
Namespaces SortNamespaces(const CreateInput& input) {
  Namespaces result;
  const auto& namespaces = input.spec.linux_.namespaces;
  for (size_t i = 0; i < namespaces.size(); ++i) {
    const uint64_t flag = NamespaceFlag(namespaces[i].type);
    if (namespaces[i].path.empty()) {
      result.made |= flag;
      continue;
    }
    result.joined |= flag;
    const int fd = i < input.fds.namespaces.size() ? input.fds.namespaces[i] : -1;
    result.entries.push_back({fd, static_cast<uint32_t>(flag)});
  }
  std::stable_partition(result.entries.begin(), result.entries.end(),
                        [&input](const NamespaceEntry& entry) {
                          return (entry.types == CLONE_NEWUSER) != input.privileged;
                        });
  return result;
}

bool HasRuntimeHooks(const spec::Spec& spec) {
  return spec.hooks.has_value() &&
         !(spec.hooks->prestart.empty() && spec.hooks->create_runtime.empty());
}

// `cwd`: absent once the host's tree is out of sight.
void AddHooks(const std::vector<spec::Hook>& hooks, absl::string_view name,
              const StateDocument& state, absl::string_view cwd, StepList& steps) {
  if (hooks.empty()) return;
  Arena& arena = steps.arena();
  std::vector<HookEntry> entries;
  for (size_t i = 0; i < hooks.size(); ++i) {
    const spec::Hook& hook = hooks[i];
    entries.push_back({
        .path = arena.AddText(hook.path),
        .argv =
            arena.AddPointers(hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args),
        .envp = arena.AddPointers(hook.env),
        .timeout_s = hook.timeout_s.value_or(0),
        .where = arena.AddText(absl::StrCat("/hooks/", name, "/", i)),
    });
  }
  Step& step = steps.Add(StepKind::kHooks, absl::StrCat("/hooks/", name));
  step.hooks.hooks = arena.AddArray(entries);
  step.hooks.state_head = arena.AddText(state.head);
  step.hooks.state_tail = arena.AddText(state.tail);
  step.hooks.cwd = arena.AddOptionalText(cwd);
}

void AddKeyring(const std::string& name, const std::string& container_id, StepList& steps) {
  steps.AddText(StepKind::kSessionKeyring, "",
                name.empty() ? absl::StrCat("_ses.", container_id) : name);
}

// Session, keyring, and what belongs to the fresh namespaces, before any file is touched.
void AddNamespaceSettings(const CreateInput& input, uint64_t made, StepList& steps) {
  const spec::Spec& spec = input.spec;
  steps.AddFlags(StepKind::kUmask, "", 0);
  steps.Add(StepKind::kNewSession);
  AddOpenLabelsStep(*spec.process, input.fds.proc, input.session_keyring, steps);
  if (input.session_keyring) AddKeyring(input.keyring, input.container_id, steps);
  if ((made & CLONE_NEWNET) != 0) steps.Add(StepKind::kLoopbackUp, "/linux/namespaces");
  if (!spec.hostname.empty()) {
    steps.AddText(StepKind::kHostname, "/hostname", spec.hostname);
  }
  if (!spec.domainname.empty()) {
    steps.AddText(StepKind::kDomainname, "/domainname", spec.domainname);
  }
  // Before the sysctls, which may be of these devices.
  if (!spec.linux_.net_devices.empty()) {
    Step& step = steps.Add(StepKind::kRequest, "/linux/netDevices");
    step.message.message = Number(MessageType::kMoveDevices);
  }
  for (const auto& [key, value] : spec.linux_.sysctl) {
    Step& step = steps.Add(StepKind::kSysctl, absl::StrCat("/linux/sysctl/", key));
    step.sysctl.path = steps.arena().AddText(spec::SysctlFile(key));
    step.sysctl.value = steps.arena().AddText(value);
  }
}

bool MapsRoot(const std::vector<spec::IdMapping>& mappings) {
  return std::any_of(mappings.begin(), mappings.end(),
                     [](const spec::IdMapping& mapping) { return mapping.container_id == 0; });
}

// Who makes the mounts. Where 0 is nobody, the process's own user, who is somebody (spec/validate):
// the capabilities of the new namespace do not depend on it.
void AddBecomeRoot(const spec::Spec& spec, const spec::User& user, StepList& steps) {
  const spec::Linux& linux_block = spec.linux_;
  // Without mappings of ours (a joined namespace) only the kernel knows whether there is a root.
  const bool known = !linux_block.uid_mappings.empty();
  Step& step = steps.Add(StepKind::kBecomeRoot, known ? "/linux/uidMappings" : "/process/user");
  const auto missing = [](const std::vector<spec::IdMapping>& mappings) {
    return !mappings.empty() && !MapsRoot(mappings);
  };
  step.become = {.uid = missing(linux_block.uid_mappings) ? user.uid : 0,
                 .gid = missing(linux_block.gid_mappings) ? user.gid : 0,
                 .other_uid = user.uid,
                 .other_gid = user.gid};
}

// `main` does for init in a user namespace what needs rights on the host; who has none there finds
// init no worse placed than itself.
StepList& Privileged(bool user_namespace, bool privileged, StepList& main, StepList& init) {
  return user_namespace && privileged ? main : init;
}

absl::Status AddInitSteps(const CreateInput& input, const Namespaces& ns, Launch launch, Plan& plan,
                          StepList& main, StepList& steps) {
  const spec::Spec& spec = input.spec;
  const bool user_namespace = ((ns.made | ns.joined) & CLONE_NEWUSER) != 0;
  StepList& privileged = Privileged(user_namespace, input.privileged, main, steps);
  if (launch == Launch::kDirect) {
    if (input.attach) steps.AddMessage(StepKind::kAwait, Number(MessageType::kGo));
    if ((ns.made & CLONE_NEWUSER) != 0) {
      steps.AddMessage(StepKind::kRequest, Number(MessageType::kMapIds));
      AddBecomeRoot(spec, spec.process->user, steps);
    }
  }
  steps.Add(StepKind::kNonDumpable);
  AddAffinityStep("", "", steps);
  // Its root is the cgroup that the maker is in: only now is that the container's.
  if ((ns.made & CLONE_NEWCGROUP) != 0) {
    steps.AddFlags(StepKind::kUnshare, "/linux/namespaces", CLONE_NEWCGROUP);
  }
  AddNamespaceSettings(input, ns.made, steps);
  AddLimitSteps(*spec.process, privileged);
  std::vector<ReadOnlyLater> read_only_later;
  RETURN_IF_ERROR(AddRootfsSteps(input, user_namespace, read_only_later, steps));
  if (spec.process->terminal) {
    AddConsoleStep(*spec.process, input.fds, /*bind_console=*/true, steps);
  }
  if (HasRuntimeHooks(spec)) {
    steps.AddMessage(StepKind::kRequest, Number(MessageType::kRunHooks));
  }
  if (spec.hooks.has_value()) {
    AddHooks(spec.hooks->create_container, "createContainer", input.states.creating, input.bundle,
             steps);
  }
  AddProtectionSteps(spec, read_only_later, steps);
  Step& turn = steps.Add(input.no_pivot ? StepKind::kMoveRoot : StepKind::kPivotRoot, "/root/path");
  turn.rootfs.path = steps.arena().AddText(input.rootfs);
  turn.rootfs.shared = (ParsePropagation(spec.linux_.rootfs_propagation) & MS_SHARED) != 0;
  if (const uint64_t propagation = ParsePropagation(spec.linux_.rootfs_propagation)) {
    steps.AddFlags(StepKind::kRootPropagation, "/linux/rootfsPropagation", propagation);
  }
  const ProcessInput process{*spec.process, input.filter, input.setgroups_denied,
                             input.preserve_fds};
  AddSchedulingSteps(*spec.process, spec.linux_, privileged, steps);
  AddIdentitySteps(process, plan.envp, steps);
  Step& gate = steps.Add(StepKind::kStartGate);
  gate.gate.listen_fd = input.fds.start_gate;
  if (spec.hooks.has_value()) {
    AddHooks(spec.hooks->start_container, "startContainer", input.states.created, "", steps);
  }
  AddExecuteSteps(process, steps);
  return absl::OkStatus();
}

// What the clone of init itself may make: all but the cgroup namespace, and what the intermediate
// has made by then.
uint64_t InitCloneFlags(const Namespaces& ns, uint64_t made_before) {
  return ns.made & ~static_cast<uint64_t>(CLONE_NEWCGROUP) & ~made_before;
}

void AddIntermediateSteps(const CreateInput& input, const Namespaces& ns, StepList& steps) {
  if (input.attach) steps.AddMessage(StepKind::kAwait, Number(MessageType::kGo));
  // Joining a pid namespace makes us visible to it.
  if (input.privileged || (ns.made & CLONE_NEWUSER) == 0) steps.Add(StepKind::kNonDumpable);
  if (!ns.entries.empty()) {
    Step& step = steps.Add(StepKind::kSetNamespaces, "/linux/namespaces");
    step.set_namespaces.entries = steps.arena().AddArray(ns.entries);
  }
  if ((ns.joined & CLONE_NEWUSER) != 0) {
    AddBecomeRoot(input.spec, input.spec.process->user, steps);
  }
  const uint64_t unshared = ns.made & (CLONE_NEWUSER | CLONE_NEWTIME);
  if (unshared != 0) {
    steps.AddFlags(StepKind::kUnshare, "/linux/namespaces", unshared);
    steps.AddMessage(StepKind::kRequest, Number(MessageType::kMapIds));
    if ((unshared & CLONE_NEWUSER) != 0) AddBecomeRoot(input.spec, input.spec.process->user, steps);
  }
  steps.AddFlags(StepKind::kSpawnInit, "/linux/namespaces", InitCloneFlags(ns, unshared));
}

std::vector<int32_t> InheritedFds(const Descriptors& fds,
                                  const std::vector<NamespaceEntry>& entries, int preserve_fds) {
  std::vector<int32_t> result;
  for (const int fd : {fds.sync, fds.start_gate, fds.console_socket, fds.proc}) {
    if (fd >= 0) result.push_back(fd);
  }
  for (const int fd : fds.mount_sources) {
    if (fd >= 0) result.push_back(fd);
  }
  for (const NamespaceEntry& entry : entries) {
    // A pidfd stands for several namespaces in one or more entries.
    const bool known = std::find(result.begin(), result.end(), entry.fd) != result.end();
    if (entry.fd >= 0 && !known) result.push_back(entry.fd);
  }
  for (int i = 0; i < preserve_fds; ++i) result.push_back(3 + i);
  return result;
}

}  // namespace

absl::StatusOr<Block> BuildCreate(const CreateInput& input) {
  const Namespaces ns = SortNamespaces(input);
  if (((ns.made | ns.joined) & CLONE_NEWNS) == 0) {
    return absl::InvalidArgumentError(
        "/linux/namespaces: a 'mount' namespace is needed: without one the container's mounts "
        "would be the host's; add {\"type\": \"mount\"}");
  }
  Arena arena;
  Plan plan;
  const bool new_time = (ns.made & CLONE_NEWTIME) != 0;
  const bool offsets = new_time && !input.spec.linux_.time_offsets.empty();
  // Offsets are written before anybody is in there; and clone(2) has no bit for the namespace.
  const bool unshares_time = offsets || (new_time && !input.clone3);
  plan.launch = ns.entries.empty() && !unshares_time ? Launch::kDirect : Launch::kStaged;
  plan.sync_fd = input.fds.sync;
  plan.mount_api = input.mount_api;
  plan.maps_ids = (ns.made & CLONE_NEWUSER) != 0 || offsets;
  if (plan.launch == Launch::kDirect) {
    plan.clone_flags = InitCloneFlags(ns, 0);
    plan.keeps_capabilities = (ns.made & CLONE_NEWUSER) != 0;
  } else {
    StepList intermediate(arena);
    AddIntermediateSteps(input, ns, intermediate);
    plan.intermediate = intermediate.Finish();
  }
  StepList init(arena), main(arena);
  RETURN_IF_ERROR(AddInitSteps(input, ns, plan.launch, plan, main, init));
  plan.init = init.Finish();
  plan.main = main.Finish();
  plan.inherited_fds = arena.AddArray(InheritedFds(input.fds, ns.entries, input.preserve_fds));
  return arena.Finish(plan);
}

absl::StatusOr<Block> BuildJoin(const JoinInput& input) {
  Arena arena;
  Plan plan;
  plan.launch = Launch::kStaged;
  plan.sync_fd = input.fds.sync;
  StepList intermediate(arena);
  if (input.attach) intermediate.AddMessage(StepKind::kAwait, Number(MessageType::kGo));
  intermediate.Add(StepKind::kNonDumpable);
  Step& join = intermediate.Add(StepKind::kSetNamespaces);
  join.set_namespaces.entries = arena.AddArray(input.namespaces);
  if (input.joins_user) AddBecomeRoot(input.spec, input.process.user, intermediate);
  intermediate.AddFlags(StepKind::kSpawnInit, "", 0);
  plan.intermediate = intermediate.Finish();

  StepList init(arena), main(arena);
  StepList& privileged = Privileged(input.joins_user, input.privileged, main, init);
  const auto& affinity = input.process.exec_cpu_affinity;
  if (affinity.has_value() && !affinity->final_cpus.empty()) {
    AddAffinityStep("/process/execCPUAffinity/final", affinity->final_cpus, init);
  } else {
    AddAffinityStep("", "", init);
  }
  init.Add(StepKind::kNewSession);
  AddOpenLabelsStep(input.process, input.fds.proc, input.session_keyring, init);
  if (input.session_keyring) AddKeyring(input.keyring, input.container_id, init);
  AddLimitSteps(input.process, privileged);
  if (input.process.terminal) {
    AddConsoleStep(input.process, input.fds, /*bind_console=*/false, init);
  }
  const ProcessInput process{input.process, input.filter, input.setgroups_denied,
                             input.preserve_fds};
  AddSchedulingSteps(input.process, input.spec.linux_, privileged, init);
  AddIdentitySteps(process, plan.envp, init);
  Step& gate = init.Add(StepKind::kStartGate);
  gate.gate.listen_fd = -1;
  AddExecuteSteps(process, init);
  plan.init = init.Finish();
  plan.main = main.Finish();
  plan.inherited_fds =
      arena.AddArray(InheritedFds(input.fds, input.namespaces, input.preserve_fds));
  return arena.Finish(plan);
}

}  // namespace hull::plan
