#include "testing/bench/trace.h"

#include <algorithm>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "testing/bench/stats.h"

namespace hull::bench {
namespace {

// Takes `"key":value` from the front of `text` up to the next comma or the end.
bool ConsumeMember(absl::string_view key, absl::string_view& text, absl::string_view& value) {
  if (!absl::ConsumePrefix(&text, absl::StrCat("\"", key, "\":"))) return false;
  const size_t end = std::min(text.find(','), text.size());
  value = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return true;
}

bool ParseLine(absl::string_view line, TraceEvent& event) {
  absl::string_view phase, at_us, pid;
  if (!absl::ConsumePrefix(&line, "{") || !absl::ConsumeSuffix(&line, "}")) return false;
  if (!ConsumeMember("phase", line, phase) || !ConsumeMember("at_us", line, at_us)) return false;
  if (!ConsumeMember("pid", line, pid) || !line.empty()) return false;
  if (!absl::ConsumePrefix(&phase, "\"") || !absl::ConsumeSuffix(&phase, "\"")) return false;
  event.phase = std::string(phase);
  return absl::SimpleAtoi(at_us, &event.at_us) && absl::SimpleAtoi(pid, &event.pid);
}

}  // namespace

absl::StatusOr<std::vector<TraceEvent>> ParseTrace(absl::string_view text) {
  std::vector<TraceEvent> events;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    TraceEvent event;
    if (!ParseLine(line, event)) {
      return absl::InvalidArgumentError(absl::StrCat("not a trace line: '", line, "'"));
    }
    events.push_back(std::move(event));
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const TraceEvent& a, const TraceEvent& b) { return a.at_us < b.at_us; });
  return events;
}

std::vector<Phase> SummarizePhases(const std::vector<std::vector<TraceEvent>>& runs) {
  std::vector<Phase> phases;
  std::map<std::string, std::vector<double>> durations_us;
  for (const std::vector<TraceEvent>& events : runs) {
    std::map<std::string, double> of_this_run_us;
    int64_t before_us = 0;
    for (const TraceEvent& event : events) {
      of_this_run_us[event.phase] += static_cast<double>(event.at_us - before_us);
      before_us = event.at_us;
      if (durations_us.try_emplace(event.phase).second) phases.push_back({event.phase, 0});
    }
    for (const auto& [name, duration_us] : of_this_run_us)
      durations_us[name].push_back(duration_us);
  }
  for (Phase& phase : phases) phase.median_us = Median(durations_us[phase.name]);
  return phases;
}

}  // namespace hull::bench
