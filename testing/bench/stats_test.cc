#include "testing/bench/stats.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MedianTest, OfAnOddSampleIsItsMiddleValue) { EXPECT_EQ(Median({9, 1, 5}), 5); }

TEST(MedianTest, OfAnEvenSampleIsTheMeanOfTheMiddleTwo) { EXPECT_EQ(Median({8, 1, 4, 2}), 3); }

TEST(MedianTest, OfNothingIsZero) { EXPECT_EQ(Median({}), 0); }

TEST(PairedRatiosTest, PairsRunsByTheirIndex) {
  EXPECT_THAT(PairedRatios({1, 6, 9}, {2, 3, 9}), ElementsAre(0.5, 2, 1));
}

TEST(PairedRatiosTest, DropsWhatHasNoPartnerOrAZeroOne) {
  EXPECT_THAT(PairedRatios({1, 6, 9}, {0, 3}), ElementsAre(2));
  EXPECT_THAT(PairedRatios({}, {3}), IsEmpty());
}

// A spell in which everything runs ten times slower moves both medians but no ratio.
TEST(PairedRatiosTest, AreUnmovedByASlowSpellOfTheMachine) {
  const Summary ratio = Summarize(PairedRatios({1, 10, 10, 1}, {2, 20, 20, 2}));
  EXPECT_EQ(ratio.median, 0.5);
  EXPECT_EQ(ratio.min, 0.5);
  EXPECT_EQ(ratio.max, 0.5);
}

TEST(SummarizeTest, GivesTheWholeRangeAsTheIntervalOfASmallSample) {
  const Summary summary = Summarize({5, 3, 1});
  EXPECT_EQ(summary.median, 3);
  EXPECT_EQ(summary.low, 1);
  EXPECT_EQ(summary.high, 5);
  EXPECT_EQ(summary.count, 3);
}

// n = 100: the 41st and the 60th value, by the binomial's normal approximation (100 - 19.6) / 2.
TEST(SummarizeTest, TrimsTheIntervalOfALargeSampleByRank) {
  std::vector<double> values;
  for (int i = 100; i >= 1; i--) values.push_back(i);
  const Summary summary = Summarize(values);
  EXPECT_EQ(summary.median, 50.5);
  EXPECT_EQ(summary.low, 41);
  EXPECT_EQ(summary.high, 60);
  EXPECT_EQ(summary.min, 1);
  EXPECT_EQ(summary.max, 100);
}

TEST(SummarizeTest, OfNothingIsZero) { EXPECT_EQ(Summarize({}).count, 0); }

}  // namespace
}  // namespace hull::bench
