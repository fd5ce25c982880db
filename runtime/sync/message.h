// The one message table between main, the intermediate and init.
//
//   from          message      to             meaning
//   ------------  -----------  -------------  --------------------------------------------------------
//   main          kGo          first child    you are in your cgroup (only where Attach() must do it)
//   first child   kMapIds      main           I am in my user (time) namespace: write maps and offsets
//   main          kMapped      first child    done
//   intermediate  kInitPid     main           `value` = init's pid, as main sees it; I exit
//   init          kMoveDevices main           my network namespace is there (linux.netDevices)
//   main          kDevicesMoved init          they are in it
//   init          kRunHooks    main           mounts are made: prestart and createRuntime hooks; kHooksDone
//   main          kHooksDone   init           done
//   init          kReady       main           nothing is left but the start gate
//   main          kStart       init           (no start socket) pass the gate
//   init          kSeccomp     main           I load a filter with a listener now; its fd is `value`,
//                                             the fd of the Mailbox's page `index`
//   any child     kFailed      main           `step`, `operation`, `error`; I exit
//
// After kStart, end of file means that execve succeeded if the Mailbox has it that init called it: an
// init that is killed ends the file as well. Everything is one fixed-size record on a
// SOCK_SEQPACKET pair, so a hostile or dying child can send nothing half. `kSeccomp` has no answer by
// message: a filter may notify on any system call, so init waits on the Mailbox without one.
#ifndef HULL_RUNTIME_SYNC_MESSAGE_H_
#define HULL_RUNTIME_SYNC_MESSAGE_H_

#include <cstdint>

namespace hull::sync {

enum class MessageType : uint32_t {
  kNone,
  kGo,
  kMapIds,
  kMapped,
  kInitPid,
  kMoveDevices,
  kDevicesMoved,
  kRunHooks,
  kHooksDone,
  kReady,
  kStart,
  kSeccomp,
  kFailed,
};

enum class ProcessRole : uint32_t { kIntermediate, kInit, kMain };

// The operation within a step that failed: a system call, or what a hook did.
enum class Operation : uint32_t {
  kNone,
  kOpen,
  kOpenInRoot,
  kMakeDirectory,
  kMakeFile,
  kMakeNode,
  kMakeLink,
  kStat,
  kRead,
  kWrite,
  kOwner,
  kMode,
  kUnlink,
  kSocket,
  kIoctl,
  kReceive,
  kSend,
  kAccept,
  kSetNamespace,
  kUnshare,
  kClone,
  kSetUid,
  kSetGid,
  kSetGroups,
  kBoundingSet,
  kCapabilities,
  kAmbientSet,
  kControl,
  kSession,
  kKeyring,
  kKeyPermissions,
  kHostName,
  kLimit,
  kAffinity,
  kScheduler,
  kIoPriority,
  kPersonality,
  kMemoryPolicy,
  kOpenTree,
  kFsOpen,
  kFsConfig,
  kFsMount,
  kFsPick,
  kMoveMount,
  kMountAttributes,
  kLabel,
  kMount,
  kUnmount,
  kPivotRoot,
  kChangeRoot,
  kChangeDirectory,
  kOutsideRoot,  // a path that leads out of the container's root
  kNoProc,       // /proc is not the kernel's
  kOtherKind,    // a directory would cover a file, or the reverse
  kNoMount,      // nothing is mounted where a mount is to change
  kInProc,       // a symlink leads into /proc, of which nothing may be covered
  kWrongNode,    // a device node is not what it must be
  kTerminal,
  kDuplicate,
  kSeccomp,
  kExecute,
  kNotFound,       // no candidate is there
  kNotExecutable,  // one is there that may not be executed
  kHookExecute,
  kHookStatus,  // `value` = its wait status
  kHookTimeout,
  kHookSpawn,
};

constexpr bool IsOfHook(Operation operation) {
  return operation == Operation::kHookExecute || operation == Operation::kHookStatus ||
         operation == Operation::kHookTimeout || operation == Operation::kHookSpawn;
}

struct Message {
  MessageType type = MessageType::kNone;
  ProcessRole role = ProcessRole::kInit;
  uint32_t step = 0;  // counted from the last of the list: see FailureStatus
  Operation operation = Operation::kNone;
  int32_t error = 0;   // errno, positive
  uint32_t index = 0;  // of the entry within the step (the hook, the namespace, the option)
  int64_t value = 0;
};

// A page shared by main and init, for what may not be a system call.
struct Mailbox {
  uint32_t seccomp_done;  // main has the listener's fd (1), or has not and gave up (2)
  uint32_t executing;     // init calls execve (1); 0 again where that failed
};

}  // namespace hull::sync

#endif  // HULL_RUNTIME_SYNC_MESSAGE_H_
