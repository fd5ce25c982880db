#include "testing/bench/report.h"

#include <sys/utsname.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "testing/bench/stats.h"

namespace hull::bench {
namespace {

using Field = double Measurement::*;

std::vector<double> Column(const Result& result, Field field) {
  std::vector<double> values;
  for (const Measurement& measurement : result.measurements) values.push_back(measurement.*field);
  return values;
}

Summary Absolute(const Result& result, Field field) { return Summarize(Column(result, field)); }

Summary Ratio(const Result& hull, const Result& peer, Field field) {
  return Summarize(PairedRatios(Column(hull, field), Column(peer, field)));
}

const Result* FindHull(const CaseResult& result) {
  for (const Result& candidate : result.results) {
    if (candidate.contestant == kHull && candidate.status.ok()) return &candidate;
  }
  return nullptr;
}

bool IsPeer(absl::string_view contestant) { return contestant != kHull; }

bool IsPairedPeer(const Result& result) { return IsPeer(result.contestant) && result.status.ok(); }

double WallTarget(const Targets& targets, absl::string_view peer) {
  if (peer == "crun") return targets.crun_wall;
  if (peer == "runc") return targets.runc_wall;
  return peer == kFloor ? targets.floor_wall : 0;
}

double RssTarget(const Targets& targets, absl::string_view peer) {
  return peer == "crun" ? targets.crun_rss : 0;
}

std::string Verdict(double value, double target) {
  if (target == 0) return "";
  return absl::StrFormat("  (target %.2f: %s)", target, value <= target ? "met" : "MISSED");
}

// A peer's failure without its long command line, which the JSON file has.
absl::string_view Reason(const Result& result) {
  const absl::string_view message = result.status.message();
  const size_t at = message.find("exited with");
  return IsPeer(result.contestant) && at != message.npos ? message.substr(at) : message;
}

std::string ContestantLine(const Result& result, const Targets& targets) {
  const std::string name = absl::StrFormat("  %-10s", result.contestant);
  if (!result.status.ok()) return absl::StrCat(name, "left out: ", Reason(result), "\n");
  const Summary wall = Absolute(result, &Measurement::wall_us);
  const double cpu_us = Absolute(result, &Measurement::cpu_us).median;
  const std::string verdict =
      result.contestant == kHull ? Verdict(cpu_us / 1000, targets.cpu_us / 1000) : "";
  return absl::StrFormat("%s%9.2f%9.2f..%-9.2f%9.2f%12.0f%s\n", name, wall.median / 1000,
                         wall.min / 1000, wall.max / 1000, cpu_us / 1000,
                         Absolute(result, &Measurement::max_rss_kib).median, verdict);
}

std::string PairLine(const Result& hull, const Result& peer, const Targets& targets) {
  const Summary wall = Ratio(hull, peer, &Measurement::wall_us);
  const double rss = Ratio(hull, peer, &Measurement::max_rss_kib).median;
  return absl::StrFormat("  %-16s%5.2f [%.2f, %.2f]%s   cpu %.2f   rss %.2f%s\n",
                         absl::StrCat("hull/", peer.contestant), wall.median, wall.low, wall.high,
                         Verdict(wall.median, WallTarget(targets, peer.contestant)),
                         Ratio(hull, peer, &Measurement::cpu_us).median, rss,
                         Verdict(rss, RssTarget(targets, peer.contestant)));
}

std::string PhaseLines(const CaseResult& result) {
  if (!result.trace_status.ok()) {
    return absl::StrCat("  no phases: ", result.trace_status.message(), "\n");
  }
  if (result.phases.empty()) return "";
  std::string text = "  hull's phases, median us:";
  for (const Phase& phase : result.phases) {
    absl::StrAppendFormat(&text, "  %s %.0f", phase.name, phase.median_us);
  }
  return text + "\n";
}

// --- JSON
// -----------------------------------------------------------------------------------------

std::string Quote(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&quoted, "\\", std::string(1, c));
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "\"";
}

std::string JsonSummary(const Summary& summary) {
  return absl::StrFormat(
      "{\"median\": %.6g, \"low\": %.6g, \"high\": %.6g, \"min\": %.6g, \"max\": %.6g}",
      summary.median, summary.low, summary.high, summary.min, summary.max);
}

std::string JsonContestant(const Result& result) {
  std::string json = absl::StrCat("{\"name\": ", Quote(result.contestant));
  if (!result.status.ok()) {
    return absl::StrCat(json, ", \"error\": ", Quote(result.status.message()), "}");
  }
  return absl::StrCat(
      json, ", \"wall_us\": ", JsonSummary(Absolute(result, &Measurement::wall_us)),
      ", \"cpu_us\": ", JsonSummary(Absolute(result, &Measurement::cpu_us)),
      ", \"max_rss_kib\": ", JsonSummary(Absolute(result, &Measurement::max_rss_kib)), "}");
}

std::string JsonTarget(absl::string_view key, double target) {
  return target == 0 ? "" : absl::StrFormat(", \"%s\": %g", key, target);
}

std::string JsonPair(const Result& hull, const Result& peer, const Targets& targets) {
  return absl::StrCat("{\"peer\": ", Quote(peer.contestant),
                      ", \"wall\": ", JsonSummary(Ratio(hull, peer, &Measurement::wall_us)),
                      ", \"cpu\": ", JsonSummary(Ratio(hull, peer, &Measurement::cpu_us)),
                      ", \"rss\": ", JsonSummary(Ratio(hull, peer, &Measurement::max_rss_kib)),
                      JsonTarget("wall_target", WallTarget(targets, peer.contestant)),
                      JsonTarget("rss_target", RssTarget(targets, peer.contestant)), "}");
}

std::string JsonCase(const CaseResult& result) {
  const Case& bench_case = *result.bench_case;
  const Result* hull = FindHull(result);
  std::vector<std::string> contestants, pairs, phases;
  for (const Result& one : result.results) {
    contestants.push_back(JsonContestant(one));
    if (hull != nullptr && IsPairedPeer(one))
      pairs.push_back(JsonPair(*hull, one, bench_case.targets));
  }
  for (const Phase& phase : result.phases) {
    phases.push_back(
        absl::StrCat("{\"name\": ", Quote(phase.name), ", \"median_us\": ", phase.median_us, "}"));
  }
  constexpr char kSeparator[] = ",\n      ";
  return absl::StrCat("    {\"case\": ", Quote(bench_case.name),
                      ", \"title\": ", Quote(bench_case.title),
                      JsonTarget("cpu_us_target", bench_case.targets.cpu_us),
                      ",\n     \"contestants\": [\n      ", absl::StrJoin(contestants, kSeparator),
                      "],\n     \"pairs\": [", absl::StrJoin(pairs, kSeparator),
                      "],\n     \"phases\": [", absl::StrJoin(phases, ", "), "]}");
}

std::string JsonTable(const Table& table) {
  return absl::StrCat("  {\"mode\": ", Quote(table.mode_name), ", \"rounds\": ", table.rounds,
                      ", \"cases\": [\n",
                      absl::StrJoin(table.cases, ",\n",
                                    [](std::string* out, const CaseResult& result) {
                                      absl::StrAppend(out, JsonCase(result));
                                    }),
                      "]}");
}

}  // namespace

