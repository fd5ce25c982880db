// Compares hull with its peers and with the floor. See README.md in this directory.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/base/status_macros.h"
#include "testing/bench/cases.h"
#include "testing/bench/cgroup_tree.h"
#include "testing/bench/files.h"
#include "testing/bench/report.h"
#include "testing/bench/table.h"

namespace hull::bench {
namespace {

constexpr char kUsage[] =
    "usage: bench [--peer NAME[=PATH]]... [--hull PATH] [--runs N] [--only CASE,...]\n"
    "             [--mode v2|machine|all] [--json FILE] [--dir DIR]\n"
    "\n"
    "Compares hull with its peers (default: crun and runc, as PATH finds them) and with the "
    "floor.\n"
    "  --hull PATH    the hull to measure (default: the one built with this bench)\n"
    "  --runs N       rounds per case; each runs every contestant once (default 40)\n"
    "  --only CASES   run, run-seccomp-cold, run-seccomp-warm, create-start-delete, exec, state, "
    "version\n"
    "  --mode MODE    v2: a private cgroup2 mount; machine: the cgroups as they are (default: "
    "all)\n"
    "  --json FILE    writes all figures\n"
    "  --dir DIR      where bundles and state directories are made (default /tmp)\n";

struct Flags {
  std::vector<Contestant> peers;
  std::string hull;
  int runs = 40;
  std::vector<std::string> only;
  std::string mode = "all";
  std::string json;
  std::string dir = "/tmp";
};

// `bazel run` starts us elsewhere than the user's shell is.
std::string FromCaller(absl::string_view path) {
  const char* caller = getenv("BUILD_WORKING_DIRECTORY");
  if (caller == nullptr || absl::StartsWith(path, "/")) return std::string(path);
  return absl::StrCat(caller, "/", path);
}

Contestant ParsePeer(absl::string_view value) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(value, absl::MaxSplits('=', 1));
  if (parts.second.empty()) return {.name = parts.first, .path = FindProgram(parts.first)};
  return {.name = parts.first, .path = FromCaller(parts.second)};
}

absl::Status SetFlag(absl::string_view name, absl::string_view value, Flags& flags) {
  if (name == "--peer") {
    flags.peers.push_back(ParsePeer(value));
  } else if (name == "--hull") {
    flags.hull = FromCaller(value);
  } else if (name == "--runs") {
    if (!absl::SimpleAtoi(value, &flags.runs) || flags.runs < 1) {
      return absl::InvalidArgumentError(absl::StrCat("--runs wants a number, not '", value, "'"));
    }
  } else if (name == "--only") {
    flags.only = absl::StrSplit(value, ',');
  } else if (name == "--mode") {
    flags.mode = std::string(value);
  } else if (name == "--json") {
    flags.json = FromCaller(value);
  } else if (name == "--dir") {
    flags.dir = FromCaller(value);
  } else {
    return absl::InvalidArgumentError(absl::StrCat("unknown flag '", name, "'"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Flags> ParseFlags(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; i++) {
    std::pair<std::string, std::string> flag = absl::StrSplit(argv[i], absl::MaxSplits('=', 1));
    if (absl::StrContains(argv[i], '=') && flag.first != "--peer") {
      RETURN_IF_ERROR(SetFlag(flag.first, flag.second, flags));
    } else if (absl::StartsWith(argv[i], "--peer=")) {
      RETURN_IF_ERROR(SetFlag("--peer", flag.second, flags));
    } else if (i + 1 < argc) {
      RETURN_IF_ERROR(SetFlag(argv[i], argv[i + 1], flags));
      i++;
    } else {
      return absl::InvalidArgumentError(absl::StrCat("'", argv[i], "' wants a value"));
    }
  }
  if (flags.peers.empty()) flags.peers = {ParsePeer("crun"), ParsePeer("runc")};
  if (flags.hull.empty()) flags.hull = OwnDirectory() + "/../../tools/runtime";
  return flags;
}

std::vector<Contestant> PresentContestants(const Flags& flags) {
  std::vector<Contestant> all = {{.name = kHull, .path = flags.hull}};
  all.insert(all.end(), flags.peers.begin(), flags.peers.end());
  all.push_back({.name = kFloor, .path = OwnDirectory() + "/floor"});
  std::vector<Contestant> present;
  for (const Contestant& contestant : all) {
    if (IsProgram(contestant.path)) {
      present.push_back(contestant);
      printf("%s: %s\n", contestant.name.c_str(), contestant.path.c_str());
    } else {
      printf("%s: not found%s%s, left out\n", contestant.name.c_str(),
             contestant.path.empty() ? "" : " at ", contestant.path.c_str());
    }
  }
  return present;
}

absl::StatusOr<std::vector<const Case*>> ChooseCases(const std::vector<std::string>& only) {
  std::vector<const Case*> chosen;
  for (const Case& bench_case : kCases) {
    if (only.empty() || std::find(only.begin(), only.end(), bench_case.name) != only.end()) {
      chosen.push_back(&bench_case);
    }
  }
  if (!only.empty() && chosen.size() != only.size()) {
    return absl::InvalidArgumentError("--only names an unknown case");
  }
  return chosen;
}

struct Mode {
  CgroupMode mode;
  std::string name;
};

absl::StatusOr<std::vector<Mode>> ChooseModes(const std::string& wanted) {
  const Mode v2 = {CgroupMode::kPrivateV2, "pure cgroup v2 (a private cgroup2 mount)"};
  const Mode machine = {CgroupMode::kMachine, IsPureV2() ? "the machine's cgroup v2"
                                                         : "the machine's cgroup v1 or hybrid"};
  if (wanted == "v2") return std::vector<Mode>{v2};
  if (wanted == "machine") return std::vector<Mode>{machine};
  if (wanted != "all") return absl::InvalidArgumentError("--mode is v2, machine or all");
  if (!IsPureV2()) return std::vector<Mode>{v2, machine};
  printf("no v1 hierarchy here: one table, in pure cgroup v2\n");
  return std::vector<Mode>{v2};
}

absl::StatusOr<Table> RunMode(const Flags& flags, const Mode& mode,
                              const std::vector<Contestant>& contestants,
                              const std::vector<const Case*>& cases) {
  std::string directory = flags.dir + "/hull-bench-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("making a directory in '", flags.dir, "'"));
  }
  const auto remove = absl::MakeCleanup([&] {
    (void)EmptyDirectory(directory);
    rmdir(directory.c_str());
  });
  return RunTable({.mode = mode.mode,
                   .mode_name = mode.name,
                   .contestants = contestants,
                   .cases = cases,
                   .rounds = flags.runs,
                   .traced_runs = std::min(flags.runs, 20),
                   .directory = directory,
                   .spawner = OwnDirectory() + "/spawner"});
}

bool HullFailed(const Table& table) {
  for (const CaseResult& one : table.cases) {
    for (const Result& result : one.results) {
      if (result.contestant == kHull && !result.status.ok()) return true;
    }
  }
  return false;
}

absl::StatusOr<bool> RunBench(const Flags& flags) {
  if (geteuid() != 0) return absl::PermissionDeniedError("the bench must run as root");
  const std::vector<Contestant> contestants = PresentContestants(flags);
  ASSIGN_OR_RETURN(const std::vector<const Case*> cases, ChooseCases(flags.only));
  ASSIGN_OR_RETURN(const std::vector<Mode> modes, ChooseModes(flags.mode));
#ifndef NDEBUG
  printf("built without -c opt: hull's figures are those of a debug build\n");
#endif
  std::vector<Table> tables;
  bool hull_failed = false;
  for (const Mode& mode : modes) {
    ASSIGN_OR_RETURN(Table table, RunMode(flags, mode, contestants, cases));
    printf("\n%s", TextReport(table).c_str());
    fflush(stdout);
    hull_failed = hull_failed || HullFailed(table);
    tables.push_back(std::move(table));
  }
  if (!flags.json.empty()) RETURN_IF_ERROR(WriteFile(flags.json, JsonReport(tables)));
  return !hull_failed;
}

int Main(int argc, char** argv) {
  if (argc == 2 && (absl::string_view(argv[1]) == "--help" || absl::string_view(argv[1]) == "-h")) {
    fputs(kUsage, stdout);
    return 0;
  }
  const absl::StatusOr<Flags> flags = ParseFlags(argc, argv);
  if (!flags.ok()) {
    fprintf(stderr, "bench: %s\n%s", std::string(flags.status().message()).c_str(), kUsage);
    return 2;
  }
  const absl::StatusOr<bool> passed = RunBench(*flags);
  if (!passed.ok()) {
    fprintf(stderr, "bench: %s\n", std::string(passed.status().message()).c_str());
    return 1;
  }
  return *passed ? 0 : 1;
}

}  // namespace
}  // namespace hull::bench

int main(int argc, char** argv) { return hull::bench::Main(argc, argv); }
