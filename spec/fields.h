// The keys of every object: its name in JSON, its member in spec.h, its rule. Reading, writing and
// checking are all derived from these tables. In the order of the specification's own Go types,
// which is the order that `runc spec` prints.
#ifndef HULL_SPEC_FIELDS_H_
#define HULL_SPEC_FIELDS_H_

#include <cstdint>
#include <limits>
#include <tuple>

#include "absl/strings/string_view.h"
#include "spec/forms.h"
#include "spec/names.h"
#include "spec/rule.h"
#include "spec/spec.h"

namespace hull::spec {

template <typename Object, typename Value>
struct Field {
  absl::string_view key;
  Value Object::*member;
  Rule rule;
  bool always = false;  // written even when it has its default value
};

template <typename Object, typename Value>
constexpr Field<Object, Value> F(absl::string_view key, Value Object::*member, Rule rule = {}) {
  return {key, member, rule, false};
}

// As F, for what the specification requires.
template <typename Object, typename Value>
constexpr Field<Object, Value> Always(absl::string_view key, Value Object::*member,
                                      Rule rule = {}) {
  return {key, member, rule, true};
}

inline constexpr Rule kAnything = {};
inline constexpr Rule kNotEmpty = Form(&IsNotEmpty, "a non-empty string").Required();
inline constexpr Rule kAbsolute = Form(&IsAbsolutePath, "an absolute path", "begin it with '/'");
inline constexpr Rule kEnvironment =
    Form(&IsEnvironmentEntry, "NAME=value with a name", "give the variable a name and a value");
inline constexpr Rule kCpuList = Form(&IsCpuList, "a list such as '0-3,7'");
inline constexpr Rule kHostName = Form(&IsHostName, "at most 64 bytes on one line");
// 2^32 - 1 means "unchanged" to the kernel.
inline constexpr Rule kId = Range(0, 4294967294, "use 65534 for nobody");
inline constexpr Rule kPositive = Range(1, std::numeric_limits<int32_t>::max());
inline constexpr Rule kByteLimit =
    Range(-1, std::numeric_limits<int64_t>::max(), "use -1 for no limit");
inline constexpr Rule kTerminalSize = Range(0, 65535);
inline constexpr Rule kWeight = Range(10, 1000).OrZero();
// What mknod(2) can express.
inline constexpr Rule kMajor = Range(0, 4095);
inline constexpr Rule kMinor = Range(0, 1048575);
// A rule for a device that no system has does no harm; -1 is how the engines spell "all".
inline constexpr Rule kAnyDeviceNumber = Range(-1, 4294967295);

inline constexpr absl::string_view kDeviceTypes[] = {"b", "c", "p", "u"};
inline constexpr absl::string_view kDeviceRuleTypes[] = {"a", "b", "c"};

// Tables: `kAll` the keys that are read, `kIgnored` those of other systems.
template <typename Object>
struct Fields;

struct NothingIgnored {
  static constexpr std::tuple<> kIgnored = {};
};

template <>
struct Fields<Root> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(Always("path", &Root::path, kNotEmpty),  //
                                               F("readonly", &Root::readonly));
};

template <>
struct Fields<IdMapping> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(Always("containerID", &IdMapping::container_id, Range(0, 4294967294)),
                      Always("hostID", &IdMapping::host_id, Range(0, 4294967294)),
                      Always("size", &IdMapping::size, Range(1, 4294967295)));
};

template <>
struct Fields<Mount> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("destination", &Mount::destination, kNotEmpty), F("type", &Mount::type),
      F("source", &Mount::source), F("options", &Mount::options),
      F("uidMappings", &Mount::uid_mappings), F("gidMappings", &Mount::gid_mappings));
};

template <>
struct Fields<ConsoleSize> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(Always("height", &ConsoleSize::height, kTerminalSize),
                      Always("width", &ConsoleSize::width, kTerminalSize));
};

template <>
struct Fields<Rlimit> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("type", &Rlimit::type,
             OneOf(kRlimitTypes, "a resource limit such as 'RLIMIT_NOFILE'").Required()),
      Always("hard", &Rlimit::hard), Always("soft", &Rlimit::soft));
};

