// Steps on the process's own attributes: session, keyring, limits, umask, directory, stdio.
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/stat.h>

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
  return 0;
}

int LimitResource(Context& context, const Step& step) {
  const struct { uint64_t soft, hard; } limit = {step.rlimit.soft, step.rlimit.hard};
  HULL_TRY(context, kLimit, RawCall(__NR_prlimit64, 0, step.rlimit.resource, AsArg(&limit), 0));
  return 0;
}

int SetUmask(Context&, const Step& step) {
  RawCall(__NR_umask, static_cast<long>(step.flags.flags));
  return 0;
}

namespace {

// mkdir -p from the root, which is the container's own by now.
int MakeWorkingDirectory(Context& context, const char* path) {
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

// The kernel's getcwd says "(unreachable)…" for a directory outside the root: a leaked descriptor
// of the host's tree (CVE-2024-21626).
int VerifyInsideRoot(Context& context) {
  char path[kPathMax];
  HULL_TRY(context, kChangeDirectory, RawCall(__NR_getcwd, AsArg(path), sizeof(path)));
  return path[0] == '/' ? 0 : context.Fail(Operation::kOutsideRoot, -EXDEV);
}

}  // namespace

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
