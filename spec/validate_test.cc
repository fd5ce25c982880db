#include "spec/validate.h"

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spec/parse.h"

namespace hull::spec {
namespace {

using testing::HasSubstr;

// A configuration in which one member can be replaced: `%` stands for the row's own text.
constexpr absl::string_view kProcess = R"({"ociVersion":"1.3.0","root":{"path":"rootfs"},
"process":{"cwd":"/","args":["sh"],"user":{"uid":0,"gid":0},%},
"linux":{"namespaces":[{"type":"mount"}]}})";
constexpr absl::string_view kTop = R"({"ociVersion":"1.3.0","root":{"path":"rootfs"},
"process":{"cwd":"/","args":["sh"]},"linux":{"namespaces":[{"type":"mount"}]},%})";
constexpr absl::string_view kLinux = R"({"ociVersion":"1.3.0","root":{"path":"rootfs"},
"process":{"cwd":"/","args":["sh"],"user":{"uid":7,"gid":8}},
"linux":{"namespaces":[{"type":"mount"}],%}})";
constexpr absl::string_view kMount = R"({"ociVersion":"1.3.0","root":{"path":"rootfs"},
"process":{"cwd":"/","args":["sh"]},"linux":{"namespaces":[{"type":"mount"}]},
"mounts":[{%}]})";
constexpr absl::string_view kResources = R"({"ociVersion":"1.3.0","root":{"path":"rootfs"},
"process":{"cwd":"/","args":["sh"]},
"linux":{"namespaces":[{"type":"mount"}],"resources":{%}}})";
constexpr absl::string_view kSeccomp = R"({"ociVersion":"1.3.0","root":{"path":"rootfs"},
"process":{"cwd":"/","args":["sh"]},
"linux":{"namespaces":[{"type":"mount"}],"seccomp":{%}}})";
constexpr absl::string_view kWhole = "%";

std::string Fill(absl::string_view frame, absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(frame, absl::MaxSplits('%', 1));
  return absl::StrCat(parts[0], text, parts[1]);
}

// What parsing and validation say together.
absl::Status Check(std::string text, std::vector<Diagnostic>* warnings = nullptr) {
  absl::StatusOr<Parsed> parsed = Parse(std::move(text), "config.json");
  if (!parsed.ok()) return parsed.status();
  return Validate(*parsed, warnings);
}

struct Row {
  absl::string_view frame;
  absl::string_view text;
  absl::string_view pointer;   // with its value, as far as the row cares
  absl::string_view expected;  // a piece of the message
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.text; }

#include "spec/validate_rows.inc"

class RefusedTest : public testing::TestWithParam<Row> {};

TEST_P(RefusedTest, NamesPlaceAndExpectation) {
  const Row& row = GetParam();
  const absl::Status status = Check(Fill(row.frame, row.text));
  ASSERT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  std::string about;  // the lines on the row's place
  for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    if (absl::StrContains(line, absl::StrCat(": ", row.pointer)))
      absl::StrAppend(&about, line, "\n");
  }
  EXPECT_THAT(about, HasSubstr(std::string(row.expected))) << status;
  EXPECT_THAT(about, testing::StartsWith("config.json:"));
}

INSTANTIATE_TEST_SUITE_P(Rows, RefusedTest, testing::ValuesIn(kRefused));

class AcceptedTest : public testing::TestWithParam<Row> {};

TEST_P(AcceptedTest, IsValid) {
  const absl::Status status = Check(Fill(GetParam().frame, GetParam().text));
  EXPECT_TRUE(status.ok()) << status;
}

INSTANTIATE_TEST_SUITE_P(Rows, AcceptedTest, testing::ValuesIn(kAccepted));

class WarnedTest : public testing::TestWithParam<Row> {};

TEST_P(WarnedTest, IsValidButDoubtful) {
  std::vector<Diagnostic> warnings;
  const absl::Status status = Check(Fill(GetParam().frame, GetParam().text), &warnings);
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(warnings.size(), 1);
  EXPECT_EQ(warnings[0].pointer, GetParam().pointer);
  EXPECT_THAT(Render(warnings[0]), HasSubstr(std::string(GetParam().expected)));
}

INSTANTIATE_TEST_SUITE_P(Rows, WarnedTest, testing::ValuesIn(kWarned));

