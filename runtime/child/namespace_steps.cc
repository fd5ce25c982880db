// Steps on the namespaces themselves: joining, making, and what belongs to the uts, network and user
// namespaces.
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/socket.h>

#include "runtime/child/steps.h"
#include "runtime/child/text.h"

namespace hull::child {

int SetNamespaces(Context& context, const Step& step) {
  const auto entries = step.set_namespaces.entries;
  for (uint32_t i = 0; i < entries.count; ++i) {
    const plan::NamespaceEntry& entry = context.plan->at(entries, i);
    context.index = i;
    HULL_TRY(context, kSetNamespace, RawCall(__NR_setns, entry.fd, entry.types));
  }
  return 0;
}

int Unshare(Context& context, const Step& step) {
  HULL_TRY(context, kUnshare, RawCall(__NR_unshare, static_cast<long>(step.flags.flags)));
  return 0;
}

int BecomeRoot(Context& context, const Step& step) {
  const auto set = [](long call, long id, long other) {
    const long result = RawCall(call, id, id, id);
    return result == -EINVAL && other != id ? RawCall(call, other, other, other) : result;
  };
  const plan::BecomeStep& become = step.become;
  HULL_TRY(context, kSetGid, set(__NR_setresgid, become.gid, become.other_gid));
  HULL_TRY(context, kSetUid, set(__NR_setresuid, become.uid, become.other_uid));
  return 0;
}

int BringLoopbackUp(Context& context, const Step&) {
  const UniqueFd socket(static_cast<int>(
      HULL_TRY(context, kSocket, RawCall(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))));
  struct ifreq request = {};
  Append(request.ifr_name, request.ifr_name + sizeof(request.ifr_name), "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  HULL_TRY(context, kIoctl, RawCall(__NR_ioctl, socket.get(), SIOCSIFFLAGS, AsArg(&request)));
  return 0;
}

int SetHostname(Context& context, const Step& step) {
  const char* name = context.text(step.text.text);
  HULL_TRY(context, kHostName,
           RawCall(__NR_sethostname, AsArg(name), static_cast<long>(Length(name))));
  return 0;
}

int SetDomainname(Context& context, const Step& step) {
  const char* name = context.text(step.text.text);
  HULL_TRY(context, kHostName,
           RawCall(__NR_setdomainname, AsArg(name), static_cast<long>(Length(name))));
  return 0;
}

// Through the host's /proc, which is still in sight: the container's own may be anybody's. Which
// namespace a key means is decided by the writer's, not by the mount.
int WriteSysctl(Context& context, const Step& step) {
  const UniqueFd sysctls(static_cast<int>(HULL_TRY(
      context, kOpen, sys::RawOpenAt(AT_FDCWD, "/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC))));
  struct open_how how = {};
  how.flags = O_WRONLY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  const UniqueFd file(static_cast<int>(HULL_TRY(
      context, kOpen, sys::RawOpenAt2(sysctls.get(), context.text(step.sysctl.path), how))));
  const char* value = context.text(step.sysctl.value);
  HULL_TRY(context, kWrite, sys::RawWrite(file.get(), value, Length(value)));
  return 0;
}

}  // namespace hull::child
