#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "spec/document.h"
#include "spec/forms.h"
#include "spec/report.h"
#include "spec/sysctl.h"
#include "spec/validate_internal.h"

namespace hull::spec {
namespace {

constexpr size_t kMaxMappings = 340;     // lines that the kernel takes in uid_map
constexpr uint64_t kIdEnd = 4294967295;  // the first number that is no id

void CheckNamespaces(const Linux& linux, const Path& path, Report* report) {
  for (size_t i = 0; i < linux.namespaces.size(); ++i) {
    const Namespace* first = FindNamespace(linux, linux.namespaces[i].type);
    if (first == nullptr || first == &linux.namespaces[i]) continue;
    report->Error(path / i / "type",
                  absl::StrCat("expected each type once, it is at ", first - &linux.namespaces[0]),
                  "remove one of them");
  }
  if (FindNamespace(linux, "mount") == nullptr) {
    report->Error(path, "expected a mount namespace, the host's own is never changed",
                  "add {\"type\": \"mount\"}");
  }
}

bool Overlap(uint32_t a, uint32_t b, const IdMapping& first, const IdMapping& second) {
  return uint64_t{a} < uint64_t{b} + second.size && uint64_t{b} < uint64_t{a} + first.size;
}

// Whether a mapping covers the container's `id`.
bool Maps(const std::vector<IdMapping>& mappings, uint32_t id) {
  return absl::c_any_of(mappings, [id](const IdMapping& mapping) {
    return id >= mapping.container_id && id - mapping.container_id < mapping.size;
  });
}

void CheckMapped(uint32_t id, const std::vector<IdMapping>& mappings, absl::string_view kind,
                 const Path& path, Report* report) {
  if (mappings.empty() || Maps(mappings, id)) return;
  report->Error(path, absl::StrCat("expected an id that /linux/", kind, "Mappings covers"));
}

// A fifo is made; other devices are the host's, whose owners stay.
void CheckOwnersAreMapped(const Linux& linux, const Path& path, Report* report) {
  for (size_t i = 0; i < linux.devices.size(); ++i) {
    const Device& device = linux.devices[i];
    if (device.type != "p") continue;
    const Path place = path / i;
    if (device.uid.value_or(0) != 0) {
      CheckMapped(*device.uid, linux.uid_mappings, "uid", place / "uid", report);
    }
    if (device.gid.value_or(0) != 0) {
      CheckMapped(*device.gid, linux.gid_mappings, "gid", place / "gid", report);
    }
  }
}

// In a namespace of its own the process can only be somebody who is mapped.
void CheckUserIsMapped(const Spec& spec, Report* report) {
  if (!spec.process.has_value()) return;
  const User& user = spec.process->user;
  const Path root;
  const Path process = root / "process";
  const Path path = process / "user";
  CheckMapped(user.uid, spec.linux_.uid_mappings, "uid", path / "uid", report);
  CheckMapped(user.gid, spec.linux_.gid_mappings, "gid", path / "gid", report);
  for (size_t i = 0; i < user.additional_gids.size(); ++i) {
    CheckMapped(user.additional_gids[i], spec.linux_.gid_mappings, "gid",
                path / "additionalGids" / i, report);
  }
}

void CheckUserNamespace(const Spec& spec, const Path& path, Report* report) {
  const Linux& linux = spec.linux_;
  CheckMappings(linux.uid_mappings, path / "uidMappings", report);
  CheckMappings(linux.gid_mappings, path / "gidMappings", report);
  const bool mapped = !linux.uid_mappings.empty() || !linux.gid_mappings.empty();
  if (FindNamespace(linux, "user") == nullptr && mapped) {
    report->Error(path / (linux.uid_mappings.empty() ? "gidMappings" : "uidMappings"),
                  "expected a user namespace for them",
                  "add {\"type\": \"user\"} to /linux/namespaces");
  }
  if (!HasNewNamespace(linux, "user")) return;
  constexpr absl::string_view kMissing = "missing, the new user namespace needs them";
  if (linux.uid_mappings.empty()) report->Error(path / "uidMappings", kMissing);
  if (linux.gid_mappings.empty()) report->Error(path / "gidMappings", kMissing);
  CheckUserIsMapped(spec, report);
  CheckOwnersAreMapped(linux, path / "devices", report);
}

void CheckSysctl(const Linux& linux, const Path& path, Report* report) {
  for (const auto& [key, value] : linux.sysctl) {
    const std::string file = SysctlFile(key);
    const absl::string_view owner = SysctlNamespace(file);
    if (file.empty()) {
      report->Error(path / key, "expected a name such as 'net.ipv4.ip_forward' as the key");
    } else if (file == "kernel/hostname") {
      report->Error(path / key, "expected another way to name the host", "use /hostname");
    } else if (owner.empty()) {
      report->Error(path / key, "expected a key that is the container's own, not the whole host's",
                    "those are net.*, fs.mqueue.*, user.*, kernel.domainname and kernel's System V "
                    "IPC limits");
    } else if (FindNamespace(linux, owner) == nullptr) {
      report->Error(path / key, absl::StrCat("expected a ", owner, " namespace for it"),
                    absl::StrCat("add {\"type\": \"", owner, "\"} to /linux/namespaces"));
    }
  }
}

// Which keys are there is only known from the text: zero is a number as good as any.
void CheckDevices(const std::vector<Device>& devices, const Path& path, const Document& document,
                  Report* report) {
  for (size_t i = 0; i < devices.size() && !document.empty(); ++i) {
    if (devices[i].type == "p") continue;
    for (const absl::string_view key : {"major", "minor"}) {
      const Path device = path / i;
      if (document.Find((device / key).Pointer()).has_value()) continue;
      report->Error(device / key, "missing, expected a device number");
    }
  }
}

void CheckTimeOffsets(const Linux& linux, const Path& path, Report* report) {
  for (const auto& [clock, offset] : linux.time_offsets) {
    if (clock != "monotonic" && clock != "boottime") {
      report->Error(path / clock, "expected the clock 'monotonic' or 'boottime'",
                    DidYouMean(clock, {"monotonic", "boottime"}));
    }
  }
  if (!linux.time_offsets.empty() && !HasNewNamespace(linux, "time")) {
    report->Error(path, "expected a new time namespace for them",
                  "add {\"type\": \"time\"} to /linux/namespaces");
  }
}

void CheckNetDevices(const Linux& linux, const Path& path, Report* report) {
  std::map<absl::string_view, absl::string_view> taken;  // name in the container: on the host
  for (const auto& [host_name, device] : linux.net_devices) {
    if (!IsInterfaceName(host_name)) {
      report->Error(path / host_name,
                    "expected the name of a network interface as the key, of at most 15 bytes");
    }
    const absl::string_view name = device.name.empty() ? host_name : device.name;
    const auto [other, is_new] = taken.try_emplace(name, host_name);
    if (is_new) continue;
    report->Error(path / host_name,
                  absl::StrCat("expected each name once, '", name,
                               "' in the container is that of '", other->second, "'"),
                  "give one of them another name");
  }
  if (!linux.net_devices.empty() && FindNamespace(linux, "network") == nullptr) {
    report->Error(path, "expected a network namespace to move them to",
                  "add {\"type\": \"network\"} to /linux/namespaces");
  }
}

void CheckCgroupsPath(absl::string_view cgroups_path, const Path& path, Report* report) {
  if (HasDotDot(cgroups_path)) {
    report->Error(path, "expected a path without '..'");
  } else if (absl::c_any_of(cgroups_path, absl::ascii_iscntrl)) {
    report->Error(path, "expected a path without control characters");
  }
}

// Names in its root that are no classes.
constexpr absl::string_view kOwnOfResctrl[] = {"info", "mon_groups", "mon_data", "schemata",
                                               "tasks"};

void CheckIntelRdt(const IntelRdt& rdt, const Path& path, Report* report) {
  if (!rdt.clos_id.empty() && rdt.clos_id != "/" && !IsComponent(rdt.clos_id)) {
    report->Error(path / "closID", "expected a name without '/', or '/' for the default class");
  } else if (absl::c_linear_search(kOwnOfResctrl, rdt.clos_id)) {
    report->Error(path / "closID", "expected a name that is not one of resctrl's own");
  }
  if (!rdt.mem_bw_schema.empty() && !absl::StartsWith(rdt.mem_bw_schema, "MB:")) {
    report->Error(path / "memBwSchema", "expected a schema that begins with 'MB:'");
  }
  if (absl::StrContains(rdt.mem_bw_schema, '\n')) {
    report->Error(path / "memBwSchema", "expected one line", "put further ones into schemata");
  }
  const std::vector<std::string> none;
  const std::vector<std::string>& lines = rdt.schemata.has_value() ? *rdt.schemata : none;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (absl::StrContains(lines[i], ':') && !absl::StrContains(lines[i], '\n')) continue;
    report->Error(path / "schemata" / i, "expected one line such as 'L3:0=ff;1=f'");
  }
}

}  // namespace

