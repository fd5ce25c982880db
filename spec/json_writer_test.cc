#include "spec/json_writer.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "spec/utf8.h"

namespace hull::spec {
namespace {

std::string Sample(JsonWriter::Layout layout) {
  JsonWriter json(layout);
  json.BeginObject();
  json.Key("a").String("x");
  json.Key("b").BeginArray().Integer(1).Integer(-2).Null().End();
  json.Key("c").BeginObject().End();
  json.Key("d").BeginArray().End();
  json.Key("e").BeginArray().BeginObject().Key("f").Bool(true).End().Bool(false).End();
  json.End();
  return std::move(json).Take();
}

TEST(JsonWriterTest, OneLineHasNoBlanks) {
  EXPECT_EQ(Sample(JsonWriter::kOneLine),
            R"({"a":"x","b":[1,-2,null],"c":{},"d":[],"e":[{"f":true},false]})");
}

TEST(JsonWriterTest, IndentedHasTwoSpacesPerLevel) {
  EXPECT_EQ(Sample(JsonWriter::kIndented), R"({
  "a": "x",
  "b": [
    1,
    -2,
    null
  ],
  "c": {},
  "d": [],
  "e": [
    {
      "f": true
    },
    false
  ]
})");
}

TEST(JsonWriterTest, IntegersKeepEveryBit) {
  JsonWriter json(JsonWriter::kOneLine);
  json.BeginArray();
  json.Integer(std::numeric_limits<uint64_t>::max()).Integer(std::numeric_limits<int64_t>::min());
  json.Integer(uint16_t{7});
  json.End();
  EXPECT_EQ(std::move(json).Take(), "[18446744073709551615,-9223372036854775808,7]");
}

std::string Escaped(absl::string_view text) {
  std::string out;
  AppendJsonString(&out, text);
  return out;
}

TEST(AppendJsonStringTest, WhatJsonForbidsIsEscaped) {
  EXPECT_EQ(Escaped("/\"\\\b\f\n\r\t"), R"("/\"\\\b\f\n\r\t")");
  EXPECT_EQ(Escaped(absl::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(Escaped("é\U0001F600"), "\"é\U0001F600\"");
}

TEST(AppendJsonStringTest, WhatIsNotUtf8IsReplaced) {
  EXPECT_EQ(Escaped("a\xff\xc3"), R"("a\ufffd\ufffd")");
  EXPECT_EQ(Escaped("\xed\xa0\x80"), R"("\ufffd\ufffd\ufffd")");
}

TEST(Utf8Test, OnlyShortestFormsOfCharactersPass) {
  for (const char* good :
       {"a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(Utf8CharacterBytes(good), absl::string_view(good).size());
  }
  for (const char* bad : {"", "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41",
                          "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe1\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf1\x80\x80", "\xff"}) {
    EXPECT_EQ(Utf8CharacterBytes(bad), 0);
  }
}

TEST(Utf8Test, FirstBadByteIsFound) {
  EXPECT_EQ(FindInvalidUtf8("plain text of many bytes, ümläut"), absl::string_view::npos);
  EXPECT_EQ(FindInvalidUtf8("0123456789abcdef\xff"), 16);
  EXPECT_EQ(FindInvalidUtf8("0123456\xc3\xa9 89\xc3"), 12);
}

}  // namespace
}  // namespace hull::spec
