#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/plan/names.h"
#include "runtime/plan/steps.h"
#include "spec/number_list.h"

namespace hull::plan {
namespace {

constexpr uint64_t kSysAdmin = uint64_t{1} << 21;
constexpr uint32_t kDefaultUmask = 0022;
constexpr absl::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The last of two variables with one name wins, in the first one's place.
std::vector<std::string> UniqueEnvironment(const std::vector<std::string>& env) {
  std::vector<std::string> result;
  for (const std::string& entry : env) {
    const absl::string_view name = absl::string_view(entry).substr(0, entry.find('=') + 1);
    const auto same = std::find_if(result.begin(), result.end(), [name](const std::string& other) {
      return absl::StartsWith(other, name);
    });
    if (same == result.end()) {
      result.push_back(entry);
    } else {
      *same = entry;
    }
  }
  return result;
}

absl::string_view FindVariable(const std::vector<std::string>& env, absl::string_view name) {
  for (const std::string& entry : env) {
    if (absl::StartsWith(entry, name) && entry.size() > name.size() && entry[name.size()] == '=') {
      return absl::string_view(entry).substr(name.size() + 1);
    }
  }
  return "";
}

// What execvp(3) would try: the name itself when it has a slash, else every directory of PATH.
Array<Text> AddCandidates(const std::string& name, const std::vector<std::string>& env,
                          Arena& arena) {
  std::vector<Text> candidates;
  if (absl::StrContains(name, '/')) {
    candidates.push_back(arena.AddText(name));
    return arena.AddArray(candidates);
  }
  const absl::string_view path = FindVariable(env, "PATH");
  for (absl::string_view directory : absl::StrSplit(path.empty() ? kDefaultPath : path, ':')) {
    // An empty entry means the working directory, for every shell since 1979.
    candidates.push_back(
        arena.AddText(absl::StrCat(directory.empty() ? "." : directory, "/", name)));
  }
  return arena.AddArray(candidates);
}

CapabilitySets SetsOf(const spec::Process& process) {
  if (!process.capabilities.has_value()) return {};
  const spec::Capabilities& sets = *process.capabilities;
  CapabilitySets result = {.bounding = CapabilityMask(sets.bounding),
                           .effective = CapabilityMask(sets.effective),
                           .permitted = CapabilityMask(sets.permitted),
                           .inheritable = CapabilityMask(sets.inheritable),
                           .ambient = CapabilityMask(sets.ambient)};
  // The kernel refuses an ambient capability that is not both; engines list such ones all the same.
  result.ambient &= result.permitted & result.inheritable;
  return result;
}

// Without no_new_privs a filter needs CAP_SYS_ADMIN, which the process then has until the filter is
// loaded, after everything else that could need a system call.
bool KeepsAdmin(const ProcessInput& input) {
  return input.filter != nullptr && !input.process.no_new_privileges;
}

void AddIdentityStep(const ProcessInput& input, StepList& steps) {
  const spec::User& user = input.process.user;
  Step& step = steps.Add(StepKind::kIdentity, "/process/user");
  step.identity.uid = user.uid;
  step.identity.gid = user.gid;
  step.identity.groups = steps.arena().AddArray(user.additional_gids);
  step.identity.set_groups = !input.setgroups_denied || !user.additional_gids.empty();
  step.identity.capabilities = SetsOf(input.process);
  step.identity.keep = KeepsAdmin(input) ? kSysAdmin : 0;
}

void AddDirectoryStep(const ProcessInput& input, bool create, StepList& steps) {
  Step& step = steps.Add(StepKind::kWorkingDirectory, "/process/cwd");
  step.change.path = steps.arena().AddText(input.process.cwd);
  step.change.create = create;
}

void AddSeccompStep(const seccomp::Filter& filter, StepList& steps) {
  std::vector<Instruction> program;
  program.reserve(filter.instructions.size());
  for (const sock_filter& instruction : filter.instructions) {
    program.push_back({instruction.code, instruction.jt, instruction.jf, instruction.k});
  }
  Step& step = steps.Add(StepKind::kSeccomp, "/linux/seccomp");
  step.seccomp.program = steps.arena().AddArray(program);
  step.seccomp.flags = filter.flags;
  step.seccomp.notifies = filter.notifies;
}

void AddLabelStep(LabelFile file, absl::string_view where, absl::string_view label,
                  absl::string_view command, StepList& steps) {
  if (label.empty()) return;
  Step& step = steps.Add(StepKind::kLabel, where);
  step.label.file = file;
  step.label.label = steps.arena().AddText(label);
  step.label.written = steps.arena().AddText(absl::StrCat(command, label));
}

}  // namespace

void AddOpenLabelsStep(const spec::Process& process, int proc_fd, bool keyring, StepList& steps) {
  const auto bit = [](LabelFile file) { return 1U << static_cast<uint32_t>(file); };
  uint32_t files = 0;
  if (!process.apparmor_profile.empty()) files |= bit(LabelFile::kAppArmor);
  if (!process.selinux_label.empty()) files |= bit(LabelFile::kSelinux);
  if (!process.selinux_label.empty() && keyring) files |= bit(LabelFile::kKeys);
  if (files == 0) return;
  Step& step = steps.Add(StepKind::kOpenLabels);
  step.open_labels.proc_fd = proc_fd;
  step.open_labels.files = files;
  if (keyring) {
    AddLabelStep(LabelFile::kKeys, "/process/selinuxLabel", process.selinux_label, "", steps);
  }
}

void AddLimitSteps(const spec::Process& process, StepList& steps) {
  for (size_t i = 0; i < process.rlimits.size(); ++i) {
    const spec::Rlimit& limit = process.rlimits[i];
    Step& step = steps.Add(StepKind::kRlimit, absl::StrCat("/process/rlimits/", i));
    step.rlimit.resource = RlimitNumber(limit.type).value_or(UINT32_MAX);
    step.rlimit.soft = limit.soft;
    step.rlimit.hard = limit.hard;
  }
}

void AddAffinityStep(absl::string_view where, absl::string_view cpus, StepList& steps) {
  Step& step = steps.Add(StepKind::kAffinity, where);
  const auto mask = spec::ParseNumberList(cpus, spec::kMaxCpu);
  if (mask.has_value()) step.affinity.cpus = steps.arena().AddArray(*mask);
}

namespace {

void AddSchedulerStep(const spec::Scheduler& scheduler, StepList& steps) {
  Step& step = steps.Add(StepKind::kScheduler, "/process/scheduler");
  step.scheduler = {.policy = SchedulerPolicy(scheduler.policy),
                    .nice = scheduler.nice.value_or(0),
                    .priority = static_cast<uint32_t>(scheduler.priority.value_or(0)),
                    .flags = SchedulerFlags(scheduler.flags),
                    .runtime_ns = scheduler.runtime_ns.value_or(0),
                    .deadline_ns = scheduler.deadline_ns.value_or(0),
                    .period_ns = scheduler.period_ns.value_or(0)};
}

void AddMemoryPolicyStep(const spec::MemoryPolicy& policy, StepList& steps) {
  if (policy.mode.empty()) return;
  Step& step = steps.Add(StepKind::kMemoryPolicy, "/linux/memoryPolicy");
  step.memory_policy.mode = MemoryPolicyMode(policy.mode);
  step.memory_policy.flags = MemoryPolicyFlags(policy.flags);
  const auto nodes = spec::ParseNumberList(policy.nodes, spec::kMaxNode);
  if (nodes.has_value()) step.memory_policy.nodes = steps.arena().AddArray(*nodes);
}

}  // namespace

void AddSchedulingSteps(const spec::Process& process, const spec::Linux& linux,
                        StepList& privileged, StepList& steps) {
  if (process.scheduler.has_value()) AddSchedulerStep(*process.scheduler, privileged);
  if (process.io_priority.has_value()) {
    Step& step = privileged.Add(StepKind::kIoPriority, "/process/ioPriority");
    step.io_priority.io_class = IoPriorityClass(process.io_priority->io_class);
    step.io_priority.level = static_cast<uint32_t>(process.io_priority->priority);
  }
  if (linux.personality.has_value()) {
    steps.AddFlags(StepKind::kPersonality, "/linux/personality",
                   PersonalityDomain(linux.personality->domain));
  }
  if (linux.memory_policy.has_value()) AddMemoryPolicyStep(*linux.memory_policy, steps);
}

void AddConsoleStep(const spec::Process& process, const Descriptors& fds, bool bind_console,
                    StepList& steps) {
  Step& step = steps.Add(StepKind::kConsole, "/process/terminal");
  step.console.socket_fd = fds.console_socket;
  if (process.console_size.has_value()) {
    step.console.rows = static_cast<uint16_t>(process.console_size->height);
    step.console.columns = static_cast<uint16_t>(process.console_size->width);
  }
  step.console.uid = process.user.uid;
  step.console.bind_console = bind_console;
}

void AddIdentitySteps(const ProcessInput& input, PointerVector& envp, StepList& steps) {
  const spec::Process& process = input.process;
  steps.AddFlags(StepKind::kUmask, "/process/user/umask",
                 process.user.umask.value_or(kDefaultUmask));
  if (process.terminal) steps.Add(StepKind::kUseConsole, "/process/terminal");
  AddDirectoryStep(input, /*create=*/true, steps);
  if (!process.terminal) steps.AddFlags(StepKind::kOwnStdio, "", process.user.uid);
  AddIdentityStep(input, steps);
  AddDirectoryStep(input, /*create=*/false, steps);
  const std::vector<std::string> env = UniqueEnvironment(process.env);
  // An empty one is none, and its place is where the one from passwd goes.
  const auto empty = static_cast<size_t>(std::find(env.begin(), env.end(), "HOME=") - env.begin());
  const bool needs_home = FindVariable(env, "HOME").empty();
  envp = steps.arena().AddPointers(env, needs_home && empty == env.size() ? 1 : 0);
  if (needs_home) {
    Step& step = steps.Add(StepKind::kHome, "/process/env");
    step.home.uid = process.user.uid;
    step.home.env_slot = static_cast<uint32_t>(empty);
  }
  Step& find = steps.Add(StepKind::kFindExecutable, "/process/args/0");
  find.find.name = steps.arena().AddText(process.args[0]);
  find.find.candidates = AddCandidates(process.args[0], env, steps.arena());
  find.find.in_path = !absl::StrContains(process.args[0], '/');
  steps.Add(StepKind::kReady);
}

void AddExecuteSteps(const ProcessInput& input, StepList& steps) {
  if (input.preserve_fds > 0) {
    steps.AddFlags(StepKind::kPassDescriptors, "", static_cast<uint64_t>(input.preserve_fds));
  }
  // After the hooks, which it would hold for too.
  AddLabelStep(LabelFile::kAppArmor, "/process/apparmorProfile", input.process.apparmor_profile,
               "exec ", steps);
  AddLabelStep(LabelFile::kSelinux, "/process/selinuxLabel", input.process.selinux_label, "",
               steps);
  if (input.process.no_new_privileges) {
    steps.Add(StepKind::kNoNewPrivileges, "/process/noNewPrivileges");
  }
  if (input.filter != nullptr) AddSeccompStep(*input.filter, steps);
  const CapabilitySets sets = SetsOf(input.process);
  const bool drops_admin = KeepsAdmin(input) && (sets.permitted & sets.effective & kSysAdmin) == 0;
  if (drops_admin) {
    Step& step = steps.Add(StepKind::kFinalCapabilities, "/process/capabilities");
    step.capabilities = sets;
  }
  Step& step = steps.Add(StepKind::kExecute, "/process/args");
  step.execute.argv = steps.arena().AddPointers(input.process.args);
}

}  // namespace hull::plan
