#include "spec/report.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "spec/diagnostic.h"
#include "spec/document.h"

namespace hull::spec {
namespace {

constexpr size_t kMaxWord = 64;  // longer names have no neighbours here

// Levenshtein's distance, or anything above `limit` where it exceeds that.
size_t EditDistance(absl::string_view a, absl::string_view b, size_t limit) {
  if (a.size() > kMaxWord || b.size() > kMaxWord) return limit + 1;
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > limit) return limit + 1;
  std::array<size_t, kMaxWord + 1> row;
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string Path::Pointer() const {
  if (parent_ == nullptr) return "";
  if (index_ != kNoIndex) return absl::StrCat(parent_->Pointer(), "/", index_);
  return absl::StrCat(parent_->Pointer(), "/",
                      absl::StrReplaceAll(key_, {{"~", "~0"}, {"/", "~1"}}));
}

void Report::Error(const Path& path, absl::string_view problem, absl::string_view fix) {
  ++total_;
  if (errors_.size() >= kMaxReported) return;
  errors_.push_back(document_->Explain(path.Pointer(), problem, fix));
}

void Report::Warn(const Path& path, absl::string_view problem, absl::string_view fix) {
  if (warnings_.size() >= kMaxReported) return;
  warnings_.push_back(document_->Explain(path.Pointer(), problem, fix));
}

void Report::WarnOfKey(const Path& path, absl::string_view problem, absl::string_view fix) {
  if (warnings_.size() >= kMaxReported) return;
  Warn(path, problem, fix);
  warnings_.back().value.clear();
}

absl::Status Report::status() const {
  std::vector<Diagnostic> errors = errors_;
  std::stable_sort(errors.begin(), errors.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return ErrorFromDiagnostics(document_->file(), errors, total_);
}

std::string DidYouMean(absl::string_view word, absl::Span<const absl::string_view> names) {
  absl::string_view nearest;
  size_t best = 3;
  for (const absl::string_view name : names) {
    const size_t limit = std::min(name.size(), word.size()) < 5 ? 1 : 2;
    const size_t distance =
        absl::EqualsIgnoreCase(word, name) ? 0 : EditDistance(word, name, limit);
    if (distance > limit || distance >= best) continue;
    best = distance;
    nearest = name;
  }
  return nearest.empty() ? "" : absl::StrCat("did you mean '", nearest, "'?");
}

}  // namespace hull::spec
