// init: becomes the container's process. In the namespaces that its parent made or joined for it;
// the mount namespace still shows the host's tree until kPivotRoot.
#include "runtime/child/init.h"

#include <errno.h>

#include "runtime/child/channel.h"
#include "runtime/child/steps.h"

namespace hull::child {
namespace {

using StepFunction = int (*)(Context&, const Step&);

StepFunction FunctionOf(StepKind kind) {
  switch (kind) {
    case StepKind::kFail: return &FailOnPurpose;
    case StepKind::kAwait: return &AwaitMessage;
    case StepKind::kRequest: return &RequestMain;
    case StepKind::kSetNamespaces: return &SetNamespaces;
    case StepKind::kUnshare: return &Unshare;
    case StepKind::kSpawnInit: return &SpawnInit;
    case StepKind::kBecomeRoot: return &BecomeRoot;
    case StepKind::kNonDumpable: return &ForbidDumps;
    case StepKind::kNewSession: return &StartSession;
    case StepKind::kOpenLabels: return &OpenLabels;
    case StepKind::kSessionKeyring: return &JoinSessionKeyring;
    case StepKind::kLoopbackUp: return &BringLoopbackUp;
    case StepKind::kHostname: return &SetHostname;
    case StepKind::kDomainname: return &SetDomainname;
    case StepKind::kSysctl: return &WriteSysctl;
    case StepKind::kRlimit: return &LimitResource;
    case StepKind::kAffinity: return &SetAffinity;
    case StepKind::kScheduler: return &SetSchedulerStep;
    case StepKind::kIoPriority: return &SetIoPriorityStep;
    case StepKind::kPersonality: return &SetPersonality;
    case StepKind::kMemoryPolicy: return &SetMemoryPolicy;
    case StepKind::kPropagation: return &SetPropagation;
    case StepKind::kRootfs: return &AttachRootfs;
    case StepKind::kMount: return &Mount;
    case StepKind::kRemount: return &Remount;
    case StepKind::kDevice: return &MakeDevice;
    case StepKind::kSymlink: return &MakeSymlink;
    case StepKind::kDirectory: return &PrepareDirectory;
    case StepKind::kConsole: return &MakeConsole;
    case StepKind::kUseConsole: return &UseConsole;
    case StepKind::kHooks: return &RunHooks;
    case StepKind::kMaskPath: return &MaskPath;
    case StepKind::kReadonlyPath: return &MakePathReadonly;
    case StepKind::kMountAttributes: return &SetMountAttributes;
    case StepKind::kPivotRoot: return &PivotRoot;
    case StepKind::kMoveRoot: return &MoveRoot;
    case StepKind::kRootPropagation: return &SetRootPropagation;
    case StepKind::kUmask: return &SetUmask;
    case StepKind::kWorkingDirectory: return &ChangeDirectory;
    case StepKind::kOwnStdio: return &OwnStdio;
    case StepKind::kFindExecutable: return &FindExecutable;
    case StepKind::kHome: return &FindHome;
    case StepKind::kIdentity: return &TakeIdentity;
    case StepKind::kReady: return &ReportReady;
    case StepKind::kStartGate: return &PassStartGate;
    case StepKind::kLabel: return &WriteLabel;
    case StepKind::kFinalCapabilities: return &SetFinalCapabilities;
    case StepKind::kNoNewPrivileges: return &ForbidNewPrivileges;
    case StepKind::kPassDescriptors: return &PassDescriptors;
    case StepKind::kSeccomp: return &LoadSeccomp;
    case StepKind::kExecute: return &Execute;
  }
  return nullptr;
}

}  // namespace

void ReportAndExit(Context& context, uint32_t step, int error) {
  sync::Message message;
  message.type = sync::MessageType::kFailed;
  message.role = context.role;
  message.step = step;
  message.operation = context.operation;
  message.error = -error;
  message.index = context.index;
  message.value = context.value;
  SendMessage(context.report_fd, message);
  sys::RawExit(1);
}

void WalkSteps(Context& context, plan::Array<Step> steps) {
  for (uint32_t i = 0; i < steps.count; ++i) {
    const Step& step = context.plan->at(steps, i);
    const StepFunction function = FunctionOf(step.kind);
    context.operation = Operation::kNone;
    const int error = function == nullptr ? -ENOSYS : function(context, step);
    if (error < 0) ReportAndExit(context, steps.count - 1 - i, error);
  }
}

void RunInit(Context& context) {
  context.role = sync::ProcessRole::kInit;
  WalkSteps(context, context.plan->init);
  sys::RawExit(1);  // not reached: the last step is kExecute
}

}  // namespace hull::child
