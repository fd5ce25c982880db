#include "spec/number_list.h"

#include "gtest/gtest.h"

namespace hull::spec {
namespace {

using Mask = std::vector<uint64_t>;

TEST(NumberListTest, NumbersAndRangesAreBits) {
  EXPECT_EQ(ParseNumberList("0", 100), Mask({1}));
  EXPECT_EQ(ParseNumberList("0-3,7", 100), Mask({0x8f}));
  EXPECT_EQ(ParseNumberList("7,0-3,2", 100), Mask({0x8f}));
  EXPECT_EQ(ParseNumberList("63-64", 100), Mask({uint64_t{1} << 63, 1}));
  EXPECT_EQ(ParseNumberList("128", 128), Mask({0, 0, 1}));
}

TEST(NumberListTest, AnEmptyListIsAnEmptyMask) { EXPECT_EQ(ParseNumberList("", 100), Mask()); }

TEST(NumberListTest, WhatIsNoListIsNone) {
  for (const char* text : {",", "1,", ",1", "-", "1-", "-1", "3-2", "a", " 1", "1 ", "0x1", "+1",
                           "1--2", "1-2-3", "4294967296"}) {
    EXPECT_FALSE(ParseNumberList(text, UINT32_MAX - 1).has_value()) << text;
  }
}

TEST(NumberListTest, NumbersAboveTheMostAreRefusedBeforeAnyMaskIsMade) {
  EXPECT_FALSE(ParseNumberList("101", 100).has_value());
  EXPECT_FALSE(ParseNumberList("0-4294967295", kMaxCpu).has_value());
  EXPECT_TRUE(ParseNumberList("0-65535", kMaxCpu).has_value());
}

}  // namespace
}  // namespace hull::spec
