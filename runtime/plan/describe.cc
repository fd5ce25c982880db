#include "runtime/plan/describe.h"

#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "runtime/plan/names.h"
#include "spec/names.h"

namespace hull::plan {
namespace {

std::string NamespaceList(uint64_t flags) {
  std::vector<std::string> names;
  for (uint64_t bit = 1; bit != 0 && bit <= flags; bit <<= 1) {
    const absl::string_view name = NamespaceName(flags & bit);
    if (!name.empty()) names.emplace_back(name);
  }
  return names.empty() ? "no namespace" : absl::StrJoin(names, ",");
}

std::string CapabilityList(uint64_t mask) {
  std::vector<absl::string_view> names;
  for (size_t i = 0; i < std::size(spec::kCapabilityNames); ++i) {
    if ((mask >> i & 1) != 0) names.push_back(spec::kCapabilityNames[i]);
  }
  return absl::StrCat("{", absl::StrJoin(names, ","), "}");
}

std::string PropagationName(uint64_t flags) {
  const char* kind = (flags & MS_SHARED) != 0    ? "shared"
                     : (flags & MS_SLAVE) != 0   ? "slave"
                     : (flags & MS_PRIVATE) != 0 ? "private"
                                                 : "unbindable";
  return absl::StrCat((flags & MS_REC) != 0 ? "r" : "", kind);
}

struct AttributeName {
  uint64_t flag;
  const char *set, *clear;
};
constexpr AttributeName kAttributes[] = {
    {MOUNT_ATTR_RDONLY, "ro", "rw"},
    {MOUNT_ATTR_NOSUID, "nosuid", "suid"},
    {MOUNT_ATTR_NODEV, "nodev", "dev"},
    {MOUNT_ATTR_NOEXEC, "noexec", "exec"},
    {MOUNT_ATTR_NOATIME, "noatime", ""},
    {MOUNT_ATTR_STRICTATIME, "strictatime", ""},
    {MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime"},
    {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"},
};

void AppendAttributes(uint64_t set, uint64_t clear, absl::string_view prefix,
                      std::vector<std::string>& words) {
  for (const AttributeName& name : kAttributes) {
    if ((set & name.flag) != 0) words.push_back(absl::StrCat(prefix, name.set));
    if ((clear & ~set & name.flag) != 0 && name.clear[0] != '\0') {
      words.push_back(absl::StrCat(prefix, name.clear));
    }
  }
}

struct FlagWord {
  uint64_t flag;
  const char* set;
};
constexpr FlagWord kSuperblockWords[] = {
    {MS_SYNCHRONOUS, "sync"},  {MS_MANDLOCK, "mand"}, {MS_DIRSYNC, "dirsync"},
    {MS_LAZYTIME, "lazytime"}, {MS_SILENT, "silent"}, {MS_I_VERSION, "iversion"},
};

std::string DescribeMountOptions(const Plan& plan, const MountStep& mount) {
  std::vector<std::string> words;
  AppendAttributes(mount.attr_set, mount.attr_clear, "", words);
  AppendAttributes(mount.recursive_attr_set, mount.recursive_attr_clear, "r", words);
  for (uint32_t i = 0; i < mount.propagation.count; ++i) {
    words.push_back(PropagationName(plan.at(mount.propagation, i)));
  }
  for (const FlagWord& word : kSuperblockWords) {
    if ((mount.mount_flags & word.flag) != 0) words.push_back(word.set);
  }
  if (mount.copy_up != 0) words.push_back("tmpcopyup");
  if (mount.label) words.push_back(absl::StrCat("label=", plan.text(mount.label)));
  if (mount.copy_symlink != 0) words.push_back("copy-symlink");
  if (mount.source_no_follow != 0) words.push_back("src-nofollow");
  if (mount.target_no_follow != 0) words.push_back("dest-nofollow");
  if (mount.id_map != 0) words.push_back(mount.id_map == 1 ? "idmap" : "ridmap");
  for (uint32_t i = 0; i < mount.options.count; ++i) {
    const Option& option = plan.at(mount.options, i);
    words.push_back(absl::StrCat(plan.text(option.key), option.value ? "=" : "",
                                 option.value ? plan.text(option.value) : ""));
  }
  return words.empty() ? "" : absl::StrCat(" (", absl::StrJoin(words, ","), ")");
}

std::string DescribeMount(const Plan& plan, const MountStep& mount) {
  const std::string options = DescribeMountOptions(plan, mount);
  if (!mount.type) {
    return absl::StrCat(mount.recursive != 0 ? "binding the tree '" : "binding '",
                        plan.text(mount.source), "' at '", plan.text(mount.target), "'", options);
  }
  return absl::StrCat("mounting ", plan.text(mount.type), " at '", plan.text(mount.target), "'",
                      options);
}

std::string DescribeDevice(const Plan& plan, const DeviceStep& device) {
  const char* kind = S_ISBLK(device.mode) ? "b" : S_ISFIFO(device.mode) ? "p" : "c";
  return absl::StrFormat("%s device '%s' (%s %d:%d, mode %04o, owner %d:%d)",
                         device.bind != 0 ? "binding" : "making", plan.text(device.path), kind,
                         device.major, device.minor, device.mode & 07777, device.uid, device.gid);
}

std::string DescribeIdentity(const Plan& plan, const IdentityStep& identity) {
  std::vector<uint32_t> groups;
  for (uint32_t i = 0; i < identity.groups.count; ++i)
    groups.push_back(plan.at(identity.groups, i));
  const CapabilitySets& sets = identity.capabilities;
  return absl::StrCat("becoming uid ", identity.uid, ", gid ", identity.gid, ", groups [",
                      absl::StrJoin(groups, ","), "], capabilities bounding ",
                      CapabilityList(sets.bounding), " effective ", CapabilityList(sets.effective),
                      " permitted ", CapabilityList(sets.permitted), " inheritable ",
                      CapabilityList(sets.inheritable), " ambient ", CapabilityList(sets.ambient));
}

// "0-3,7".
std::string NumberList(const Plan& plan, Array<uint64_t> mask) {
  std::vector<std::string> parts;
  const auto has = [&plan, mask](uint32_t n) {
    return n / 64 < mask.count && (plan.at(mask, n / 64) >> (n % 64) & 1) != 0;
  };
  for (uint32_t first = 0; first < mask.count * 64; ++first) {
    if (!has(first)) continue;
    uint32_t last = first;
    while (has(last + 1)) ++last;
    parts.push_back(first == last ? absl::StrCat(first) : absl::StrCat(first, "-", last));
    first = last;
  }
  return absl::StrJoin(parts, ",");
}

std::string FlagList(const std::vector<absl::string_view>& flags) {
  return flags.empty() ? "" : absl::StrCat(" (", absl::StrJoin(flags, ","), ")");
}

std::string DescribeAffinity(const Plan& plan, const AffinityStep& affinity) {
  if (affinity.cpus.count == 0) return "allowing every CPU of the cpuset";
  return absl::StrCat("allowing the CPUs ", NumberList(plan, affinity.cpus));
}

std::string DescribeScheduler(const SchedulerStep& scheduler) {
  std::string text = absl::StrCat("scheduling by ", SchedulerPolicyName(scheduler.policy));
  if (scheduler.nice != 0) absl::StrAppend(&text, ", nice ", scheduler.nice);
  if (scheduler.priority != 0) absl::StrAppend(&text, ", priority ", scheduler.priority);
  if (scheduler.runtime_ns != 0) {
    absl::StrAppend(&text, ", runtime ", scheduler.runtime_ns, " ns, deadline ",
                    scheduler.deadline_ns, " ns, period ", scheduler.period_ns, " ns");
  }
  return absl::StrCat(text, FlagList(SchedulerFlagNames(scheduler.flags)));
}

std::string DescribeMemoryPolicy(const Plan& plan, const MemoryPolicyStep& policy) {
  std::string text = absl::StrCat("setting the memory policy ", MemoryPolicyModeName(policy.mode));
  if (policy.nodes.count != 0) {
    absl::StrAppend(&text, " on the nodes ", NumberList(plan, policy.nodes));
  }
  return absl::StrCat(text, FlagList(MemoryPolicyFlagNames(policy.flags)));
}

std::string DescribeNamespaces(const Plan& plan, const SetNamespacesStep& step) {
  std::vector<std::string> names;
  for (uint32_t i = 0; i < step.entries.count; ++i) {
    names.push_back(NamespaceList(plan.at(step.entries, i).types));
  }
  return absl::StrCat("joining the namespaces ", absl::StrJoin(names, ", "));
}

std::string DescribeHooks(const Plan& plan, const HooksStep& step) {
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < step.hooks.count; ++i) {
    paths.push_back(absl::StrCat("'", plan.text(plan.at(step.hooks, i).path), "'"));
  }
  return absl::StrCat("running the hooks ", absl::StrJoin(paths, ", "));
}

std::string DescribeMask(const Plan& plan, const MaskStep& mask) {
  const std::string label =
      mask.label ? absl::StrCat(" (context=", plan.text(mask.label), ")") : "";
  return absl::StrCat("masking '", plan.text(mask.path), "'", label);
}

std::string DescribeLabel(const Plan& plan, const LabelStep& step) {
  const char* what = step.file == LabelFile::kAppArmor  ? "setting the AppArmor profile '"
                     : step.file == LabelFile::kSelinux ? "setting the SELinux label '"
                                                        : "labelling new keys '";
  return absl::StrCat(what, plan.text(step.label), "'");
}

std::string DescribeRequest(uint32_t message) {
  switch (static_cast<sync::MessageType>(message)) {
    case sync::MessageType::kMapIds: return "waiting for uid and gid maps";
    case sync::MessageType::kMoveDevices: return "waiting for the network devices";
    default: return "waiting for the prestart and createRuntime hooks";
  }
}

// One switch for each story; "" = the step is of another.

// How the processes come about, speak and end.
std::string DescribeProtocolStep(const Plan& plan, const Step& step) {
  const auto text = [&plan](Text t) { return absl::StrCat("'", plan.text(t), "'"); };
  switch (step.kind) {
    case StepKind::kFail: return "failing on purpose";
    case StepKind::kAwait: return "waiting to be put into the cgroup";
    case StepKind::kRequest: return DescribeRequest(step.message.message);
    case StepKind::kSetNamespaces: return DescribeNamespaces(plan, step.set_namespaces);
    case StepKind::kUnshare:
      return absl::StrCat("making a new ", NamespaceList(step.flags.flags), " namespace");
    case StepKind::kSpawnInit:
      return absl::StrCat("cloning init with new ", NamespaceList(step.flags.flags));
    case StepKind::kBecomeRoot:
      if (step.become.uid == 0 && step.become.gid == 0)
        return "becoming root of the user namespace";
      return absl::StrCat("becoming uid ", step.become.uid, ", gid ", step.become.gid,
                          " of the user namespace");
    case StepKind::kConsole: return "making the terminal";
    case StepKind::kUseConsole: return "taking the terminal";
    case StepKind::kHooks: return DescribeHooks(plan, step.hooks);
    case StepKind::kFindExecutable:
      return absl::StrCat("finding the executable ", text(step.find.name));
    case StepKind::kReady: return "reporting ready";
    case StepKind::kStartGate: return "waiting for the start";
    case StepKind::kPassDescriptors:
      return absl::StrCat("passing on ", step.flags.flags, " descriptors from 3");
    case StepKind::kSeccomp:
      return absl::StrCat("loading a seccomp filter of ", step.seccomp.program.count,
                          " instructions", step.seccomp.notifies != 0 ? " with a listener" : "");
    case StepKind::kExecute: return "executing the process";
    default: return "";
  }
}

// What the container sees as files.
std::string DescribeFileStep(const Plan& plan, const Step& step) {
  const auto text = [&plan](Text t) { return absl::StrCat("'", plan.text(t), "'"); };
  switch (step.kind) {
    case StepKind::kPropagation:
      return absl::StrCat("making every mount ", PropagationName(step.flags.flags));
    case StepKind::kRootfs: return absl::StrCat("mounting the rootfs ", text(step.rootfs.path));
    case StepKind::kMount: return DescribeMount(plan, step.mount);
    case StepKind::kRemount:
      return absl::StrCat("remounting ", text(step.mount.target),
                          DescribeMountOptions(plan, step.mount));
    case StepKind::kDevice: return DescribeDevice(plan, step.device);
    case StepKind::kSymlink:
      return absl::StrCat("linking ", text(step.symlink.path), " to ", text(step.symlink.target));
    case StepKind::kDirectory:
      return absl::StrCat("making the directory ", text(step.text.text), " where it is missing");
    case StepKind::kMaskPath: return DescribeMask(plan, step.mask);
    case StepKind::kReadonlyPath:
      return absl::StrCat("making ", text(step.text.text), " read-only");
    case StepKind::kMountAttributes: {
      std::vector<std::string> words;
      AppendAttributes(step.attributes.attr_set, step.attributes.attr_clear, "", words);
      return absl::StrCat("remounting ", text(step.attributes.path), " (",
                          absl::StrJoin(words, ","), ")");
    }
    case StepKind::kPivotRoot: return "pivoting into the rootfs";
    case StepKind::kMoveRoot: return "moving the rootfs over '/' and changing the root to it";
    case StepKind::kRootPropagation:
      return absl::StrCat("making the root mount ", PropagationName(step.flags.flags));
    default: return "";
  }
}

// What the process and its namespaces are like.
std::string DescribeAttributeStep(const Plan& plan, const Step& step) {
  const auto text = [&plan](Text t) { return absl::StrCat("'", plan.text(t), "'"); };
  switch (step.kind) {
    case StepKind::kNonDumpable: return "forbidding dumps";
    case StepKind::kNewSession: return "starting a session";
    case StepKind::kOpenLabels: return "opening its label files in the host's /proc";
    case StepKind::kSessionKeyring:
      return absl::StrCat("joining the session keyring ", text(step.text.text));
    case StepKind::kLoopbackUp: return "bringing up the loopback interface";
    case StepKind::kHostname: return absl::StrCat("setting the hostname ", text(step.text.text));
    case StepKind::kDomainname:
      return absl::StrCat("setting the domainname ", text(step.text.text));
    case StepKind::kSysctl:
      return absl::StrCat("writing ", text(step.sysctl.value), " to the sysctl ",
                          text(step.sysctl.path));
    case StepKind::kRlimit:
      return absl::StrCat("setting resource limit ", step.rlimit.resource, " to ", step.rlimit.soft,
                          ":", step.rlimit.hard);
    case StepKind::kAffinity: return DescribeAffinity(plan, step.affinity);
    case StepKind::kScheduler: return DescribeScheduler(step.scheduler);
    case StepKind::kIoPriority:
      return absl::StrCat("setting the I/O priority ",
                          IoPriorityClassName(step.io_priority.io_class), " ",
                          step.io_priority.level);
    case StepKind::kPersonality:
      return absl::StrCat("setting the personality ",
                          PersonalityDomainName(static_cast<uint32_t>(step.flags.flags)));
    case StepKind::kMemoryPolicy: return DescribeMemoryPolicy(plan, step.memory_policy);
    case StepKind::kUmask: return absl::StrFormat("setting the umask %04o", step.flags.flags);
    case StepKind::kWorkingDirectory:
      return absl::StrCat("changing to the directory ", text(step.change.path));
    case StepKind::kOwnStdio: return absl::StrCat("giving stdio to uid ", step.flags.flags);
    case StepKind::kHome: return absl::StrCat("finding the home of uid ", step.home.uid);
    case StepKind::kIdentity: return DescribeIdentity(plan, step.identity);
    case StepKind::kLabel: return DescribeLabel(plan, step.label);
    case StepKind::kFinalCapabilities: return "dropping the capability that the filter needed";
    case StepKind::kNoNewPrivileges: return "setting no_new_privs";
    default: return "";
  }
}

}  // namespace

std::string DescribeStep(const Plan& plan, const Step& step) {
  for (const auto describe : {&DescribeProtocolStep, &DescribeFileStep, &DescribeAttributeStep}) {
    std::string text = describe(plan, step);
    if (!text.empty()) return text;
  }
  return "an unknown step";
}

namespace {

void AppendSteps(const Plan& plan, Array<Step> steps, std::string& out) {
  for (uint32_t i = 0; i < steps.count; ++i) {
    const Step& step = plan.at(steps, i);
    absl::StrAppendFormat(&out, "  %2d  %s", i, DescribeStep(plan, step));
    if (step.where) absl::StrAppend(&out, "  [", plan.text(step.where), "]");
    out += "\n";
  }
}

}  // namespace

std::string Describe(const Plan& plan) {
  std::string out;
  if (plan.mount_api == MountApi::kOld) {
    out += "mounts: by mount(2), as without mount_setattr(2) of Linux 5.12\n";
  }
  if (plan.launch == Launch::kDirect) {
    absl::StrAppend(&out, "launch: direct, one clone with new ", NamespaceList(plan.clone_flags),
                    "\n");
  } else {
    out += "launch: staged\nintermediate:\n";
    AppendSteps(plan, plan.intermediate, out);
  }
  out += "init:\n";
  AppendSteps(plan, plan.init, out);
  if (plan.main.count != 0) {
    out += "main, for init, before the start:\n";
    AppendSteps(plan, plan.main, out);
  }
  return out;
}

}  // namespace hull::plan
