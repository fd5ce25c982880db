// What resctrl tells of a class: its limits, and what is used of them.
#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/base/status_macros.h"
#include "runtime/intel_rdt.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

constexpr size_t kMaxBytes = 64 << 10;

std::optional<std::string> ReadWord(int dir_fd, absl::string_view path) {
  const absl::StatusOr<std::string> text = sys::ReadFileAt(dir_fd, path, kMaxBytes);
  if (!text.ok()) return std::nullopt;
  return std::string(absl::StripAsciiWhitespace(*text));
}

std::optional<uint64_t> ReadNumber(int dir_fd, absl::string_view path) {
  const std::optional<std::string> word = ReadWord(dir_fd, path);
  uint64_t number = 0;
  if (!word.has_value() || !absl::SimpleAtoi(*word, &number)) return std::nullopt;  // "Unavailable"
  return number;
}

std::vector<std::string> ReadLines(int dir_fd, absl::string_view path) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(ReadWord(dir_fd, path).value_or(""), '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

void ReadInfo(int root_fd, RdtStats& stats) {
  if (const auto mask = ReadWord(root_fd, "info/L3/cbm_mask"); mask.has_value()) {
    stats.cache =
        RdtStats::CacheInfo{.cbm_mask = *mask,
                            .min_cbm_bits = ReadNumber(root_fd, "info/L3/min_cbm_bits").value_or(0),
                            .num_closids = ReadNumber(root_fd, "info/L3/num_closids").value_or(0)};
  }
  const auto granularity = ReadNumber(root_fd, "info/MB/bandwidth_gran");
  if (!granularity.has_value()) return;
  stats.bandwidth = RdtStats::BandwidthInfo{
      .granularity = *granularity,
      .delay_linear = ReadNumber(root_fd, "info/MB/delay_linear").value_or(0),
      .minimum = ReadNumber(root_fd, "info/MB/min_bandwidth").value_or(0),
      .num_closids = ReadNumber(root_fd, "info/MB/num_closids").value_or(0)};
}

}  // namespace

absl::StatusOr<RdtStats> IntelRdt::ReadStats() const {
  RdtStats stats;
  ReadInfo(root_.get(), stats);
  stats.root_schemata = ReadLines(root_.get(), "schemata");
  stats.schemata = ReadLines(root_.get(), Below("schemata"));
  const std::string group =
      location_.monitor.empty()
          ? Below("mon_data")
          : Below(absl::StrCat("mon_groups/", location_.monitor, "/mon_data"));
  const absl::StatusOr<sys::UniqueFd> data =
      sys::OpenBeneath(root_.get(), group, O_RDONLY | O_DIRECTORY);
  if (!data.ok()) return stats;  // this host does not monitor
  ASSIGN_OR_RETURN(std::vector<std::string> names, sys::ListDir(data->get()));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, "mon_L3_")) continue;
    stats.nodes.push_back(
        {.total_bytes = ReadNumber(data->get(), absl::StrCat(name, "/mbm_total_bytes")),
         .local_bytes = ReadNumber(data->get(), absl::StrCat(name, "/mbm_local_bytes")),
         .occupancy_bytes = ReadNumber(data->get(), absl::StrCat(name, "/llc_occupancy"))});
  }
  return stats;
}

}  // namespace hull::runtime
