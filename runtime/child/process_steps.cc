// Steps on the process's own attributes: session, keyring, limits, where it runs, umask, directory,
// stdio.
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/stat.h>

#include "runtime/child/attributes.h"
#include "runtime/child/path.h"
#include "runtime/child/steps.h"
#include "runtime/child/text.h"

namespace hull::child {

int ForbidDumps(Context& context, const Step&) {
  HULL_TRY(context, kControl, RawCall(__NR_prctl, PR_SET_DUMPABLE, 0));
  return 0;
}

int StartSession(Context& context, const Step&) {
  HULL_TRY(context, kSession, RawCall(__NR_setsid));
  return 0;
}

// A host without keyrings (ENOSYS) or an engine's filter that denies them (EPERM) or a full quota
// leaves nothing to share, which is what the step is for.
int JoinSessionKeyring(Context& context, const Step& step) {
  const long key =
      RawCall(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, AsArg(context.text(step.text.text)));
  if (key == -ENOSYS || key == -EPERM || key == -EDQUOT) return 0;
  HULL_TRY(context, kKeyring, key);
  // As the kernel makes it, and its owner may search it: so a further process of the container joins
  // this one by its name, where it would get another of the same name.
  constexpr long kPermissions = 0x3f1b0000;
  const long changed = RawCall(__NR_keyctl, KEYCTL_SETPERM, key, kPermissions);
  if (changed != -EPERM) HULL_TRY(context, kKeyPermissions, changed);
  return 0;
}

int LimitResource(Context& context, const Step& step) {
  HULL_TRY(context, kLimit, SetLimit(0, step.rlimit));
  return 0;
}

// A process that was pinned by its maker stays so in every cpuset since Linux 6.2, until somebody
// names other CPUs: who names them all gets those of the cpuset.
int SetAffinity(Context& context, const Step& step) {
  constexpr uint32_t kAllWords = 128;  // 8192 CPUs, the most of any kernel
  const auto cpus = step.affinity.cpus;
  if (cpus.count != 0) {
    HULL_TRY(context, kAffinity,
             RawCall(__NR_sched_setaffinity, 0, cpus.count * sizeof(uint64_t),
                     AsArg(context.plan->begin(cpus))));
    return 0;
  }
  uint64_t all[kAllWords];
  for (uint64_t& word : all) word = ~uint64_t{0};
  RawCall(__NR_sched_setaffinity, 0, sizeof(all), AsArg(all));  // denied: it stays as it was
  return 0;
}

int SetSchedulerStep(Context& context, const Step& step) {
  HULL_TRY(context, kScheduler, SetScheduler(0, step.scheduler));
  return 0;
}

int SetIoPriorityStep(Context& context, const Step& step) {
  HULL_TRY(context, kIoPriority, SetIoPriority(0, step.io_priority));
  return 0;
}

int SetPersonality(Context& context, const Step& step) {
  HULL_TRY(context, kPersonality, RawCall(__NR_personality, static_cast<long>(step.flags.flags)));
  return 0;
}

int SetMemoryPolicy(Context& context, const Step& step) {
  const plan::MemoryPolicyStep& policy = step.memory_policy;
  // The kernel takes one bit less than it is told of.
  const long bits = policy.nodes.count == 0 ? 0 : static_cast<long>(policy.nodes.count) * 64 + 1;
  const auto* nodes = policy.nodes.count == 0 ? nullptr : context.plan->begin(policy.nodes);
  HULL_TRY(context, kMemoryPolicy,
           RawCall(__NR_set_mempolicy, static_cast<long>(policy.mode | policy.flags), AsArg(nodes),
                   bits));
  return 0;
}

int SetUmask(Context& context, const Step& step) {
  const long before = RawCall(__NR_umask, static_cast<long>(step.flags.flags));
  if (context.caller_umask < 0) context.caller_umask = before;
  return 0;
}

namespace {

// mkdir -p from the root, which is the container's own by now.
int MakeDirectories(Context& context, const char* path) {
  char prefix[kPathMax];
  size_t n = 0;
  for (; path[n] != '\0' && n + 1 < sizeof(prefix); ++n) {
    prefix[n] = path[n];
    prefix[n + 1] = '\0';
    if (path[n + 1] != '/' && path[n + 1] != '\0') continue;
    const long made = RawCall(__NR_mkdirat, AT_FDCWD, AsArg(prefix), 0755);
    if (made < 0 && made != -EEXIST) return context.Fail(Operation::kMakeDirectory, made);
  }
  return 0;
}

// For everybody, whatever is not for the files that the process makes.
int MakeWorkingDirectory(Context& context, const char* path) {
  const long umask = RawCall(__NR_umask, 0);
  const int error = MakeDirectories(context, path);
  RawCall(__NR_umask, umask);
  return error;
}

// The kernel's getcwd says "(unreachable)…" for a directory outside the root: a leaked descriptor
// of the host's tree (CVE-2024-21626).
int VerifyInsideRoot(Context& context) {
  char path[kPathMax];
  HULL_TRY(context, kChangeDirectory, RawCall(__NR_getcwd, AsArg(path), sizeof(path)));
  return path[0] == '/' ? 0 : context.Fail(Operation::kOutsideRoot, -EXDEV);
}

}  // namespace

// Whatever keeps it from being made is said by ChangeDirectory, which needs it.
int PrepareDirectory(Context& context, const Step& step) {
  const UniqueFd made(
      OpenOrMakeInRoot(context, context.text(step.text.text), NodeType::kDirectory, 0));
  return 0;
}

// Run twice: as root, and where that was denied, as the user.
int ChangeDirectory(Context& context, const Step& step) {
  if (!context.directory_changed) {
    const char* path = context.text(step.change.path);
    long changed = RawCall(__NR_chdir, AsArg(path));
    if (changed == -ENOENT && step.change.create != 0) {
      if (const int error = MakeWorkingDirectory(context, path); error < 0) return error;
      changed = RawCall(__NR_chdir, AsArg(path));
    }
    const bool denied = changed == -EACCES || changed == -EPERM;
    if (denied && step.change.create != 0) return 0;  // the second run decides
    HULL_TRY(context, kChangeDirectory, changed);
    context.directory_changed = true;
  }
  return VerifyInsideRoot(context);
}

// A pipe or socket that the engine made as root must be usable by name (/dev/stdout) by the user.
// Devices are never touched: they may be the host's.
int OwnStdio(Context& context, const Step& step) {
  const auto uid = static_cast<uint32_t>(step.flags.flags);
  for (int fd = 0; fd <= 2; ++fd) {
    struct statx info = {};
    const long found =
        RawCall(__NR_statx, fd, AsArg(""), AT_EMPTY_PATH, STATX_BASIC_STATS, AsArg(&info));
    const uint32_t type = info.stx_mode & S_IFMT;
    if (found < 0 || info.stx_uid == uid || (type != S_IFIFO && type != S_IFSOCK)) continue;
    const long changed = RawCall(__NR_fchown, fd, uid, -1);
    // Owned by an id that is not mapped here, or on a file system that keeps no owners: it stays.
    if (changed < 0 && changed != -EPERM && changed != -EINVAL && changed != -EROFS) {
      return context.Fail(Operation::kOwner, changed);
    }
  }
  return 0;
}

}  // namespace hull::child
