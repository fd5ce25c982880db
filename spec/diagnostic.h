// One finding about a configuration: where, what is there, what was expected, and a way out.
#ifndef HULL_SPEC_DIAGNOSTIC_H_
#define HULL_SPEC_DIAGNOSTIC_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hull::spec {

struct Diagnostic {
  std::string file = {};     // as the caller named it
  int line = 0;              // from 1; 0 = the value came from no file
  int column = 0;            // from 1, in bytes
  std::string pointer = {};  // RFC 6901: "/linux/resources/memory/swap"; "" = the whole document
  std::string value =
      {};  // as JSON, at most 80 bytes, printable; never an environment value; or empty
  std::string problem = {};  // "expected an integer in 0..4294967294"
  std::string fix = {};      // "use 65534 for nobody"; may be empty
};

// At most this many errors are worded; the rest are counted.
inline constexpr size_t kMaxReported = 20;

// One line: "config.json:14:21: /process/user/uid: 4294967295: expected …; use 65534 for nobody".
std::string Render(const Diagnostic& diagnostic);

// "N NOUN in 'FILE'" and one Render() line each for at most kMaxReported; "and M more" where
// `total` exceeds them.
std::string Summarize(absl::string_view noun, absl::string_view file,
                      absl::Span<const Diagnostic> diagnostics, size_t total);

// InvalidArgument with "N errors in 'FILE'" and one Render() line each; OK for no errors.
// `total` counts those that were found, worded or not.
absl::Status ErrorFromDiagnostics(absl::string_view file, absl::Span<const Diagnostic> errors,
                                  size_t total);

// `text` as a JSON string that fits one line: escaped, valid UTF-8, cut at 80 bytes with "...".
std::string Quote(absl::string_view text);

}  // namespace hull::spec

#endif  // HULL_SPEC_DIAGNOSTIC_H_
