#include "spec/check_rules.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "spec/fields.h"
#include "spec/report.h"
#include "spec/rule.h"
#include "spec/spec.h"

namespace hull::spec {
namespace {

std::string Expected(const Rule& rule) {
  if (!rule.expected.empty()) return absl::StrCat("expected ", rule.expected);
  if (rule.kind == Rule::Kind::kOneOf) {
    return absl::StrCat("expected one of ", absl::StrJoin(rule.names, ", "));
  }
  return absl::StrCat("expected ", rule.or_zero ? "0 (unset) or " : "", "an integer in ", rule.min,
                      "..", rule.max);
}

bool Passes(const Rule& rule, absl::string_view text) {
  if (rule.kind == Rule::Kind::kForm) return rule.accepts(text);
  return rule.kind != Rule::Kind::kOneOf ||
         std::find(rule.names.begin(), rule.names.end(), text) != rule.names.end();
}

class Checker {
 public:
  explicit Checker(Report* report) : report_(*report) {}

  // A scalar string that is empty is absent; an element of a list is there.
  void Check(const std::string& text, const Path& path, const Rule& rule, bool element = false) {
    if (text.empty() && !element) {
      if (rule.required) report_.Error(path, absl::StrCat("missing, ", Expected(rule)), rule.fix);
      return;
    }
    if (Passes(rule, text)) return;
    const bool full = rule.warns ? report_.warnings_full() : report_.errors_full();
    const bool guess = rule.kind == Rule::Kind::kOneOf && !full;
    const std::string near = guess ? DidYouMean(text, rule.names) : std::string(rule.fix);
    if (rule.warns) {
      report_.Warn(path, Expected(rule), near);
    } else {
      report_.Error(path, Expected(rule), near);
    }
  }

  void Check(bool, const Path&, const Rule&, bool = false) {}

  template <typename T>
  requires std::is_integral_v<T>
  void Check(const T& value, const Path& path, const Rule& rule, bool = false) {
    if (rule.kind != Rule::Kind::kRange || (rule.or_zero && value == 0)) return;
    if (std::cmp_less(value, rule.min) || std::cmp_greater(value, rule.max)) {
      report_.Error(path, Expected(rule), rule.fix);
    }
  }

  template <typename T>
  void Check(const std::optional<T>& value, const Path& path, const Rule& rule, bool = false) {
    if (value.has_value()) Check(*value, path, rule);
  }

  template <typename T>
  void Check(const std::vector<T>& values, const Path& path, const Rule& rule, bool = false) {
    if (std::is_same_v<T, std::string> && rule.kind == Rule::Kind::kAny) return;
    for (size_t i = 0; i < values.size(); ++i) Check(values[i], path / i, rule, /*element=*/true);
  }

  template <typename T>
  void Check(const std::map<std::string, T>& values, const Path& path, const Rule& rule,
             bool = false) {
    for (const auto& [key, value] : values) Check(value, path / key, rule, /*element=*/true);
  }

  template <typename T>
  requires std::is_class_v<T>
  void Check(const T& object, const Path& path, const Rule&, bool = false) {
    constexpr size_t kCount = std::tuple_size_v<decltype(Fields<T>::kAll)>;
    CheckMembers(object, path, std::make_index_sequence<kCount>());
  }

 private:
  template <typename T, size_t... kIndexes>
  void CheckMembers(const T& object, const Path& path, std::index_sequence<kIndexes...>) {
    (CheckMember(object, path, std::get<kIndexes>(Fields<T>::kAll)), ...);
  }

  template <typename T, typename Field>
  void CheckMember(const T& object, const Path& path, const Field& field) {
    Check(object.*field.member, path / field.key, field.rule);
  }

  Report& report_;
};

}  // namespace

void CheckRules(const Spec& spec, const Path& path, Report* report) {
  Checker(report).Check(spec, path, kAnything);
}

void CheckRules(const Process& process, const Path& path, Report* report) {
  Checker(report).Check(process, path, kAnything);
}

void CheckRules(const Resources& resources, const Path& path, Report* report) {
  Checker(report).Check(resources, path, kAnything);
}

}  // namespace hull::spec
