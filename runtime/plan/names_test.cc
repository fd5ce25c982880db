#include "runtime/plan/names.h"

#include <linux/sched.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spec/names.h"

namespace hull::plan {
namespace {

using ::testing::ElementsAre;

// The kernel's numbers, written out: what a header lacks is no excuse.
TEST(NamesTest, SchedulerPolicies) {
  EXPECT_EQ(SchedulerPolicy("SCHED_OTHER"), 0u);
  EXPECT_EQ(SchedulerPolicy("SCHED_FIFO"), 1u);
  EXPECT_EQ(SchedulerPolicy("SCHED_RR"), 2u);
  EXPECT_EQ(SchedulerPolicy("SCHED_BATCH"), 3u);
  EXPECT_EQ(SchedulerPolicy("SCHED_IDLE"), 5u);
  EXPECT_EQ(SchedulerPolicy("SCHED_DEADLINE"), 6u);
}

TEST(NamesTest, WhatIsUnknownIsANumberThatTheKernelRefuses) {
  EXPECT_EQ(SchedulerPolicy("SCHED_ISO"), UINT32_MAX);
  EXPECT_EQ(MemoryPolicyMode(""), UINT32_MAX);
  EXPECT_EQ(SchedulerPolicyName(4), "");
}

TEST(NamesTest, SchedulerFlagsAddUp) {
  EXPECT_EQ(SchedulerFlags({}), 0u);
  EXPECT_EQ(SchedulerFlags({"SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_DL_OVERRUN"}), 0x05u);
  uint64_t all = 0;
  for (const absl::string_view name : spec::kSchedulerFlags) {
    const uint64_t bit = SchedulerFlags({std::string(name)});
    EXPECT_THAT(SchedulerFlagNames(bit), ElementsAre(name));
    all |= bit;
  }
  EXPECT_EQ(all, uint64_t{SCHED_FLAG_ALL});
}

TEST(NamesTest, IoPriorityClasses) {
  EXPECT_EQ(IoPriorityClass("IOPRIO_CLASS_RT"), 1u);
  EXPECT_EQ(IoPriorityClass("IOPRIO_CLASS_BE"), 2u);
  EXPECT_EQ(IoPriorityClass("IOPRIO_CLASS_IDLE"), 3u);
}

TEST(NamesTest, MemoryPolicies) {
  EXPECT_EQ(MemoryPolicyMode("MPOL_DEFAULT"), 0u);
  EXPECT_EQ(MemoryPolicyMode("MPOL_PREFERRED"), 1u);
  EXPECT_EQ(MemoryPolicyMode("MPOL_BIND"), 2u);
  EXPECT_EQ(MemoryPolicyMode("MPOL_INTERLEAVE"), 3u);
  EXPECT_EQ(MemoryPolicyMode("MPOL_LOCAL"), 4u);
  EXPECT_EQ(MemoryPolicyMode("MPOL_PREFERRED_MANY"), 5u);
  EXPECT_EQ(MemoryPolicyMode("MPOL_WEIGHTED_INTERLEAVE"), 6u);
  EXPECT_EQ(MemoryPolicyFlags({"MPOL_F_STATIC_NODES"}), 1u << 15);
  EXPECT_EQ(MemoryPolicyFlags({"MPOL_F_RELATIVE_NODES", "MPOL_F_NUMA_BALANCING"}), 3u << 13);
}

TEST(NamesTest, PersonalityDomains) {
  EXPECT_EQ(PersonalityDomain("LINUX"), 0u);
  EXPECT_EQ(PersonalityDomain("LINUX32"), 8u);
}

// SCHED_ISO is a name that no kernel has; validation refuses it.
TEST(NamesTest, EveryNameOfTheSpecHasANumberAndTheNumberTheName) {
  for (const absl::string_view name : spec::kSchedulerPolicies) {
    if (name == "SCHED_ISO") continue;
    EXPECT_EQ(SchedulerPolicyName(SchedulerPolicy(name)), name);
  }
  for (const absl::string_view name : spec::kIoPriorityClasses) {
    EXPECT_EQ(IoPriorityClassName(IoPriorityClass(name)), name);
  }
  for (const absl::string_view name : spec::kMemoryPolicyModes) {
    EXPECT_EQ(MemoryPolicyModeName(MemoryPolicyMode(name)), name);
  }
  for (const absl::string_view name : spec::kMemoryPolicyFlags) {
    EXPECT_THAT(MemoryPolicyFlagNames(MemoryPolicyFlags({std::string(name)})), ElementsAre(name));
  }
  for (const absl::string_view name : spec::kPersonalityDomains) {
    EXPECT_EQ(PersonalityDomainName(PersonalityDomain(name)), name);
  }
  for (const absl::string_view name : spec::kRlimitTypes) {
    EXPECT_TRUE(RlimitNumber(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace hull::plan
