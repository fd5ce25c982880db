#include "spec/parse.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "runtime/base/status_macros.h"
#include "spec/document.h"
#include "spec/fields.h"
#include "spec/report.h"
#include "spec/rule.h"
#include "spec/spec.h"

namespace hull::spec {
namespace {

using Kind = Node::Kind;

class Binder;

// One key of an object, its type erased so that one loop serves all objects.
struct Entry {
  absl::string_view key;
  void (*read)(Binder& binder, uint32_t node, const Path& path, void* object);  // null = ignored
};

// Puts the tree's values into the members of a Spec, as the tables of fields.h say. Errors go to
// the report and reading goes on with what is next.
class Binder {
 public:
  Binder(const Document& document, Report* report) : document_(document), report_(*report) {}

  void Read(uint32_t node, const Path& path, const Rule&, bool* value);
  void Read(uint32_t node, const Path& path, const Rule&, std::string* value);

  template <typename T>
  requires std::is_integral_v<T>
  void Read(uint32_t node, const Path& path, const Rule& rule, T* value);

  template <typename T>
  void Read(uint32_t node, const Path& path, const Rule& rule, std::optional<T>* value) {
    Read(node, path, rule, &value->emplace());
  }

  template <typename T>
  void Read(uint32_t node, const Path& path, const Rule& rule, std::vector<T>* values);

  template <typename T>
  void Read(uint32_t node, const Path& path, const Rule& rule, std::map<std::string, T>* values);

  // Objects with a table in fields.h.
  template <typename T>
  requires std::is_class_v<T>
  void Read(uint32_t node, const Path& path, const Rule&, T* object);

 private:
  // Whether the value at `node` is of `kind`; else an error. `expected` completes "expected …".
  bool Is(Kind kind, uint32_t node, const Path& path, absl::string_view expected);
  // The bit of each entry that has a value.
  uint64_t ReadMembers(uint32_t node, const Path& path, void* object,
                       absl::Span<const Entry> entries);
  template <typename Object, size_t... kIndexes>
  void CheckMissing(uint64_t seen, const Path& path, std::index_sequence<kIndexes...>);
  void CheckUnknown(absl::string_view key, const Path& path, absl::Span<const Entry> entries);

