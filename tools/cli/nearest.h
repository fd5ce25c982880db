// "Did you mean": the known name that is closest to a mistyped one.
#ifndef HULL_TOOLS_CLI_NEAREST_H_
#define HULL_TOOLS_CLI_NEAREST_H_

#include <cstddef>
#include <string_view>

#include "absl/types/span.h"

namespace hull::tools {

// How many letters to insert, drop or replace to get from `a` to `b`.
size_t EditDistance(std::string_view a, std::string_view b);

// The nearest of `names`, or "" where each is more than 2 edits or half the word away.
std::string_view Nearest(std::string_view word, absl::Span<const std::string_view> names);

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_NEAREST_H_
