// What is parsed and valid but not acted on by the runtime that asks: refused, never dropped.
#ifndef HULL_SPEC_SUPPORTED_H_
#define HULL_SPEC_SUPPORTED_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "spec/parse.h"

namespace hull::spec {

// A part of the configuration: every value that `pointer` names, where a "*" segment stands for
// any key or index. Neutral values (null, false, "", [], {}) ask for nothing and are fine.
struct Unsupported {
  absl::string_view pointer;     // "/mounts/*/options/*"
  absl::string_view value = "";  // when not empty, only this string or one that starts "VALUE="
};

// OK, or Unimplemented with a line for each value found. Pure: reads parsed.document only.
absl::Status CheckSupported(const Parsed& parsed, absl::Span<const Unsupported> table);
// Entries below /process apply.
absl::Status CheckSupported(const ParsedProcess& parsed, absl::Span<const Unsupported> table);
// Entries below /linux/resources apply.
absl::Status CheckSupported(const ParsedResources& parsed, absl::Span<const Unsupported> table);

}  // namespace hull::spec

#endif  // HULL_SPEC_SUPPORTED_H_
