#include "spec/document.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::spec {
namespace {

using testing::HasSubstr;

// The one line of the error that `text` gives.
std::string ErrorOf(std::string text) {
  const absl::StatusOr<Document> document = ParseDocument(std::move(text), "f");
  if (document.ok()) return "accepted";
  EXPECT_EQ(document.status().code(), absl::StatusCode::kInvalidArgument);
  absl::string_view message = document.status().message();
  EXPECT_THAT(message, testing::StartsWith("1 error in 'f'\nf:"));
  message.remove_prefix(std::min(message.size(), sizeof("1 error in 'f'")));
  return std::string(message);
}

TEST(DocumentTest, BrokenJsonIsExplained) {
  struct {
    absl::string_view text;
    absl::string_view error;
  } constexpr kRows[] = {
      {"", "f:1:1: expected a JSON value, found the end of the text"},
      {" \n ", "f:2:2: expected a JSON value, found the end of the text"},
      {"{", "f:1:2: expected a key in double quotes, found the end of the text"},
      {"{\"a\"", "f:1:5: expected ':' after the key, found the end of the text"},
      {"{\"a\" 1}", "f:1:6: expected ':' after the key, found \"1\""},
      {"{\"a\":1 \"b\":2}", "f:1:8: expected ',' or '}' after the member, found \"\\\"\""},
      {"{\"a\":1,}", "f:1:8: expected a key in double quotes, found \"}\""},
      {"{\"a\":[1 2]}", "f:1:9: /a: expected ',' or ']' after the element, found \"2\""},
      {"{\"a\":{\"b\":[1,]}}", "f:1:14: /a/b: expected a JSON value, found \"]\""},
      {"{a:1}", "f:1:2: expected a key in double quotes, found \"a\""},
      {"{'a':1}", "f:1:2: expected a key in double quotes, found \"'\""},
      {"tru", "f:1:4: expected a JSON value, found the end of the text"},
      {"nul!", "f:1:4: expected a JSON value, found \"!\""},
      {"True", "f:1:1: expected a JSON value, found \"T\""},
      {"\"abc", "f:1:5: expected '\"' at the end of the string, found the end"},
      {"\"a\\x\"", "f:1:3: expected a valid escape and no bare control character"},
      {"\"a\nb\"", "f:1:3: expected a valid escape and no bare control character"},
      {"\"\\u12g4\"", "f:1:2: expected four hexadecimal digits after '\\u'"},
      {"\"\\ud800\"", "f:1:2: expected both halves of a surrogate pair"},
      {"\"\\ud800\\u0041\"", "f:1:2: expected both halves of a surrogate pair"},
      {"\"\\udc00\"", "f:1:1: expected both halves of a surrogate pair"},
      {"01", "f:1:2: expected nothing after the JSON value, found \"1\""},
      {"-", "f:1:2: expected a JSON value, found the end of the text"},
      {"1.", "f:1:3: expected an integer, found the end of the text"},
      {"[1e]", "f:1:4: expected an integer, found \"]\""},
      {"+1", "f:1:1: expected a JSON value, found \"+\""},
      {"NaN", "f:1:1: expected a JSON value, found \"N\""},
      {"{} {}", "f:1:4: expected nothing after the JSON value, found \"{\""},
      {"{}\n}", "f:2:1: expected nothing after the JSON value, found \"}\""},
      {"// c\n{}", "f:1:1: expected a JSON value, found \"/\""},
      {"{} /* c */", "f:1:4: expected nothing after the JSON value, found \"/\""},
      {"{\"a\":1,\"a\":2}", "f:1:8: /a: expected each key once in an object; remove one of them"},
      {"{\"a\":1,\"\\u0061\":2}", "f:1:8: /a: expected each key once in an object"},
      {"[{\"x\":{\"b\":1,\n \"b\":2}}]", "f:2:2: /0/x/b: expected each key once in an object"},
      {"\xEF\xBB\xBF{}", "f:1:1: expected no byte order mark; save the file as plain UTF-8"},
      {"[\"a\",\n\"\xFF\"]", "f:2:2: expected UTF-8"},
      {"\"\xED\xA0\x80\"", "f:1:2: expected UTF-8"},
      {"\"\xC0\xAF\"", "f:1:2: expected UTF-8"},
      {"[\"a\\u0000b\"]", "f:1:2: /0: expected no NUL in a string"},
      {"{\"a\\u0000\":1}", "f:1:2: /a\\u0000: expected no NUL in a string"},
      {"{\"a\\n\": [\"x\\n\\ny\",\n \"z\\n\\q\"]}", "f:2:6: /a\\n: expected a valid escape"},
      {"{\"a\\n\": [\"x\\n\\ny\",\n !]}", "f:2:2: /a\\n: expected a JSON value, found \"!\""},
  };
  for (const auto& row : kRows) {
    EXPECT_THAT(ErrorOf(std::string(row.text)), testing::StartsWith(std::string(row.error)))
        << row.text;
  }
}

TEST(DocumentTest, NulByteIsRefused) {
  EXPECT_THAT(ErrorOf(std::string("[1,\n\0 2]", 8)), HasSubstr("f:2:1: expected no NUL byte"));
  EXPECT_THAT(ErrorOf(std::string("{}\0", 3)), HasSubstr("f:1:3: expected no NUL byte"));
}

TEST(DocumentTest, LimitsHold) {
  EXPECT_EQ(ErrorOf(absl::StrCat(std::string(128, '['), std::string(128, ']'))), "accepted");
  EXPECT_THAT(ErrorOf(std::string(129, '[')), HasSubstr("at most 128 levels of nesting"));
  EXPECT_THAT(ErrorOf(std::string(5'000'000, '[')), HasSubstr("at most 128 levels of nesting"));
  const std::string longest(1 << 20, 'a');
  EXPECT_EQ(ErrorOf(absl::StrCat("\"", longest, "\"")), "accepted");
  EXPECT_THAT(ErrorOf(absl::StrCat("\"a", longest, "\"")), HasSubstr("at most 1048576 bytes"));
  std::string numbers = "[0";
  for (int i = 0; i < 1'000'000; ++i) numbers += ",0";
  EXPECT_THAT(ErrorOf(numbers + "]"), HasSubstr("f:1:2000000: /999999: expected at most 1000000"));
  EXPECT_THAT(ErrorOf(std::string(kMaxTextBytes + 1, ' ')), HasSubstr("at most 64 MiB"));
}

TEST(DocumentTest, RepeatedKeysAreFoundAmongMany) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) absl::StrAppend(&text, "\"k", i, "\":0,");
  EXPECT_THAT(ErrorOf(text + "\"k500\":1}"), HasSubstr("/k500: expected each key once"));
  EXPECT_EQ(ErrorOf(text + "\"k1000\":1}"), "accepted");
}

