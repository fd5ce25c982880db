#include "spec/features_json.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "spec/json_writer.h"
#include "spec/names.h"

namespace hull::spec {
namespace {

std::vector<std::string> Strings(absl::Span<const absl::string_view> names) {
  return {names.begin(), names.end()};
}

void WriteList(absl::string_view key, const std::vector<std::string>& values, JsonWriter* json) {
  json->Key(key).BeginArray();
  for (const std::string& value : values) json->String(value);
  json->End();
}

// {"enabled": …}
void WriteEnabled(absl::string_view key, bool enabled, JsonWriter* json) {
  json->Key(key).BeginObject();
  json->Key("enabled").Bool(enabled);
  json->End();
}

void WriteCgroup(const CgroupFeatures& cgroup, JsonWriter* json) {
  json->Key("cgroup").BeginObject();
  json->Key("v1").Bool(cgroup.v1);
  json->Key("v2").Bool(cgroup.v2);
  json->Key("systemd").Bool(cgroup.systemd);
  json->Key("systemdUser").Bool(cgroup.systemd_user);
  json->Key("rdma").Bool(cgroup.rdma);
  json->End();
}

void WriteSeccomp(const SeccompFeatures& seccomp, JsonWriter* json) {
  json->Key("seccomp").BeginObject();
  json->Key("enabled").Bool(seccomp.enabled);
  if (seccomp.enabled) {
    WriteList("actions", seccomp.actions, json);
    WriteList("operators", seccomp.operators, json);
    WriteList("archs", seccomp.architectures, json);
    WriteList("knownFlags", seccomp.known_flags, json);
    WriteList("supportedFlags", seccomp.supported_flags, json);
  }
  json->End();
}

void WriteIntelRdt(const IntelRdtFeatures& rdt, JsonWriter* json) {
  json->Key("intelRdt").BeginObject();
  json->Key("enabled").Bool(rdt.enabled);
  json->Key("schemata").Bool(rdt.schemata);
  json->Key("monitoring").Bool(rdt.monitoring);
  json->End();
}

void WriteLinux(const Features& features, JsonWriter* json) {
  json->Key("linux").BeginObject();
  WriteList("namespaces", features.namespaces, json);
  WriteList("capabilities", features.capabilities, json);
  WriteCgroup(features.cgroup, json);
  WriteSeccomp(features.seccomp, json);
  WriteEnabled("apparmor", features.apparmor, json);
  WriteEnabled("selinux", features.selinux, json);
  WriteIntelRdt(features.intel_rdt, json);
  json->Key("memoryPolicy").BeginObject();
  WriteList("modes", features.memory_policy_modes, json);
  WriteList("flags", features.memory_policy_flags, json);
  json->End();
  json->Key("mountExtensions").BeginObject();
  WriteEnabled("idmap", features.idmap, json);
  json->End();
  WriteEnabled("netDevices", features.net_devices, json);
  json->End();
}

}  // namespace

Features ParsedFeatures() {
  Features features;
  features.hooks = {"prestart",       "createRuntime", "createContainer",
                    "startContainer", "poststart",     "poststop"};
  features.mount_options = Strings(kMountOptions);
  features.namespaces = Strings(kNamespaceTypes);
  features.capabilities = Strings(kCapabilityNames);
  return features;
}

std::string FeaturesJson(const Features& features) {
  JsonWriter json(JsonWriter::kIndented);
  json.BeginObject();
  json.Key("ociVersionMin").String(features.oci_version_min);
  json.Key("ociVersionMax").String(features.oci_version_max);
  WriteList("hooks", features.hooks, &json);
  WriteList("mountOptions", features.mount_options, &json);
  WriteLinux(features, &json);
  if (!features.annotations.empty()) {
    json.Key("annotations").BeginObject();
    for (const auto& [key, value] : features.annotations) json.Key(key).String(value);
    json.End();
  }
  if (!features.potentially_unsafe_config_annotations.empty()) {
    WriteList("potentiallyUnsafeConfigAnnotations", features.potentially_unsafe_config_annotations,
              &json);
  }
  json.End();
  return std::move(json).Take();
}

}  // namespace hull::spec
