#include "runtime/child/mount_attributes.h"

#include <asm/statfs.h>
#include <errno.h>

#include "runtime/child/mount_calls.h"
#include "runtime/child/mount_list.h"

namespace hull::child {
namespace {

struct LockedFlag {
  uint64_t shown;  // in statfs's f_flags, ST_*
  uint64_t attribute;
};
constexpr LockedFlag kLockable[] = {
    {1, MOUNT_ATTR_RDONLY},
    {2, MOUNT_ATTR_NOSUID},
    {4, MOUNT_ATTR_NODEV},
    {8, MOUNT_ATTR_NOEXEC},
};

// What is set and may be locked is left alone.
int KeepSetFlags(Context& context, int mount_fd, struct mount_attr& attributes) {
  struct statfs info = {};
  HULL_TRY(context, kStat, RawCall(__NR_fstatfs, mount_fd, AsArg(&info)));
  for (const LockedFlag& flag : kLockable) {
    if ((static_cast<uint64_t>(info.f_flags) & flag.shown) == 0) continue;
    attributes.attr_clr &= ~flag.attribute;
  }
  return 0;
}

}  // namespace

int ApplyAttributes(Context& context, int mount_fd, uint64_t set, uint64_t clear, unsigned flags) {
  if (set == 0 && clear == 0) return 0;
  struct mount_attr attributes = {};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  const bool one_mount = (flags & AT_RECURSIVE) == 0;
  int error = SetAttributes(context, mount_fd, flags, attributes);
  constexpr uint64_t kTimes = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
  if (error != -EPERM || (clear == 0 && (set & kTimes) == 0) || !one_mount) return error;
  if (error = KeepSetFlags(context, mount_fd, attributes); error < 0) return error;
  error = SetAttributes(context, mount_fd, flags, attributes);
  if (error != -EPERM || ((set | clear) & kTimes) == 0) return error;
  attributes.attr_set &= ~kTimes;
  attributes.attr_clr &= ~kTimes;
  return SetAttributes(context, mount_fd, flags, attributes);
}

int ApplyToEach(Context& context, int tree_fd, uint64_t set, uint64_t clear) {
  int error = ApplyAttributes(context, tree_fd, set, clear, 0);
  if (error < 0) return error;
  MountList beneath;
  if (error = beneath.Open(context, tree_fd); error < 0) return error;
  for (;;) {
    UniqueFd fd;
    error = beneath.Next(context, fd);
    if (error < 0 || !fd.valid()) return error;
    error = ApplyAttributes(context, fd.get(), set, clear, 0);
    if (error < 0) return error;
  }
}

int ApplyPropagation(Context& context, int mount_fd, plan::Array<uint64_t> propagation) {
  for (uint32_t i = 0; i < propagation.count; ++i) {
    const int error = ChangePropagation(context, mount_fd, context.plan->at(propagation, i));
    if (error < 0) return error;
  }
  return 0;
}

}  // namespace hull::child
