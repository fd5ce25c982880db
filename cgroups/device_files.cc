#include "cgroups/device_files.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/devices.h"
#include "cgroups/directory.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using Rule = DeviceRuleSet::Rule;

constexpr absl::string_view kAllow = "devices.allow", kDeny = "devices.deny";

struct Line {
  bool allow = false;
  std::string text;  // "a", "c 1:3 rwm"
};

absl::Status WriteLine(int dir_fd, const Line& line) {
  const absl::string_view file = line.allow ? kAllow : kDeny;
  RETURN_IF_ERROR(WriteValue(dir_fd, file, line.text), "linux.resources.devices: writing '",
                  line.text, "' to '", file, "'");
  return absl::OkStatus();
}

absl::Status WriteLines(int dir_fd, const std::vector<Line>& lines) {
  for (const Line& line : lines) RETURN_IF_ERROR(WriteLine(dir_fd, line));
  return absl::OkStatus();
}

bool DenyAnything(const std::vector<spec::DeviceRule>& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const spec::DeviceRule& rule) { return !rule.allow; });
}

// The rules as v1 can hold them: a default, and exceptions from it.
absl::StatusOr<DeviceRuleSet> ParseFlatRules(const std::vector<spec::DeviceRule>& rules) {
  ASSIGN_OR_RETURN(DeviceRuleSet set, ParseDeviceRules(rules));
  for (const Rule& rule : set.rules) {
    if (rule.allow != set.default_allow) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "linux.resources.devices: '", FormatRule(rule), "' is an exception to an exception, ",
        "which cgroup v1 cannot hold; order the rules from wide to narrow without it"));
  }
  return set;
}

// All of `set`, whatever was there; `fresh`: nothing was, but its parent's right to everything.
std::vector<Line> LinesOf(const DeviceRuleSet& set, bool fresh) {
  std::vector<Line> lines;
  if (!set.default_allow || !fresh) lines.push_back({set.default_allow, "a"});
  for (const Rule& rule : set.rules) lines.push_back({!set.default_allow, FormatRule(rule)});
  return lines;
}

// Type, major and minor: the kernel keeps one exception for each, and adds and takes away its access
// bits.
using Key = std::tuple<DeviceRuleSet::Type, std::optional<uint32_t>, std::optional<uint32_t>>;
using Exceptions = std::map<Key, uint8_t>;

Exceptions ExceptionsOf(const DeviceRuleSet& set) {
  Exceptions exceptions;
  for (const Rule& rule : set.rules) exceptions[{rule.type, rule.major, rule.minor}] |= rule.access;
  return exceptions;
}

std::string FormatException(const Key& key, uint8_t access) {
  const auto& [type, major, minor] = key;
  return FormatRule({.type = type, .major = major, .minor = minor, .access = access});
}

// A line of devices.list, "c 1:* rm".
std::optional<Rule> ParseListed(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, absl::ByAnyChar(" :"));
  if (words.size() != 4 || (words[0] != "b" && words[0] != "c")) return std::nullopt;
  Rule rule = {.allow = true};
  if (words[0] == "b") rule.type = DeviceRuleSet::Type::kBlock;
  uint32_t number = 0;
  if (absl::SimpleAtoi(words[1], &number)) rule.major = number;
  if (absl::SimpleAtoi(words[2], &number)) rule.minor = number;
  for (char c : words[3]) {
    rule.access |= c == 'r'   ? DeviceRuleSet::kRead
                   : c == 'w' ? DeviceRuleSet::kWrite
                              : DeviceRuleSet::kMknod;
  }
  return rule;
}

// What holds now. The list tells all where the default is to deny; where it is to allow, it says
// nothing of the exceptions, and `before` has to do.
absl::StatusOr<DeviceRuleSet> RulesInForce(int dir_fd,
                                           const std::vector<spec::DeviceRule>& before) {
  ASSIGN_OR_RETURN(const std::string list, ReadValue(dir_fd, "devices.list"),
                   "reading 'devices.list'");
  DeviceRuleSet set;
  for (absl::string_view line : absl::StrSplit(list, '\n', absl::SkipEmpty())) {
    if (!line.starts_with("a ")) {
      const std::optional<Rule> rule = ParseListed(line);
      if (rule.has_value()) set.rules.push_back(*rule);
      continue;
    }
    ASSIGN_OR_RETURN(set, ParseDeviceRules(before));
    // A container whose rules deny by default was given all by somebody else.
    return set.default_allow ? set : DeviceRuleSet{.default_allow = true, .rules = {}};
  }
  return set;
}

// From one list of exceptions to another under the same default: what is allowed goes first.
std::vector<Line> Difference(const DeviceRuleSet& from, const DeviceRuleSet& to) {
  Exceptions old = ExceptionsOf(from), wanted = ExceptionsOf(to);
  std::vector<Line> allowed, denied;
  const auto add = [&allowed, &denied](bool allow, const Key& key, uint8_t access) {
    if (access == 0) return;
    (allow ? allowed : denied).push_back({allow, FormatException(key, access)});
  };
  for (const auto& [key, access] : wanted) add(!to.default_allow, key, access & ~old[key]);
  for (const auto& [key, access] : old) add(to.default_allow, key, access & ~wanted[key]);
  allowed.insert(allowed.end(), denied.begin(), denied.end());
  return allowed;
}

// Each line takes back its opposite exactly.
absl::Status WriteDifference(int dir_fd, const std::vector<Line>& lines) {
  for (size_t i = 0; i < lines.size(); ++i) {
    const absl::Status status = WriteLine(dir_fd, lines[i]);
    if (status.ok()) continue;
    for (size_t j = i; j-- > 0;) {
      WriteLine(dir_fd, {!lines[j].allow, lines[j].text}).IgnoreError();
    }
    return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteDeviceFiles(int dir_fd, const std::vector<spec::DeviceRule>& rules, bool reset) {
  if (dir_fd < 0 && !DenyAnything(rules)) return ParseDeviceRules(rules).status();
  ASSIGN_OR_RETURN(const DeviceRuleSet set, ParseFlatRules(rules));
  if (dir_fd < 0) {
    return absl::UnavailableError(
        "linux.resources.devices: this host has no 'devices' cgroup controller");
  }
  return WriteLines(dir_fd, LinesOf(set, /*fresh=*/!reset));
}

absl::Status ReplaceDeviceFiles(int dir_fd, const std::vector<spec::DeviceRule>& rules,
                                const std::vector<spec::DeviceRule>& before) {
  ASSIGN_OR_RETURN(const DeviceRuleSet wanted, ParseFlatRules(rules));
  if (dir_fd < 0) {
    return absl::UnavailableError(
        "linux.resources.devices: this host has no 'devices' cgroup controller");
  }
  ASSIGN_OR_RETURN(const DeviceRuleSet held, RulesInForce(dir_fd, before));
  if (held.default_allow == wanted.default_allow) {
    return WriteDifference(dir_fd, Difference(held, wanted));
  }
  const absl::Status status = WriteLines(dir_fd, LinesOf(wanted, /*fresh=*/false));
  if (!status.ok()) WriteLines(dir_fd, LinesOf(held, /*fresh=*/false)).IgnoreError();
  return status;
}

bool ReplacesDeviceDefault(const std::vector<spec::DeviceRule>& rules,
                           const std::vector<spec::DeviceRule>& before) {
  const absl::StatusOr<DeviceRuleSet> wanted = ParseDeviceRules(rules);
  const absl::StatusOr<DeviceRuleSet> held = ParseDeviceRules(before);
  return wanted.ok() && held.ok() && wanted->default_allow != held->default_allow;
}

}  // namespace hull::cgroups
