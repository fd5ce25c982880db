#include "runtime/plan/mount_options.h"

#include <linux/mount.h>

#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "spec/names.h"

namespace hull::plan {
namespace {

TEST(MountOptionsTest, TheLaterOfTwoOptionsWins) {
  EXPECT_EQ(ParseMountOptions({"ro", "rw"}).attr_set, 0u);
  EXPECT_EQ(ParseMountOptions({"ro", "rw"}).attr_clear, uint64_t{MOUNT_ATTR_RDONLY});
  EXPECT_EQ(ParseMountOptions({"rw", "ro"}).attr_set, uint64_t{MOUNT_ATTR_RDONLY});
}

TEST(MountOptionsTest, AnAccessTimeModeReplacesTheWholeField) {
  const MountOptions options = ParseMountOptions({"noatime", "strictatime"});
  EXPECT_EQ(options.attr_set, uint64_t{MOUNT_ATTR_STRICTATIME});
  EXPECT_EQ(options.attr_clear, uint64_t{MOUNT_ATTR__ATIME});
}

TEST(MountOptionsTest, AnRBeforeAnAttributeMeansTheWholeTree) {
  const MountOptions options = ParseMountOptions({"rro", "rnosuid"});
  EXPECT_EQ(options.attr_set, 0u);
  EXPECT_EQ(options.recursive_attr_set, uint64_t{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID});
}

TEST(MountOptionsTest, ROfAnotherWordIsNoTree) {
  const MountOptions options = ParseMountOptions({"rw", "relatime", "rslave", "rbind", "remount"});
  EXPECT_EQ(options.recursive_attr_set, 0u);
  EXPECT_EQ(options.propagation, std::vector<uint64_t>{MS_SLAVE | MS_REC});
  EXPECT_TRUE(options.bind && options.recursive && options.remount);
  EXPECT_TRUE(options.data.empty());
}

TEST(MountOptionsTest, PropagationIsChangedOneAfterTheOther) {
  EXPECT_EQ(ParseMountOptions({"rslave", "ro", "shared"}).propagation,
            (std::vector<uint64_t>{MS_SLAVE | MS_REC, MS_SHARED}));
}

TEST(MountOptionsTest, ReadOnlyCanBeTakenOutForLater) {
  for (const char* option : {"ro", "rro"}) {
    MountOptions options = ParseMountOptions({option, "nosuid"});
    EXPECT_TRUE(TakeReadOnly(options)) << option;
    EXPECT_EQ(options.attr_set, uint64_t{MOUNT_ATTR_NOSUID});
    EXPECT_EQ(options.mount_flags, uint64_t{MS_NOSUID});
    EXPECT_EQ(options.recursive_attr_set, 0u);
    EXPECT_FALSE(TakeReadOnly(options)) << option;
  }
}

TEST(MountOptionsTest, ALabelIsAnOptionUnlessThereIsOne) {
  const MountOptions plain = ParseMountOptions({"size=1m"});
  EXPECT_EQ(LabellingOf("tmpfs", plain, "label"), Labelling::kOption);
  EXPECT_EQ(LabellingOf("mqueue", plain, "label"), Labelling::kRoot);
  EXPECT_EQ(LabellingOf("proc", plain, "label"), Labelling::kNone);
  EXPECT_EQ(LabellingOf("tmpfs", plain, ""), Labelling::kNone);
  const MountOptions own = ParseMountOptions({"rootcontext=x"});
  EXPECT_EQ(LabellingOf("tmpfs", own, "label"), Labelling::kNone);
}

TEST(MountOptionsTest, MountTwoKnowsOneAccessTimeModeToo) {
  EXPECT_EQ(ParseMountOptions({"noatime", "relatime"}).mount_flags, uint64_t{MS_RELATIME});
  EXPECT_EQ(ParseMountOptions({"strictatime", "atime"}).mount_flags, 0u);
}

TEST(MountOptionsTest, OfASuperblockTheTreesFormSaysTheSame) {
  const MountOptions options = ParseMountOptions({"rsync", "rmand", "rnomand"});
  EXPECT_EQ(options.mount_flags, uint64_t{MS_SYNCHRONOUS});
  EXPECT_EQ(options.recursive_attr_set, 0u);
  EXPECT_TRUE(options.data.empty());
}

TEST(MountOptionsTest, AnIdMapIsNoData) {
  const MountOptions options = ParseMountOptions({"ridmap=uids=0-1-1;gids=0-1-1", "idmapped"});
  EXPECT_TRUE(options.map_ids && options.map_ids_recursive);
  EXPECT_EQ(options.data.size(), 1u);
}

TEST(MountOptionsTest, KnowsWhatTheFeaturesSay) {
  const std::vector<std::string> known = KnownMountOptions();
  EXPECT_EQ(known, std::vector<std::string>(std::begin(spec::kMountOptions),
                                            std::end(spec::kMountOptions)));
}

TEST(MountOptionsTest, WhatIsUnknownIsTheFileSystems) {
  const MountOptions options = ParseMountOptions({"size=64k", "newinstance", ""});
  ASSERT_EQ(options.data.size(), 2u);
  EXPECT_EQ(options.data[0], std::make_pair(std::string("size"), std::string("64k")));
  EXPECT_EQ(options.data[1].second, "");
}

}  // namespace
}  // namespace hull::plan
