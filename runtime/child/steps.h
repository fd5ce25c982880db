// Every step a Plan may hold; init.cc's table maps StepKind to these.
#ifndef HULL_RUNTIME_CHILD_STEPS_H_
#define HULL_RUNTIME_CHILD_STEPS_H_

#include "runtime/child/context.h"

namespace hull::child {

// sync_steps.cc
int FailOnPurpose(Context& context, const Step& step);
int AwaitMessage(Context& context, const Step& step);
int RequestMain(Context& context, const Step& step);
int ReportReady(Context& context, const Step& step);
int PassStartGate(Context& context, const Step& step);

// namespace_steps.cc
int SetNamespaces(Context& context, const Step& step);
int Unshare(Context& context, const Step& step);
int BecomeRoot(Context& context, const Step& step);
int BringLoopbackUp(Context& context, const Step& step);
int SetHostname(Context& context, const Step& step);
int SetDomainname(Context& context, const Step& step);
int WriteSysctl(Context& context, const Step& step);

// process_steps.cc
int ForbidDumps(Context& context, const Step& step);
int StartSession(Context& context, const Step& step);
int JoinSessionKeyring(Context& context, const Step& step);
int LimitResource(Context& context, const Step& step);
int SetAffinity(Context& context, const Step& step);
int SetSchedulerStep(Context& context, const Step& step);
int SetIoPriorityStep(Context& context, const Step& step);
int SetPersonality(Context& context, const Step& step);
int SetMemoryPolicy(Context& context, const Step& step);
int SetUmask(Context& context, const Step& step);
int PrepareDirectory(Context& context, const Step& step);
int ChangeDirectory(Context& context, const Step& step);
int OwnStdio(Context& context, const Step& step);

// label_steps.cc
int OpenLabels(Context& context, const Step& step);
int WriteLabel(Context& context, const Step& step);

// identity_steps.cc
int TakeIdentity(Context& context, const Step& step);
int SetFinalCapabilities(Context& context, const Step& step);
int ForbidNewPrivileges(Context& context, const Step& step);

// rootfs_steps.cc
int SetPropagation(Context& context, const Step& step);
int AttachRootfs(Context& context, const Step& step);
int PivotRoot(Context& context, const Step& step);
int MoveRoot(Context& context, const Step& step);
int SetRootPropagation(Context& context, const Step& step);
int SetMountAttributes(Context& context, const Step& step);
int MaskPath(Context& context, const Step& step);
int MakePathReadonly(Context& context, const Step& step);

// mount_steps.cc
int Mount(Context& context, const Step& step);

// remount_steps.cc
int Remount(Context& context, const Step& step);

// device_steps.cc
int MakeDevice(Context& context, const Step& step);
int MakeSymlink(Context& context, const Step& step);

// console_steps.cc
int MakeConsole(Context& context, const Step& step);
int UseConsole(Context& context, const Step& step);

// hook_steps.cc
int RunHooks(Context& context, const Step& step);

// execute_steps.cc
int FindExecutable(Context& context, const Step& step);
int FindHome(Context& context, const Step& step);
int PassDescriptors(Context& context, const Step& step);
int LoadSeccomp(Context& context, const Step& step);
int Execute(Context& context, const Step& step);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_STEPS_H_
