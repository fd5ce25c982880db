// The Spec: config.json of the OCI runtime-spec 1.3 (Linux) as plain values.
//
// One struct per object of the specification, one field per key, in the specification's order; a
// key `fooBar` is `foo_bar`. std::optional is used exactly where "absent" and "zero" mean different
// things; an absent string or list is an empty one. Enumerated strings stay strings here:
// Validate() has accepted them, and the step builders own the tables that give them numbers.
// Byte counts, times and ids keep the specification's units, which each comment names.
#ifndef HULL_SPEC_SPEC_H_
#define HULL_SPEC_SPEC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hull::spec {

// The version of the specification that these types have, and that hull writes.
inline constexpr char kOciVersion[] = "1.3.0";

// ---- config.md ----------------------------------------------------------------------------------

struct Root {
  std::string path;  // relative to the bundle, or absolute
  bool readonly = false;
  bool operator==(const Root&) const = default;
};

struct IdMapping {  // config-linux.md#user-namespace-mappings
  uint32_t container_id = 0;
  uint32_t host_id = 0;
  uint32_t size = 0;
  bool operator==(const IdMapping&) const = default;
};

struct Mount {  // config.md#mounts
  std::string destination;
  std::string type;
  std::string source;
  std::vector<std::string> options;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  bool operator==(const Mount&) const = default;
};

struct ConsoleSize {
  uint32_t height = 0;  // rows
  uint32_t width = 0;   // columns
  bool operator==(const ConsoleSize&) const = default;
};

struct Rlimit {
  std::string type;  // "RLIMIT_NOFILE"
  uint64_t soft = 0;
  uint64_t hard = 0;
  bool operator==(const Rlimit&) const = default;
};

struct Capabilities {  // names as "CAP_CHOWN"
  std::vector<std::string> bounding;
  std::vector<std::string> effective;
  std::vector<std::string> inheritable;
  std::vector<std::string> permitted;
  std::vector<std::string> ambient;
  bool operator==(const Capabilities&) const = default;
};

struct User {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::optional<uint32_t> umask;
  std::vector<uint32_t> additional_gids;
  bool operator==(const User&) const = default;
};

struct Scheduler {
  std::string policy;  // "SCHED_OTHER"
  std::optional<int32_t> nice;
  std::optional<int32_t> priority;
  std::vector<std::string> flags;      // "SCHED_FLAG_RESET_ON_FORK"
  std::optional<uint64_t> runtime_ns;  // key `runtime`
  std::optional<uint64_t> deadline_ns;
  std::optional<uint64_t> period_ns;
  bool operator==(const Scheduler&) const = default;
};

struct IoPriority {
  std::string io_class;  // key `class`: "IOPRIO_CLASS_BE"
  int32_t priority = 0;  // 0..7
  bool operator==(const IoPriority&) const = default;
};

struct ExecCpuAffinity {
  std::string initial;     // a CPU list, "0-3,7"
  std::string final_cpus;  // key `final`
  bool operator==(const ExecCpuAffinity&) const = default;
};

struct Process {  // config.md#process
  bool terminal = false;
  std::optional<ConsoleSize> console_size;
  std::string cwd;
  std::vector<std::string> env;  // "NAME=value"
  std::vector<std::string> args;
  User user;
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::string apparmor_profile;
  std::optional<int32_t> oom_score_adj;
  std::string selinux_label;
  std::optional<Scheduler> scheduler;
  std::optional<IoPriority> io_priority;
  std::optional<ExecCpuAffinity> exec_cpu_affinity;
  bool operator==(const Process&) const = default;
};

struct Hook {  // config.md#posix-platform-hooks
  std::string path;
  std::vector<std::string> args;  // argv, args[0] included; empty = {path}
  std::vector<std::string> env;
  std::optional<int32_t> timeout_s;  // > 0
  bool operator==(const Hook&) const = default;
};

struct Hooks {
  std::vector<Hook> prestart;
  std::vector<Hook> create_runtime;
  std::vector<Hook> create_container;
  std::vector<Hook> start_container;
  std::vector<Hook> poststart;
  std::vector<Hook> poststop;
  bool operator==(const Hooks&) const = default;
};

// ---- config-linux.md: resources -----------------------------------------------------------------

struct DeviceRule {  // resources.devices[]
  bool allow = false;
  std::string type;              // "a", "b", "c"; empty = "a"
  std::optional<int64_t> major;  // absent = all
  std::optional<int64_t> minor;
  std::string access;  // of "rwm"; empty = "rwm"
  bool operator==(const DeviceRule&) const = default;
};

struct Memory {  // bytes; -1 = unlimited
  std::optional<int64_t> limit;
  std::optional<int64_t> reservation;
  std::optional<int64_t> swap;  // memory + swap
  std::optional<int64_t> kernel;
  std::optional<int64_t> kernel_tcp;
  std::optional<uint64_t> swappiness;  // 0..100
  std::optional<bool> disable_oom_killer;
  std::optional<bool> use_hierarchy;
  std::optional<bool> check_before_update;
  bool operator==(const Memory&) const = default;
};

struct Cpu {
  std::optional<uint64_t> shares;  // 2..262144
  std::optional<int64_t> quota_us;
  std::optional<uint64_t> burst_us;
  std::optional<uint64_t> period_us;
  std::optional<int64_t> realtime_runtime_us;
  std::optional<uint64_t> realtime_period_us;
  std::string cpus;             // a CPU list
  std::string mems;             // a node list
  std::optional<int64_t> idle;  // 0 or 1
  bool operator==(const Cpu&) const = default;
};

struct WeightDevice {
  int64_t major = 0;
  int64_t minor = 0;
  std::optional<uint16_t> weight;
  std::optional<uint16_t> leaf_weight;
  bool operator==(const WeightDevice&) const = default;
};