std::string TextReport(const Table& table) {
  std::string text = absl::StrFormat("== %s, %d rounds ==\n", table.mode_name, table.rounds);
  for (const CaseResult& result : table.cases) {
    const Case& bench_case = *result.bench_case;
    absl::StrAppendFormat(&text, "\n%s: %s\n  %-10s%9s%9s..%-9s%9s%12s\n", bench_case.name,
                          bench_case.title, "", "wall ms", "min", "max", "cpu ms", "rss KiB");
    for (const Result& one : result.results) {
      absl::StrAppend(&text, ContestantLine(one, bench_case.targets));
    }
    const Result* hull = FindHull(result);
    for (const Result& one : result.results) {
      if (hull == nullptr || !IsPairedPeer(one)) continue;
      absl::StrAppend(&text, PairLine(*hull, one, bench_case.targets));
    }
    absl::StrAppend(&text, PhaseLines(result));
  }
  return text + "\n";
}

std::string JsonReport(const std::vector<Table>& tables) {
  utsname system = {};
  uname(&system);
  return absl::StrCat("{\"kernel\": ", Quote(system.release),
                      ", \"cpus\": ", std::thread::hardware_concurrency(), ", \"tables\": [\n",
                      absl::StrJoin(tables, ",\n",
                                    [](std::string* out, const Table& table) {
                                      absl::StrAppend(out, JsonTable(table));
                                    }),
                      "\n]}\n");
}

}  // namespace hull::bench
