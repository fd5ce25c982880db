// Runs the cases of one table: all contestants in one cgroup mode, pair by pair.
#ifndef HULL_TESTING_BENCH_TABLE_H_
#define HULL_TESTING_BENCH_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "testing/bench/cases.h"
#include "testing/bench/contestant.h"
#include "testing/bench/spawn.h"
#include "testing/bench/trace.h"

namespace hull::bench {

struct TableOptions {
  CgroupMode mode = CgroupMode::kPrivateV2;
  std::string mode_name;  // for the reader and the JSON file
  std::vector<Contestant> contestants;
  std::vector<const Case*> cases;
  int rounds = 0;
  int traced_runs = 0;    // of hull, per case that starts a container
  std::string directory;  // an empty one, where everything is made
  std::string spawner;    // its program
};

// What one contestant did in one case; measurements[i] is of round i.
struct Result {
  std::string contestant;
  absl::Status status;  // not OK: it could not, and has no measurements
  std::vector<Measurement> measurements;
};

struct CaseResult {
  const Case* bench_case = nullptr;
  std::vector<Result> results;  // in the contestants' order
  std::vector<Phase> phases;    // of hull; empty where it writes no trace
  absl::Status trace_status;    // not OK: it wrote one that cannot be read
};

struct Table {
  std::string mode_name;
  int rounds = 0;
  std::vector<CaseResult> cases;
};

// Unavailable: the mode cannot be set up here. A contestant's failure is in its Result.
absl::StatusOr<Table> RunTable(const TableOptions& options);

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_TABLE_H_
