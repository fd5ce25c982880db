#include "spec/forms.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace hull::spec {
namespace {

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool IsNumber(absl::string_view text, uint32_t* value) {
  return IsDigits(text) && absl::SimpleAtoi(text, value);
}

// Dot-separated identifiers of letters, digits and hyphens.
bool IsVersionTail(absl::string_view tail) {
  for (const absl::string_view part : absl::StrSplit(tail, '.')) {
    const bool ok = std::all_of(part.begin(), part.end(),
                                [](char c) { return absl::ascii_isalnum(c) || c == '-'; });
    if (part.empty() || !ok) return false;
  }
  return true;
}

}  // namespace

bool IsNotEmpty(absl::string_view text) { return !text.empty(); }

bool IsAbsolutePath(absl::string_view path) { return absl::StartsWith(path, "/"); }

bool HasDotDot(absl::string_view path) {
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part == "..") return true;
  }
  return false;
}

bool IsAbsolutePathWithoutDotDot(absl::string_view path) {
  return IsAbsolutePath(path) && !HasDotDot(path);
}

bool IsEnvironmentEntry(absl::string_view entry) {
  const size_t equals = entry.find('=');
  return equals != absl::string_view::npos && equals > 0;
}

bool IsComponent(absl::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c != '/' && !absl::ascii_isspace(c) && c != '\0'; });
}

bool IsInterfaceName(absl::string_view name) {
  return IsComponent(name) && name.size() <= 15 && name.find_first_of(":%") == name.npos;
}

bool IsCpuList(absl::string_view list) {
  if (list.empty()) return true;
  for (const absl::string_view part : absl::StrSplit(list, ',')) {
    const size_t dash = part.find('-');
    uint32_t first;
    uint32_t last;
    if (!IsNumber(part.substr(0, dash), &first)) return false;
    if (dash == absl::string_view::npos) continue;
    if (!IsNumber(part.substr(dash + 1), &last) || last < first) return false;
  }
  return true;
}

bool IsDeviceAccess(absl::string_view access) {
  for (size_t i = 0; i < access.size(); ++i) {
    if (!absl::StrContains("rwm", access[i])) return false;
    if (absl::StrContains(access.substr(0, i), access[i])) return false;
  }
  return true;
}

bool IsPageSize(absl::string_view size) {
  if (size.size() < 3) return false;
  const absl::string_view unit = size.substr(size.size() - 2);
  uint32_t number;
  return (unit == "KB" || unit == "MB" || unit == "GB") &&
         IsNumber(size.substr(0, size.size() - 2), &number) && number > 0 && size[0] != '0';
}

bool IsVersion(absl::string_view version) {
  const size_t plus = version.find('+');
  if (plus != absl::string_view::npos && !IsVersionTail(version.substr(plus + 1))) return false;
  version = version.substr(0, plus);
  const size_t minus = version.find('-');
  if (minus != absl::string_view::npos && !IsVersionTail(version.substr(minus + 1))) return false;
  int parts = 0;
  for (const absl::string_view part : absl::StrSplit(version.substr(0, minus), '.')) {
    if (!IsDigits(part) || (part.size() > 1 && part[0] == '0')) return false;
    ++parts;
  }
  return parts == 3;
}

bool IsHostName(absl::string_view name) {
  return name.size() <= 64 &&
         std::none_of(name.begin(), name.end(), [](char c) { return absl::ascii_iscntrl(c); });
}

}  // namespace hull::spec
