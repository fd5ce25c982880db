// intermediate: joins and makes the namespaces that a process cannot enter by its own clone, then
// clones init. Still in the host's pid namespace itself, so main can use the pid it reports.
#include <errno.h>
#include <signal.h>

#include "runtime/child/channel.h"
#include "runtime/child/init.h"

namespace hull::child {
namespace {

long CloneSibling(uint64_t namespaces) {
  struct clone_args args = {};
  // With CLONE_PARENT, clone3 refuses an exit signal: the sibling takes over ours, which main set to
  // SIGCHLD, so main learns of init's death as of its own child's.
  args.flags = namespaces | CLONE_PARENT;
  const long pid = RawCall(__NR_clone3, AsArg(&args), sizeof(args));
  if (pid != -ENOSYS) return pid;
#if defined(__x86_64__)
  return RawCall(__NR_clone, static_cast<long>(namespaces | CLONE_PARENT | SIGCHLD));
#else
  return RawCall(__NR_clone, static_cast<long>(namespaces | CLONE_PARENT | SIGCHLD), 0, 0, 0, 0);
#endif
}

}  // namespace

int SpawnInit(Context& context, const Step& step) {
  const long pid = HULL_TRY(context, kClone, CloneSibling(step.flags.flags));
  if (pid == 0) RunInit(context);
  sync::Message message;
  message.type = sync::MessageType::kInitPid;
  message.role = sync::ProcessRole::kIntermediate;
  message.value = pid;
  HULL_TRY(context, kSend, SendMessage(context.report_fd, message));
  sys::RawExit(0);
}

void RunIntermediate(Context& context) {
  context.role = sync::ProcessRole::kIntermediate;
  WalkSteps(context, context.plan->intermediate);
  sys::RawExit(1);  // not reached: the last step is kSpawnInit
}

}  // namespace hull::child
