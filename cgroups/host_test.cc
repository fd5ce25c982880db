#include "cgroups/host.h"

#include <linux/magic.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kMount[] = "/mnt/cg";

struct Machine {
  std::map<std::string, unsigned long> magics;
  std::string cgroup, mountinfo;
  int mountinfo_reads = 0;

  absl::StatusOr<Host> Describe() {
    const auto magic = [this](const std::string& path) {
      const auto found = magics.find(path);
      return found == magics.end() ? 0 : found->second;
    };
    const auto proc = [this](absl::string_view name) -> absl::StatusOr<std::string> {
      if (name == "cgroup") return cgroup;
      ++mountinfo_reads;
      return mountinfo;
    };
    return DescribeHost(kMount, {magic, proc});
  }
};

TEST(HostTest, Cgroup2OnTheMountPointIsUnifiedAndAsksNoMore) {
  Machine machine = {
      .magics = {{kMount, CGROUP2_SUPER_MAGIC}}, .cgroup = "unread", .mountinfo = ""};
  absl::StatusOr<Host> host = machine.Describe();
  ASSERT_TRUE(host.ok());
  EXPECT_EQ(host->mode, Mode::kUnified);
  EXPECT_THAT(host->own_cgroups, IsEmpty());
  EXPECT_EQ(machine.mountinfo_reads, 0);
}

TEST(HostTest, HybridHasHierarchiesAndUnified) {
  Machine machine = {.magics = {{"/mnt/cg/systemd", CGROUP_SUPER_MAGIC},
                                {"/mnt/cg/cpu,cpuacct", CGROUP_SUPER_MAGIC},
                                {"/mnt/cg/unified", CGROUP2_SUPER_MAGIC}},
                     .cgroup = "2:name=systemd:/u\n1:cpu,cpuacct:/a:b\n0::/v2 (deleted)\n",
                     .mountinfo = ""};
  absl::StatusOr<Host> host = machine.Describe();
  ASSERT_TRUE(host.ok());
  EXPECT_EQ(host->mode, Mode::kHybrid);
  ASSERT_EQ(host->hierarchies.size(), 2u);
  EXPECT_EQ(host->hierarchies[0].directory, "systemd");
  EXPECT_THAT(host->hierarchies[1].controllers, ElementsAre("cpu", "cpuacct"));
  EXPECT_EQ(*OwnCgroup(*host, "cpuacct"), "/a:b");
  EXPECT_EQ(*OwnCgroup(*host, "name=systemd"), "/u");
  EXPECT_EQ(*OwnCgroup(*host, ""), "/v2");
  EXPECT_EQ(*OwnCgroup(*host, "memory"), "/");
  EXPECT_EQ(machine.mountinfo_reads, 0);
}

TEST(HostTest, HierarchyUnderAnotherNameIsFoundInMountinfo) {
  Machine machine = {
      .magics = {},
      .cgroup = "2:freezer:/\n1:cpu,cpuacct:/\n",
      .mountinfo =
          "32 31 0:29 / /mnt/cg/cpuacct,cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
          "33 31 0:30 / /elsewhere/freezer rw - cgroup cgroup rw,freezer\n"};
  absl::StatusOr<Host> host = machine.Describe();
  ASSERT_TRUE(host.ok());
  EXPECT_EQ(host->mode, Mode::kLegacy);
  ASSERT_EQ(host->hierarchies.size(), 1u);
  EXPECT_EQ(host->hierarchies[0].directory, "cpuacct,cpu");
}

TEST(HostTest, NothingMountedIsNone) {
  Machine machine = {.magics = {}, .cgroup = "0::/\n", .mountinfo = ""};
  EXPECT_EQ(machine.Describe()->mode, Mode::kNone);
  EXPECT_EQ(ModeName(Mode::kNone), "none");
}

TEST(HostTest, ThisMachineCanBeProbed) {
  absl::StatusOr<Host> host = ProbeHost();
  ASSERT_TRUE(host.ok()) << host.status();
  EXPECT_EQ(ProbeHost("/nonexistent")->mode, Mode::kNone);
}

}  // namespace
}  // namespace hull::cgroups
