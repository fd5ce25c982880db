#include "cgroups/path.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups {
namespace {

constexpr size_t kMaxComponentBytes = 255;
constexpr size_t kMaxPathBytes = 4095;

bool IsSystemdForm(absl::string_view path) {
  return !path.starts_with('/') && absl::c_count(path, ':') == 2;
}

absl::Status CheckComponent(absl::string_view component) {
  if (component == "..") return absl::InvalidArgumentError("'..' is not allowed");
  if (component.size() > kMaxComponentBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a component is longer than ", kMaxComponentBytes, " bytes"));
  }
  if (absl::c_any_of(component, [](unsigned char c) { return absl::ascii_iscntrl(c); })) {
    return absl::InvalidArgumentError("control characters are not allowed");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> CleanBelow(absl::string_view path) {
  if (path.size() > kMaxPathBytes) {
    return absl::InvalidArgumentError(absl::StrCat("longer than ", kMaxPathBytes, " bytes"));
  }
  std::vector<absl::string_view> components;
  for (absl::string_view component : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (component == ".") continue;
    RETURN_IF_ERROR(CheckComponent(component));
    components.push_back(component);
  }
  return absl::StrJoin(components, "/");
}

absl::StatusOr<std::string> Clean(absl::string_view path) {
  ASSIGN_OR_RETURN(std::string clean, CleanBelow(path));
  if (clean.empty()) {
    return absl::InvalidArgumentError("the root of the hierarchy cannot be a container's cgroup");
  }
  return clean;
}

absl::StatusOr<std::string> Resolve(absl::string_view cgroups_path, absl::string_view container_id,
                                    absl::string_view base) {
  if (IsSystemdForm(cgroups_path)) {
    return absl::InvalidArgumentError(
        "the form slice:prefix:name needs the systemd cgroup manager (--systemd-cgroup); "
        "use a path, as '/machine/name', without it");
  }
  if (cgroups_path.starts_with('/')) return Clean(cgroups_path);
  // The name is checked before it is joined: "." must not turn into the base itself.
  ASSIGN_OR_RETURN(const std::string name,
                   Clean(cgroups_path.empty() ? container_id : cgroups_path));
  return Clean(absl::StrCat(base, "/", name));
}

absl::Status AddSubCgroups(const std::string& word, bool alone, std::vector<SubCgroup>& result) {
  const size_t colon = word.find(':');
  const absl::string_view path = absl::string_view(word).substr(colon == word.npos ? 0 : colon + 1);
  if (path.empty()) return absl::InvalidArgumentError("expected a path");
  ASSIGN_OR_RETURN(const std::string clean, CleanBelow(path));
  if (colon == word.npos) {
    if (!alone) {
      return absl::InvalidArgumentError("of several, each names its controllers: CONTROLLER:PATH");
    }
    result.push_back({"", clean});
    return absl::OkStatus();
  }
  for (const absl::string_view name : absl::StrSplit(word.substr(0, colon), ',')) {
    if (name.empty()) return absl::InvalidArgumentError("expected a controller before ':'");
    if (absl::c_any_of(result, [name](const SubCgroup& one) { return one.controller == name; })) {
      return absl::InvalidArgumentError(absl::StrCat("controller '", name, "' is named twice"));
    }
    result.push_back({std::string(name), clean});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<SubCgroup>> ParseSubCgroups(const std::vector<std::string>& words) {
  std::vector<SubCgroup> result;
  for (const std::string& word : words) {
    RETURN_IF_ERROR(AddSubCgroups(word, words.size() == 1, result), "--cgroup '", word, "'");
  }
  return result;
}

std::string Below(absl::string_view cgroup, absl::string_view below) {
  return absl::StrCat(cgroup, below.empty() ? "" : "/", below);
}

absl::StatusOr<std::string> ResolvePath(absl::string_view cgroups_path,
                                        absl::string_view container_id, absl::string_view base) {
  // Our own cgroup may lie outside the cgroup namespace ("/../x"): then its root is the base.
  if (absl::StrContains(absl::StrCat(base, "/"), "/../")) base = "/";
  absl::StatusOr<std::string> path = Resolve(cgroups_path, container_id, base);
  if (path.ok()) return path;
  return ::hull::base::Annotate(path.status(), "linux.cgroupsPath: '", cgroups_path, "'");
}

bool IsRelative(absl::string_view cgroups_path) { return !cgroups_path.starts_with('/'); }

std::string ParentCgroup(absl::string_view own) {
  const size_t slash = own.rfind('/');
  if (slash == absl::string_view::npos || slash == 0) return "/";
  if (absl::StrContains(absl::StrCat(own, "/"), "/../")) return "/";
  return std::string(own.substr(0, slash));
}

absl::Status CheckLocation(const Location& location) {
  for (const std::string& directory : location.directories) {
    const absl::StatusOr<std::string> clean = Clean(directory);
    if (!clean.ok() || *clean != directory) {
      return absl::InvalidArgumentError(
          absl::StrCat("the saved state names '", directory, "', which is no path of a cgroup"));
    }
  }
  return absl::OkStatus();
}

}  // namespace hull::cgroups
