#include "cgroups/systemd/variant.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups::systemd {
namespace {

constexpr size_t kMaxItems = 1024;

struct Keyword {
  absl::string_view name;
  char type;
};
constexpr Keyword kKeywords[] = {{"boolean", 'b'}, {"byte", 'y'},   {"int16", 'n'}, {"uint16", 'q'},
                                 {"int32", 'i'},   {"uint32", 'u'}, {"int64", 'x'}, {"uint64", 't'},
                                 {"double", 'd'},  {"string", 's'}};

// Of an integer type: how small and how large. `max` as unsigned, since 't' needs it.
struct Range {
  char type;
  int64_t min;
  uint64_t max;
};
constexpr Range kRanges[] = {{'y', 0, UINT8_MAX},  {'n', INT16_MIN, INT16_MAX},
                             {'q', 0, UINT16_MAX}, {'i', INT32_MIN, INT32_MAX},
                             {'u', 0, UINT32_MAX}, {'x', INT64_MIN, INT64_MAX},
                             {'t', 0, UINT64_MAX}};

const Range* RangeOf(char type) {
  for (const Range& range : kRanges) {
    if (range.type == type) return &range;
  }
  return nullptr;
}

bool IsSigned(char type) { return type == 'n' || type == 'i' || type == 'x'; }

bool Fits(bool negative, uint64_t magnitude, const Range& range) {
  if (!negative) return magnitude <= range.max;
  return magnitude == 0 ||
         (range.min < 0 && magnitude - 1 <= static_cast<uint64_t>(-(range.min + 1)));
}

uint64_t BitsOf(double number) {
  uint64_t bits = 0;
  memcpy(&bits, &number, sizeof(bits));
  return bits;
}

double DoubleOf(uint64_t bits) {
  double number = 0;
  memcpy(&number, &bits, sizeof(number));
  return number;
}

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text), rest_(text) {}

  absl::StatusOr<Value> Parse() {
    ASSIGN_OR_RETURN(Value value, ParseValue());
    SkipSpace();
    if (!rest_.empty()) return Expected("the end");
    return value;
  }

 private:
  absl::Status Expected(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", what, " at character ", text_.size() - rest_.size() + 1));
  }

  void SkipSpace() { rest_ = absl::StripLeadingAsciiWhitespace(rest_); }

  bool Consume(char c) {
    SkipSpace();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Letters and digits.
  absl::string_view Word() {
    SkipSpace();
    size_t size = 0;
    while (size < rest_.size() && absl::ascii_isalnum(static_cast<unsigned char>(rest_[size]))) {
      ++size;
    }
    const absl::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }

  // "@as", "uint64", or nothing: "".
  absl::StatusOr<std::string> ParseType() {
    if (Consume('@')) {
      const std::string type(Word());
      const bool array = type.size() == 2 && type[0] == 'a';
      if ((array || type.size() == 1) && strchr("bynqiuxtds", type.back()) != nullptr) return type;
      return Expected("one of the types b y n q i u x t d s, or an array of one of them,");
    }
    const absl::string_view saved = rest_;
    const absl::string_view word = Word();
    for (const Keyword& keyword : kKeywords) {
      if (keyword.name == word) return std::string(1, keyword.type);
    }
    rest_ = saved;
    return std::string();
  }

  absl::StatusOr<Value> ParseValue() {
    ASSIGN_OR_RETURN(const std::string type, ParseType());
    if (!Consume('[')) return ParseBasic(type);
    if (type.size() == 1) return Expected("a value of the type given");
    return ParseArray(type);
  }

  absl::StatusOr<Value> ParseArray(const std::string& type) {
    std::string element = type.empty() ? "" : type.substr(1);
    Value array;
    while (!Consume(']')) {
      if (!array.items.empty() && !Consume(',')) return Expected("',' or ']'");
      if (array.items.size() == kMaxItems) return Expected("fewer items");
      std::string own = element;
      if (own.empty()) {
        ASSIGN_OR_RETURN(own, ParseType());
      }
      ASSIGN_OR_RETURN(Value item, ParseBasic(own));
      element = item.signature;
      array.items.push_back(std::move(item.items[0]));
    }
    if (element.empty()) return Expected("the type of an empty array, as '@as []',");
    array.signature = absl::StrCat("a", element);
    return array;
  }

  absl::StatusOr<Value> ParseBasic(const std::string& type) {
    if (type.size() > 1) return Expected("'['");
    SkipSpace();
    if (rest_.starts_with('\'') || rest_.starts_with('"')) {
      if (!type.empty() && type != "s") return Expected("a number");
      return ParseText();
    }
    if (type == "s") return Expected("a text in quotes");
    const absl::string_view saved = rest_;
    const absl::string_view word = Word();
    if (word == "true" || word == "false") {
      if (type.empty() || type == "b") return Bool(word == "true");
    } else if (type != "b") {
      rest_ = saved;
      return ParseNumber(type);
    }
    rest_ = saved;
    return Expected(type == "b" ? "true or false" : "a value");
  }

  absl::StatusOr<Value> ParseText() {
    const char quote = rest_[0];
    size_t end = 1;
    while (end < rest_.size() && rest_[end] != quote) end += rest_[end] == '\\' ? 2 : 1;
    std::string text;
    if (end >= rest_.size()) return Expected("an end of the quotes of the text");
    if (!absl::CUnescape(rest_.substr(1, end - 1), &text) || text.find('\0') != std::string::npos) {
      return Expected("a text with the escapes of C, without NUL,");
    }
    rest_.remove_prefix(end + 1);
    return String(text);
  }

  absl::StatusOr<Value> ParseNumber(const std::string& type) {
    size_t size = 0;
    const auto belongs = [](unsigned char c) {
      return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '+';
    };
    while (size < rest_.size() && belongs(static_cast<unsigned char>(rest_[size]))) ++size;
    const absl::string_view token = rest_.substr(0, size);
    absl::StatusOr<Value> value = ConvertNumber(token, type);
    if (value.ok()) rest_.remove_prefix(size);
    return value;
  }

  absl::StatusOr<Value> ConvertNumber(absl::string_view token, const std::string& type) const {
    absl::string_view digits = token;
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
    const bool real =
        type == "d" || (!hex && digits.find_first_of(".eE") != absl::string_view::npos);
    double number = 0;
    uint64_t magnitude = 0;
    if (digits.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(digits[0]))) {
      return Expected("a value");
    }
    if (real) {
      if ((!type.empty() && type != "d") || !absl::SimpleAtod(token, &number) ||
          !std::isfinite(number)) {
        return Expected(type.empty() ? "a number" : "an integer");
      }
      return Value{"d", {BitsOf(number)}};
    }
    const bool parsed =
        hex ? absl::SimpleHexAtoi(digits, &magnitude) : absl::SimpleAtoi(digits, &magnitude);
    const char wanted = type.empty() ? 'i' : type[0];
    if (!parsed || !Fits(negative, magnitude, *RangeOf(wanted))) {
      return Expected(absl::StrCat("a number that fits the type '", std::string(1, wanted), "'"));
    }
    return Value{std::string(1, wanted), {negative ? 0 - magnitude : magnitude}};
  }

  absl::string_view text_, rest_;
};

}  // namespace

