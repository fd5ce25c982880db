#include "tools/cli/parser.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/base/status_macros.h"
#include "tools/cli/nearest.h"

namespace hull::tools {
namespace {

constexpr std::string_view kTrueWords[] = {"true", "t", "T", "1", "TRUE", "True"};
constexpr std::string_view kFalseWords[] = {"false", "f", "F", "0", "FALSE", "False"};

bool OneOf(std::string_view word, absl::Span<const std::string_view> words) {
  for (std::string_view candidate : words) {
    if (word == candidate) return true;
  }
  return false;
}

// The word as the user should type the flag: "--bundle", "-b".
std::string Spelled(std::string_view name) {
  return absl::StrCat(name.size() == 1 ? "-" : "--", name);
}

class Parser {
 public:
  Parser(absl::Span<const Flag> flags, absl::Span<const std::string_view> words)
      : flags_(flags), words_(words) {}

  absl::StatusOr<Arguments> Run(bool flags_end_at_argument) {
    while (next_ < words_.size()) {
      const std::string_view word = words_[next_++];
      if (word == "--") break;
      if (word.size() < 2 || word[0] != '-') {
        arguments_.positional.push_back(word);
        if (flags_end_at_argument) break;
        continue;
      }
      RETURN_IF_ERROR(ReadFlag(word));
    }
    while (next_ < words_.size()) arguments_.positional.push_back(words_[next_++]);
    return std::move(arguments_);
  }

 private:
  const Flag* Find(std::string_view name) const {
    if (name == kHelpFlag.name || name == "h") return &kHelpFlag;
    for (const Flag& flag : flags_) {
      if (name == flag.name) return &flag;
      if (name.size() == 1 && name[0] == flag.letter) return &flag;
    }
    return nullptr;
  }

  // `word` starts with one dash or two; both mean the same, as Go's flag package has it.
  absl::Status ReadFlag(std::string_view word) {
    const bool one_dash = word[1] != '-';
    word.remove_prefix(one_dash ? 1 : 2);
    std::optional<std::string_view> value;
    std::string_view name = word;
    if (const size_t equals = word.find('='); equals != std::string_view::npos) {
      name = word.substr(0, equals);
      value = word.substr(equals + 1);
    }
    if (const Flag* flag = Find(name)) return Take(*flag, name, value);
    if (one_dash && !value.has_value() && AllSwitches(name)) return TakeLetters(name);
    return Unknown(name);
  }

  absl::Status Take(const Flag& flag, std::string_view name,
                    std::optional<std::string_view> value) {
    std::vector<std::string_view>& values = arguments_.flags[flag.name];
    if (flag.value.empty()) {
      const std::string_view word = value.value_or("true");
      if (!OneOf(word, kTrueWords) && !OneOf(word, kFalseWords)) {
        return absl::InvalidArgumentError(
            absl::StrCat("flag ", Spelled(name), ": '", word, "' is not one of true, false"));
      }
      values.push_back(OneOf(word, kTrueWords) ? "true" : "false");
      return absl::OkStatus();
    }
    if (!value.has_value()) {
      // Engines probe for these three words.
      if (next_ == words_.size()) {
        return absl::InvalidArgumentError(absl::StrCat("flag needs an argument: ", Spelled(name)));
      }
      value = words_[next_++];
    }
    values.push_back(*value);
    return absl::OkStatus();
  }

  bool AllSwitches(std::string_view letters) const {
    for (size_t i = 0; i < letters.size(); ++i) {
      const Flag* flag = Find(letters.substr(i, 1));
      if (flag == nullptr || !flag->value.empty()) return false;
    }
    return true;
  }

  absl::Status TakeLetters(std::string_view letters) {
    for (size_t i = 0; i < letters.size(); ++i) {
      const std::string_view letter = letters.substr(i, 1);
      RETURN_IF_ERROR(Take(*Find(letter), letter, std::nullopt));
    }
    return absl::OkStatus();
  }

  absl::Status Unknown(std::string_view name) const {
    std::vector<std::string_view> names = {kHelpFlag.name};
    for (const Flag& flag : flags_) {
      if (flag.kind == FlagKind::kOffered) names.push_back(flag.name);
    }
    const std::string_view nearest = Nearest(name, names);
    return absl::InvalidArgumentError(
        absl::StrCat("unknown flag '", Spelled(name), "'",
                     nearest.empty() ? "" : absl::StrCat(", did you mean '--", nearest, "'?")));
  }

  absl::Span<const Flag> flags_;
  absl::Span<const std::string_view> words_;
  size_t next_ = 0;
  Arguments arguments_;
};

std::string Expected(const Command& command) { return absl::StrCat("usage: hull ", command.usage); }

}  // namespace

std::string_view Arguments::Last(std::string_view name, std::string_view otherwise) const {
  const auto it = flags.find(name);
  return it == flags.end() ? otherwise : it->second.back();
}

std::vector<std::string> Arguments::All(std::string_view name) const {
  const auto it = flags.find(name);
  if (it == flags.end()) return {};
  return std::vector<std::string>(it->second.begin(), it->second.end());
}

absl::StatusOr<Arguments> ParseWords(absl::Span<const Flag> flags, bool flags_end_at_argument,
                                     absl::Span<const std::string_view> words) {
  return Parser(flags, words).Run(flags_end_at_argument);
}

absl::StatusOr<Arguments> ParseCommand(const Command& command,
                                       absl::Span<const std::string_view> words) {
  ASSIGN_OR_RETURN(Arguments arguments,
                   ParseWords(command.flags, command.flags_end_at_argument, words), command.name);
  if (arguments.Switch("help")) return arguments;
  const int count = static_cast<int>(arguments.positional.size());
  if (count < command.min_args) {
    return absl::InvalidArgumentError(
        absl::StrCat(command.name, ": an argument is missing (", Expected(command), ")"));
  }
  if (command.max_args != kAnyNumber && count > command.max_args) {
    return absl::InvalidArgumentError(absl::StrCat(command.name, ": unexpected argument '",
                                                   arguments.positional[command.max_args], "' (",
                                                   Expected(command), ")"));
  }
  return arguments;
}

absl::StatusOr<uint64_t> ParseNumber(std::string_view flag, std::string_view text, uint64_t max) {
  uint64_t number = 0;
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  if (!digits || !absl::SimpleAtoi(text, &number) || number > max) {
    return absl::InvalidArgumentError(
        absl::StrCat("flag --", flag, ": '", text, "' is not a number from 0 to ", max));
  }
  return number;
}

absl::StatusOr<absl::Duration> ParseInterval(std::string_view flag, std::string_view text) {
  absl::Duration interval;
  uint32_t seconds = 0;
  if (absl::SimpleAtoi(text, &seconds)) {
    interval = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &interval)) {
    interval = absl::ZeroDuration();
  }
  if (interval > absl::ZeroDuration() && interval < absl::InfiniteDuration()) return interval;
  return absl::InvalidArgumentError(absl::StrCat(
      "flag --", flag, ": '", text, "' is not a time greater than 0 such as 5s or 500ms"));
}

}  // namespace hull::tools
