#include "spec/features_json.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "spec/document.h"

namespace hull::spec {
namespace {

// The value at `pointer` of the printed features.
std::string At(const Features& features, absl::string_view pointer) {
  const auto document = ParseDocument(FeaturesJson(features), "f");
  EXPECT_TRUE(document.ok()) << document.status();
  const std::optional<uint32_t> index = document->Find(pointer);
  return index.has_value() ? document->Describe(*index) : "none";
}

TEST(FeaturesJsonTest, ListsOfTheParserAreThere) {
  const Features features = ParsedFeatures();
  EXPECT_EQ(At(features, "/ociVersionMin"), "\"1.0.0\"");
  EXPECT_EQ(At(features, "/ociVersionMax"), "\"1.3.0\"");
  EXPECT_EQ(At(features, "/hooks/5"), "\"poststop\"");
  EXPECT_EQ(At(features, "/linux/namespaces/7"), "\"uts\"");
  EXPECT_EQ(At(features, "/linux/capabilities/40"), "\"CAP_CHECKPOINT_RESTORE\"");
  EXPECT_EQ(At(features, "/linux/capabilities/41"), "none");
  EXPECT_EQ(At(features, "/linux/seccomp/enabled"), "false");
  EXPECT_EQ(At(features, "/linux/seccomp/actions"), "none");
  EXPECT_EQ(At(features, "/annotations"), "none");
}

TEST(FeaturesJsonTest, WhatIsOnIsPrinted) {
  Features features = ParsedFeatures();
  features.cgroup.v2 = true;
  features.seccomp = {.enabled = true,
                      .actions = {"SCMP_ACT_ALLOW"},
                      .operators = {"SCMP_CMP_EQ"},
                      .architectures = {"SCMP_ARCH_X86"},
                      .known_flags = {"A", "B"},
                      .supported_flags = {"A"}};
  features.intel_rdt.schemata = true;
  features.memory_policy_modes = {"MPOL_BIND"};
  features.idmap = true;
  features.net_devices = true;
  features.annotations["org.opencontainers.runc.checkpoint.enabled"] = "false";
  features.potentially_unsafe_config_annotations = {"org.systemd.property."};
  EXPECT_EQ(At(features, "/linux/cgroup/v1"), "false");
  EXPECT_EQ(At(features, "/linux/cgroup/v2"), "true");
  EXPECT_EQ(At(features, "/linux/seccomp/archs/0"), "\"SCMP_ARCH_X86\"");
  EXPECT_EQ(At(features, "/linux/seccomp/knownFlags/1"), "\"B\"");
  EXPECT_EQ(At(features, "/linux/intelRdt/schemata"), "true");
  EXPECT_EQ(At(features, "/linux/memoryPolicy/modes/0"), "\"MPOL_BIND\"");
  EXPECT_EQ(At(features, "/linux/mountExtensions/idmap/enabled"), "true");
  EXPECT_EQ(At(features, "/linux/netDevices/enabled"), "true");
  EXPECT_EQ(At(features, "/annotations/org.opencontainers.runc.checkpoint.enabled"), "\"false\"");
  EXPECT_EQ(At(features, "/potentiallyUnsafeConfigAnnotations/0"), "\"org.systemd.property.\"");
}

}  // namespace
}  // namespace hull::spec
