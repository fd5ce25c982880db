#include "cgroups/devices.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups {
namespace {

using Rule = DeviceRuleSet::Rule;
using Type = DeviceRuleSet::Type;

constexpr uint8_t kAll = DeviceRuleSet::kAll;

constexpr Rule kDefaultRules[] = {
    {true, Type::kChar, std::nullopt, std::nullopt, DeviceRuleSet::kMknod},
    {true, Type::kBlock, std::nullopt, std::nullopt, DeviceRuleSet::kMknod},
    {true, Type::kChar, 1, 3, kAll},               // null
    {true, Type::kChar, 1, 5, kAll},               // zero
    {true, Type::kChar, 1, 7, kAll},               // full
    {true, Type::kChar, 1, 8, kAll},               // random
    {true, Type::kChar, 1, 9, kAll},               // urandom
    {true, Type::kChar, 5, 0, kAll},               // tty
    {true, Type::kChar, 5, 1, kAll},               // console
    {true, Type::kChar, 5, 2, kAll},               // ptmx
    {true, Type::kChar, 136, std::nullopt, kAll},  // pseudo-terminals
    {true, Type::kChar, 10, 200, kAll},            // TUN
};

bool NumberCovers(const std::optional<uint32_t>& wide, const std::optional<uint32_t>& narrow) {
  return !wide.has_value() || wide == narrow;
}

bool NumberOverlaps(const std::optional<uint32_t>& a, const std::optional<uint32_t>& b) {
  return !a.has_value() || !b.has_value() || a == b;
}

// Whether every device of `narrow` is one of `wide`.
bool Covers(const Rule& wide, const Rule& narrow) {
  return wide.type == narrow.type && NumberCovers(wide.major, narrow.major) &&
         NumberCovers(wide.minor, narrow.minor);
}

bool Overlaps(const Rule& a, const Rule& b) {
  return a.type == b.type && NumberOverlaps(a.major, b.major) && NumberOverlaps(a.minor, b.minor);
}

bool SameDevices(const Rule& a, const Rule& b) {
  return a.type == b.type && a.major == b.major && a.minor == b.minor;
}

// Bits that a later rule decides anyway.
void DropShadowed(std::vector<Rule>& rules) {
  for (size_t i = 0; i < rules.size(); ++i) {
    for (size_t j = i + 1; j < rules.size(); ++j) {
      if (Covers(rules[j], rules[i])) rules[i].access &= ~rules[j].access;
    }
  }
}

// Whether `bit` of the devices of rule `i` comes out the same without it: what would decide then,
// an earlier rule that covers them or the default, agrees, and no earlier rule about some of them
// disagrees before that.
bool SameWithout(const std::vector<Rule>& rules, size_t i, uint8_t bit, bool default_allow) {
  for (size_t j = i; j-- > 0;) {
    if ((rules[j].access & bit) == 0 || !Overlaps(rules[j], rules[i])) continue;
    if (rules[j].allow != rules[i].allow) return false;
    if (Covers(rules[j], rules[i])) return true;
  }
  return rules[i].allow == default_allow;
}

// Whole rules only: one for all three bits is cheaper for the kernel than one for two.
void DropRedundant(std::vector<Rule>& rules, bool default_allow) {
  for (size_t i = 0; i < rules.size(); ++i) {
    bool redundant = true;
    for (uint8_t bit : {DeviceRuleSet::kMknod, DeviceRuleSet::kRead, DeviceRuleSet::kWrite}) {
      const bool decided = (rules[i].access & bit) != 0;
      redundant = redundant && (!decided || SameWithout(rules, i, bit, default_allow));
    }
    if (redundant) rules[i].access = 0;
  }
}

// Whether a rule between `i` and `j` disagrees about the bits of rule `i`.
bool OpposedBetween(const std::vector<Rule>& rules, size_t i, size_t j) {
  for (size_t k = i + 1; k < j; ++k) {
    if (rules[k].allow != rules[i].allow && Overlaps(rules[k], rules[i]) &&
        (rules[k].access & rules[i].access) != 0) {
      return true;
    }
  }
  return false;
}

// "c 1:3 r" and "c 1:3 w" become one rule.
void JoinSame(std::vector<Rule>& rules) {
  for (size_t i = 0; i < rules.size(); ++i) {
    for (size_t j = i + 1; j < rules.size() && rules[i].access != 0; ++j) {
      if (rules[j].access == 0 || rules[j].allow != rules[i].allow) continue;
      if (!SameDevices(rules[i], rules[j]) || OpposedBetween(rules, i, j)) continue;
      rules[j].access |= std::exchange(rules[i].access, 0);
    }
  }
}

absl::Status BadRule(size_t index, absl::string_view key, absl::string_view value,
                     absl::string_view expected) {
  return absl::InvalidArgumentError(absl::StrCat("linux.resources.devices[", index, "].", key,
                                                 ": '", value, "': expected ", expected));
}

absl::StatusOr<std::optional<uint32_t>> ParseNumber(const std::optional<int64_t>& number,
                                                    size_t index, absl::string_view key) {
  if (!number || *number == -1) return std::optional<uint32_t>();
  if (*number < 0 || *number > UINT32_MAX) {
    return BadRule(index, key, absl::StrCat(*number), "a number within 0..4294967295");
  }
  return std::optional<uint32_t>(static_cast<uint32_t>(*number));
}

absl::StatusOr<uint8_t> ParseAccess(absl::string_view access, size_t index) {
  if (access.empty()) return kAll;
  uint8_t bits = 0;
  for (char c : access) {
    if (c != 'r' && c != 'w' && c != 'm') {
      return BadRule(index, "access", access, "letters of 'rwm'");
    }
    bits |= c == 'r'   ? DeviceRuleSet::kRead
            : c == 'w' ? DeviceRuleSet::kWrite
                       : DeviceRuleSet::kMknod;
  }
  return bits;
}

absl::Status AppendRule(const spec::DeviceRule& rule, size_t index, DeviceRuleSet& set) {
  const absl::string_view type = rule.type.empty() ? "a" : absl::string_view(rule.type);
  if (type != "a" && type != "b" && type != "c") {
    return BadRule(index, "type", type, "'a', 'b' or 'c'");
  }
  Rule parsed = {.allow = rule.allow};
  ASSIGN_OR_RETURN(parsed.major, ParseNumber(rule.major, index, "major"));
  ASSIGN_OR_RETURN(parsed.minor, ParseNumber(rule.minor, index, "minor"));
  ASSIGN_OR_RETURN(parsed.access, ParseAccess(rule.access, index));
  if (type == "a" && parsed.access == kAll && !parsed.major && !parsed.minor) {
    set = {.default_allow = rule.allow, .rules = {}};  // decides all that came before
    return absl::OkStatus();
  }
  for (Type each : {Type::kBlock, Type::kChar}) {
    if (type == "b" && each != Type::kBlock) continue;
    if (type == "c" && each != Type::kChar) continue;
    parsed.type = each;
    set.rules.push_back(parsed);
  }
  return absl::OkStatus();
}

std::string FormatNumber(const std::optional<uint32_t>& number) {
  return number ? absl::StrCat(*number) : "*";
}

}  // namespace

