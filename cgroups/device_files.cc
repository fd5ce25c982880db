#include "cgroups/device_files.h"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cgroups/devices.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

absl::Status WriteLines(int dir_fd, absl::string_view file, const std::vector<std::string>& lines) {
  if (lines.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const sys::UniqueFd fd, sys::OpenBeneath(dir_fd, file, O_WRONLY),
                   "linux.resources.devices: opening '", file, "'");
  for (const std::string& line : lines) {
    RETURN_IF_ERROR(sys::WriteAll(fd.get(), line), "linux.resources.devices: writing '", line,
                    "' to '", file, "'");
  }
  return absl::OkStatus();
}

bool DenyAnything(const std::vector<spec::DeviceRule>& rules) {
  return std::any_of(rules.begin(), rules.end(),
                     [](const spec::DeviceRule& rule) { return !rule.allow; });
}

}  // namespace

absl::Status WriteDeviceFiles(int dir_fd, const std::vector<spec::DeviceRule>& rules, bool reset) {
  ASSIGN_OR_RETURN(const DeviceRuleSet set, ParseDeviceRules(rules));
  if (dir_fd < 0 && !DenyAnything(rules)) return absl::OkStatus();
  if (dir_fd < 0) {
    return absl::UnavailableError(
        "linux.resources.devices: this host has no 'devices' cgroup controller");
  }
  std::vector<std::string> allowed, denied;
  // A new cgroup has its parent's rules: all that may be allowed is.
  if (!set.default_allow) denied.push_back("a");
  if (set.default_allow && reset) allowed.push_back("a");
  for (const DeviceRuleSet::Rule& rule : set.rules) {
    if (rule.allow == set.default_allow) {
      return absl::InvalidArgumentError(absl::StrCat(
          "linux.resources.devices: '", FormatRule(rule), "' is an exception to an exception, ",
          "which cgroup v1 cannot hold; order the rules from wide to narrow without it"));
    }
    (rule.allow ? allowed : denied).push_back(FormatRule(rule));
  }
  RETURN_IF_ERROR(WriteLines(dir_fd, set.default_allow ? "devices.allow" : "devices.deny",
                             set.default_allow ? allowed : denied));
  return WriteLines(dir_fd, set.default_allow ? "devices.deny" : "devices.allow",
                    set.default_allow ? denied : allowed);
}

}  // namespace hull::cgroups