template <>
struct Fields<Capabilities> : NothingIgnored {
  // A newer engine may know newer ones.
  static constexpr Rule kName =
      OneOf(kCapabilityNames, "a capability that this version knows").Warns();
  static constexpr auto kAll = std::make_tuple(F("bounding", &Capabilities::bounding, kName),
                                               F("effective", &Capabilities::effective, kName),
                                               F("inheritable", &Capabilities::inheritable, kName),
                                               F("permitted", &Capabilities::permitted, kName),
                                               F("ambient", &Capabilities::ambient, kName));
};

template <>
struct Fields<User> {
  static constexpr auto kAll =
      std::make_tuple(Always("uid", &User::uid, kId), Always("gid", &User::gid, kId),
                      F("umask", &User::umask, Range(0, 0777, "JSON integers are decimal")),
                      F("additionalGids", &User::additional_gids, kId));
  static constexpr auto kIgnored = std::make_tuple("username");
};

template <>
struct Fields<Scheduler> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("policy", &Scheduler::policy, OneOf(kSchedulerPolicies).Required()),
      F("nice", &Scheduler::nice, Range(-20, 19)),
      F("priority", &Scheduler::priority, Range(0, 99)),
      F("flags", &Scheduler::flags, OneOf(kSchedulerFlags)), F("runtime", &Scheduler::runtime_ns),
      F("deadline", &Scheduler::deadline_ns), F("period", &Scheduler::period_ns));
};

template <>
struct Fields<IoPriority> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(Always("class", &IoPriority::io_class, OneOf(kIoPriorityClasses).Required()),
                      Always("priority", &IoPriority::priority, Range(0, 7)));
};

template <>
struct Fields<ExecCpuAffinity> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(F("initial", &ExecCpuAffinity::initial, kCpuList),
                                               F("final", &ExecCpuAffinity::final_cpus, kCpuList));
};

template <>
struct Fields<Process> {
  static constexpr auto kAll = std::make_tuple(
      F("terminal", &Process::terminal), F("consoleSize", &Process::console_size),
      Always("user", &Process::user), F("args", &Process::args),
      F("env", &Process::env, kEnvironment), Always("cwd", &Process::cwd, kAbsolute.Required()),
      F("capabilities", &Process::capabilities), F("rlimits", &Process::rlimits),
      F("noNewPrivileges", &Process::no_new_privileges),
      F("apparmorProfile", &Process::apparmor_profile),
      F("oomScoreAdj", &Process::oom_score_adj, Range(-1000, 1000)),
      F("scheduler", &Process::scheduler), F("selinuxLabel", &Process::selinux_label),
      F("ioPriority", &Process::io_priority), F("execCPUAffinity", &Process::exec_cpu_affinity));
  static constexpr auto kIgnored = std::make_tuple("commandLine");
};

template <>
struct Fields<Hook> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("path", &Hook::path, kAbsolute.Required()), F("args", &Hook::args),
      F("env", &Hook::env, kEnvironment), F("timeout", &Hook::timeout_s, kPositive));
};

template <>
struct Fields<Hooks> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      F("prestart", &Hooks::prestart), F("createRuntime", &Hooks::create_runtime),
      F("createContainer", &Hooks::create_container), F("startContainer", &Hooks::start_container),
      F("poststart", &Hooks::poststart), F("poststop", &Hooks::poststop));
};

template <>
struct Fields<DeviceRule> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("allow", &DeviceRule::allow), F("type", &DeviceRule::type, OneOf(kDeviceRuleTypes)),
      F("major", &DeviceRule::major, kAnyDeviceNumber),
      F("minor", &DeviceRule::minor, kAnyDeviceNumber),
      F("access", &DeviceRule::access, Form(&IsDeviceAccess, "letters of 'rwm', each once")));
};

template <>
struct Fields<Memory> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      F("limit", &Memory::limit, kByteLimit), F("reservation", &Memory::reservation, kByteLimit),
      F("swap", &Memory::swap, kByteLimit), F("kernel", &Memory::kernel, kByteLimit),
      F("kernelTCP", &Memory::kernel_tcp, kByteLimit),
      F("swappiness", &Memory::swappiness, Range(0, 100)),
      F("disableOOMKiller", &Memory::disable_oom_killer), F("useHierarchy", &Memory::use_hierarchy),
      F("checkBeforeUpdate", &Memory::check_before_update));
};