absl::Span<const Rule> DefaultDeviceRules() { return kDefaultRules; }

absl::StatusOr<DeviceRuleSet> ParseDeviceRules(const std::vector<spec::DeviceRule>& rules) {
  DeviceRuleSet set;
  for (size_t i = 0; i < rules.size(); ++i) RETURN_IF_ERROR(AppendRule(rules[i], i, set));
  const absl::Span<const Rule> defaults = DefaultDeviceRules();
  set.rules.insert(set.rules.end(), defaults.begin(), defaults.end());
  return Minimise(std::move(set));
}

DeviceRuleSet Minimise(DeviceRuleSet set) {
  DropShadowed(set.rules);
  DropRedundant(set.rules, set.default_allow);
  JoinSame(set.rules);
  std::erase_if(set.rules, [](const Rule& rule) { return rule.access == 0; });
  return set;
}

bool Allows(const DeviceRuleSet& set, Type type, uint32_t major, uint32_t minor, uint8_t access) {
  const Rule asked = {.type = type, .major = major, .minor = minor};
  for (auto rule = set.rules.rbegin(); rule != set.rules.rend(); ++rule) {
    if (!Covers(*rule, asked) || (rule->access & access) == 0) continue;
    if (!rule->allow) return false;
    access &= ~rule->access;
  }
  return access == 0 || set.default_allow;
}

std::string FormatRule(const Rule& rule) {
  std::string text = absl::StrCat(rule.type == Type::kBlock ? "b " : "c ", FormatNumber(rule.major),
                                  ":", FormatNumber(rule.minor), " ");
  if (rule.access & DeviceRuleSet::kRead) text += 'r';
  if (rule.access & DeviceRuleSet::kWrite) text += 'w';
  if (rule.access & DeviceRuleSet::kMknod) text += 'm';
  return text;
}

}  // namespace hull::cgroups
