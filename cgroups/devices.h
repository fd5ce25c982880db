// Device rules as an ordered list with one meaning: for each access bit asked for (read, write,
// mknod) the last rule that covers the device and the bit decides; no rule at all denies.
//
// That is what cgroup v1 does with the rules written one after the other, except where it cannot:
// v1 keeps a default and exceptions, no exceptions to exceptions. Spec:
// config-linux.md#allowed-device-list.
#ifndef HULL_CGROUPS_DEVICES_H_
#define HULL_CGROUPS_DEVICES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "spec/spec.h"

namespace hull::cgroups {

struct DeviceRuleSet {
  enum Access : uint8_t { kMknod = 1, kRead = 2, kWrite = 4, kAll = 7 };  // the kernel's numbers
  enum class Type : uint8_t { kBlock = 1, kChar = 2 };                    // these too

  struct Rule {
    bool allow = false;
    Type type = Type::kChar;
    std::optional<uint32_t> major = {}, minor = {};  // absent = all
    uint8_t access = 0;

    bool operator==(const Rule&) const = default;
  };

  bool default_allow = false;  // for what no rule decides
  std::vector<Rule> rules;

  bool AllowsEverything() const { return default_allow && rules.empty(); }
};

// Rules that every container gets after its own, as engines rely on: mknod of any device, use of
// null, zero, full, random, urandom, tty, console, ptmx, the pseudo-terminals and TUN.
absl::Span<const DeviceRuleSet::Rule> DefaultDeviceRules();

// The config's rules in order, then the default ones, minimised: no rule is left that decides
// nothing. InvalidArgument names the rule: unknown type or access, a number outside 0..2^32-1 (-1
// is read as "all", which engines send).
absl::StatusOr<DeviceRuleSet> ParseDeviceRules(const std::vector<spec::DeviceRule>& rules);

// Removes and joins what decides nothing; the meaning stays.
DeviceRuleSet Minimise(DeviceRuleSet set);

// The meaning itself, as the tests' oracle has it too: whether every bit of `access` is allowed.
bool Allows(const DeviceRuleSet& set, DeviceRuleSet::Type type, uint32_t major, uint32_t minor,
            uint8_t access);

// "c 1:* rw", as devices.allow wants it.
std::string FormatRule(const DeviceRuleSet::Rule& rule);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_DEVICES_H_
