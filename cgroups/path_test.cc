#include "cgroups/path.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups {
namespace {

using ::testing::HasSubstr;

TEST(PathTest, EachFormGoesWhereItSays) {
  EXPECT_EQ(*ResolvePath("/machine//x/./c1/", "id", "/own"), "machine/x/c1");
  EXPECT_EQ(*ResolvePath("pod/c1", "id", "/own/scope"), "own/scope/pod/c1");
  EXPECT_EQ(*ResolvePath("", "id", "/own/scope"), "own/scope/id");
  EXPECT_EQ(*ResolvePath("", "id", "/"), "id");
  EXPECT_EQ(*ResolvePath("/a:b:c", "id", "/"), "a:b:c") << "colons in an absolute path are names";
}

TEST(PathTest, OwnCgroupOutsideTheNamespaceCountsAsTheRoot) {
  EXPECT_EQ(*ResolvePath("", "id", "/../x"), "id");
  EXPECT_EQ(ParentCgroup("/../x"), "/");
  EXPECT_EQ(ParentCgroup("/.."), "/");
}

TEST(PathTest, ParentOfTheRootIsTheRoot) {
  EXPECT_EQ(ParentCgroup("/"), "/");
  EXPECT_EQ(ParentCgroup("/a"), "/");
  EXPECT_EQ(ParentCgroup("/a/b.scope"), "/a");
}

TEST(PathTest, PathsThatLeaveTheHierarchyAreRefused) {
  const std::string long_name(256, 'x'), long_path(4200, '/');
  for (const std::string& path :
       {std::string("/a/../../../../x"), std::string("../../x"), std::string(".."),
        std::string("/a/b/.."), std::string("/"), std::string("."), std::string("///"),
        std::string("/a\nb"), std::string("/a\0b", 4), "/" + long_name, long_path + "x"}) {
    const absl::Status status = ResolvePath(path, "id", "/own").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << path;
    EXPECT_THAT(std::string(status.message()), HasSubstr("linux.cgroupsPath"));
  }
  EXPECT_FALSE(ResolvePath("", "..", "/own").ok());
}

TEST(PathTest, SystemdFormNamesTheWayOut) {
  const absl::Status status = ResolvePath("system.slice:hull:c1", "c1", "/").status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("--systemd-cgroup"));
}

TEST(PathTest, SavedLocationsAreCheckedToo) {
  Location location;
  location.directories = {"memory/a/b", "unified/a"};
  EXPECT_EQ(CheckLocation(location), absl::OkStatus());
  for (const char* bad : {"/etc", "memory/../x", "", "memory//x", "memory/."}) {
    location.directories = {bad};
    EXPECT_TRUE(absl::IsInvalidArgument(CheckLocation(location))) << bad;
  }
}

}  // namespace
}  // namespace hull::cgroups