void CheckMappings(const std::vector<IdMapping>& mappings, const Path& path, Report* report) {
  if (mappings.size() > kMaxMappings) {
    report->Error(path, absl::StrCat("expected at most 340 mappings, found ", mappings.size()),
                  "join neighbouring ranges");
    return;
  }
  for (size_t i = 0; i < mappings.size(); ++i) {
    const IdMapping& mapping = mappings[i];
    if (uint64_t{mapping.container_id} + mapping.size > kIdEnd ||
        uint64_t{mapping.host_id} + mapping.size > kIdEnd) {
      report->Error(path / i / "size", "expected the range to end at id 4294967294");
    }
    for (size_t before = 0; before < i; ++before) {
      const IdMapping& other = mappings[before];
      const bool container = Overlap(mapping.container_id, other.container_id, mapping, other);
      if (!container && !Overlap(mapping.host_id, other.host_id, mapping, other)) continue;
      report->Error(path / i / (container ? "containerID" : "hostID"),
                    absl::StrCat("expected no overlap with the range at ", before));
      break;
    }
  }
}

void CheckLinux(const Spec& spec, const Path& path, const Document& document, Report* report) {
  const Linux& linux = spec.linux_;
  CheckNamespaces(linux, path / "namespaces", report);
  CheckUserNamespace(spec, path, report);
  CheckSysctl(linux, path / "sysctl", report);
  CheckDevices(linux.devices, path / "devices", document, report);
  CheckTimeOffsets(linux, path / "timeOffsets", report);
  CheckNetDevices(linux, path / "netDevices", report);
  CheckCgroupsPath(linux.cgroups_path, path / "cgroupsPath", report);
  CheckResources(linux.resources, /*update=*/false, path / "resources", report);
  if (linux.seccomp.has_value()) CheckSeccomp(*linux.seccomp, path / "seccomp", report);
  if (linux.intel_rdt.has_value()) CheckIntelRdt(*linux.intel_rdt, path / "intelRdt", report);
  if (linux.memory_policy.has_value()) {
    CheckMemoryPolicy(*linux.memory_policy, path / "memoryPolicy", report);
  }
  if (linux.personality.has_value()) {
    CheckPersonality(*linux.personality, path / "personality", report);
  }
}

}  // namespace hull::spec
