#include "spec/supported.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "spec/diagnostic.h"
#include "spec/document.h"
#include "spec/report.h"

namespace hull::spec {
namespace {

using Kind = Node::Kind;

bool IsEmpty(const Node& node) {
  switch (node.kind) {
    case Kind::kNull:
    case Kind::kFalse: return true;
    case Kind::kTrue:
    case Kind::kNumber: return false;
    default: return node.size == 0;
  }
}

class Search {
 public:
  explicit Search(const Document& document) : document_(document) {}

  // Notes what the `rest` of a row's pointer names below `node`.
  void Match(uint32_t node, const Path& path, absl::string_view rest, const Unsupported& row);

  absl::Status status() const;

 private:
  bool AsksForNothing(uint32_t node) const;
  bool HasValue(uint32_t node, absl::string_view value) const;

  const Document& document_;
  std::vector<Diagnostic> found_;  // the first kMaxReported
  size_t total_ = 0;
};

// An object of empty scalars is as good as absent; one that holds an object is not: the empty
// object in {"eth0": {}} is a wish.
bool Search::AsksForNothing(uint32_t node) const {
  const Node& value = document_.node(node);
  if (value.kind != Kind::kObject) return IsEmpty(value);
  for (uint32_t key = node + 1; key < value.end; key = document_.node(key + 1).end) {
    const Node& member = document_.node(key + 1);
    if (member.kind == Kind::kObject || !IsEmpty(member)) return false;
  }
  return true;
}

bool Search::HasValue(uint32_t node, absl::string_view value) const {
  if (value.empty()) return !AsksForNothing(node);
  if (document_.node(node).kind != Kind::kString) return false;
  absl::string_view text = document_.Text(node);
  return absl::ConsumePrefix(&text, value) && (text.empty() || text[0] == '=');
}

void Search::Match(uint32_t node, const Path& path, absl::string_view rest,
                   const Unsupported& row) {
  if (rest.empty()) {
    if (!HasValue(node, row.value) || ++total_ > kMaxReported) return;
    found_.push_back(document_.Explain(path.Pointer(), "not supported by this runtime yet", ""));
    return;
  }
  rest.remove_prefix(1);  // the slash
  const size_t slash = std::min(rest.find('/'), rest.size());
  const absl::string_view segment = rest.substr(0, slash);
  const Node& parent = document_.node(node);
  if (parent.kind != Kind::kObject && parent.kind != Kind::kArray) return;
  uint32_t child = node + 1;
  for (uint32_t i = 0; i < parent.size; ++i, child = document_.node(child).end) {
    if (parent.kind == Kind::kArray) {
      if (segment == "*") Match(child, path / i, rest.substr(slash), row);
      continue;
    }
    const absl::string_view key = document_.Text(child++);
    if (segment == "*" || segment == key) Match(child, path / key, rest.substr(slash), row);
  }
}

absl::Status Search::status() const {
  if (total_ == 0) return absl::OkStatus();
  return absl::UnimplementedError(
      Summarize(total_ == 1 ? "unsupported setting" : "unsupported settings", document_.file(),
                found_, total_));
}

absl::Status Check(const Document& document, absl::string_view prefix,
                   absl::Span<const Unsupported> table) {
  Search search(document);
  for (const Unsupported& row : table) {
    absl::string_view pointer = row.pointer;
    if (document.empty() || !absl::ConsumePrefix(&pointer, prefix)) continue;
    search.Match(0, Path(), pointer, row);
  }
  return search.status();
}

}  // namespace

absl::Status CheckSupported(const Parsed& parsed, absl::Span<const Unsupported> table) {
  return Check(parsed.document, "", table);
}

absl::Status CheckSupported(const ParsedProcess& parsed, absl::Span<const Unsupported> table) {
  return Check(parsed.document, "/process", table);
}

absl::Status CheckSupported(const ParsedResources& parsed, absl::Span<const Unsupported> table) {
  return Check(parsed.document, "/linux/resources", table);
}

}  // namespace hull::spec
