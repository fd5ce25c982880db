#include "runtime/features.h"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "runtime/mount_api.h"
#include "runtime/plan/names.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

bool IsIdMap(absl::string_view option) { return option == "idmap" || option == "ridmap"; }

bool Acts(absl::Span<const spec::Unsupported> not_yet, absl::string_view pointer,
          absl::string_view value = "") {
  return std::none_of(not_yet.begin(), not_yet.end(), [&](const spec::Unsupported& row) {
    return row.pointer == pointer && row.value == value;
  });
}

spec::SeccompFeatures SeccompOf(const seccomp::Features& known) {
  return {.enabled = known.enabled,
          .actions = known.supported_actions,
          .operators = known.operators,
          .architectures = known.archs,
          .known_flags = known.known_flags,
          .supported_flags = known.supported_flags};
}

}  // namespace

FeatureHost ProbeFeatureHost() {
  FeatureHost host;
  const absl::StatusOr<sys::UniqueFd> dir =
      sys::OpenAt(AT_FDCWD, "/proc/self/ns", O_RDONLY | O_DIRECTORY);
  if (dir.ok()) {
    absl::StatusOr<std::vector<std::string>> names = sys::ListDir(dir->get());
    if (names.ok()) host.namespaces = *std::move(names);
  }
  const std::string last =
      sys::ReadFileAt(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", 16).value_or("");
  if (!absl::SimpleAtoi(last, &host.last_capability)) host.last_capability = -1;
  const absl::StatusOr<plan::MountApi> api = ProbeMountApi();
  host.mount_attributes = api.ok() && *api == plan::MountApi::kNew;
  host.memory_policies = ProbeMemoryPolicies();
  host.seccomp = seccomp::ProbeFeatures();
  return host;
}

spec::Features FeaturesOf(const FeatureHost& host, absl::Span<const spec::Unsupported> not_yet) {
  spec::Features features = spec::ParsedFeatures();
  std::erase_if(features.namespaces, [&host](const std::string& type) {
    return std::find(host.namespaces.begin(), host.namespaces.end(), plan::NamespaceFile(type)) ==
           host.namespaces.end();
  });
  const auto capabilities = static_cast<size_t>(std::max(host.last_capability + 1, 0));
  features.capabilities.resize(std::min(features.capabilities.size(), capabilities));
  std::erase_if(features.mount_options, [&](const std::string& option) {
    return !Acts(not_yet, "/mounts/*/options/*", option) ||
           (!host.mount_attributes && IsIdMap(option));
  });
  features.cgroup = {.v1 = true, .v2 = true, .systemd = true, .systemd_user = true, .rdma = true};
  features.seccomp = SeccompOf(host.seccomp);
  features.apparmor = Acts(not_yet, "/process/apparmorProfile");
  features.selinux = Acts(not_yet, "/process/selinuxLabel");
  const bool rdt = Acts(not_yet, "/linux/intelRdt");
  features.intel_rdt = {.enabled = rdt, .schemata = rdt, .monitoring = rdt};
  if (Acts(not_yet, "/linux/memoryPolicy")) {
    features.memory_policy_modes = host.memory_policies.modes;
    features.memory_policy_flags = host.memory_policies.flags;
  }
  features.idmap = host.mount_attributes && Acts(not_yet, "/mounts/*/options/*", "idmap");
  features.net_devices = Acts(not_yet, "/linux/netDevices");
  // Engines read these names whatever the runtime is called.
  features.annotations["org.opencontainers.runc.checkpoint.enabled"] = "false";
  if (!host.seccomp.libseccomp_version.empty()) {
    features.annotations["io.github.seccomp.libseccomp.version"] = host.seccomp.libseccomp_version;
  }
  features.potentially_unsafe_config_annotations = {"org.systemd.property."};
  return features;
}

}  // namespace hull::runtime
