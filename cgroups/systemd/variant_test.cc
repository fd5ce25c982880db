#include "cgroups/systemd/variant.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups::systemd {
namespace {

using ::testing::HasSubstr;

std::string Show(const absl::StatusOr<Value>& value) {
  if (!value.ok()) return std::string(value.status().message());
  return FormatProperty({"", *value});
}
std::string Parse(absl::string_view text) { return Show(ParseVariant(text)); }

TEST(VariantTest, BasicValues) {
  EXPECT_EQ(Parse("true"), "=b 1");
  EXPECT_EQ(Parse(" false "), "=b 0");
  EXPECT_EQ(Parse("15"), "=i 15");
  EXPECT_EQ(Parse("0x1F"), "=i 31");
  EXPECT_EQ(Parse("uint64 10000000"), "=t 10000000");
  EXPECT_EQ(Parse("@t 18446744073709551614"), "=t 18446744073709551614");
  EXPECT_EQ(Parse("byte 0xff"), "=y 255");
  EXPECT_EQ(Parse("'inactive-or-failed'"), "=s inactive-or-failed");
  EXPECT_EQ(Parse("\"it's\""), "=s it's");
  EXPECT_EQ(Parse(R"('a\'b\n\x41')"), "=s a'b\nA");
  EXPECT_EQ(Parse("1.5"), "=d 4609434218613702656");
}

TEST(VariantTest, NegativeNumbersAreInTwosComplement) {
  EXPECT_EQ(Parse("-2"), "=i 18446744073709551614");
  EXPECT_EQ(Parse("int64 -9223372036854775808"), "=x 9223372036854775808");
  EXPECT_EQ(Parse("-2147483648"), "=i 18446744071562067968");
}

TEST(VariantTest, Arrays) {
  EXPECT_EQ(Parse("['a', \"b\"]"), "=as a b");
  EXPECT_EQ(Parse("@as []"), "=as");
  EXPECT_EQ(Parse("[uint32 1, 2]"), "=au 1 2");
  EXPECT_EQ(Parse("@at [1,2]"), "=at 1 2");
}

TEST(VariantTest, WhatDoesNotFitIsRefused) {
  EXPECT_THAT(Parse("2147483648"), HasSubstr("fits the type 'i'"));
  EXPECT_THAT(Parse("byte 256"), HasSubstr("fits the type 'y'"));
  EXPECT_THAT(Parse("uint64 -1"), HasSubstr("fits the type 't'"));
  EXPECT_THAT(Parse("uint64 18446744073709551616"), HasSubstr("fits the type 't'"));
}

TEST(VariantTest, WhatIsNoValueSaysWhere) {
  EXPECT_EQ(Parse(""), "expected a value at character 1");
  EXPECT_EQ(Parse("true x"), "expected the end at character 6");
  for (const char* text :
       {"'a",       "[",          "[1,",       "[1 2]",    "[]",        "['a', 1]", "(1, 2)",
        "{'a': 1}", "<1>",        "just 1",    "@v 1",     "@a{sv} []", "nothing",  "truefalse",
        "1.5.5",    "uint64 1.5", "boolean 1", "string 1", "int32 'a'", "@as 'a'",  "uint32 [1]",
        "'\\0'",    "nan",        "inf",       "--1",      "0x",        "\\",       "'\\'"}) {
    EXPECT_THAT(Parse(text), HasSubstr("expected ")) << text;
  }
}

TEST(VariantTest, IntegersBecomeWhatThePropertyIs) {
  EXPECT_EQ(Show(Coerce(*ParseVariant("30000000"), "t")), "=t 30000000");
  EXPECT_EQ(Show(Coerce(*ParseVariant("uint64 15"), "i")), "=i 15");
  EXPECT_THAT(Show(Coerce(*ParseVariant("-1"), "t")), HasSubstr("of the type 't'"));
  EXPECT_THAT(Show(Coerce(*ParseVariant("'15'"), "i")), HasSubstr("is of the type 's'"));
  EXPECT_THAT(Show(Coerce(*ParseVariant("true"), "t")), HasSubstr("is of the type 'b'"));
}

TEST(VariantTest, SecondsBecomeMicroseconds) {
  EXPECT_EQ(Show(MicrosecondsFromSeconds(*ParseVariant("30"))), "=t 30000000");
  EXPECT_EQ(Show(MicrosecondsFromSeconds(*ParseVariant("1.5"))), "=t 1500000");
  EXPECT_EQ(Show(MicrosecondsFromSeconds(*ParseVariant("uint64 7"))), "=t 7000000");
  for (const char* text : {"-1", "-0.5", "'30'", "true", "uint64 18446744073709551615", "1e300"}) {
    EXPECT_THAT(Show(MicrosecondsFromSeconds(*ParseVariant(text))), HasSubstr("seconds")) << text;
  }
}

}  // namespace
}  // namespace hull::cgroups::systemd
