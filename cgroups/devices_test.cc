#include "cgroups/devices.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cgroups/device_files.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Rule = DeviceRuleSet::Rule;
using Type = DeviceRuleSet::Type;

constexpr uint8_t kRead = DeviceRuleSet::kRead, kWrite = DeviceRuleSet::kWrite,
                  kMknod = DeviceRuleSet::kMknod, kAll = DeviceRuleSet::kAll;

std::vector<std::string> Texts(const DeviceRuleSet& set) {
  std::vector<std::string> texts;
  for (const Rule& rule : set.rules) {
    texts.push_back(absl::StrCat(rule.allow ? "+" : "-", FormatRule(rule)));
  }
  return texts;
}

spec::DeviceRule Entry(bool allow, std::string type = "", std::optional<int64_t> major = {},
                       std::optional<int64_t> minor = {}, std::string access = "") {
  return {allow, std::move(type), major, minor, std::move(access)};
}

Rule Char(bool allow, std::optional<uint32_t> major, std::optional<uint32_t> minor,
          uint8_t access) {
  return {allow, Type::kChar, major, minor, access};
}

TEST(DevicesTest, NoRulesAtAllGiveTheDefaultDevicesOnly) {
  absl::StatusOr<DeviceRuleSet> set = ParseDeviceRules({});
  ASSERT_TRUE(set.ok());
  EXPECT_FALSE(set->default_allow);
  EXPECT_THAT(Texts(*set),
              ElementsAre("+c *:* m", "+b *:* m", "+c 1:3 rwm", "+c 1:5 rwm", "+c 1:7 rwm",
                          "+c 1:8 rwm", "+c 1:9 rwm", "+c 5:0 rwm", "+c 5:1 rwm", "+c 5:2 rwm",
                          "+c 136:* rwm", "+c 10:200 rwm"));
}

TEST(DevicesTest, AllowAllNeedsNoRule) {
  absl::StatusOr<DeviceRuleSet> set =
      ParseDeviceRules({Entry(false), Entry(true, "a", {}, {}, "rwm")});
  ASSERT_TRUE(set.ok());
  EXPECT_TRUE(set->AllowsEverything());
}

TEST(DevicesTest, MinusOneIsEveryNumber) {
  absl::StatusOr<DeviceRuleSet> set = ParseDeviceRules({Entry(true, "c", -1, -1, "rwm")});
  ASSERT_TRUE(set.ok());
  EXPECT_TRUE(Allows(*set, Type::kChar, 99, 99, kAll));
  EXPECT_FALSE(Allows(*set, Type::kBlock, 99, 99, kRead));
}

TEST(DevicesTest, TypeAllWithANumberIsARuleForBothTypes) {
  absl::StatusOr<DeviceRuleSet> set = ParseDeviceRules({Entry(true, "a", 7, {}, "r")});
  ASSERT_TRUE(set.ok());
  EXPECT_TRUE(Allows(*set, Type::kBlock, 7, 1, kRead));
  EXPECT_TRUE(Allows(*set, Type::kChar, 7, 1, kRead));
  EXPECT_FALSE(Allows(*set, Type::kChar, 7, 1, kWrite));
  EXPECT_FALSE(Allows(*set, Type::kChar, 8, 1, kRead));
}

TEST(DevicesTest, TheLastRuleForABitDecides) {
  const DeviceRuleSet set = {
      false, {Char(true, 1, std::nullopt, kRead | kWrite), Char(false, 1, 3, kWrite)}};
  EXPECT_TRUE(Allows(set, Type::kChar, 1, 3, kRead));
  EXPECT_FALSE(Allows(set, Type::kChar, 1, 3, kWrite));
  EXPECT_FALSE(Allows(set, Type::kChar, 1, 3, kRead | kWrite));
  EXPECT_TRUE(Allows(set, Type::kChar, 1, 5, kRead | kWrite));
}

TEST(DevicesTest, ReadAndWriteAllowedSeparatelyAllowBoth) {
  const DeviceRuleSet set = Minimise({false, {Char(true, 1, 3, kRead), Char(true, 1, 3, kWrite)}});
  EXPECT_THAT(Texts(set), ElementsAre("+c 1:3 rw"));
  EXPECT_TRUE(Allows(set, Type::kChar, 1, 3, kRead | kWrite));
}

TEST(DevicesTest, MinimiseDropsWhatALaterRuleDecides) {
  EXPECT_THAT(Texts(Minimise({false, {Char(true, 1, 3, kAll), Char(true, 1, std::nullopt, kAll)}})),
              ElementsAre("+c 1:* rwm"));
  EXPECT_THAT(Texts(Minimise({false, {Char(true, 1, 3, kAll), Char(false, 1, 3, kMknod)}})),
              ElementsAre("+c 1:3 rw"));
  EXPECT_THAT(Texts(Minimise({false, {Char(false, 1, 3, kAll)}})), IsEmpty());
  EXPECT_THAT(Texts(Minimise({true, {Char(true, 1, 3, kAll)}})), IsEmpty());
}

TEST(DevicesTest, MinimiseKeepsExceptionsAndNoMore) {
  const DeviceRuleSet set = {
      false, {Char(true, 1, std::nullopt, kAll), Char(false, 1, 3, kAll), Char(true, 1, 3, kRead)}};
  EXPECT_THAT(Texts(Minimise(set)), ElementsAre("+c 1:* rwm", "-c 1:3 wm"));
}

struct BadRule {
  spec::DeviceRule rule;
  const char* message;
};

TEST(DevicesTest, BadRulesAreNamed) {
  const BadRule kBad[] = {
      {Entry(true, "u"), "linux.resources.devices[1].type: 'u'"},
      {Entry(true, "", {}, {}, "rx"), "linux.resources.devices[1].access: 'rx'"},
      {Entry(true, "c", -2), "linux.resources.devices[1].major: '-2'"},
      {Entry(true, "c", {}, 4294967296), "devices[1].minor: '4294967296'"},
  };
  for (const BadRule& bad : kBad) {
    const absl::Status status = ParseDeviceRules({Entry(false), bad.rule}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_THAT(std::string(status.message()), HasSubstr(bad.message));
  }
}

TEST(DevicesTest, HostWithoutTheControllerMattersOnlyToADenial) {
  EXPECT_EQ(WriteDeviceFiles(-1, {}, false), absl::OkStatus());
  EXPECT_EQ(WriteDeviceFiles(-1, {Entry(true)}, false), absl::OkStatus());
  EXPECT_TRUE(absl::IsUnavailable(WriteDeviceFiles(-1, {Entry(false)}, false)));
}

}  // namespace
}  // namespace hull::cgroups
