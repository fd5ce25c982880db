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

// "controller=path" of each.
std::string Parsed(const std::vector<std::string>& words) {
  const absl::StatusOr<std::vector<SubCgroup>> parsed = ParseSubCgroups(words);
  if (!parsed.ok()) return std::string(parsed.status().message());
  std::string text;
  for (const SubCgroup& one : *parsed) text += one.controller + "=" + one.path + " ";
  return text;
}

TEST(SubCgroupTest, APathOrControllersWithPaths) {
  EXPECT_EQ(Parsed({}), "");
  EXPECT_EQ(Parsed({"a/b"}), "=a/b ");
  EXPECT_EQ(Parsed({"/a//./b/"}), "=a/b ");
  EXPECT_EQ(Parsed({"/"}), "= ");
  EXPECT_EQ(Parsed({"cpu,memory:a", "pids:/"}), "cpu=a memory=a pids= ");
  EXPECT_EQ(Parsed({"name=systemd:a:b"}), "name=systemd=a:b ");
}

TEST(SubCgroupTest, WhatIsNoneSaysWhy) {
  EXPECT_EQ(Parsed({""}), "--cgroup '': expected a path");
  EXPECT_EQ(Parsed({"cpu:"}), "--cgroup 'cpu:': expected a path");
  EXPECT_EQ(Parsed({":a"}), "--cgroup ':a': expected a controller before ':'");
  EXPECT_EQ(Parsed({"cpu,:a"}), "--cgroup 'cpu,:a': expected a controller before ':'");
  EXPECT_EQ(Parsed({"../a"}), "--cgroup '../a': '..' is not allowed");
  EXPECT_EQ(Parsed({"a/../../b"}), "--cgroup 'a/../../b': '..' is not allowed");
  EXPECT_EQ(Parsed({"a", "b"}),
            "--cgroup 'a': of several, each names its controllers: CONTROLLER:PATH");
  EXPECT_EQ(Parsed({"cpu:a", "cpu:b"}), "--cgroup 'cpu:b': controller 'cpu' is named twice");
}

TEST(SubCgroupTest, BelowNothingIsTheCgroupItself) {
  EXPECT_EQ(Below("a/b", ""), "a/b");
  EXPECT_EQ(Below("a/b", "c/d"), "a/b/c/d");
}

}  // namespace
}  // namespace hull::cgroups
