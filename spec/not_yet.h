// What hull's runtime parses and does not act on yet. A row goes when the feature comes.
#ifndef HULL_SPEC_NOT_YET_H_
#define HULL_SPEC_NOT_YET_H_

#include "absl/types/span.h"
#include "spec/supported.h"

namespace hull::spec {

inline constexpr absl::Span<const Unsupported> kNotYet = {};

}  // namespace hull::spec

#endif  // HULL_SPEC_NOT_YET_H_
