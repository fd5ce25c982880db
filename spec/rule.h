// What one value on its own must look like, as data. fields.h says which rule holds where.
#ifndef HULL_SPEC_RULE_H_
#define HULL_SPEC_RULE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hull::spec {

// A list of strings has the rule of its elements. An absent value passes, unless `required`.
struct Rule {
  enum class Kind : uint8_t { kAny, kRange, kOneOf, kForm };

  Kind kind = Kind::kAny;
  bool required = false;  // an integer must be there, a string or a list's element not be empty
  bool warns = false;     // a breach is doubtful, not wrong
  bool or_zero = false;   // kRange: 0 passes too and means "unset"
  int64_t min = 0;        // kRange, both included
  int64_t max = 0;
  absl::Span<const absl::string_view> names = {};     // kOneOf
  bool (*accepts)(absl::string_view text) = nullptr;  // kForm
  absl::string_view expected = {};                    // "an absolute path"
  absl::string_view fix = {};

  constexpr Rule Required() const {
    Rule rule = *this;
    rule.required = true;
    return rule;
  }
  constexpr Rule OrZero() const {
    Rule rule = *this;
    rule.or_zero = true;
    return rule;
  }
  constexpr Rule Warns() const {
    Rule rule = *this;
    rule.warns = true;
    return rule;
  }
};

constexpr Rule Range(int64_t min, int64_t max, absl::string_view fix = "") {
  return {.kind = Rule::Kind::kRange, .min = min, .max = max, .fix = fix};
}

// Without `expected` the message lists the names.
constexpr Rule OneOf(absl::Span<const absl::string_view> names, absl::string_view expected = "") {
  return {.kind = Rule::Kind::kOneOf, .names = names, .expected = expected};
}

// `expected` completes "expected …".
constexpr Rule Form(bool (*accepts)(absl::string_view), absl::string_view expected,
                    absl::string_view fix = "") {
  return {.kind = Rule::Kind::kForm, .accepts = accepts, .expected = expected, .fix = fix};
}

}  // namespace hull::spec

#endif  // HULL_SPEC_RULE_H_