template <>
struct Fields<Cpu> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      F("shares", &Cpu::shares), F("quota", &Cpu::quota_us), F("burst", &Cpu::burst_us),
      F("period", &Cpu::period_us, Range(1000, 1000000, "the unit is microseconds").OrZero()),
      F("realtimeRuntime", &Cpu::realtime_runtime_us),
      F("realtimePeriod", &Cpu::realtime_period_us), F("cpus", &Cpu::cpus, kCpuList),
      F("mems", &Cpu::mems, kCpuList), F("idle", &Cpu::idle, Range(0, 1)));
};

template <>
struct Fields<WeightDevice> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("major", &WeightDevice::major, kMajor), Always("minor", &WeightDevice::minor, kMinor),
      F("weight", &WeightDevice::weight, kWeight),
      F("leafWeight", &WeightDevice::leaf_weight, kWeight));
};

template <>
struct Fields<ThrottleDevice> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(Always("major", &ThrottleDevice::major, kMajor),
                                               Always("minor", &ThrottleDevice::minor, kMinor),
                                               Always("rate", &ThrottleDevice::rate));
};

template <>
struct Fields<BlockIo> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      F("weight", &BlockIo::weight, kWeight), F("leafWeight", &BlockIo::leaf_weight, kWeight),
      F("weightDevice", &BlockIo::weight_device),
      F("throttleReadBpsDevice", &BlockIo::throttle_read_bps_device),
      F("throttleWriteBpsDevice", &BlockIo::throttle_write_bps_device),
      F("throttleReadIOPSDevice", &BlockIo::throttle_read_iops_device),
      F("throttleWriteIOPSDevice", &BlockIo::throttle_write_iops_device));
};

template <>
struct Fields<HugepageLimit> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("pageSize", &HugepageLimit::page_size,
             Form(&IsPageSize, "a page size such as '64KB', '2MB' or '1GB'").Required()),
      Always("limit", &HugepageLimit::limit));
};

template <>
struct Fields<InterfacePriority> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(Always("name", &InterfacePriority::name,
                             Form(&IsComponent, "the name of a network interface").Required()),
                      Always("priority", &InterfacePriority::priority));
};

template <>
struct Fields<Network> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(F("classID", &Network::class_id), F("priorities", &Network::priorities));
};

template <>
struct Fields<Pids> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(F("limit", &Pids::limit));
};

template <>
struct Fields<Rdma> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(F("hcaHandles", &Rdma::hca_handles), F("hcaObjects", &Rdma::hca_objects));
};

template <>
struct Fields<Resources> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      F("devices", &Resources::devices), F("memory", &Resources::memory), F("cpu", &Resources::cpu),
      F("pids", &Resources::pids), F("blockIO", &Resources::block_io),
      F("hugepageLimits", &Resources::hugepage_limits), F("network", &Resources::network),
      F("rdma", &Resources::rdma), F("unified", &Resources::unified));
};

template <>
struct Fields<SeccompArg> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(Always("index", &SeccompArg::index, Range(0, 5).Required()),
                      Always("value", &SeccompArg::value, kAnything.Required()),
                      F("valueTwo", &SeccompArg::value_two),
                      Always("op", &SeccompArg::op, OneOf(kSeccompOperators).Required()));
};

// 16 bits for a tracer; validate_seccomp.cc narrows it by the action.
inline constexpr Rule kErrno = Range(0, 65535);

template <>
struct Fields<SeccompRule> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("names", &SeccompRule::names, kNotEmpty),
      Always("action", &SeccompRule::action, OneOf(kSeccompActions).Required()),
      F("errnoRet", &SeccompRule::errno_ret, kErrno), F("args", &SeccompRule::args));
};

template <>
struct Fields<Seccomp> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("defaultAction", &Seccomp::default_action, OneOf(kSeccompActions).Required()),
      F("defaultErrnoRet", &Seccomp::default_errno_ret, kErrno),
      F("architectures", &Seccomp::architectures,
        OneOf(kSeccompArchitectures, "an architecture such as 'SCMP_ARCH_X86_64'")),
      F("flags", &Seccomp::flags, OneOf(kSeccompFlags)),
      F("listenerPath", &Seccomp::listener_path, kAbsolute),
      F("listenerMetadata", &Seccomp::listener_metadata), F("syscalls", &Seccomp::syscalls));
};

