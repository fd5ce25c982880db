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

}  // namespace

std::string Quote(absl::string_view text) {
  std::string quoted;
  if (text.size() <= kMaxQuotedBytes) AppendJsonString(&quoted, text);
  if (!quoted.empty() && quoted.size() <= kMaxQuotedBytes) return quoted;
  quoted = "\"";
  while (true) {  // too long: neither a character nor an escape is cut in two
    const size_t bytes = std::max<size_t>(1, Utf8CharacterBytes(text));
    std::string character;
    AppendJsonString(&character, text.substr(0, bytes));
    if (quoted.size() + character.size() + 2 > kMaxQuotedBytes) return quoted + "...\"";
    quoted.append(character, 1, character.size() - 2);
    text.remove_prefix(bytes);
  }
}

std::string Render(const Diagnostic& diagnostic) {
  std::string line = diagnostic.file;
  if (diagnostic.line > 0) absl::StrAppend(&line, ":", diagnostic.line, ":", diagnostic.column);
  for (absl::string_view part :
       {absl::string_view(diagnostic.pointer), absl::string_view(diagnostic.value),
        absl::string_view(diagnostic.problem)}) {
    if (part.empty()) continue;
    absl::StrAppend(&line, line.empty() ? "" : ": ", part);
  }
  if (!diagnostic.fix.empty()) absl::StrAppend(&line, "; ", diagnostic.fix);
  return line;
}

absl::Status ErrorFromDiagnostics(absl::string_view file, absl::Span<const Diagnostic> errors,
                                  size_t total) {
  if (total == 0) return absl::OkStatus();
  std::string message = absl::StrCat(total, total == 1 ? " error" : " errors", " in '", file, "'");
  for (const Diagnostic& error : errors.first(std::min(errors.size(), kMaxReported))) {
    absl::StrAppend(&message, "\n", Render(error));
  }
  if (total > errors.size()) absl::StrAppend(&message, "\nand ", total - errors.size(), " more");
  return absl::InvalidArgumentError(message);
}

}  // namespace hull::spec
