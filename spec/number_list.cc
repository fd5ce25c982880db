#include "spec/number_list.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace hull::spec {
namespace {

bool ParseOne(absl::string_view text, uint32_t* value) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, value);
}

}  // namespace

std::optional<std::vector<uint64_t>> ParseNumberList(absl::string_view list, uint32_t max) {
  std::vector<uint64_t> mask;
  if (list.empty()) return mask;
  for (const absl::string_view part : absl::StrSplit(list, ',')) {
    const size_t dash = part.find('-');
    uint32_t first = 0;
    if (!ParseOne(part.substr(0, dash), &first)) return std::nullopt;
    uint32_t last = first;
    if (dash != part.npos && !ParseOne(part.substr(dash + 1), &last)) return std::nullopt;
    if (last < first || last > max) return std::nullopt;
    if (mask.size() <= last / 64) mask.resize(last / 64 + 1);
    for (uint32_t n = first; n <= last; ++n) mask[n / 64] |= uint64_t{1} << (n % 64);
  }
  return mask;
}

}  // namespace hull::spec