  const Document& document_;
  Report& report_;
  int unknown_left_ = 1000;  // unknown keys that are still compared with the known ones
};

template <typename Object, size_t kIndex>
void ReadField(Binder& binder, uint32_t node, const Path& path, void* object) {
  static constexpr auto kField = std::get<kIndex>(Fields<Object>::kAll);
  binder.Read(node, path, kField.rule, &(static_cast<Object*>(object)->*kField.member));
}

template <typename Object, size_t... kIndexes, size_t... kIgnored>
constexpr auto MakeEntries(std::index_sequence<kIndexes...>, std::index_sequence<kIgnored...>) {
  return std::array<Entry, sizeof...(kIndexes) + sizeof...(kIgnored)>{
      Entry{std::get<kIndexes>(Fields<Object>::kAll).key, &ReadField<Object, kIndexes>}...,
      Entry{std::get<kIgnored>(Fields<Object>::kIgnored), nullptr}...};
}

template <typename Object>
inline constexpr auto kEntries = MakeEntries<Object>(
    std::make_index_sequence<std::tuple_size_v<decltype(Fields<Object>::kAll)>>(),
    std::make_index_sequence<std::tuple_size_v<decltype(Fields<Object>::kIgnored)>>());

// Only integers: what is missing of them is seen nowhere but here. An empty string is as good as
// none to check_rules.cc.
template <typename Object, typename Value>
constexpr bool IsNeeded(const Field<Object, Value>& field) {
  return std::is_integral_v<Value> && field.rule.required;
}

template <typename Object, size_t... kIndexes>
constexpr uint64_t NeededBits(std::index_sequence<kIndexes...>) {
  return ((IsNeeded(std::get<kIndexes>(Fields<Object>::kAll)) ? uint64_t{1} << kIndexes : 0) | ...);
}

template <typename T>
std::string ExpectedInteger(const Rule& rule) {
  const bool ranged = rule.kind == Rule::Kind::kRange;
  const std::string min = absl::StrCat(ranged ? rule.min : std::numeric_limits<T>::min());
  const std::string max =
      ranged ? absl::StrCat(rule.max) : absl::StrCat(std::numeric_limits<T>::max());
  return absl::StrCat("expected an integer in ", min, "..", max);
}

template <typename Object, typename Value>
void ReportMissing(const Field<Object, Value>& field, const Path& path, Report& report) {
  if constexpr (std::is_integral_v<Value>) {
    report.Error(path / field.key, absl::StrCat("missing, ", ExpectedInteger<Value>(field.rule)),
                 field.rule.fix);
  }
}

template <typename Object, size_t... kIndexes>
void Binder::CheckMissing(uint64_t seen, const Path& path, std::index_sequence<kIndexes...>) {
  constexpr uint64_t kNeeded = NeededBits<Object>(std::index_sequence<kIndexes...>());
  if constexpr (kNeeded != 0) {
    const uint64_t missing = kNeeded & ~seen;
    const auto check = [&](size_t index, const auto& field) {
      if ((missing >> index & 1) != 0) ReportMissing(field, path, report_);
    };
    (check(kIndexes, std::get<kIndexes>(Fields<Object>::kAll)), ...);
  }
}

bool Binder::Is(Kind kind, uint32_t node, const Path& path, absl::string_view expected) {
  if (document_.node(node).kind == kind) return true;
  report_.Error(path, absl::StrCat("expected ", expected));
  return false;
}

void Binder::Read(uint32_t node, const Path& path, const Rule&, bool* value) {
  const Kind kind = document_.node(node).kind;
  if (kind != Kind::kTrue && kind != Kind::kFalse) {
    report_.Error(path, "expected true or false");
    return;
  }
  *value = kind == Kind::kTrue;
}

void Binder::Read(uint32_t node, const Path& path, const Rule&, std::string* value) {
  if (Is(Kind::kString, node, path, "a string")) *value = document_.Text(node);
}

template <typename T>
requires std::is_integral_v<T>
void Binder::Read(uint32_t node, const Path& path, const Rule& rule, T* value) {
  const absl::string_view text = document_.Text(node);
  const char* end = text.data() + text.size();
  if (document_.node(node).kind == Kind::kNumber) {
    const auto [stop, error] = std::from_chars(text.data(), end, *value);
    if (error == std::errc() && stop == end) return;
    *value = 0;
  }
  absl::string_view fix = rule.fix;
  if (document_.node(node).kind == Kind::kString) fix = "write it without quotes";
  report_.Error(path, ExpectedInteger<T>(rule), fix);
}

template <typename T>
void Binder::Read(uint32_t node, const Path& path, const Rule& rule, std::vector<T>* values) {
  constexpr absl::string_view kExpected = std::is_same_v<T, std::string> ? "an array of strings"
                                          : std::is_integral_v<T>        ? "an array of integers"
                                                                         : "an array of objects";
  if (!Is(Kind::kArray, node, path, kExpected)) return;
  const uint32_t size = document_.node(node).size;
  values->reserve(size);
  uint32_t element = node + 1;
  for (uint32_t i = 0; i < size; ++i, element = document_.node(element).end) {
    Read(element, path / i, rule, &values->emplace_back());
  }
}

template <typename T>
void Binder::Read(uint32_t node, const Path& path, const Rule& rule,
                  std::map<std::string, T>* values) {
  if (!Is(Kind::kObject, node, path, "an object")) return;
  uint32_t key = node + 1;
  for (uint32_t i = 0; i < document_.node(node).size; ++i, key = document_.node(key + 1).end) {
    const absl::string_view name = document_.Text(key);
    Read(key + 1, path / name, rule, &(*values)[std::string(name)]);
  }
}

template <typename T>
requires std::is_class_v<T>
void Binder::Read(uint32_t node, const Path& path, const Rule&, T* object) {
  if (!Is(Kind::kObject, node, path, "an object")) return;
  static_assert(kEntries<T>.size() <= 64);
  const uint64_t seen = ReadMembers(node, path, object, kEntries<T>);
  constexpr size_t kCount = std::tuple_size_v<decltype(Fields<T>::kAll)>;
  CheckMissing<T>(seen, path, std::make_index_sequence<kCount>());
}

uint64_t Binder::ReadMembers(uint32_t node, const Path& path, void* object,
                             absl::Span<const Entry> entries) {
  uint64_t seen = 0;
  size_t next = 0;  // keys mostly come in the table's order
  uint32_t key = node + 1;
  for (uint32_t i = 0; i < document_.node(node).size; ++i, key = document_.node(key + 1).end) {
    const absl::string_view name = document_.Text(key);
    size_t tried = 0;
    while (tried < entries.size() && entries[next].key != name) {
      ++tried;
      next = next + 1 == entries.size() ? 0 : next + 1;
    }
    if (tried == entries.size()) {
      CheckUnknown(name, path / name, entries);
    } else if (entries[next].read != nullptr && document_.node(key + 1).kind != Kind::kNull) {
      entries[next].read(*this, key + 1, path / name, object);
      seen |= uint64_t{1} << next;
    }
  }
  return seen;
}

void Binder::CheckUnknown(absl::string_view key, const Path& path,
                          absl::Span<const Entry> entries) {
  if (unknown_left_-- <= 0) return;
  std::vector<absl::string_view> known;
  for (const Entry& entry : entries) known.push_back(entry.key);
  const std::string fix = DidYouMean(key, known);
  if (!fix.empty()) report_.WarnOfKey(path, "unknown key, ignored", fix);
}

// Reads `text` into `value`, which is all of it.
template <typename T>
absl::Status ReadText(std::string text, absl::string_view file, T* value, Document* document,
                      std::vector<Diagnostic>* warnings) {
  ASSIGN_OR_RETURN(*document, ParseDocument(std::move(text), file));
  Report report(document);
  Binder(*document, &report).Read(0, Path(), kAnything, value);
  *warnings = report.TakeWarnings();
  return report.status();
}

}  // namespace

absl::StatusOr<Parsed> Parse(std::string text, absl::string_view file) {
  Parsed parsed;
  RETURN_IF_ERROR(
      ReadText(std::move(text), file, &parsed.spec, &parsed.document, &parsed.warnings));
  return parsed;
}

absl::StatusOr<ParsedProcess> ParseProcess(std::string text, absl::string_view file) {
  ParsedProcess parsed;
  RETURN_IF_ERROR(
      ReadText(std::move(text), file, &parsed.process, &parsed.document, &parsed.warnings));
  return parsed;
}

absl::StatusOr<ParsedResources> ParseResources(std::string text, absl::string_view file) {
  ParsedResources parsed;
  RETURN_IF_ERROR(
      ReadText(std::move(text), file, &parsed.resources, &parsed.document, &parsed.warnings));
  return parsed;
}

}  // namespace hull::spec
