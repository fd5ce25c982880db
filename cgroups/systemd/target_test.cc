#include "cgroups/systemd/target.h"

#include <stdlib.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups::systemd {
namespace {

using ::testing::ElementsAre;

Host HostOf(unsigned euid, bool in_user_namespace) {
  Host host;
  host.euid = euid;
  host.in_user_namespace = in_user_namespace;
  return host;
}

TEST(TargetTest, RootHasTheSystemsManagerAndNobodyElse) {
  EXPECT_FALSE(OwnTarget(HostOf(0, false)).user);
  EXPECT_TRUE(OwnTarget(HostOf(1000, false)).user);
  EXPECT_TRUE(OwnTarget(HostOf(0, true)).user) << "root of a user namespace only";
}

TEST(TargetTest, DirectoryNamesItsManager) {
  const Target user = TargetOf("user.slice/user-7.slice/user@7.service/user.slice/x.scope");
  EXPECT_TRUE(user.user);
  EXPECT_EQ(user.uid, 7U);
  EXPECT_FALSE(TargetOf("system.slice/x.scope").user);
  EXPECT_FALSE(TargetOf("user.slice/user@x.service/x.scope").user);
}

TEST(TargetTest, AnothersRuntimeDirectoryIsTheUsualOne) {
  setenv("XDG_RUNTIME_DIR", "/tmp/mine", 1);
  const Target other = TargetOf("user.slice/user-4242.slice/user@4242.service/x.scope");
  EXPECT_EQ(other.runtime_dir, "");
  EXPECT_THAT(AddressesOf(other), ElementsAre("unix:path=/run/user/4242/systemd/private", "user"));
}

TEST(TargetTest, AddressesAreTriedFromTheManagersOwnSocketOn) {
  EXPECT_THAT(AddressesOf(Target()), ElementsAre("unix:path=/run/systemd/private", "system"));
  EXPECT_THAT(AddressesOf({.user = true, .uid = 7, .runtime_dir = "/tmp/a b,c"}),
              ElementsAre("unix:path=/tmp/a%20b%2cc/systemd/private", "user"));
}

TEST(TargetTest, UsualPlaces) {
  EXPECT_EQ(UsualControlGroup(Target()), "");
  EXPECT_EQ(UsualControlGroup({.user = true, .uid = 7, .runtime_dir = ""}),
            "/user.slice/user-7.slice/user@7.service");
}

TEST(TargetTest, UidOutsideOfAUserNamespace) {
  const std::string map = "         0       1000          1\n         1     100000      65536\n";
  EXPECT_EQ(OuterUid(map, 0), 1000U);
  EXPECT_EQ(OuterUid(map, 5), 100004U);
  EXPECT_EQ(OuterUid("         0          0 4294967295\n", 33), 33U);
  EXPECT_EQ(OuterUid("", 33), 33U);
  EXPECT_EQ(OuterUid("nonsense\n", 33), 33U);
}

}  // namespace
}  // namespace hull::cgroups::systemd
