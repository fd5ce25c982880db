#include "cgroups/systemd/annotations.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cgroups/systemd/variant.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups::systemd {
namespace {

struct Allowed {
  absl::string_view name;
  absl::string_view signature;
};
constexpr Allowed kAllowed[] = {
    // What the unit is called, and when it goes away.
    {"Description", "s"},
    {"Documentation", "as"},
    {"CollectMode", "s"},
    {"RuntimeMaxUSec", "t"},
    {"RuntimeRandomizedExtraUSec", "t"},
    {"TimeoutStopUSec", "t"},
    {"JobTimeoutUSec", "t"},
    {"JobRunningTimeoutUSec", "t"},
    // Its place in the order of a shutdown; they start and stop nothing.
    {"DefaultDependencies", "b"},
    {"After", "as"},
    {"Before", "as"},
    // How its processes are killed.
    {"KillMode", "s"},
    {"KillSignal", "i"},
    {"FinalKillSignal", "i"},
    {"SendSIGKILL", "b"},
    {"SendSIGHUP", "b"},
    {"OOMPolicy", "s"},
    // Accounting, and what systemd-oomd makes of it.
    {"IPAccounting", "b"},
    {"ManagedOOMSwap", "s"},
    {"ManagedOOMMemoryPressure", "s"},
    {"ManagedOOMMemoryPressureLimit", "u"},
    {"ManagedOOMPreference", "s"},
    {"MemoryPressureWatch", "s"},
    {"MemoryPressureThresholdUSec", "t"},
};

constexpr size_t kMinLetters = 3;

absl::Status CheckName(absl::string_view name) {
  const bool letters = absl::c_all_of(name, [](unsigned char c) { return absl::ascii_isalpha(c); });
  if (letters && name.size() >= kMinLetters) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the name of a property is three letters or more, and only letters");
}

absl::StatusOr<Property> ToProperty(absl::string_view name, absl::string_view text) {
  RETURN_IF_ERROR(CheckName(name));
  ASSIGN_OR_RETURN(Value value, ParseVariant(text), "'", text, "'");
  std::string property(name);
  absl::string_view stem = name;
  if (absl::ConsumeSuffix(&stem, "Sec") && !stem.empty() &&
      absl::ascii_islower(static_cast<unsigned char>(stem.back()))) {
    property = absl::StrCat(stem, "USec");
    ASSIGN_OR_RETURN(value, MicrosecondsFromSeconds(value), "'", text, "'");
  }
  const auto allowed =
      absl::c_find_if(kAllowed, [&property](const Allowed& a) { return a.name == property; });
  if (allowed == std::end(kAllowed)) {
    return absl::InvalidArgumentError(
        "not one of the properties that a config may set (limits are set in linux.resources)");
  }
  ASSIGN_OR_RETURN(value, Coerce(value, allowed->signature), "'", text, "'");
  return Property{std::move(property), std::move(value)};
}

}  // namespace

absl::StatusOr<std::vector<Property>> PropertiesFromAnnotations(
    const std::map<std::string, std::string>& annotations) {
  std::vector<Property> properties;
  for (auto it = annotations.lower_bound(std::string(kPropertyPrefix)); it != annotations.end();
       ++it) {
    absl::string_view name = it->first;
    if (!absl::ConsumePrefix(&name, kPropertyPrefix)) break;
    ASSIGN_OR_RETURN(Property property, ToProperty(name, it->second), "annotations.", it->first);
    properties.push_back(std::move(property));
  }
  return properties;
}

}  // namespace hull::cgroups::systemd
