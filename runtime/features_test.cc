#include "runtime/features.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::runtime {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

FeatureHost NewHost() {
  FeatureHost host;
  host.namespaces = {"net",  "uts", "ipc",  "pid",    "pid_for_children",
                     "user", "mnt", "time", "cgroup", "time_for_children"};
  host.last_capability = 40;
  host.mount_attributes = true;
  host.memory_policies = {.modes = {"MPOL_DEFAULT", "MPOL_BIND"}, .flags = {"MPOL_F_STATIC_NODES"}};
  host.seccomp.enabled = true;
  host.seccomp.actions = {"SCMP_ACT_ALLOW", "SCMP_ACT_NOTIFY"};
  host.seccomp.supported_actions = {"SCMP_ACT_ALLOW"};
  host.seccomp.libseccomp_version = "2.5.4";
  return host;
}

TEST(FeaturesTest, NamespacesAreThoseOfTheKernel) {
  FeatureHost host = NewHost();
  EXPECT_EQ(FeaturesOf(host, {}).namespaces.size(), 8u);
  host.namespaces = {"mnt", "net", "user"};
  EXPECT_THAT(FeaturesOf(host, {}).namespaces, ElementsAre("mount", "network", "user"));
}

TEST(FeaturesTest, CapabilitiesEndWithTheKernelsLast) {
  FeatureHost host = NewHost();
  EXPECT_EQ(FeaturesOf(host, {}).capabilities.back(), "CAP_CHECKPOINT_RESTORE");
  host.last_capability = 37;
  EXPECT_EQ(FeaturesOf(host, {}).capabilities.back(), "CAP_AUDIT_READ");
  host.last_capability = 60;
  EXPECT_EQ(FeaturesOf(host, {}).capabilities.size(), 41u);
}

TEST(FeaturesTest, IdMappedMountsNeedTheirSystemCall) {
  FeatureHost host = NewHost();
  EXPECT_THAT(FeaturesOf(host, {}).mount_options, Contains("ridmap"));
  EXPECT_TRUE(FeaturesOf(host, {}).idmap);
  host.mount_attributes = false;
  const spec::Features old = FeaturesOf(host, {});
  EXPECT_THAT(old.mount_options, Not(Contains("idmap")));
  EXPECT_THAT(old.mount_options, Not(Contains("ridmap")));
  EXPECT_FALSE(old.idmap);
  // mount(2) changes a tree mount by mount.
  for (const char* kept : {"rro", "rnosuid", "ro", "rw", "rbind", "relatime", "remount"}) {
    EXPECT_THAT(old.mount_options, Contains(kept));
  }
}

TEST(FeaturesTest, WhatIsRefusedIsNotListed) {
  constexpr spec::Unsupported kRows[] = {{"/mounts/*/options/*", "idmap"},
                                         {"/process/selinuxLabel"},
                                         {"/linux/memoryPolicy"},
                                         {"/linux/intelRdt"},
                                         {"/linux/netDevices"}};
  const spec::Features features = FeaturesOf(NewHost(), kRows);
  EXPECT_THAT(features.mount_options, Not(Contains("idmap")));
  EXPECT_FALSE(features.idmap);
  EXPECT_FALSE(features.selinux);
  EXPECT_TRUE(features.apparmor);
  EXPECT_THAT(features.memory_policy_modes, IsEmpty());
  EXPECT_FALSE(features.intel_rdt.enabled);
  EXPECT_FALSE(features.net_devices);
  const spec::Features all = FeaturesOf(NewHost(), {});
  EXPECT_THAT(all.mount_options, Contains("idmap"));
  EXPECT_TRUE(all.idmap && all.selinux && all.net_devices && all.intel_rdt.monitoring);
}

TEST(FeaturesTest, ActionsOfSeccompAreThoseThatTheKernelHas) {
  EXPECT_THAT(FeaturesOf(NewHost(), {}).seccomp.actions, ElementsAre("SCMP_ACT_ALLOW"));
}

TEST(FeaturesTest, MemoryPoliciesAreThoseThatTheKernelHas) {
  const spec::Features features = FeaturesOf(NewHost(), {});
  EXPECT_THAT(features.memory_policy_modes, ElementsAre("MPOL_DEFAULT", "MPOL_BIND"));
  EXPECT_THAT(features.memory_policy_flags, ElementsAre("MPOL_F_STATIC_NODES"));
}

TEST(FeaturesTest, ThisMachineCanBeAsked) {
  const spec::Features features = FeaturesOf(ProbeFeatureHost(), {});
  EXPECT_THAT(features.namespaces, Contains("mount"));
  EXPECT_THAT(features.capabilities, Contains("CAP_SYS_ADMIN"));
}

}  // namespace
}  // namespace hull::runtime
