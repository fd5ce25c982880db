// The bench's two outputs: tables for a reader, JSON for a program.
#ifndef HULL_TESTING_BENCH_REPORT_H_
#define HULL_TESTING_BENCH_REPORT_H_

#include <string>
#include <vector>

#include "testing/bench/table.h"

namespace hull::bench {

std::string TextReport(const Table& table);

// {"kernel", "cpus", "tables": [{"mode", "rounds", "cases": [{"case", "title", "contestants":
// [{"name", "wall_us"|"cpu_us"|"max_rss_kib": {median, low, high, min, max}} or {"name", "error"}],
// "pairs":
// [{"peer", "wall"|"cpu"|"rss": {the same, of hull/peer}, "wall_target"?, "rss_target"?}],
// "cpu_us_target"?, "phases": [{"name", "median_us"}]}]}]}
std::string JsonReport(const std::vector<Table>& tables);

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_REPORT_H_
