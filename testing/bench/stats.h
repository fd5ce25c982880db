// Medians and paired ratios: the only statistics the bench believes in on a noisy machine.
//
// Two contestants are compared run by run: run i of one against run i of the other, a few
// milliseconds apart, so that a slow spell of the machine weighs on both sides of a ratio.
#ifndef HULL_TESTING_BENCH_STATS_H_
#define HULL_TESTING_BENCH_STATS_H_

#include <vector>

namespace hull::bench {

// A sample's middle and spread, in the sample's own unit. All zero for an empty sample.
struct Summary {
  double median = 0;
  double low = 0;   // low..high: 95 % confidence interval of the median, by order statistics
  double high = 0;  // (the whole range where there are fewer than six values)
  double min = 0;
  double max = 0;
  int count = 0;
};

// The middle value, or the mean of the two middle ones; 0 for an empty sample.
double Median(std::vector<double> values);

Summary Summarize(std::vector<double> values);

// numerators[i] / denominators[i] for each i that both have and whose denominator is above 0.
std::vector<double> PairedRatios(const std::vector<double>& numerators,
                                 const std::vector<double>& denominators);

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_STATS_H_
