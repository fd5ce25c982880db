#include "testing/bench/report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::bench {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

const Case& CaseNamed(absl::string_view name) {
  for (const Case& bench_case : kCases) {
    if (bench_case.name == name) return bench_case;
  }
  ADD_FAILURE() << "no case " << name;
  return kCases[0];
}

Result Measured(absl::string_view contestant, double wall_us) {
  return {.contestant = std::string(contestant),
          .status = {},
          .measurements = {{.wall_us = wall_us, .cpu_us = 900, .max_rss_kib = 1000},
                           {.wall_us = wall_us, .cpu_us = 900, .max_rss_kib = 1000}}};
}

Table TableOf(absl::string_view case_name, std::vector<Result> results) {
  CaseResult case_result = {.bench_case = &CaseNamed(case_name),
                            .results = std::move(results),
                            .phases = {},
                            .trace_status = {}};
  return {.mode_name = "some mode", .rounds = 2, .cases = {std::move(case_result)}};
}

TEST(TextReportTest, NamesTheCgroupModeOfATable) {
  EXPECT_THAT(TextReport(TableOf("run", {})), HasSubstr("== some mode, 2 rounds =="));
}

TEST(TextReportTest, JudgesEachRatioByTheTargetOfItsPeer) {
  const std::string text =
      TextReport(TableOf("run", {Measured("hull", 500), Measured("crun", 1000),
                                 Measured("runc", 1000), Measured("floor", 400)}));
  EXPECT_THAT(text, ContainsRegex("hull/crun +0.50 .*target 0.60: met.*target 1.00: met"));
  EXPECT_THAT(text, ContainsRegex("hull/runc +0.50 .*target 0.25: MISSED"));
  EXPECT_THAT(text, ContainsRegex("hull/floor +1.25 .*target 1.50: met"));
}

TEST(TextReportTest, JudgesTheCpuTimeOfVersion) {
  EXPECT_THAT(TextReport(TableOf("version", {Measured("hull", 500)})),
              ContainsRegex("hull .*0.90 .*target 1.00: met"));
}

TEST(TextReportTest, SaysWhyAContestantWasLeftOut) {
  const Result crun = {.contestant = "crun",
                       .status = absl::AbortedError("'/x/crun run' exited with 1: hybrid"),
                       .measurements = {}};
  const std::string text = TextReport(TableOf("run", {Measured("hull", 500), crun}));
  EXPECT_THAT(text, ContainsRegex("crun +left out: exited with 1: hybrid"));
  EXPECT_THAT(text, Not(HasSubstr("hull/crun")));
}

TEST(JsonReportTest, EscapesWhatAContestantSaid) {
  const Result crun = {
      .contestant = "crun", .status = absl::AbortedError("say \"no\"\n\\"), .measurements = {}};
  EXPECT_THAT(JsonReport({TableOf("run", {crun})}),
              HasSubstr(R"({"name": "crun", "error": "say \"no\"\u000a\\"})"));
}

TEST(JsonReportTest, HoldsRatiosAndTargets) {
  const std::string json =
      JsonReport({TableOf("run", {Measured("hull", 500), Measured("crun", 1000)})});
  EXPECT_THAT(json, HasSubstr("{\"peer\": \"crun\", \"wall\": {\"median\": 0.5,"));
  EXPECT_THAT(json, HasSubstr("\"wall_target\": 0.6, \"rss_target\": 1}"));
}

}  // namespace
}  // namespace hull::bench
