// Collects what is wrong while a value is read or checked, at no cost while nothing is.
#ifndef HULL_SPEC_REPORT_H_
#define HULL_SPEC_REPORT_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "spec/diagnostic.h"
#include "spec/document.h"

namespace hull::spec {

// Where a value is, as a list on the stack from the value to the root. Each step lives no longer
// than the one it was made from, so a Path is passed down and never kept.
class Path {
 public:
  Path() = default;
  Path operator/(absl::string_view key) const { return Path(this, key, kNoIndex); }
  Path operator/(size_t index) const { return Path(this, "", index); }
  std::string Pointer() const;  // RFC 6901

 private:
  static constexpr size_t kNoIndex = -1;
  Path(const Path* parent, absl::string_view key, size_t index)
      : parent_(parent), key_(key), index_(index) {}

  const Path* parent_ = nullptr;
  absl::string_view key_;
  size_t index_ = kNoIndex;
};

class Report {
 public:
  // `document` says where the values stand; it may be empty. It must outlive the Report.
  explicit Report(const Document* document) : document_(document) {}

  void Error(const Path& path, absl::string_view problem, absl::string_view fix = "");
  void Warn(const Path& path, absl::string_view problem, absl::string_view fix = "");
  // A warning of the key itself: its value, which may be a secret, is not shown.
  void WarnOfKey(const Path& path, absl::string_view problem, absl::string_view fix);

  // Whether another one would only be counted, so that wording it is in vain.
  bool errors_full() const { return errors_.size() >= kMaxReported; }
  bool warnings_full() const { return warnings_.size() >= kMaxReported; }
  // OK, or InvalidArgument with all errors in the order of the text.
  absl::Status status() const;
  std::vector<Diagnostic> TakeWarnings() { return std::move(warnings_); }

 private:
  const Document* document_;
  size_t total_ = 0;  // errors met; the first kMaxReported are kept
  std::vector<Diagnostic> errors_;
  std::vector<Diagnostic> warnings_;
};

// "did you mean 'X'?" for the nearest of `names`: equal but for case, or at most two edits away
// (one for short names). Empty if none is.
std::string DidYouMean(absl::string_view word, absl::Span<const absl::string_view> names);

}  // namespace hull::spec

#endif  // HULL_SPEC_REPORT_H_