struct ThrottleDevice {
  int64_t major = 0;
  int64_t minor = 0;
  uint64_t rate = 0;  // bytes or operations per second
  bool operator==(const ThrottleDevice&) const = default;
};

struct BlockIo {
  std::optional<uint16_t> weight;  // 10..1000
  std::optional<uint16_t> leaf_weight;
  std::vector<WeightDevice> weight_device;
  std::vector<ThrottleDevice> throttle_read_bps_device;
  std::vector<ThrottleDevice> throttle_write_bps_device;
  std::vector<ThrottleDevice> throttle_read_iops_device;
  std::vector<ThrottleDevice> throttle_write_iops_device;
  bool operator==(const BlockIo&) const = default;
};

struct HugepageLimit {
  std::string page_size;  // "64KB", "2MB", "1GB"
  uint64_t limit = 0;     // bytes
  bool operator==(const HugepageLimit&) const = default;
};

struct InterfacePriority {
  std::string name;
  uint32_t priority = 0;
  bool operator==(const InterfacePriority&) const = default;
};

struct Network {
  std::optional<uint32_t> class_id;
  std::vector<InterfacePriority> priorities;
  bool operator==(const Network&) const = default;
};

struct Pids {
  std::optional<int64_t> limit;  // -1 = unlimited
  bool operator==(const Pids&) const = default;
};

struct Rdma {
  std::optional<uint32_t> hca_handles;
  std::optional<uint32_t> hca_objects;
  bool operator==(const Rdma&) const = default;
};

struct Resources {
  std::vector<DeviceRule> devices;
  std::optional<Memory> memory;
  std::optional<Cpu> cpu;
  std::optional<Pids> pids;
  std::optional<BlockIo> block_io;
  std::vector<HugepageLimit> hugepage_limits;
  std::optional<Network> network;
  std::map<std::string, Rdma> rdma;            // by device name
  std::map<std::string, std::string> unified;  // cgroup v2 file name: value
  bool operator==(const Resources&) const = default;
};

// ---- config-linux.md: seccomp -------------------------------------------------------------------

struct SeccompArg {
  uint32_t index = 0;  // 0..5
  uint64_t value = 0;
  uint64_t value_two = 0;
  std::string op;  // "SCMP_CMP_EQ"
  bool operator==(const SeccompArg&) const = default;
};

struct SeccompRule {  // syscalls[]
  std::vector<std::string> names;
  std::string action;  // "SCMP_ACT_ALLOW"
  std::optional<uint32_t> errno_ret;
  std::vector<SeccompArg> args;
  bool operator==(const SeccompRule&) const = default;
};

struct Seccomp {
  std::string default_action;
  std::optional<uint32_t> default_errno_ret;
  std::vector<std::string> architectures;         // "SCMP_ARCH_X86_64"; empty = the native one
  std::optional<std::vector<std::string>> flags;  // absent and [] differ
  std::string listener_path;
  std::string listener_metadata;
  std::vector<SeccompRule> syscalls;
  bool operator==(const Seccomp&) const = default;
};

// ---- config-linux.md: the rest ------------------------------------------------------------------

struct Namespace {
  std::string type;  // "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"
  std::string path;  // empty = a new one
  bool operator==(const Namespace&) const = default;
};

struct Device {      // linux.devices[]
  std::string type;  // "c", "b", "u", "p"
  std::string path;
  int64_t major = 0;
  int64_t minor = 0;
  std::optional<uint32_t> file_mode;  // default 0666
  std::optional<uint32_t> uid;
  std::optional<uint32_t> gid;
  bool operator==(const Device&) const = default;
};

struct NetDevice {
  std::string name;  // in the container; empty = unchanged
  bool operator==(const NetDevice&) const = default;
};

struct IntelRdt {
  std::string clos_id;
  std::optional<std::vector<std::string>> schemata;
  std::string l3_cache_schema;
  std::string mem_bw_schema;
  std::optional<bool> enable_monitoring;
  bool operator==(const IntelRdt&) const = default;
};

struct MemoryPolicy {
  std::string mode;  // "MPOL_BIND"
  std::string nodes;
  std::vector<std::string> flags;  // "MPOL_F_STATIC_NODES"
  bool operator==(const MemoryPolicy&) const = default;
};

struct Personality {
  std::string domain;  // "LINUX", "LINUX32"
  std::vector<std::string> flags;
  bool operator==(const Personality&) const = default;
};

struct TimeOffset {
  int64_t secs = 0;
  uint32_t nanosecs = 0;
  bool operator==(const TimeOffset&) const = default;
};

struct Linux {
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  std::map<std::string, std::string> sysctl;
  Resources resources;
  std::string cgroups_path;
  std::vector<Namespace> namespaces;
  std::vector<Device> devices;
  std::map<std::string, NetDevice> net_devices;  // by name on the host
  std::optional<Seccomp> seccomp;
  std::string rootfs_propagation;
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::string mount_label;
  std::optional<IntelRdt> intel_rdt;
  std::optional<MemoryPolicy> memory_policy;
  std::optional<Personality> personality;
  std::map<std::string, TimeOffset> time_offsets;  // "monotonic", "boottime"
  bool operator==(const Linux&) const = default;
};

struct Spec {
  std::string oci_version;
  std::optional<Process> process;
  Root root;
  std::string hostname;
  std::string domainname;
  std::vector<Mount> mounts;
  std::optional<Hooks> hooks;
  std::map<std::string, std::string> annotations;
  Linux linux_;  // key `linux` (the bare word is a macro of old compilers)
  bool operator==(const Spec&) const = default;
};

}  // namespace hull::spec

#endif  // HULL_SPEC_SPEC_H_
