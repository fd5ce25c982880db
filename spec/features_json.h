// What a runtime can do, as the JSON document of features.md and features-linux.md.
#ifndef HULL_SPEC_FEATURES_JSON_H_
#define HULL_SPEC_FEATURES_JSON_H_

#include <map>
#include <string>
#include <vector>

#include "spec/spec.h"

namespace hull::spec {

struct CgroupFeatures {
  bool v1 = false;
  bool v2 = false;
  bool systemd = false;
  bool systemd_user = false;
  bool rdma = false;
};

struct SeccompFeatures {
  bool enabled = false;
  std::vector<std::string> actions;
  std::vector<std::string> operators;
  std::vector<std::string> architectures;
  std::vector<std::string> known_flags;
  std::vector<std::string> supported_flags;  // by this kernel
};

struct IntelRdtFeatures {
  bool enabled = false;
  bool schemata = false;
  bool monitoring = false;
};

// The lists hold what the runtime acts on, in the order they are to be printed.
struct Features {
  std::string oci_version_min = "1.0.0";
  std::string oci_version_max = kOciVersion;
  std::vector<std::string> hooks;
  std::vector<std::string> mount_options;
  std::vector<std::string> namespaces;
  std::vector<std::string> capabilities;
  CgroupFeatures cgroup;
  SeccompFeatures seccomp;
  bool apparmor = false;
  bool selinux = false;
  IntelRdtFeatures intel_rdt;
  std::vector<std::string> memory_policy_modes;
  std::vector<std::string> memory_policy_flags;
  bool idmap = false;  // mountExtensions.idmap
  bool net_devices = false;
  // Engines read "org.opencontainers.runc.checkpoint.enabled" and the libseccomp version here.
  std::map<std::string, std::string> annotations;
  std::vector<std::string> potentially_unsafe_config_annotations;
};

// Features with the lists that follow from what spec/ accepts: hooks, mount options, namespaces,
// capabilities; the rest is off.
Features ParsedFeatures();

// The document, indented, no line break at the end.
std::string FeaturesJson(const Features& features);

}  // namespace hull::spec

#endif  // HULL_SPEC_FEATURES_JSON_H_
