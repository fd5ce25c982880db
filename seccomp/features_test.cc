#include "seccomp/features.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::seccomp {
namespace {

using ::testing::Contains;
using ::testing::IsSubsetOf;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

TEST(FeaturesTest, ListsEveryWordOfTheSpecSorted) {
  const Features features = ProbeFeatures();
  EXPECT_THAT(features.actions, SizeIs(9));
  EXPECT_THAT(features.operators, SizeIs(7));
  EXPECT_THAT(features.known_flags, SizeIs(4));
  for (const auto* list : {&features.actions, &features.operators, &features.archs,
                           &features.known_flags, &features.supported_flags}) {
    EXPECT_TRUE(std::is_sorted(list->begin(), list->end()));
  }
}

TEST(FeaturesTest, ArchitecturesAreTheLibrarys) {
  const Features features = ProbeFeatures();
  EXPECT_GE(features.archs.size(), 9U);
  EXPECT_THAT(features.archs, Contains("SCMP_ARCH_X86_64"));
  EXPECT_THAT(features.archs, Contains("SCMP_ARCH_AARCH64"));
  EXPECT_THAT(features.archs, Not(Contains("SCMP_ARCH_S390X"))) << "of another byte order";
  EXPECT_THAT(features.libseccomp_version, MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST(FeaturesTest, SupportIsAskedOfTheKernel) {
  const Features features = ProbeFeatures();
  EXPECT_TRUE(features.enabled);
  EXPECT_THAT(features.supported_actions, IsSubsetOf(features.actions));
  EXPECT_THAT(features.supported_actions, Contains("SCMP_ACT_ERRNO"));
  EXPECT_THAT(features.supported_flags, IsSubsetOf(features.known_flags));
  EXPECT_THAT(features.supported_flags, Contains("SECCOMP_FILTER_FLAG_TSYNC"));
}

}  // namespace
}  // namespace hull::seccomp
