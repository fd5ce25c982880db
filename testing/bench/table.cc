#include "testing/bench/table.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/base/status_macros.h"
#include "testing/bench/bundle.h"
#include "testing/bench/cgroup_tree.h"
#include "testing/bench/files.h"

namespace hull::bench {
namespace {

constexpr char kPath[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// One contestant in one case.
struct Entry {
  const Contestant* contestant;
  Container container;
  Result result;
};

bool NeedsRunningContainer(CaseKind kind) {
  return kind == CaseKind::kExec || kind == CaseKind::kState;
}

std::vector<Command> Commands(CaseKind kind, const Contestant& who, const Container& where) {
  switch (kind) {
    case CaseKind::kRun: return {{.argv = Argv(who, "run", where)}};
    case CaseKind::kCreateStartDelete:
      return {{.argv = Argv(who, "create", where)},
              {.argv = Argv(who, "start", where), .then_wait_for_orphans = true},
              {.argv = Argv(who, "delete", where)}};
    case CaseKind::kExec: return {{.argv = Argv(who, "exec", where)}};
    case CaseKind::kState: return {{.argv = Argv(who, "state", where)}};
    case CaseKind::kVersion: return {{.argv = Argv(who, "version", where)}};
  }
  return {};
}

class TableRunner {
 public:
  TableRunner(const TableOptions& options, std::string cgroup, Spawner& spawner)
      : options_(options), cgroup_(std::move(cgroup)), spawner_(spawner) {}

  absl::StatusOr<CaseResult> RunCase(const Case& bench_case);

 private:
  absl::StatusOr<Entry> Prepare(const Case& bench_case, const Contestant& contestant);
  absl::Status SetUp(const Case& bench_case, const Entry& entry);
  void TearDown(const Case& bench_case, const Entry& entry);
  absl::StatusOr<Measurement> Measure(const Case& bench_case, const Entry& entry,
                                      const std::vector<std::string>& environment);
  void RunRound(const Case& bench_case, int round, std::vector<Entry>& entries);
  absl::StatusOr<std::vector<Phase>> Trace(const Case& bench_case, const Entry& entry);

  const TableOptions& options_;
  const std::string cgroup_;
  Spawner& spawner_;
};

absl::StatusOr<Entry> TableRunner::Prepare(const Case& bench_case, const Contestant& contestant) {
  const std::string id = absl::StrCat(contestant.name, "-", bench_case.name);
  const std::string directory = absl::StrCat(options_.directory, "/", id);
  const std::vector<std::string> v1 = V1Hierarchies();
  Entry entry = {.contestant = &contestant, .container = {}, .result = {}};
  entry.result.contestant = contestant.name;
  entry.container = {.root = directory + "/root",
                     .bundle = directory + "/bundle",
                     .rootfs = options_.directory + "/rootfs",
                     .cgroup = absl::StrCat(cgroup_, "/", id),
                     .hierarchies = options_.mode == CgroupMode::kPrivateV2 || v1.empty()
                                        ? "v2"
                                        : absl::StrJoin(v1, ","),
                     .id = id};
  RETURN_IF_ERROR(MakeDirectory(entry.container.root));
  RETURN_IF_ERROR(
      MakeBundle(entry.container.bundle,
                 {.rootfs = entry.container.rootfs,
                  .cgroups_path = "/" + entry.container.cgroup,
                  .args = NeedsRunningContainer(bench_case.kind) ? "[\"/bin/sleep\", \"1000000\"]"
                                                                 : "[\"/bin/true\"]",
                  .podman_seccomp = bench_case.podman_seccomp}));
  return entry;
}

// Also runs the case once, unmeasured: files into the page cache, and who cannot, drops out here.
absl::Status TableRunner::SetUp(const Case& bench_case, const Entry& entry) {
  if (NeedsRunningContainer(bench_case.kind)) {
    std::vector<Command> commands;
    for (auto& argv : SleeperArgvs(*entry.contestant, entry.container)) {
      commands.push_back({.argv = std::move(argv)});
    }
    RETURN_IF_ERROR(spawner_.Run(commands, {kPath}).status());
  }
  return Measure(bench_case, entry, {kPath}).status();
}

void TableRunner::TearDown(const Case& bench_case, const Entry& entry) {
  if (!NeedsRunningContainer(bench_case.kind)) return;
  const Contestant& who = *entry.contestant;
  // Should this fail, the spawner kills what is left when the table is done.
  (void)spawner_.Run({{.argv = Argv(who, "kill", entry.container), .then_wait_for_orphans = false}},
                     {kPath});
  for (int i = 0; i < 100; i++) {
    if (spawner_.Run({{.argv = Argv(who, "delete", entry.container)}}, {kPath}).ok()) return;
    usleep(10 * 1000);
  }
}

absl::StatusOr<Measurement> TableRunner::Measure(const Case& bench_case, const Entry& entry,
                                                 const std::vector<std::string>& environment) {
  if (bench_case.cold_cache) RETURN_IF_ERROR(EmptyDirectory(entry.container.root));
  return spawner_.Run(Commands(bench_case.kind, *entry.contestant, entry.container), environment);
}

// Every contestant once; who begins, changes from round to round.
void TableRunner::RunRound(const Case& bench_case, int round, std::vector<Entry>& entries) {
  for (size_t i = 0; i < entries.size(); i++) {
    Entry& entry = entries[(i + static_cast<size_t>(round)) % entries.size()];
    if (!entry.result.status.ok()) continue;
    absl::StatusOr<Measurement> measurement = Measure(bench_case, entry, {kPath});
    if (measurement.ok()) {
      entry.result.measurements.push_back(*measurement);
    } else {
      entry.result.status = measurement.status();
      entry.result.measurements.clear();
    }
  }
}

absl::StatusOr<std::vector<Phase>> TableRunner::Trace(const Case& bench_case, const Entry& entry) {
  const std::string file = options_.directory + "/trace";
  std::vector<std::vector<TraceEvent>> runs;
  for (int i = 0; i < options_.traced_runs; i++) {
    RETURN_IF_ERROR(WriteFile(file, ""));
    RETURN_IF_ERROR(Measure(bench_case, entry, {kPath, "HULL_TRACE=" + file}).status());
    ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
    ASSIGN_OR_RETURN(std::vector<TraceEvent> events, ParseTrace(text));
    runs.push_back(std::move(events));
  }
  return SummarizePhases(runs);
}

absl::StatusOr<CaseResult> TableRunner::RunCase(const Case& bench_case) {
  CaseResult case_result = {
      .bench_case = &bench_case, .results = {}, .phases = {}, .trace_status = {}};
  std::vector<Entry> entries;
  for (const Contestant& contestant : options_.contestants) {
    ASSIGN_OR_RETURN(Entry entry, Prepare(bench_case, contestant));
    entry.result.status = SetUp(bench_case, entry);
    entries.push_back(std::move(entry));
  }
  for (int round = 0; round < options_.rounds; round++) RunRound(bench_case, round, entries);
  for (Entry& entry : entries) {
    // Phases are of one process: create, start and delete would mix in one file.
    if (entry.contestant->name == kHull && entry.result.status.ok() &&
        bench_case.kind != CaseKind::kCreateStartDelete) {
      absl::StatusOr<std::vector<Phase>> phases = Trace(bench_case, entry);
      case_result.trace_status = phases.status();
      case_result.phases = std::move(phases).value_or(std::vector<Phase>{});
    }
    TearDown(bench_case, entry);
    case_result.results.push_back(std::move(entry.result));
  }
  return case_result;
}

}  // namespace

absl::StatusOr<Table> RunTable(const TableOptions& options) {
  const std::string cgroup = absl::StrCat("hull-test-bench-", getpid());
  RETURN_IF_ERROR(MakeRootfs(options.directory + "/rootfs"));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Spawner> spawner,
      Spawner::Start(options.spawner, options.mode, cgroup, options.directory + "/stderr"));
  TableRunner runner(options, cgroup, *spawner);
  Table table = {.mode_name = options.mode_name, .rounds = options.rounds, .cases = {}};
  for (const Case* bench_case : options.cases) {
    ASSIGN_OR_RETURN(CaseResult result, runner.RunCase(*bench_case));
    table.cases.push_back(std::move(result));
  }
  return table;
}

}  // namespace hull::bench
