#include "spec/default_spec.h"

#include <cstdint>
#include <string>
#include <vector>

#include "spec/spec.h"

namespace hull::spec {
namespace {

Mount MakeMount(std::string destination, std::string type, std::string source,
                std::vector<std::string> options) {
  Mount mount;
  mount.destination = std::move(destination);
  mount.type = std::move(type);
  mount.source = std::move(source);
  mount.options = std::move(options);
  return mount;
}

Process DefaultProcess() {
  const std::vector<std::string> names = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  Process process;
  process.terminal = true;
  process.cwd = "/";
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  process.args = {"sh"};
  Capabilities& capabilities = process.capabilities.emplace();
  capabilities.bounding = names;
  capabilities.effective = names;
  capabilities.permitted = names;
  process.rlimits = {{.type = "RLIMIT_NOFILE", .soft = 1024, .hard = 1024}};
  process.no_new_privileges = true;
  return process;
}

std::vector<Mount> DefaultMounts() {
  return {
      MakeMount("/proc", "proc", "proc", {}),
      MakeMount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      MakeMount("/dev/pts", "devpts", "devpts",
                {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}),
      MakeMount("/dev/shm", "tmpfs", "shm",
                {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      MakeMount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
      MakeMount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}),
      MakeMount("/sys/fs/cgroup", "cgroup", "cgroup",
                {"nosuid", "noexec", "nodev", "relatime", "ro"}),
  };
}

void AddNamespaces(std::initializer_list<const char*> types, Linux* linux) {
  for (const char* type : types) linux->namespaces.push_back({.type = type, .path = ""});
}

Linux DefaultLinux() {
  Linux linux;
  linux.masked_paths = {"/proc/acpi",        "/proc/asound",        "/proc/kcore",
                        "/proc/keys",        "/proc/latency_stats", "/proc/timer_list",
                        "/proc/timer_stats", "/proc/sched_debug",   "/sys/firmware",
                        "/proc/scsi"};
  linux.readonly_paths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
  return linux;
}

Spec CommonSpec() {
  Spec spec;
  spec.oci_version = kOciVersion;
  spec.process = DefaultProcess();
  spec.root = {.path = "rootfs", .readonly = true};
  spec.hostname = "hull";
  spec.mounts = DefaultMounts();
  spec.linux_ = DefaultLinux();
  return spec;
}

}  // namespace

Spec DefaultSpec(bool cgroup_namespace) {
  Spec spec = CommonSpec();
  DeviceRule& nothing = spec.linux_.resources.devices.emplace_back();
  nothing.access = "rwm";
  AddNamespaces({"pid", "network", "ipc", "uts", "mount"}, &spec.linux_);
  if (cgroup_namespace) AddNamespaces({"cgroup"}, &spec.linux_);
  return spec;
}

Spec RootlessSpec(uint32_t uid, uint32_t gid, bool cgroup_namespace) {
  Spec spec = CommonSpec();
  AddNamespaces({"pid", "ipc", "uts", "mount"}, &spec.linux_);
  if (cgroup_namespace) AddNamespaces({"cgroup"}, &spec.linux_);
  AddNamespaces({"user"}, &spec.linux_);
  spec.linux_.uid_mappings = {{.container_id = 0, .host_id = uid, .size = 1}};
  spec.linux_.gid_mappings = {{.container_id = 0, .host_id = gid, .size = 1}};
  for (Mount& mount : spec.mounts) {
    if (mount.destination == "/dev/pts") {
      mount.options.pop_back();  // group 5 is not mapped
    } else if (mount.destination == "/sys") {
      // Only the owner of the network namespace may mount sysfs.
      mount = MakeMount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"});
    }
  }
  return spec;
}

}  // namespace hull::spec
