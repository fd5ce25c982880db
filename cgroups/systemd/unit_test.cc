#include "cgroups/systemd/unit.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups::systemd {
namespace {

using ::testing::HasSubstr;

// "unit in slice at path", or the error.
std::string Show(absl::string_view cgroups_path, bool user = false) {
  const absl::StatusOr<Unit> unit = ParseUnit(cgroups_path, "c1", user);
  if (!unit.ok()) return std::string(unit.status().message());
  return unit->name + " in " + unit->slice + " at " + unit->path;
}

std::string Expand(absl::string_view slice) { return ExpandSlice(slice).value_or("(no slice)"); }

TEST(UnitTest, DefaultsAreSystemSliceAndTheId) {
  EXPECT_EQ(Show(""), "hull-c1.scope in system.slice at system.slice/hull-c1.scope");
  EXPECT_EQ(Show("", true), "hull-c1.scope in user.slice at user.slice/hull-c1.scope");
  EXPECT_EQ(Show(":p:n"), "p-n.scope in system.slice at system.slice/p-n.scope");
}

TEST(UnitTest, SlicesOfPodsAreNested) {
  EXPECT_EQ(Show("kubepods-besteffort-pod1.slice:cri-containerd:abc"),
            "cri-containerd-abc.scope in kubepods-besteffort-pod1.slice at "
            "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/"
            "cri-containerd-abc.scope");
  EXPECT_EQ(Expand("a-b.slice"), "a.slice/a-b.slice");
  EXPECT_EQ(Expand("-.slice"), "");
}

TEST(UnitTest, DashIsTheRootSlice) {
  EXPECT_EQ(Show("-:p:n"), "p-n.scope in -.slice at p-n.scope");
  EXPECT_EQ(Show("-.slice:p:n"), "p-n.scope in -.slice at p-n.scope");
}

TEST(UnitTest, EmptyPrefixLeavesTheName) {
  EXPECT_EQ(Show("a.slice::n"), "n.scope in a.slice at a.slice/n.scope");
}

TEST(UnitTest, NameOfASliceIsTheUnitItself) {
  EXPECT_EQ(Show("kubepods.slice::kubepods-x.slice"),
            "kubepods-x.slice in kubepods.slice at kubepods.slice/kubepods-x.slice");
  EXPECT_TRUE(ParseUnit("::kubepods-x.slice", "c1", false)->is_slice());
  EXPECT_THAT(Show("::-.slice"), HasSubstr("root slice"));
}

TEST(UnitTest, CharactersThatNoUnitMayHaveAreEscaped) {
  EXPECT_EQ(Show(":p:a+b"), "p-a\\x2bb.scope in system.slice at system.slice/p-a\\x2bb.scope");
}

TEST(UnitTest, NamesLikeThoseOfKernelFilesAreEscapedInThePath) {
  EXPECT_EQ(CgroupName("cpu.scope"), "_cpu.scope");
  EXPECT_EQ(CgroupName("_x.scope"), "__x.scope");
  EXPECT_EQ(CgroupName("cgroup.scope"), "_cgroup.scope");
  EXPECT_EQ(CgroupName("cpux.scope"), "cpux.scope");
  EXPECT_EQ(Show("::memory"), "memory.scope in system.slice at system.slice/_memory.scope");
}

TEST(UnitTest, OtherFormsAreRefused) {
  for (const char* path : {"/a/b", "a/b", "a:b", "a:b:c:d", "a.slice:b:", "::"}) {
    EXPECT_THAT(Show(path), HasSubstr("slice:prefix:name")) << path;
    EXPECT_THAT(Show(path), HasSubstr("linux.cgroupsPath")) << path;
  }
  for (const char* slice : {"a", ".slice", "a--b.slice", "-a.slice", "a-.slice", "a/b.slice",
                            "a b.slice", "../x.slice"}) {
    EXPECT_EQ(Expand(slice), "(no slice)") << slice;
  }
  EXPECT_THAT(Show("::" + std::string(300, 'n')), HasSubstr("longer than 255"));
}

}  // namespace
}  // namespace hull::cgroups::systemd
