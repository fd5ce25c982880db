#include "runtime/filter_needs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "runtime/base/status_macros.h"
#include "runtime/child/filtered_calls.h"
#include "runtime/plan/names.h"
#include "seccomp/rules.h"

namespace hull::runtime {
namespace {

using child::FilteredCall;

enum class Match { kNo, kMaybe, kYes };

bool LetsThrough(absl::string_view action) {
  return action == "SCMP_ACT_ALLOW" || action == "SCMP_ACT_LOG";
}

Match MatchArgument(const spec::SeccompArg& arg, const FilteredCall& call) {
  if (static_cast<int64_t>(arg.index) != call.known_index) return Match::kMaybe;
  const uint64_t own = call.known_value;
  bool matches = false;
  if (arg.op == "SCMP_CMP_EQ") {
    matches = own == arg.value;
  } else if (arg.op == "SCMP_CMP_NE") {
    matches = own != arg.value;
  } else if (arg.op == "SCMP_CMP_LT") {
    matches = own < arg.value;
  } else if (arg.op == "SCMP_CMP_LE") {
    matches = own <= arg.value;
  } else if (arg.op == "SCMP_CMP_GT") {
    matches = own > arg.value;
  } else if (arg.op == "SCMP_CMP_GE") {
    matches = own >= arg.value;
  } else {
    matches = (own & arg.value) == arg.value_two;
  }
  return matches ? Match::kYes : Match::kNo;
}

// All must hold; where an index comes twice, one is enough (seccomp/README.md).
Match MatchRule(const spec::SeccompRule& rule, const FilteredCall& call) {
  uint32_t seen = 0;
  bool repeated = false;
  Match least = Match::kYes, most = Match::kNo;
  for (const spec::SeccompArg& arg : rule.args) {
    repeated |= (seen >> arg.index & 1) != 0;
    seen |= 1u << arg.index;
    const Match match = MatchArgument(arg, call);
    least = std::min(least, match);
    most = std::max(most, match);
  }
  return repeated ? most : least;
}

absl::Status Refuse(absl::string_view path, absl::string_view action, const FilteredCall& call) {
  return absl::InvalidArgumentError(
      absl::StrCat("/linux/seccomp/", path, ": ", action, " holds for '", call.name,
                   "', but the runtime ", call.purpose, " when the filter is loaded already; let '",
                   call.name, "' through (SCMP_ACT_ALLOW or SCMP_ACT_LOG)"));
}

// Those that count, in the order of the spec: "syscalls/3/names/0" and the rule itself.
struct NamedRule {
  std::string path;
  const spec::SeccompRule* rule;
};

std::vector<NamedRule> RulesOf(const spec::Seccomp& seccomp, absl::string_view name) {
  std::vector<NamedRule> rules;
  for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    const std::vector<std::string>& names = seccomp.syscalls[i].names;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end() || seccomp::SaysTheDefault(seccomp, seccomp.syscalls[i])) continue;
    rules.push_back(
        {absl::StrCat("syscalls/", i, "/names/", found - names.begin()), &seccomp.syscalls[i]});
  }
  return rules;
}

absl::Status CheckCall(const spec::Seccomp& seccomp, const FilteredCall& call) {
  const std::vector<NamedRule> rules = RulesOf(seccomp, call.name);
  // One without arguments beats those with them.
  for (const NamedRule& named : rules) {
    const spec::SeccompRule& rule = *named.rule;
    if (!rule.args.empty()) continue;
    return LetsThrough(rule.action) ? absl::OkStatus() : Refuse(named.path, rule.action, call);
  }
  for (const NamedRule& named : rules) {
    const Match match = MatchRule(*named.rule, call);
    if (named.rule->args.empty() || match == Match::kNo) continue;
    if (!LetsThrough(named.rule->action)) return Refuse(named.path, named.rule->action, call);
    if (match == Match::kYes) return absl::OkStatus();
  }
  return LetsThrough(seccomp.default_action)
             ? absl::OkStatus()
             : Refuse("defaultAction", seccomp.default_action, call);
}

// See KeepsAdmin of runtime/plan/process.cc.
bool DropsAdmin(const spec::Process& process) {
  constexpr uint64_t kSysAdmin = uint64_t{1} << 21;
  if (process.no_new_privileges) return false;
  if (!process.capabilities.has_value()) return true;
  const uint64_t kept = plan::CapabilityMask(process.capabilities->permitted) &
                        plan::CapabilityMask(process.capabilities->effective);
  return (kept & kSysAdmin) == 0;
}

}  // namespace

absl::Status CheckFilterNeeds(const spec::Seccomp& seccomp, const spec::Process& process) {
  for (const FilteredCall& call : child::kFilteredCalls) {
    if (call.drops_admin && !DropsAdmin(process)) continue;
    RETURN_IF_ERROR(CheckCall(seccomp, call));
  }
  return absl::OkStatus();
}

}  // namespace hull::runtime
