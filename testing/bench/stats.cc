#include "testing/bench/stats.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace hull::bench {
namespace {

double MiddleOfSorted(const std::vector<double>& sorted) {
  if (sorted.empty()) return 0;
  const size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// How many values at either end lie outside the interval: the number of values below the true
// median is binomial(n, 1/2), whose normal approximation has the standard deviation sqrt(n) / 2.
size_t TrimmedCount(size_t count) {
  const double n = static_cast<double>(count);
  return static_cast<size_t>(std::max(0.0, std::floor((n - 1.96 * std::sqrt(n)) / 2)));
}

}  // namespace

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return MiddleOfSorted(values);
}

Summary Summarize(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const size_t trimmed = TrimmedCount(values.size());
  return {.median = MiddleOfSorted(values),
          .low = values[trimmed],
          .high = values[values.size() - 1 - trimmed],
          .min = values.front(),
          .max = values.back(),
          .count = static_cast<int>(values.size())};
}

std::vector<double> PairedRatios(const std::vector<double>& numerators,
                                 const std::vector<double>& denominators) {
  std::vector<double> ratios;
  const size_t pairs = std::min(numerators.size(), denominators.size());
  for (size_t i = 0; i < pairs; i++) {
    if (denominators[i] > 0) ratios.push_back(numerators[i] / denominators[i]);
  }
  return ratios;
}

}  // namespace hull::bench
