#include "spec/parse.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spec/not_yet.h"
#include "spec/supported.h"
#include "spec/testing_files.h"
#include "spec/validate.h"

namespace hull::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class EngineFileTest : public testing::TestWithParam<absl::string_view> {};

TEST_P(EngineFileTest, IsReadWithoutComplaint) {
  const absl::StatusOr<Parsed> parsed = Parse(ReadTestFile(GetParam()), GetParam());
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->warnings, IsEmpty());
  std::vector<Diagnostic> warnings;
  EXPECT_TRUE(Validate(*parsed, &warnings).ok()) << Validate(*parsed);
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_TRUE(CheckSupported(*parsed, kNotYet).ok()) << CheckSupported(*parsed, kNotYet);
}

INSTANTIATE_TEST_SUITE_P(Files, EngineFileTest, testing::ValuesIn(kEngineFiles));

TEST(ParseTest, PodmanFileArrivesInTheSpec) {
  const absl::StatusOr<Parsed> parsed = Parse(ReadTestFile("podman.json"), "podman.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const Spec& spec = parsed->spec;
  EXPECT_EQ(spec.oci_version, "1.2.0");
  EXPECT_THAT(spec.process->args, ElementsAre("/bin/sh", "-c", "echo hello"));
  EXPECT_EQ(spec.process->user.umask, 18);
  EXPECT_THAT(spec.process->user.additional_gids, ElementsAre(0, 10));
  EXPECT_EQ(spec.process->capabilities->bounding.size(), 11);
  EXPECT_THAT(spec.process->capabilities->ambient, IsEmpty());
  EXPECT_EQ(spec.process->oom_score_adj, 0);
  EXPECT_EQ(spec.mounts.size(), 11);
  EXPECT_EQ(spec.linux_.resources.memory->swap, 1073741824);
  EXPECT_FALSE(spec.linux_.resources.devices[0].major.has_value());
  EXPECT_EQ(spec.linux_.namespaces[1].path, "/run/netns/netns-5b2f3b57");
  EXPECT_EQ(spec.linux_.seccomp->default_errno_ret, 38);
  EXPECT_FALSE(spec.linux_.seccomp->flags.has_value());
  EXPECT_GT(spec.linux_.seccomp->syscalls[1].names.size(), 300);
  EXPECT_EQ(spec.linux_.sysctl.at("net.ipv4.ping_group_range"), "0 0");
}

TEST(ParseTest, EscapedTextArrivesDecoded) {
  const absl::StatusOr<Parsed> parsed = Parse(ReadTestFile("podman_rootless.json"), "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->spec.annotations.at("org.opencontainers.image.title"), "caf\u00e9 \u2603");
}

TEST(ParseTest, AbsentAndEmptyFlagsDiffer) {
  const auto parsed = Parse(R"({"linux": {"seccomp": {"flags": []}}})", "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->spec.linux_.seccomp->flags.has_value());
}

TEST(ParseTest, NullIsAbsent) {
  const auto parsed = Parse(R"({"process": null, "mounts": null, "root": {"path": null},
      "linux": {"seccomp": null, "resources": {"memory": {"limit": null}}}})",
                            "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_FALSE(parsed->spec.process.has_value());
  EXPECT_FALSE(parsed->spec.linux_.seccomp.has_value());
  EXPECT_FALSE(parsed->spec.linux_.resources.memory->limit.has_value());
}

TEST(ParseTest, IntegersKeepEveryBit) {
  const auto parsed = ParseProcess(
      R"({"rlimits": [{"hard": 18446744073709551615, "soft": 9007199254740993}]})", "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->process.rlimits[0].hard, 18446744073709551615u);
  EXPECT_EQ(parsed->process.rlimits[0].soft, 9007199254740993u);
}

TEST(ParseTest, ErrorsOfShapeAreReportedTogether) {
  const auto parsed = Parse(R"({
  "process": {
    "args": "sh",
    "user": {"uid": "0"},
    "env": ["A=b", 7]
  },
  "linux": {"resources": {"memory": {"limit": 1e9}}}
})",
                            "config.json");
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(parsed.status().message(),
            "4 errors in 'config.json'\n"
            "config.json:3:13: /process/args: \"sh\": expected an array of strings\n"
            "config.json:4:21: /process/user/uid: \"0\": expected an integer in 0..4294967294; "
            "write it without quotes\n"
            "config.json:5:20: /process/env/1: 7: expected a string\n"
            "config.json:7:47: /linux/resources/memory/limit: 1e9: expected an integer in "
            "-1..9223372036854775807; use -1 for no limit");
}

std::vector<std::string> WarningsOf(std::string text) {
  const absl::StatusOr<Parsed> parsed = Parse(std::move(text), "f");
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  std::vector<std::string> lines;
  for (const Diagnostic& warning : parsed->warnings) lines.push_back(Render(warning));
  return lines;
}

TEST(ParseTest, NearMissesOfKeysAreWarnedOf) {
  EXPECT_THAT(
      WarningsOf(R"({"Process": {}, "process": {"Args": ["secret"], "enviroment": [], "rlimit": []},
 "linux": {"maskedPath": [], "SecComp": {}, "namespace": []}})"),
      ElementsAre("f:1:13: /Process: unknown key, ignored; did you mean 'process'?",
                  "f:1:37: /process/Args: unknown key, ignored; did you mean 'args'?",
                  "f:1:77: /process/rlimit: unknown key, ignored; did you mean 'rlimits'?",
                  "f:2:26: /linux/maskedPath: unknown key, ignored; did you mean 'maskedPaths'?",
                  "f:2:41: /linux/SecComp: unknown key, ignored; did you mean 'seccomp'?",
                  "f:2:58: /linux/namespace: unknown key, ignored; did you mean 'namespaces'?"));
}

TEST(ParseTest, UnknownKeysAreIgnored) {
  EXPECT_THAT(WarningsOf(R"({"x-vendor": {"process": 7}, "windows": [], "vm": {}, "zos": 1,
      "process": {"commandLine": "x", "user": {"username": "u"}}, "annotations": {"Process": ""},
      "linux": {"intelRdt": {"enableMBM": true}}})"),
              IsEmpty());
}

TEST(ParseTest, ExactKeyWinsOverItsNeighbour) {
  const auto parsed = ParseProcess(R"({"Args": ["evil"], "args": ["good"], "ARGS": [1]})", "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_THAT(parsed->process.args, ElementsAre("good"));
  EXPECT_EQ(parsed->warnings.size(), 2);
}

TEST(ParseTest, NothingIsLostWithoutANewLine) {
  const auto parsed = ParseResources("{\"pids\":{\"limit\":-1}}", "-");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->resources.pids->limit, -1);
}

TEST(ParseTest, EmptyTextIsRefused) {
  EXPECT_THAT(Parse("", "config.json").status().message(),
              HasSubstr("config.json:1:1: expected a JSON value, found the end of the text"));
}

TEST(ParseTest, MegabytesOfAnnotationsAreRead) {
  std::string text = "{\"annotations\":{\"k\":\"\"";
  const std::string value(1000, 'v');
  for (int i = 0; i < 2'000; ++i) absl::StrAppend(&text, ",\"k", i, "\":\"", value, "\"");
  const absl::StatusOr<Parsed> parsed = Parse(text + "}}", "f");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->spec.annotations.size(), 2'001);
}

}  // namespace
}  // namespace hull::spec
