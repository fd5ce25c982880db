#include "cgroups/systemd/bus.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace hull::cgroups::systemd {
namespace {

// D-Bus addresses take other characters only as %XX.
std::string EscapeAddress(absl::string_view path) {
  std::string escaped;
  for (const char c : path) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                       absl::string_view("-_/.").find(c) != absl::string_view::npos;
    if (plain) {
      escaped += c;
    } else {
      absl::StrAppendFormat(&escaped, "%%%02x", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

}  // namespace

Value Bool(bool value) { return {"b", {uint64_t{value}}}; }
Value String(absl::string_view value) { return {"s", {std::string(value)}}; }
Value Uint64(uint64_t value) { return {"t", {value}}; }
Value Strings(const std::vector<std::string>& values) {
  return {"as", {values.begin(), values.end()}};
}
Value Pids(pid_t pid) { return {"au", {static_cast<uint64_t>(pid)}}; }

std::string FormatProperty(const Property& property) {
  std::string text = absl::StrCat(property.name, "=", property.value.signature);
  for (const Value::Item& item : property.value.items) {
    if (const auto* number = std::get_if<uint64_t>(&item)) {
      absl::StrAppend(&text, " ", *number == kInfinity ? "infinity" : absl::StrCat(*number));
    } else {
      absl::StrAppend(&text, " ", std::get<std::string>(item));
    }
  }
  return text;
}

std::vector<std::string> AddressesOf(const Target& target) {
  if (!target.user) return {"unix:path=/run/systemd/private", "system"};
  const std::string dir = target.runtime_dir.empty() ? absl::StrCat("/run/user/", target.uid)
                                                     : EscapeAddress(target.runtime_dir);
  return {absl::StrCat("unix:path=", dir, "/systemd/private"), "user"};
}

}  // namespace hull::cgroups::systemd