TEST(DocumentTest, EscapesAreDecoded) {
  const auto document = ParseDocument(R"(["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é"])", "f");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->Text(1), "\"\\/\b\f\n\r\t\u00e9\U0001F600\u00e9");
}

TEST(DocumentTest, PointersFindValues) {
  const auto document = ParseDocument(R"({"a": [10, {"b/c": 11, "d~": 12}], "": 13})", "f");
  ASSERT_TRUE(document.ok()) << document.status();
  const auto text = [&](absl::string_view pointer) -> std::string {
    const std::optional<uint32_t> index = document->Find(pointer);
    return index.has_value() ? document->Describe(*index) : "none";
  };
  EXPECT_EQ(text(""), "{...}");
  EXPECT_EQ(text("/a/0"), "10");
  EXPECT_EQ(text("/a/1/b~1c"), "11");
  EXPECT_EQ(text("/a/1/d~0"), "12");
  EXPECT_EQ(text("/"), "13");
  for (const absl::string_view missing : {"/b", "/a/2", "/a/00", "/a/0/x", "/a/1/b", "/a/1/x"}) {
    EXPECT_EQ(text(missing), "none") << missing;
  }
}

TEST(DocumentTest, PlacesCountTheTextAsWritten) {
  const auto document =
      ParseDocument("{\"a\\n\\n\": \"\\n\\t\",\n\n  \"b\": [1, \"\\n\", null]}", "f");
  ASSERT_TRUE(document.ok()) << document.status();
  const Diagnostic last = document->Explain("/b/2", "expected x", "do y");
  EXPECT_EQ(Render(last), "f:3:18: /b/2: null: expected x; do y");
  EXPECT_EQ(Render(document->Explain("/a\n\n", "p", "")), "f:1:11: /a\\n\\n: \"\\n\\t\": p");
  EXPECT_EQ(Render(document->Explain("/b/1", "p", "")), "f:3:12: /b/1: \"\\n\": p");
}

TEST(DocumentTest, ValuesOfTheEnvironmentAreNotShown) {
  const auto document = ParseDocument(R"({"env": ["A=secret", "secret"], "b": {"env": "s"}})", "f");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->Explain("/env/0", "", "").value, "\"A=...\"");
  EXPECT_EQ(document->Explain("/env/1", "", "").value, "\"...\"");
  EXPECT_EQ(document->Explain("/b/env", "", "").value, "\"...\"");
}

TEST(DiagnosticTest, LongAndWildTextsAreCut) {
  EXPECT_EQ(Quote("a\"\x1b\xff\x7f"), "\"a\\\"\\u001b\\ufffd\\u007f\"");
  EXPECT_EQ(Quote(std::string(78, 'a')), absl::StrCat("\"", std::string(78, 'a'), "\""));
  EXPECT_EQ(Quote(std::string(79, 'a')), absl::StrCat("\"", std::string(75, 'a'), "...\""));
  for (size_t lead = 0; lead < 12; ++lead) {
    std::string text(lead, 'a');
    for (int i = 0; i < 50; ++i) text += "\x01\u00e9\"";
    const std::string quoted = Quote(text);
    EXPECT_LE(quoted.size(), 80);
    EXPECT_TRUE(ParseDocument(quoted, "f").ok() || !absl::StrContains(quoted, "...")) << quoted;
  }
  const Diagnostic wild{.file = "a\nb", .pointer = "/\n" + std::string(300, 'k'), .problem = "p"};
  EXPECT_EQ(Render(wild), absl::StrCat("a\\nb: /\\n", std::string(232, 'k'), "...: p"));
}

}  // namespace
}  // namespace hull::spec