template <>
struct Fields<Namespace> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(Always("type", &Namespace::type, OneOf(kNamespaceTypes).Required()),
                      F("path", &Namespace::path, kAbsolute));
};

template <>
struct Fields<Device> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("path", &Device::path,
             Form(&IsAbsolutePathWithoutDotDot, "an absolute path without '..'").Required()),
      Always("type", &Device::type, OneOf(kDeviceTypes).Required()),
      Always("major", &Device::major, kMajor), Always("minor", &Device::minor, kMinor),
      // Some engines leave the file type's bits in.
      F("fileMode", &Device::file_mode, Range(0, 0177777, "JSON integers are decimal")),
      F("uid", &Device::uid, kId), F("gid", &Device::gid, kId));
};

template <>
struct Fields<NetDevice> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      F("name", &NetDevice::name,
        Form(&IsInterfaceName, "the name of a network interface, of at most 15 bytes")));
};

template <>
struct Fields<IntelRdt> {
  static constexpr auto kAll = std::make_tuple(
      F("closID", &IntelRdt::clos_id), F("schemata", &IntelRdt::schemata),
      F("l3CacheSchema", &IntelRdt::l3_cache_schema), F("memBwSchema", &IntelRdt::mem_bw_schema),
      F("enableMonitoring", &IntelRdt::enable_monitoring));
  static constexpr auto kIgnored = std::make_tuple("enableCMT", "enableMBM");  // of 1.1 and 1.2
};

template <>
struct Fields<MemoryPolicy> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(F("mode", &MemoryPolicy::mode, OneOf(kMemoryPolicyModes)),
                      F("nodes", &MemoryPolicy::nodes, kCpuList),
                      F("flags", &MemoryPolicy::flags, OneOf(kMemoryPolicyFlags)));
};

template <>
struct Fields<Personality> : NothingIgnored {
  static constexpr auto kAll =
      std::make_tuple(Always("domain", &Personality::domain, OneOf(kPersonalityDomains).Required()),
                      F("flags", &Personality::flags));
};

template <>
struct Fields<TimeOffset> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      Always("secs", &TimeOffset::secs), F("nanosecs", &TimeOffset::nanosecs, Range(0, 999999999)));
};

template <>
struct Fields<Linux> : NothingIgnored {
  static constexpr auto kAll = std::make_tuple(
      F("uidMappings", &Linux::uid_mappings), F("gidMappings", &Linux::gid_mappings),
      F("sysctl", &Linux::sysctl), F("resources", &Linux::resources),
      F("cgroupsPath", &Linux::cgroups_path), F("namespaces", &Linux::namespaces),
      F("devices", &Linux::devices), F("netDevices", &Linux::net_devices),
      F("seccomp", &Linux::seccomp),
      F("rootfsPropagation", &Linux::rootfs_propagation, OneOf(kPropagations)),
      F("maskedPaths", &Linux::masked_paths, kAbsolute),
      F("readonlyPaths", &Linux::readonly_paths, kAbsolute), F("mountLabel", &Linux::mount_label),
      F("intelRdt", &Linux::intel_rdt), F("memoryPolicy", &Linux::memory_policy),
      F("personality", &Linux::personality), F("timeOffsets", &Linux::time_offsets));
};

template <>
struct Fields<Spec> {
  static constexpr auto kAll = std::make_tuple(
      Always("ociVersion", &Spec::oci_version), F("process", &Spec::process),
      Always("root", &Spec::root), F("hostname", &Spec::hostname, kHostName),
      F("domainname", &Spec::domainname, kHostName), F("mounts", &Spec::mounts),
      F("hooks", &Spec::hooks), F("annotations", &Spec::annotations), F("linux", &Spec::linux_));
  static constexpr auto kIgnored = std::make_tuple("solaris", "windows", "vm", "zos", "freebsd");
};

}  // namespace hull::spec

#endif  // HULL_SPEC_FIELDS_H_
