// Who the process is: bounding set, groups, gid, uid, capabilities, no_new_privs, in the only order
// that gives up nothing before it was used.
#include <errno.h>
#include <linux/capability.h>
#include <linux/prctl.h>

#include "runtime/child/steps.h"

namespace hull::child {
namespace {

constexpr int kMaxCapabilities = 64;
constexpr uint64_t kSetGid = uint64_t{1} << CAP_SETGID;

// PR_CAPBSET_DROP says EINVAL beyond the kernel's last capability.
int DropBoundingSet(Context& context, uint64_t keep) {
  for (int capability = 0; capability < kMaxCapabilities; ++capability) {
    if ((keep >> capability & 1) != 0) continue;
    const long dropped = RawCall(__NR_prctl, PR_CAPBSET_DROP, capability);
    if (dropped == -EINVAL) return 0;
    context.value = capability;
    HULL_TRY(context, kBoundingSet, dropped);
  }
  return 0;
}

struct OwnCapabilities {
  uint64_t effective = 0, permitted = 0, inheritable = 0;
};

OwnCapabilities GetCapabilities() {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {};
  OwnCapabilities own;
  if (RawCall(__NR_capget, AsArg(&header), AsArg(data)) < 0) return own;
  for (int i = 0; i < 2; ++i) {
    own.effective |= static_cast<uint64_t>(data[i].effective) << (32 * i);
    own.permitted |= static_cast<uint64_t>(data[i].permitted) << (32 * i);
    own.inheritable |= static_cast<uint64_t>(data[i].inheritable) << (32 * i);
  }
  return own;
}

// Says which set (0 permitted, 1 inheritable) asks for which capability that we do not have.
void BlameCapability(Context& context, uint64_t permitted, uint64_t inheritable) {
  const OwnCapabilities own = GetCapabilities();
  uint64_t missing = permitted & ~own.permitted;
  context.index = missing != 0 ? 0 : 1;
  if (missing == 0) missing = inheritable & ~own.inheritable & ~own.permitted;
  context.value = missing == 0 ? -1 : __builtin_ctzll(missing);
}

int SetCapabilities(Context& context, uint64_t effective, uint64_t permitted,
                    uint64_t inheritable) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  for (int i = 0; i < 2; ++i) {
    data[i].effective = static_cast<uint32_t>(effective >> (32 * i));
    data[i].permitted = static_cast<uint32_t>(permitted >> (32 * i));
    data[i].inheritable = static_cast<uint32_t>(inheritable >> (32 * i));
  }
  const long set = RawCall(__NR_capset, AsArg(&header), AsArg(data));
  if (set < 0) BlameCapability(context, permitted, inheritable);
  HULL_TRY(context, kCapabilities, set);
  return 0;
}

// Who has the right and may not is in a user namespace that denies the call to everybody, one that
// is joined or that main itself is in: nobody there can have other groups, and none is asked for.
int SetGroups(Context& context, plan::Array<uint32_t> groups) {
  const long set = RawCall(__NR_setgroups, groups.count, AsArg(context.plan->begin(groups)));
  if (set == -EPERM && groups.count == 0 && (GetCapabilities().effective & kSetGid) != 0) return 0;
  HULL_TRY(context, kSetGroups, set);
  return 0;
}

int SetIds(Context& context, const plan::IdentityStep& identity) {
  if (identity.set_groups != 0) {
    if (const int error = SetGroups(context, identity.groups); error < 0) return error;
  }
  HULL_TRY(context, kSetGid, RawCall(__NR_setresgid, identity.gid, identity.gid, identity.gid));
  HULL_TRY(context, kSetUid, RawCall(__NR_setresuid, identity.uid, identity.uid, identity.uid));
  return 0;
}

int RaiseAmbientSet(Context& context, uint64_t ambient) {
  HULL_TRY(context, kAmbientSet,
           RawCall(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  for (int capability = 0; capability < kMaxCapabilities; ++capability) {
    if ((ambient >> capability & 1) == 0) continue;
    context.value = capability;
    HULL_TRY(context, kAmbientSet,
             RawCall(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0));
  }
  return 0;
}

}  // namespace

int TakeIdentity(Context& context, const Step& step) {
  const plan::IdentityStep& identity = step.identity;
  const plan::CapabilitySets& sets = identity.capabilities;
  int error = DropBoundingSet(context, sets.bounding);
  if (error < 0) return error;
  HULL_TRY(context, kControl, RawCall(__NR_prctl, PR_SET_KEEPCAPS, 1));
  error = SetIds(context, identity);
  if (error < 0) return error;
  HULL_TRY(context, kControl, RawCall(__NR_prctl, PR_SET_KEEPCAPS, 0));
  // The change of ids made us dumpable again.
  HULL_TRY(context, kControl, RawCall(__NR_prctl, PR_SET_DUMPABLE, 0));
  error = SetCapabilities(context, sets.effective | identity.keep, sets.permitted | identity.keep,
                          sets.inheritable);
  if (error < 0) return error;
  return RaiseAmbientSet(context, sets.ambient);
}

int SetFinalCapabilities(Context& context, const Step& step) {
  return SetCapabilities(context, step.capabilities.effective, step.capabilities.permitted,
                         step.capabilities.inheritable);
}

int ForbidNewPrivileges(Context& context, const Step&) {
  HULL_TRY(context, kControl, RawCall(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  return 0;
}

}  // namespace hull::child
