#include "spec/diagnostic.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "spec/json_writer.h"
#include "spec/utf8.h"

namespace hull::spec {
namespace {

constexpr size_t kMaxQuotedBytes = 80;
constexpr size_t kMaxNameBytes = 240;  // a file or pointer; keys may be anything

// `text` as a JSON string of at most `limit` bytes. Neither a character nor an escape is cut in
// two.
std::string QuoteWithin(absl::string_view text, size_t limit) {
  std::string quoted;
  if (text.size() <= limit) AppendJsonString(&quoted, text);
  if (!quoted.empty() && quoted.size() <= limit) return quoted;
  quoted = "\"";
  while (true) {
    const size_t bytes = std::max<size_t>(1, Utf8CharacterBytes(text));
    std::string character;
    AppendJsonString(&character, text.substr(0, bytes));
    if (quoted.size() + character.size() + 2 > limit) return quoted + "...\"";
    quoted.append(character, 1, character.size() - 2);
    text.remove_prefix(bytes);
  }
}

// On one line and without quotes.
std::string Name(absl::string_view text) {
  const std::string quoted = QuoteWithin(text, kMaxNameBytes);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

std::string Quote(absl::string_view text) { return QuoteWithin(text, kMaxQuotedBytes); }

std::string Render(const Diagnostic& diagnostic) {
  std::string line = Name(diagnostic.file);
  if (diagnostic.line > 0) absl::StrAppend(&line, ":", diagnostic.line, ":", diagnostic.column);
  for (const std::string& part : {Name(diagnostic.pointer), diagnostic.value, diagnostic.problem}) {
    if (part.empty()) continue;
    absl::StrAppend(&line, line.empty() ? "" : ": ", part);
  }
  if (!diagnostic.fix.empty()) absl::StrAppend(&line, "; ", diagnostic.fix);
  return line;
}

std::string Summarize(absl::string_view noun, absl::string_view file,
                      absl::Span<const Diagnostic> diagnostics, size_t total) {
  diagnostics = diagnostics.first(std::min(diagnostics.size(), kMaxReported));
  std::string text = absl::StrCat(total, " ", noun);
  if (!file.empty()) absl::StrAppend(&text, " in '", Name(file), "'");
  for (const Diagnostic& each : diagnostics) absl::StrAppend(&text, "\n", Render(each));
  if (total > diagnostics.size()) {
    absl::StrAppend(&text, "\nand ", total - diagnostics.size(), " more");
  }
  return text;
}

absl::Status ErrorFromDiagnostics(absl::string_view file, absl::Span<const Diagnostic> errors,
                                  size_t total) {
  if (total == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Summarize(total == 1 ? "error" : "errors", file, errors, total));
}

}  // namespace hull::spec
