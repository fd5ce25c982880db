#include "tools/cli/table.h"

#include <algorithm>

namespace hull::tools {

std::string FormatTable(absl::Span<const std::vector<std::string>> rows) {
  constexpr size_t kMinWidth = 12;
  constexpr size_t kGap = 3;
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), kMinWidth);
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size() + kGap);
  }
  std::string text;
  for (const std::vector<std::string>& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size(), ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace hull::tools
