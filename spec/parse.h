// config.json → Spec. Spec: config.md and config-linux.md of the OCI runtime-spec 1.3.
//
// Parse() answers "is this JSON of the right shape", validate.h "does it make sense", supported.h
// "does this runtime act on all of it". Each reports everything it finds in one InvalidArgument
// Status (20 errors at most, then a count): first a line that says how many, then a line for each
// with file:line:column, JSON pointer, value, what was expected and a fix (diagnostic.h).
//
// Keys are matched exactly. Unknown keys are ignored, as the specification demands, and those that
// look like a slip (at most two letters off a known key, or different in case only) are warned of.
// `null` counts as absent, but not as an element of a list or map. Integers are exact: no
// fraction, exponent, string, or value out of the type's range.
#ifndef HULL_SPEC_PARSE_H_
#define HULL_SPEC_PARSE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "spec/diagnostic.h"
#include "spec/document.h"
#include "spec/spec.h"

namespace hull::spec {

struct Parsed {
  Spec spec;
  Document document;  // empty for a Spec that was made by hand: then errors name no line
  std::vector<Diagnostic> warnings;
};

struct ParsedProcess {
  Process process;
  Document document;
  std::vector<Diagnostic> warnings;
};

struct ParsedResources {
  Resources resources;
  Document document;
  std::vector<Diagnostic> warnings;
};

// `file` names the text in messages ("config.json").
absl::StatusOr<Parsed> Parse(std::string text, absl::string_view file);
// The text is one `process` object, as `exec --process` gets it.
absl::StatusOr<ParsedProcess> ParseProcess(std::string text, absl::string_view file);
// The text is one `linux.resources` object, as `update --resources` gets it.
absl::StatusOr<ParsedResources> ParseResources(std::string text, absl::string_view file);

}  // namespace hull::spec

#endif  // HULL_SPEC_PARSE_H_
