#include "spec/mount_idmap.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace hull::spec {
namespace {

Linux Container() {
  Linux linux_block;
  linux_block.uid_mappings = {{0, 0, 1}, {1, 2, 1000}};
  linux_block.gid_mappings = {{0, 5000, 1000}};
  return linux_block;
}

Mount With(std::vector<std::string> options) {
  Mount mount;
  mount.options = std::move(options);
  return mount;
}

std::string ErrorOf(absl::string_view words) {
  return std::string(ParseIdMapWords(words, Container()).status().message());
}

TEST(IdMapOfTest, AnOptionOrMappingsAskForIt) {
  EXPECT_FALSE(IdMapOf(With({"rbind", "ro", "idmapped=1"})).asked);
  Mount mapped;
  mapped.uid_mappings = {{0, 1, 1}};
  EXPECT_TRUE(IdMapOf(mapped).asked);
  const Mount mount = With({"rbind", "ridmap"});
  EXPECT_TRUE(IdMapOf(mount).asked && IdMapOf(mount).recursive);
  EXPECT_EQ(IdMapOf(mount).option, 1u);
  EXPECT_EQ(IdMapOf(mount).own_words, "");
}

TEST(IdMapOfTest, TheLastOptionCounts) {
  const Mount mount = With({"ridmap", "idmap=uids=0-1-1;gids=0-1-1"});
  EXPECT_FALSE(IdMapOf(mount).recursive);
  EXPECT_EQ(IdMapOf(mount).own_words, "uids=0-1-1;gids=0-1-1");
}

TEST(ParseIdMapWordsTest, RangesAreFromTheFileSystemToTheHost) {
  const IdMaps maps = *ParseIdMapWords("uids=0-1-10#10-11-10;gids=0-100-10", Linux());
  EXPECT_EQ(maps.uids, (std::vector<IdMapping>{{0, 1, 10}, {10, 11, 10}}));
  EXPECT_EQ(maps.gids, (std::vector<IdMapping>{{0, 100, 10}}));
}

TEST(ParseIdMapWordsTest, AfterAnAtTheSecondNumberIsTheContainers) {
  const IdMaps maps = *ParseIdMapWords("uids=@1-3-10#20-20-1;gids=@0-0-10", Container());
  EXPECT_EQ(maps.uids, (std::vector<IdMapping>{{1, 4, 10}, {20, 20, 1}}));
  EXPECT_EQ(maps.gids, (std::vector<IdMapping>{{0, 5000, 10}}));
}

TEST(ParseIdMapWordsTest, ARelativeRangeMustBeCovered) {
  EXPECT_TRUE(absl::StrContains(ErrorOf("uids=@0-0-2;gids=0-0-1"), "'@0-0-2' is relative"));
}

TEST(ParseIdMapWordsTest, WhatItCannotReadItNames) {
  EXPECT_TRUE(absl::StrContains(ErrorOf("uids=0-1;gids=0-1-1"), "'0-1' is no range"));
  EXPECT_TRUE(absl::StrContains(ErrorOf("uids=0-1-0;gids=0-1-1"), "'0-1-0' is no range"));
  EXPECT_TRUE(absl::StrContains(ErrorOf("users=0-1-1"), "neither 'uids='"));
  EXPECT_TRUE(absl::StrContains(ErrorOf("uids=0-1-1"), "both"));
  EXPECT_TRUE(absl::StrContains(ErrorOf(""), "both"));
}

}  // namespace
}  // namespace hull::spec
