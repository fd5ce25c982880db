// Columns of text, as `list` prints them.
#ifndef HULL_TOOLS_CLI_TABLE_H_
#define HULL_TOOLS_CLI_TABLE_H_

#include <string>
#include <vector>

#include "absl/types/span.h"

namespace hull::tools {

// Each column as wide as its widest cell plus 3 blanks, at least 12, but for the last.
std::string FormatTable(absl::Span<const std::vector<std::string>> rows);

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_TABLE_H_
