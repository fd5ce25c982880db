#include "runtime/labels.h"

#include <stdlib.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A host whose /sys is a directory of ours.
class LabelsTest : public ::testing::Test {
 protected:
  LabelsTest() {
    const char* base = getenv("TEST_TMPDIR");
    std::string name = absl::StrCat(base != nullptr ? base : "/tmp", "/labels.XXXXXX");
    roots_.sys = mkdtemp(name.data());
  }

  void SayAppArmorIs(absl::string_view enabled) {
    const std::string directory = absl::StrCat(roots_.sys, "/module/apparmor/parameters");
    const absl::StatusOr<sys::UniqueFd> fd = sys::MakeDirs(directory, 0755);
    ASSERT_TRUE(fd.ok()) << fd.status();
    ASSERT_TRUE(sys::ReplaceFileAt(fd->get(), "enabled", enabled).ok());
  }

  absl::StatusOr<sys::UniqueFd> Prepare(absl::string_view mount_label = "") {
    return PrepareLabels(process_, mount_label, LabelNames(), roots_);
  }

  LabelRoots roots_;
  spec::Process process_;
};

TEST_F(LabelsTest, WithoutALabelNothingIsOpened) {
  roots_.proc = "/nowhere";
  const absl::StatusOr<sys::UniqueFd> proc = Prepare();
  ASSERT_TRUE(proc.ok()) << proc.status();
  EXPECT_FALSE(proc->valid());
}

TEST_F(LabelsTest, AProfileNeedsAHostWithAppArmor) {
  process_.apparmor_profile = "p";
  EXPECT_EQ(Prepare().status(),
            absl::UnavailableError(absl::StrCat(
                "/process/apparmorProfile: 'p': this host has no AppArmor ('", roots_.sys,
                "/module/apparmor/parameters/enabled' says no Y); remove it")));
  SayAppArmorIs("N\n");
  EXPECT_TRUE(absl::IsUnavailable(Prepare().status()));
  SayAppArmorIs("Y\n");
  // Whether there is such a profile is the kernel's to say; none of its answers here is "no".
  const absl::StatusOr<sys::UniqueFd> proc = Prepare();
  EXPECT_TRUE(proc.ok() ? proc->valid() : absl::IsNotFound(proc.status())) << proc.status();
}

TEST_F(LabelsTest, WithoutAppArmorEverybodyIsUnconfined) {
  process_.apparmor_profile = "unconfined";
  const absl::StatusOr<sys::UniqueFd> proc = Prepare();
  ASSERT_TRUE(proc.ok()) << proc.status();
  EXPECT_FALSE(proc->valid());
  EXPECT_EQ(process_.apparmor_profile, "");
}

TEST_F(LabelsTest, WithAppArmorItIsAProfileLikeOthers) {
  SayAppArmorIs("Y\n");
  process_.apparmor_profile = "unconfined";
  const absl::StatusOr<sys::UniqueFd> proc = Prepare();
  ASSERT_TRUE(proc.ok()) << proc.status();
  EXPECT_TRUE(proc->valid());
  EXPECT_EQ(process_.apparmor_profile, "unconfined");
}

TEST_F(LabelsTest, ALabelNeedsAHostWithSelinux) {
  process_.selinux_label = "u:r:t:s0";
  EXPECT_THAT(Prepare().status().message(),
              AllOf(HasSubstr("/process/selinuxLabel: 'u:r:t:s0': this host has no SELinux"),
                    HasSubstr("no selinuxfs is mounted at"), HasSubstr("remove it")));
  process_.selinux_label.clear();
  EXPECT_THAT(Prepare("u:o:f:s0").status().message(),
              HasSubstr("/linux/mountLabel: 'u:o:f:s0': this host has no SELinux"));
}

TEST_F(LabelsTest, OnlyTheRootOfAProcIsBelieved) {
  SayAppArmorIs("Y\n");
  process_.apparmor_profile = "p";
  for (const char* other : {"/", "/proc/self"}) {
    roots_.proc = other;
    EXPECT_THAT(Prepare().status().message(), HasSubstr("is not the root of a proc file system"))
        << other;
  }
}

TEST_F(LabelsTest, TheErrorNamesWhoAsked) {
  process_.selinux_label = "l";
  const LabelNames names{.apparmor = "--apparmor", .selinux = "--process-label"};
  EXPECT_THAT(PrepareLabels(process_, "", names, roots_).status().message(),
              ::testing::StartsWith("--process-label: 'l'"));
}

}  // namespace
}  // namespace hull::runtime
