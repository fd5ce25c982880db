// Reads what a runtime appends to the file of HULL_TRACE: where the time of a command went.
//
// One JSON object per line, {"phase":"parse","at_us":123,"pid":77}: `phase` is the name of what has
// just ended, `at_us` CLOCK_MONOTONIC microseconds since the runtime's main() began.
#ifndef HULL_TESTING_BENCH_TRACE_H_
#define HULL_TESTING_BENCH_TRACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hull::bench {

struct TraceEvent {
  std::string phase;
  int64_t at_us = 0;
  int pid = 0;
};

struct Phase {
  std::string name;
  double median_us = 0;
};

// The events of one run, by time. InvalidArgument: a line is not of the form above.
absl::StatusOr<std::vector<TraceEvent>> ParseTrace(absl::string_view text);

// For each phase the median over the runs of the time since the event before it, in the order of
// the first run that has it; a phase that ends more than once in a run counts with its sum.
std::vector<Phase> SummarizePhases(const std::vector<std::vector<TraceEvent>>& runs);

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_TRACE_H_
