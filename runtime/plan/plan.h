// Plan: everything that is to be done for one container or exec, decided before the first clone.
//
// A Plan is one contiguous, position-independent block of bytes: this struct, then the arrays and
// texts that it refers to by offsets from its own first byte. It goes through a memfd to the
// processes that carry it out, unparsed; Describe() prints it, so `hull explain` and the error texts
// show what will run, not what was meant. Freestanding: the init program includes this header.
//
// The processes only walk their list of steps, in order; the first that fails ends the walk and is
// reported as (process, step, operation, errno). Where a kernel may lack a call, the step itself
// says what to do instead.
#ifndef HULL_RUNTIME_PLAN_PLAN_H_
#define HULL_RUNTIME_PLAN_PLAN_H_

#include <cstddef>
#include <cstdint>

namespace hull::plan {

// A NUL-terminated text; offset 0 means absent.
struct Text {
  uint32_t offset = 0;
  explicit operator bool() const { return offset != 0; }
};

template <typename T>
struct Array {
  uint32_t offset = 0;
  uint32_t count = 0;
};

// A vector of pointers as execve(2) wants it: `count` offsets of texts in 64-bit slots, one more
// slot of 0. The process that needs it turns the offsets into pointers in its private mapping.
struct PointerVector {
  uint32_t offset = 0;
  uint32_t count = 0;
};

enum class StepKind : uint32_t {
  kFail,            // tests only: fail with `fail.error`
  kAwait,           // wait for a message of main (`await.message`)
  kRequest,         // send a message to main, wait for its answer
  kSetNamespaces,   // join namespaces
  kUnshare,         // new namespaces for this process (and, for pid and time, its children)
  kSpawnInit,       // intermediate only: clone init as a sibling, tell main, exit
  kBecomeRoot,      // uid and gid 0 of the user namespace, or who is there in its stead
  kNonDumpable,     // nobody may ptrace or read us until execve
  kNewSession,      // setsid
  kOpenLabels,      // our own label files, through the host's /proc
  kSessionKeyring,  // a session keyring of the container's own
  kLoopbackUp,      // "lo" of a new network namespace
  kHostname,
  kDomainname,
  kSysctl,
  kRlimit,
  kAffinity,  // the CPUs that it may run on
  kScheduler,
  kIoPriority,
  kPersonality,
  kMemoryPolicy,
  kPropagation,  // of every mount, so that nothing leaks to the host
  kRootfs,       // clone the rootfs, attach the clone over itself
  kMount,
  kRemount,  // changes a mount that is there: attributes, propagation, its file system
  kDevice,
  kSymlink,
  kDirectory,   // made where it is missing, before a root that is to be read-only is
  kConsole,     // make a terminal in the container's devpts, send its master away
  kUseConsole,  // the terminal becomes stdin, stdout, stderr and controlling
  kHooks,
  kMaskPath,
  kReadonlyPath,
  kMountAttributes,  // of a mount that is there: a read-only root
  kPivotRoot,
  kMoveRoot,         // --no-pivot: the rootfs goes over "/", for a root in RAM
  kRootPropagation,  // linux.rootfsPropagation, after the pivot
  kUmask,
  kWorkingDirectory,
  kOwnStdio,  // pipes and terminals on 0..2 belong to the user
  kFindExecutable,
  kHome,       // HOME from the container's passwd where env has none
  kIdentity,   // bounding set, groups, gid, uid, capabilities
  kReady,      // tell main; nothing that can be checked before the start is left unchecked
  kStartGate,  // wait for `start`
  kLabel,      // of AppArmor or SELinux: of what is executed next, or of new keys
  kFinalCapabilities,
  kPassDescriptors,  // --preserve-fds: not to hooks, and before the filter could refuse it
  kNoNewPrivileges,
  kSeccomp,
  kExecute,
};

// ---- payloads -----------------------------------------------------------------------------------

struct FailStep {
  int32_t error;
};

struct MessageStep {
  uint32_t message;  // sync::MessageType
};

struct NamespaceEntry {
  int32_t fd;      // of the namespace, or a pidfd
  uint32_t types;  // CLONE_NEW*, several with a pidfd
};
struct SetNamespacesStep {
  Array<NamespaceEntry> entries;  // in order
};

struct BecomeStep {
  uint32_t uid, gid;
  uint32_t other_uid, other_gid;  // where the first are nobody there
};

struct FlagsStep {
  // CLONE_NEW* for kUnshare and kSpawnInit; MS_* for propagation; a count for kPassDescriptors
  uint64_t flags;
};

struct TextStep {
  Text text;
};

enum class LabelFile : uint32_t {
  kAppArmor,  // of the next execve
  kSelinux,   // the same
  kKeys,      // SELinux's, of keys that are made
};
constexpr uint32_t kLabelFiles = 3;

struct OpenLabelsStep {
  int32_t proc_fd;  // the root of the host's proc; closed once they are open
  uint32_t files;   // bit n = LabelFile n
};

struct LabelStep {
  LabelFile file;
  Text label;
  Text written;  // the same as the file wants it: "exec PROFILE"
};

struct MaskStep {
  Text path;
  Text label;  // of the empty directory's file system (linux.mountLabel)
};

struct RootfsStep {
  Text path;
  // Mounts stay shared with the host (rootfsPropagation): the mount that holds the rootfs becomes
  // private first, and nothing of the old root may be unmounted on the host by the pivot.
  uint32_t shared;
};

struct SysctlStep {
  Text path;  // beneath /proc/sys
  Text value;
};

struct RlimitStep {
  uint32_t resource;
  uint64_t soft, hard;
};

struct AffinityStep {
  Array<uint64_t> cpus;  // bit n % 64 of word n / 64 = CPU n; none = every one that the cpuset has
};

struct SchedulerStep {
  uint32_t policy;  // SCHED_*
  int32_t nice;
  uint32_t priority;
  uint64_t flags;  // SCHED_FLAG_*
  uint64_t runtime_ns, deadline_ns, period_ns;
};

struct IoPriorityStep {
  uint32_t io_class;  // IOPRIO_CLASS_*
  uint32_t level;     // 0 is the highest
};

struct MemoryPolicyStep {
  uint32_t mode;   // MPOL_*
  uint32_t flags;  // MPOL_F_*
  Array<uint64_t> nodes;
};

struct Option {  // one option of a file system; an absent value makes it a flag
  Text key, value;
};

struct MountStep {
  Text target;             // in the container
  Text type;               // of a new file system; absent for a bind
  Text source;             // a bind's host path, else what the file system shows as its source
  int32_t source_fd;       // a detached mount that main made, -1 = open `source`
  Array<Option> options;   // for fsconfig
  Text data;               // the same, joined for mount(2)
  uint64_t mount_flags;    // the same and the attributes as MS_*, for mount(2)
  uint64_t clear_flags;    // kRemount: MS_* of the superblock that go
  uint32_t make_writable;  // kRemount: the superblock too, where it is not
  uint64_t attr_set, attr_clear;                      // MOUNT_ATTR_*
  uint64_t recursive_attr_set, recursive_attr_clear;  // the same for the whole tree (r… options)
  Array<uint64_t> propagation;  // in order: MS_SHARED …, MS_REC for the tree; none = as it comes
  uint32_t recursive;           // rbind
  uint32_t id_map;  // main has mapped the ids of source_fd: 1 = of the mount, 2 = of the tree
  uint32_t source_no_follow;    // a source that is a symlink is bound itself
  uint32_t target_no_follow;    // a target that is a symlink is covered itself
  uint32_t copy_symlink;        // a source that is a symlink is made again at the target
  uint32_t plain_target;        // no component may be a symlink (/proc, /sys)
  uint32_t not_in_proc;         // a symlink may lead anywhere, but not into the mount at /proc
  uint32_t keep_mode;           // a tmpfs without mode=: the mode of what it covers
  uint32_t copy_up;             // tmpcopyup: starts with the files it covers
  Text fallback_source;         // where a new file system is refused (EPERM, EBUSY): bind this …
  uint32_t fallback_recursive;  // … with what is mounted beneath
  Text label;                   // of its root, for a file system that takes no option for it
};

struct AttributesStep {
  Text path;
  uint64_t attr_set, attr_clear;  // MOUNT_ATTR_*
};

struct DeviceStep {
  Text path;
  uint32_t mode;  // type and permissions, as mknod(2)
  uint32_t major, minor;
  uint32_t uid, gid;
  uint32_t bind;  // bind the host's node: mknod is not allowed in a user namespace
};

struct SymlinkStep {
  Text target, path;
  uint32_t replace;  // an entry of that name goes first
};

struct ConsoleStep {
  int32_t socket_fd;
  uint16_t rows, columns;  // 0 = leave
  uint32_t uid;
  uint32_t bind_console;  // show it at /dev/console too (not in exec)
};

struct HookEntry {
  Text path;
  PointerVector argv, envp;
  int32_t timeout_s;  // 0 = none
  Text where;         // "/hooks/createContainer/0"
};
struct HooksStep {
  Array<HookEntry> hooks;
  // The state document on their stdin is head + pid + tail.
  Text state_head, state_tail;
  Text cwd;  // the bundle; absent once the host's tree is out of sight
};

struct DirectoryChange {  // kWorkingDirectory
  Text path;
  uint32_t create;
};

struct FindStep {
  Text name;  // args[0]
  Array<Text> candidates;
  uint32_t in_path;  // looked for in PATH's directories
};

struct HomeStep {
  uint32_t uid;
  uint32_t env_slot;  // of Plan::envp, filled with "HOME=…"
};

struct CapabilitySets {
  uint64_t bounding, effective, permitted, inheritable, ambient;  // bit n = capability n
};
struct IdentityStep {
  uint32_t uid, gid;
  Array<uint32_t> groups;
  uint32_t set_groups;  // 0 where setgroups(2) is denied and nothing was asked
  CapabilitySets capabilities;
  uint64_t keep;  // permitted and effective until kFinalCapabilities
};

struct GateStep {
  int32_t listen_fd;  // a listening AF_UNIX socket, -1 = the sync channel
};

struct Instruction {  // struct sock_filter
  uint16_t code;
  uint8_t jt, jf;
  uint32_t k;
};
struct SeccompStep {
  Array<Instruction> program;
  uint32_t flags;     // SECCOMP_FILTER_FLAG_*
  uint32_t notifies;  // the listener's fd goes to main first
};

struct ExecuteStep {
  PointerVector argv;
};

struct Step {
  StepKind kind = StepKind::kFail;
  Text where;  // the JSON pointer that asked for it, where one did
  union {
    FailStep fail;
    MessageStep message;
    SetNamespacesStep set_namespaces;
    BecomeStep become;
    FlagsStep flags;
    TextStep text;
    OpenLabelsStep open_labels;
    LabelStep label;
    RootfsStep rootfs;
    MaskStep mask;
    SysctlStep sysctl;
    RlimitStep rlimit;
    AffinityStep affinity;
    SchedulerStep scheduler;
    IoPriorityStep io_priority;
    MemoryPolicyStep memory_policy;
    MountStep mount;
    AttributesStep attributes;
    DeviceStep device;
    SymlinkStep symlink;
    ConsoleStep console;
    HooksStep hooks;
    DirectoryChange change;
    FindStep find;
    HomeStep home;
    IdentityStep identity;
    CapabilitySets capabilities;
    GateStep gate;
    SeccompStep seccomp;
    ExecuteStep execute;
  };
  Step() : mount{} {}
};

enum class Launch : uint32_t {
  kDirect,  // one clone3 with every new namespace; that child is init
  kStaged,  // the child is the intermediate: it joins, unshares, and clones init
};

enum class MountApi : uint32_t {
  kNew,  // mount_setattr(2), and with it the whole mount API on descriptors: Linux 5.12
  kOld,  // mount(2) on /proc/self/fd/N
};

// ---- the block ----------------------------------------------------------------------------------

constexpr uint64_t kMagic = 0x32304e414c50ull;  // "PLAN02"

struct Plan {
  uint64_t magic = kMagic;
  uint64_t size_bytes = 0;  // of the whole block
  Launch launch = Launch::kDirect;
  int32_t sync_fd = -1;  // init's end of the channel
  MountApi mount_api = MountApi::kNew;
  uint64_t clone_flags = 0;  // CLONE_NEW* of the first clone
  uint32_t maps_ids = 0;     // main writes uid and gid maps (and time offsets) for the first child
  uint32_t keeps_capabilities = 0;  // a new user namespace in the first clone: see runtime/spawn.h
  Array<int32_t> inherited_fds;     // what the first child may keep open over its execve
  Array<Step> intermediate;
  Array<Step> init;
  // Carried out by main, on init, when that is ready: what needs rights on the host that a process
  // in a user namespace has not: kRlimit, kScheduler, kIoPriority.
  Array<Step> main;
  PointerVector envp;  // of the container's process

  const char* text(Text t) const { return reinterpret_cast<const char*>(this) + t.offset; }
  template <typename T>
  const T* begin(Array<T> array) const {
    return reinterpret_cast<const T*>(reinterpret_cast<const char*>(this) + array.offset);
  }
  template <typename T>
  const T& at(Array<T> array, uint32_t i) const {
    return begin(array)[i];
  }
};

}  // namespace hull::plan

#endif  // HULL_RUNTIME_PLAN_PLAN_H_