TEST(ValidateTest, PlaceIsLineAndColumnOfTheValue) {
  const absl::Status status = Check(R"({
  "ociVersion": "1.3.0",
  "root": {"path": "rootfs"},
  "process": {
    "cwd": "/",
    "args": ["sh"],
    "user": {"uid": 4294967295, "gid": 0},
    "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1, "soft": 2}]
  },
  "linux": {
    "namespaces": [{"type": "mount"}, {"type":
      "nett"}]
  }
})");
  EXPECT_EQ(status.message(),
            "3 errors in 'config.json'\n"
            "config.json:7:21: /process/user/uid: 4294967295: expected an integer in "
            "0..4294967294; use 65534 for nobody\n"
            "config.json:8:62: /process/rlimits/0/soft: 2: expected at most the hard limit, 1\n"
            "config.json:12:7: /linux/namespaces/1/type: \"nett\": expected one of cgroup, ipc, "
            "mount, network, pid, time, user, uts");
}

TEST(ValidateTest, MissingValueIsPlacedAtWhatShouldHoldIt) {
  const absl::Status status = Check(R"({"ociVersion": "1.3.0", "root": {"path": "rootfs"},
 "linux": {"namespaces": [{"type": "mount"}]},
 "process": {"args": ["sh"]}})");
  EXPECT_EQ(
      status.message(),
      "1 error in 'config.json'\n"
      "config.json:3:13: /process/cwd: missing, expected an absolute path; begin it with '/'");
}

TEST(ValidateTest, SpecMadeByHandIsCheckedWithoutPlaces) {
  Parsed parsed;
  parsed.spec.oci_version = "1.3.0";
  parsed.spec.root.path = "rootfs";
  parsed.spec.process.emplace().args = {"sh"};
  parsed.spec.process->cwd = "tmp";
  parsed.spec.linux_.namespaces = {{.type = "mount", .path = ""}};
  EXPECT_EQ(Validate(parsed).message(),
            "1 error\n/process/cwd: expected an absolute path; begin it with '/'");
}

TEST(ValidateTest, AtMostTwentyErrorsAreWorded) {
  std::string env = "\"=\"";
  for (int i = 1; i < 30; ++i) absl::StrAppend(&env, ",\"=\"");
  const absl::Status status = Check(Fill(kProcess, absl::StrCat("\"env\":[", env, "]")));
  const std::vector<absl::string_view> lines = absl::StrSplit(status.message(), '\n');
  EXPECT_EQ(lines.front(), "30 errors in 'config.json'");
  EXPECT_EQ(lines.size(), 22);
  EXPECT_EQ(lines.back(), "and 10 more");
}

TEST(ValidateTest, TooManyMappingsAreRefusedAtOnce) {
  std::string lines;
  for (int i = 0; i < 341; ++i) {
    absl::StrAppend(&lines, i == 0 ? "" : ",", "{\"containerID\":", i, ",\"hostID\":", i,
                    ",\"size\":1}");
  }
  const absl::Status status = Check(
      Fill(kLinux, absl::StrCat("\"uidMappings\":[", lines, "],\"gidMappings\":[", lines, "]")));
  EXPECT_THAT(status.message(), HasSubstr("/linux/uidMappings: [...]: expected at most 340"));
}

// Each list would take minutes if its entries were all compared with each other.
TEST(ValidateTest, EndlessListsAreCheckedInPassing) {
  std::string namespaces, limits, pages, names;
  for (int i = 0; i < 20'000; ++i) {
    const absl::string_view comma = i == 0 ? "" : ",";
    absl::StrAppend(&namespaces, comma, "{\"type\":\"n", i, "\"}");
    absl::StrAppend(&limits, comma, "{\"type\":\"r", i, "\",\"hard\":1,\"soft\":1}");
    absl::StrAppend(&pages, comma, "{\"pageSize\":\"", i + 1, "KB\",\"limit\":1}");
    absl::StrAppend(&names, comma, "\"CAP_", i, "\"");
  }
  const absl::Status status = Check(
      absl::StrCat("{\"process\":{\"rlimits\":[", limits, "],\"capabilities\":{\"permitted\":[",
                   names, "],\"ambient\":[", names, "]}},\"linux\":{\"namespaces\":[", namespaces,
                   "],\"resources\":{\"hugepageLimits\":[", pages, "]}}}"));
  EXPECT_THAT(status.message(), testing::StartsWith("4000"));
}

TEST(ValidateTest, ProcessAloneIsChecked) {
  const auto parsed = ParseProcess(R"({"cwd": "x", "args": []})", "process.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(Validate(*parsed).message(),
            "2 errors in 'process.json'\n"
            "process.json:1:9: /cwd: \"x\": expected an absolute path; begin it with '/'\n"
            "process.json:1:22: /args: []: missing, expected the program and its arguments");
}

TEST(ValidateTest, UpdateMayLeaveTheMemoryLimitOut) {
  const auto parsed = ParseResources(R"({"memory": {"swap": 5}, "cpu": {"idle": 2}})", "-");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(Validate(*parsed).message(),
            "1 error in '-'\n-:1:41: /cpu/idle: 2: expected an integer in 0..1");
}

}  // namespace
}  // namespace hull::spec