absl::StatusOr<Value> ParseVariant(absl::string_view text) { return Parser(text).Parse(); }

absl::StatusOr<Value> Coerce(const Value& value, absl::string_view signature) {
  if (value.signature == signature) return value;
  const absl::Status mismatch = absl::InvalidArgumentError(absl::StrCat(
      "is of the type '", value.signature, "', and the property of the type '", signature, "'"));
  if (value.signature.size() != 1 || signature.size() != 1) return mismatch;
  const Range* const from = RangeOf(value.signature[0]);
  const Range* const to = RangeOf(signature[0]);
  if (from == nullptr || to == nullptr) return mismatch;
  const uint64_t bits = std::get<uint64_t>(value.items[0]);
  const bool negative = IsSigned(from->type) && static_cast<int64_t>(bits) < 0;
  if (!Fits(negative, negative ? 0 - bits : bits, *to)) return mismatch;
  return Value{std::string(signature), value.items};
}

absl::StatusOr<Value> MicrosecondsFromSeconds(const Value& seconds) {
  constexpr uint64_t kPerSecond = 1000000;
  const absl::Status wrong = absl::InvalidArgumentError(
      "expected a number of seconds, 0 or more, as '30' or 'double 0.5'");
  if (seconds.signature == "d") {
    const double micro = DoubleOf(std::get<uint64_t>(seconds.items[0])) * kPerSecond;
    if (!(micro >= 0) || micro >= static_cast<double>(std::numeric_limits<int64_t>::max())) {
      return wrong;
    }
    return Uint64(static_cast<uint64_t>(micro));
  }
  const absl::StatusOr<Value> whole = Coerce(seconds, "t");
  if (!whole.ok()) return wrong;
  const uint64_t number = std::get<uint64_t>(whole->items[0]);
  if (number > UINT64_MAX / kPerSecond) return wrong;
  return Uint64(number * kPerSecond);
}

}  // namespace hull::cgroups::systemd
