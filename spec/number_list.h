// Lists of CPUs and memory nodes, "0-3,7".
#ifndef HULL_SPEC_NUMBER_LIST_H_
#define HULL_SPEC_NUMBER_LIST_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"

namespace hull::spec {

// More than any kernel can be built for: what is above is a slip, and would make a mask of megabytes.
inline constexpr uint32_t kMaxCpu = 65535;
inline constexpr uint32_t kMaxNode = 1023;

// The list as a bit mask, number n being bit n % 64 of word n / 64; empty for "". Absent where the
// text is no such list, or has a number above `max`.
std::optional<std::vector<uint64_t>> ParseNumberList(absl::string_view list, uint32_t max);

}  // namespace hull::spec

#endif  // HULL_SPEC_NUMBER_LIST_H_
