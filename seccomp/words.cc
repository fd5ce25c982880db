#include "seccomp/words.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace hull::seccomp {
namespace {

constexpr size_t kLongestShown = 64;

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row[b.size()];
}

std::string Shown(absl::string_view value) {
  std::string shown = absl::Utf8SafeCHexEscape(value.substr(0, kLongestShown));
  if (value.size() > kLongestShown) shown += "...";
  return shown;
}

// The nearest name by edits, or "" when nothing is near enough to be what was meant.
std::string Nearest(absl::Span<const Word> table, absl::string_view prefix,
                    absl::string_view name) {
  std::string nearest;
  size_t best = name.size() / 3 + 1;
  if (name.size() > kLongestShown) return nearest;
  for (const Word& word : table) {
    std::string candidate = absl::StrCat(prefix, word.name);
    const size_t distance = EditDistance(name, candidate);
    if (distance >= best) continue;
    best = distance;
    nearest = std::move(candidate);
  }
  return nearest;
}

}  // namespace

const Word* FindWord(absl::Span<const Word> table, absl::string_view name) {
  for (const Word& word : table) {
    if (word.name == name) return &word;
  }
  return nullptr;
}

absl::Status BadValue(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

absl::Status UnknownWord(absl::string_view path, absl::string_view name, absl::string_view kind,
                         absl::Span<const Word> table, absl::string_view prefix) {
  std::string known;
  for (const Word& word : table) {
    absl::StrAppend(&known, known.empty() ? "" : ", ", prefix, word.name);
  }
  const std::string nearest = Nearest(table, prefix, name);
  return BadValue(path, absl::StrCat("'", Shown(name), "' is no ", kind, ", expected one of ",
                                     known, nearest.empty() ? "" : "; did you mean '", nearest,
                                     nearest.empty() ? "" : "'?"));
}

}  // namespace hull::seccomp
