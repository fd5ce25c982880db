#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "runtime/plan/describe.h"
#include "runtime/plan/names.h"
#include "spec/names.h"

namespace hull::plan {
namespace {

using sync::Operation;

struct OperationName {
  Operation operation;
  absl::string_view name;
};
constexpr OperationName kNames[] = {
    {Operation::kOpen, "open"},
    {Operation::kOpenInRoot, "open in the rootfs"},
    {Operation::kMakeDirectory, "mkdir"},
    {Operation::kMakeFile, "create"},
    {Operation::kMakeNode, "mknod"},
    {Operation::kMakeLink, "symlink"},
    {Operation::kStat, "stat"},
    {Operation::kRead, "read"},
    {Operation::kWrite, "write"},
    {Operation::kOwner, "chown"},
    {Operation::kMode, "chmod"},
    {Operation::kUnlink, "unlink"},
    {Operation::kSocket, "socket"},
    {Operation::kIoctl, "ioctl"},
    {Operation::kReceive, "receive"},
    {Operation::kSend, "send"},
    {Operation::kAccept, "accept"},
    {Operation::kSetNamespace, "setns"},
    {Operation::kUnshare, "unshare"},
    {Operation::kClone, "clone3"},
    {Operation::kSetUid, "setresuid"},
    {Operation::kSetGid, "setresgid"},
    {Operation::kSetGroups, "setgroups"},
    {Operation::kBoundingSet, "prctl(PR_CAPBSET_DROP)"},
    {Operation::kCapabilities, "capset"},
    {Operation::kAmbientSet, "prctl(PR_CAP_AMBIENT)"},
    {Operation::kControl, "prctl"},
    {Operation::kSession, "setsid"},
    {Operation::kKeyring, "keyctl"},
    {Operation::kKeyPermissions, "keyctl(KEYCTL_SETPERM)"},
    {Operation::kHostName, "sethostname"},
    {Operation::kLimit, "prlimit64"},
    {Operation::kAffinity, "sched_setaffinity"},
    {Operation::kScheduler, "sched_setattr"},
    {Operation::kIoPriority, "ioprio_set"},
    {Operation::kPersonality, "personality"},
    {Operation::kMemoryPolicy, "set_mempolicy"},
    {Operation::kOpenTree, "open_tree"},
    {Operation::kFsOpen, "fsopen"},
    {Operation::kFsConfig, "fsconfig"},
    {Operation::kFsMount, "fsmount"},
    {Operation::kFsPick, "fspick"},
    {Operation::kMoveMount, "move_mount"},
    {Operation::kMountAttributes, "mount_setattr"},
    {Operation::kLabel, "setxattr"},
    {Operation::kMount, "mount"},
    {Operation::kUnmount, "umount2"},
    {Operation::kPivotRoot, "pivot_root"},
    {Operation::kChangeRoot, "chroot"},
    {Operation::kChangeDirectory, "chdir"},
    {Operation::kTerminal, "ioctl(TIOCSCTTY)"},
    {Operation::kDuplicate, "dup3"},
    {Operation::kSeccomp, "seccomp"},
    {Operation::kExecute, "execve"},
    {Operation::kHookSpawn, "clone3"},
};

std::string ErrnoText(int error) {
  const char* text = strerrordesc_np(error);
  return text == nullptr ? absl::StrCat("errno ", error) : absl::AsciiStrToLower(text);
}

// Engines look for the file between backquotes.
std::string LabelFileText(const Step& step, const sync::Message& failure) {
  const bool opening = step.kind == StepKind::kOpenLabels;
  const auto file = opening ? static_cast<LabelFile>(failure.index) : step.label.file;
  const char* const name = file == LabelFile::kKeys       ? "keycreate"
                           : file == LabelFile::kAppArmor ? "apparmor/exec"
                                                          : "exec";
  return absl::StrCat(opening ? "open" : "write to", " `/proc/thread-self/attr/", name, "`: ");
}

std::string OperationText(const sync::Message& failure) {
  const auto* const found = std::find_if(
      std::begin(kNames), std::end(kNames),
      [&failure](const OperationName& name) { return name.operation == failure.operation; });
  return found == std::end(kNames) ? "" : absl::StrCat(found->name, ": ");
}

// What a process has found out, and no system call has said.
absl::string_view FindingText(Operation operation) {
  switch (operation) {
    case Operation::kOutsideRoot: return "it leads out of the container's root";
    case Operation::kInProc:
      return "a symlink leads from there into /proc, of which nothing may be covered";
    case Operation::kNoProc: return "mount(2) needs a proc file system at /proc, and there is none";
    case Operation::kOtherKind:
      return "of what is to be mounted and what is there, one is a directory, the other is not";
    case Operation::kNoMount: return "nothing is mounted there that could be changed";
    default: return "";
  }
}

// Devices and their links admit no symlink, as mounts do in some places.
absl::string_view LoopHint(const Step& step) {
  const bool mounts = step.kind == StepKind::kMount || step.kind == StepKind::kRemount;
  const bool plain = mounts ? step.mount.plain_target != 0
                            : step.kind == StepKind::kDevice || step.kind == StepKind::kSymlink ||
                                  step.kind == StepKind::kConsole;
  return plain ? "; no part of this path may be a symlink"
               : "; its symlinks lead in a circle, are more than 40, or are some of /proc that are "
                 "no paths";
}

absl::string_view MountHint(const Plan& plan, const MountStep& mount,
                            const sync::Message& failure) {
  const absl::string_view type = mount.type ? plan.text(mount.type) : "";
  const bool made =
      failure.operation == Operation::kFsMount || failure.operation == Operation::kMount;
  if (failure.operation == Operation::kFsConfig && failure.error == EINVAL) {
    return "; the file system does not know an option or its value";
  }
  if (failure.error == E2BIG && made) return "; all its options together must fit a page";
  if (failure.error == EPERM && made && type == "proc") {
    return "; in a user namespace proc can be mounted only where the runtime itself sees a whole "
           "one: nothing of its own /proc may be masked or read-only";
  }
  if (failure.operation == Operation::kWrongNode && mount.copy_symlink != 0) {
    return "; a symlink is to be made there, and only the same one may be there already";
  }
  return "";
}

constexpr uint64_t kClamps = 0x20 | 0x40;  // SCHED_FLAG_UTIL_CLAMP_*

absl::string_view SchedulerHint(const SchedulerStep& scheduler, int error) {
  const bool deadline = scheduler.runtime_ns != 0;
  if (error == EPERM && deadline) {
    return "; it needs CAP_SYS_NICE on the host, and a cpuset and affinity of every CPU";
  }
  if (error == EPERM && scheduler.priority != 0) {
    return "; it needs CAP_SYS_NICE on the host, and a cgroup with real-time bandwidth where the "
           "kernel rations that";
  }
  if (error == EPERM) return "; it needs CAP_SYS_NICE on the host";
  if (error == EBUSY && deadline) return "; the CPUs have not so much time left for deadlines";
  if (error == EINVAL && (scheduler.flags & kClamps) != 0) {
    return "; kernels before 5.11 take no clamp without a value, and the specification has none";
  }
  if (error == EINVAL && deadline) {
    return "; the kernel takes periods of 100 us to 4 s (/proc/sys/kernel/sched_deadline_period_*)";
  }
  return error == EOPNOTSUPP ? "; the kernel has no utilization clamping" : "";
}

absl::string_view MemoryPolicyHint(const MemoryPolicyStep& policy, int error) {
  if (error == ENOSYS) return "; the kernel is built without NUMA";
  if (error != EINVAL) return "";
  const absl::string_view mode = MemoryPolicyModeName(policy.mode);
  if (mode == "MPOL_WEIGHTED_INTERLEAVE") {
    return "; kernels before 6.9 do not know the mode, others no such nodes (none is there, or in "
           "the cpuset)";
  }
  if (mode == "MPOL_PREFERRED_MANY") {
    return "; kernels before 5.15 do not know the mode, others no such nodes (none is there, or in "
           "the cpuset)";
  }
  return "; none of the nodes is there, or in the cpuset";
}

// Of the steps on where and how a process runs.
absl::string_view SchedulingHint(const Step& step, int error) {
  switch (step.kind) {
    case StepKind::kScheduler: return SchedulerHint(step.scheduler, error);
    case StepKind::kMemoryPolicy: return MemoryPolicyHint(step.memory_policy, error);
    case StepKind::kIoPriority:
      return error == EPERM ? "; IOPRIO_CLASS_RT needs CAP_SYS_NICE on the host" : "";
    case StepKind::kAffinity:
      return error == EINVAL ? "; none of these CPUs is online and in the container's cpuset" : "";
    default: return "";
  }
}

// What is known of the cause beyond the errno.
absl::string_view Hint(const Plan& plan, const Step& step, const sync::Message& failure) {
  if (step.kind == StepKind::kRlimit && failure.error == EPERM) {
    return "; raising a hard limit needs CAP_SYS_RESOURCE, which the runtime does not have";
  }
  if (step.kind == StepKind::kMount || step.kind == StepKind::kRemount) {
    const absl::string_view hint = MountHint(plan, step.mount, failure);
    if (!hint.empty()) return hint;
  }
  if (step.kind == StepKind::kDevice && failure.error == ENOENT &&
      (failure.operation == Operation::kOpenTree || failure.operation == Operation::kStat)) {
    return "; where the kernel lets nobody make devices (a user namespace) the host's is bound, "
           "and must be at the same path";
  }
  if (step.kind == StepKind::kConsole && failure.operation == Operation::kOpenInRoot &&
      failure.error == ENOENT) {
    return "; a terminal comes from the container's /dev/pts/ptmx: the config needs a mount of "
           "type "
           "devpts at /dev/pts";
  }
  if (step.kind == StepKind::kLabel && failure.error == ENOENT) {
    return "; no profile of that name is loaded";
  }
  if (step.kind == StepKind::kLabel && failure.error == EINVAL) {
    return "; the policy that is loaded has no such label";
  }
  if (step.kind == StepKind::kLabel && failure.error == EACCES) {
    return "; the policy does not let the runtime change to it";
  }
  if (failure.operation == Operation::kOpenInRoot && failure.error == ELOOP) {
    return LoopHint(step);
  }
  if (step.kind == StepKind::kSysctl && failure.error == EACCES &&
      absl::string_view(plan.text(step.sysctl.path)) == "kernel/domainname") {
    return "; in a user namespace the kernel lets nobody write it: set /domainname in its place";
  }
  if (failure.operation == Operation::kSetGid || failure.operation == Operation::kSetUid) {
    if (failure.error == EINVAL) return "; the id is not mapped in the user namespace";
  }
  return SchedulingHint(step, failure.error);
}

// Who the process is to be is several wishes, of which one failed.
absl::string_view IdentityPlace(const sync::Message& failure) {
  switch (failure.operation) {
    case Operation::kSetGroups: return "/process/user/additionalGids";
    case Operation::kBoundingSet: return "/process/capabilities/bounding";
    case Operation::kAmbientSet: return "/process/capabilities/ambient";
    case Operation::kCapabilities:
      return failure.index == 0 ? "/process/capabilities/permitted"
                                : "/process/capabilities/inheritable";
    default: return "/process/user";
  }
}

std::string IdentityHint(const sync::Message& failure) {
  switch (failure.operation) {
    case Operation::kSetGroups:
      if (failure.error == EINVAL) return "; one of them is not mapped in the user namespace";
      return failure.error == EPERM ? "; the user namespace denies setgroups(2), see "
                                      "/proc/PID/setgroups: leave them out"
                                    : "";
    case Operation::kBoundingSet: return "; it needs CAP_SETPCAP, which the runtime does not have";
    case Operation::kCapabilities:
    case Operation::kAmbientSet:
      if (failure.error != EPERM || failure.value < 0 ||
          failure.value >= static_cast<int64_t>(std::size(spec::kCapabilityNames))) {
        return "";
      }
      return absl::StrCat("; the runtime itself does not have ",
                          spec::kCapabilityNames[failure.value]);
    default: return "";
  }
}

// `exec: "x": …` is how runc's texts begin, which engines match.
absl::Status ExecutableStatus(const Plan& plan, const Step& step, const sync::Message& failure) {
  const char* name = plan.text(step.find.name);
  if (failure.operation == Operation::kNotExecutable &&
      failure.index < step.find.candidates.count) {
    const char* path = plan.text(plan.at(step.find.candidates, failure.index));
    return absl::PermissionDeniedError(
        absl::StrCat("exec: \"", path, "\": ", ErrnoText(failure.error)));
  }
  if (step.find.in_path != 0) {
    return absl::NotFoundError(
        absl::StrCat("exec: \"", name, "\": executable file not found in $PATH"));
  }
  return absl::NotFoundError(
      absl::StrCat("exec: \"", name, "\": stat ", name, ": no such file or directory"));
}

absl::Status HookStatus(const Plan& plan, const Step& step, const sync::Message& failure) {
  if (failure.index >= step.hooks.hooks.count) {
    return absl::InternalError(absl::StrCat("a hook that the plan has not (", failure.index, ")"));
  }
  const HookEntry& hook = plan.at(step.hooks.hooks, failure.index);
  const std::string what =
      absl::StrCat(plan.text(hook.where), ": hook '", plan.text(hook.path), "' ");
  switch (failure.operation) {
    case Operation::kHookTimeout:
      return absl::DeadlineExceededError(
          absl::StrCat(what, "was killed after its timeout of ", failure.value, " s"));
    case Operation::kHookExecute:
      return absl::UnavailableError(
          absl::StrCat(what, "cannot be executed: ", ErrnoText(failure.error)));
    case Operation::kHookStatus: {
      const int status = static_cast<int>(failure.value);
      return absl::UnavailableError(
          WIFSIGNALED(status) ? absl::StrCat(what, "died of signal ", WTERMSIG(status))
                              : absl::StrCat(what, "exited with status ", WEXITSTATUS(status)));
    }
    default:
      return absl::UnavailableError(absl::StrCat(what, "could not be run: ", OperationText(failure),
                                                 ErrnoText(failure.error)));
  }
}

absl::StatusCode CodeOf(const sync::Message& failure) {
  switch (failure.error) {
    case EPERM:
    case EACCES:
    case EROFS: return absl::StatusCode::kPermissionDenied;
    case ENOENT:
    case ENOTDIR: return absl::StatusCode::kNotFound;
    case EINVAL:
    case ELOOP:
    case ENODEV: return absl::StatusCode::kInvalidArgument;
    case EOPNOTSUPP:
    case ENOSYS: return absl::StatusCode::kUnimplemented;
    default: return absl::StatusCode::kUnavailable;
  }
}

Array<Step> StepsOf(const Plan& plan, sync::ProcessRole role) {
  switch (role) {
    case sync::ProcessRole::kIntermediate: return plan.intermediate;
    case sync::ProcessRole::kInit: return plan.init;
    case sync::ProcessRole::kMain: return plan.main;
  }
  return {};
}

}  // namespace

absl::Status FailureStatus(const Plan& plan, const sync::Message& failure) {
  const Array<Step> steps = StepsOf(plan, failure.role);
  if (failure.step >= steps.count) {
    return absl::InternalError(
        absl::StrCat("a child reports a step ", failure.step, " that its plan does not have"));
  }
  const Step& step = plan.at(steps, steps.count - 1 - failure.step);
  if (step.kind == StepKind::kFindExecutable) return ExecutableStatus(plan, step, failure);
  if (step.kind == StepKind::kHooks) return HookStatus(plan, step, failure);
  if (step.kind == StepKind::kExecute) {
    // Found and executable, yet refused: a wrong format, a missing interpreter.
    return absl::Status(CodeOf(failure), absl::StrCat("exec: execve: ", ErrnoText(failure.error)));
  }
  std::string message;
  if (step.kind == StepKind::kIdentity) {
    absl::StrAppend(&message, IdentityPlace(failure), ": ");
  } else if (step.where) {
    absl::StrAppend(&message, plan.text(step.where), ": ");
  }
  absl::StrAppend(&message, DescribeStep(plan, step), ": ");
  if (step.kind == StepKind::kLabel || step.kind == StepKind::kOpenLabels) {
    absl::StrAppend(&message, LabelFileText(step, failure), ErrnoText(failure.error),
                    Hint(plan, step, failure));
  } else if (failure.operation == Operation::kWrongNode) {
    absl::StrAppend(&message, "there is another file or device of that name",
                    Hint(plan, step, failure));
  } else if (const absl::string_view finding = FindingText(failure.operation); !finding.empty()) {
    message += finding;
  } else {
    absl::StrAppend(&message, OperationText(failure), ErrnoText(failure.error),
                    Hint(plan, step, failure));
  }
  if (step.kind == StepKind::kIdentity) message += IdentityHint(failure);
  return absl::Status(CodeOf(failure), message);
}

}  // namespace hull::plan
