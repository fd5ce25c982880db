#include "testing/bench/trace.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::bench {
namespace {

constexpr char kOneRun[] =
    "{\"phase\":\"parse\",\"at_us\":100,\"pid\":7}\n"
    "{\"phase\":\"clone\",\"at_us\":400,\"pid\":7}\n"
    "{\"phase\":\"mounts\",\"at_us\":350,\"pid\":8}\n";

TEST(ParseTraceTest, OrdersTheEventsOfAllProcessesByTime) {
  const auto events = ParseTrace(kOneRun);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ((*events)[1].phase, "mounts");
  EXPECT_EQ((*events)[1].at_us, 350);
  EXPECT_EQ((*events)[1].pid, 8);
}

TEST(ParseTraceTest, RefusesALineOfAnotherForm) {
  for (const char* line :
       {"parse 100", "{\"phase\":\"parse\",\"at_us\":1}", "{\"phase\":\"parse\"",
        "{\"phase\":parse,\"at_us\":1,\"pid\":2}", "{\"phase\":\"parse\",\"at_us\":x,\"pid\":2}"}) {
    EXPECT_EQ(ParseTrace(line).status().code(), absl::StatusCode::kInvalidArgument) << line;
  }
}

TEST(SummarizePhasesTest, GivesMediansOfTheDifferences) {
  const std::vector<Phase> phases = SummarizePhases({{{"parse", 100, 7}, {"clone", 300, 7}},
                                                     {{"parse", 120, 7}, {"clone", 520, 7}},
                                                     {{"parse", 500, 7}, {"clone", 800, 7}}});
  ASSERT_EQ(phases.size(), 2u);
  EXPECT_EQ(phases[0].name, "parse");
  EXPECT_EQ(phases[0].median_us, 120);
  EXPECT_EQ(phases[1].name, "clone");
  EXPECT_EQ(phases[1].median_us, 300);
}

TEST(SummarizePhasesTest, AddsUpAPhaseThatEndsTwiceInARun) {
  const std::vector<Phase> phases =
      SummarizePhases({{{"hook", 100, 7}, {"wait", 150, 7}, {"hook", 250, 7}}});
  ASSERT_EQ(phases.size(), 2u);
  EXPECT_EQ(phases[0].median_us, 200);
}

}  // namespace
}  // namespace hull::bench
