#include "tools/cli/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace hull::tools {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

std::string_view Nearest(std::string_view word, absl::Span<const std::string_view> names) {
  std::string_view best;
  size_t best_distance = std::min(size_t{2}, word.size() / 2) + 1;
  for (std::string_view name : names) {
    const size_t distance = EditDistance(word, name);
    if (distance >= best_distance) continue;
    best = name;
    best_distance = distance;
  }
  return best;
}

}  // namespace hull::tools
