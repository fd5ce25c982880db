#include "cgroups/systemd/unit.h"

#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups::systemd {
namespace {

constexpr size_t kMaxNameBytes = 255;
constexpr absl::string_view kSliceSuffix = ".slice";
constexpr absl::string_view kReserved[] = {
    "cgroup",  "cpu",  "cpuacct",      "cpuset",      "io",          "blkio",          "memory",
    "devices", "pids", "bpf-firewall", "bpf-devices", "bpf-foreign", "bpf-socket-bind"};

bool IsNameCharacter(unsigned char c) {
  return absl::ascii_isalnum(c) || absl::StrContains(":-_.\\", static_cast<char>(c));
}

// As systemd-escape does it. A backslash is taken to be part of an escape already.
std::string Escape(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (IsNameCharacter(static_cast<unsigned char>(c))) {
      escaped += c;
    } else {
      absl::StrAppendFormat(&escaped, "\\x%02x", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

absl::Status CheckName(absl::string_view name) {
  if (name.size() <= kMaxNameBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the unit's name is longer than ", kMaxNameBytes, " bytes: '", name, "'"));
}

absl::StatusOr<Unit> Parse(absl::string_view cgroups_path, absl::string_view container_id,
                           bool user) {
  std::vector<absl::string_view> parts = {"", "hull", container_id};
  if (!cgroups_path.empty()) parts = absl::StrSplit(cgroups_path, ':');
  if (parts.size() != 3 || absl::StrContains(cgroups_path, '/')) {
    return absl::InvalidArgumentError(
        "the systemd cgroup manager wants the form slice:prefix:name, as "
        "'system.slice:hull:name'");
  }
  if (parts[2].empty()) return absl::InvalidArgumentError("slice:prefix:name without a name");
  Unit unit;
  unit.slice = std::string(parts[0]);
  if (unit.slice.empty()) unit.slice = user ? "user.slice" : "system.slice";
  if (unit.slice == "-") unit.slice = "-.slice";
  ASSIGN_OR_RETURN(const std::string above, ExpandSlice(unit.slice));
  if (absl::EndsWith(parts[2], kSliceSuffix)) {
    unit.name = std::string(parts[2]);
    ASSIGN_OR_RETURN(unit.path, ExpandSlice(unit.name));
    if (unit.path.empty()) {
      return absl::InvalidArgumentError("the root slice cannot be a container's unit");
    }
    return unit;
  }
  unit.name =
      absl::StrCat(Escape(parts[1]), parts[1].empty() ? "" : "-", Escape(parts[2]), ".scope");
  RETURN_IF_ERROR(CheckName(unit.name));
  unit.path = absl::StrCat(above, above.empty() ? "" : "/", CgroupName(unit.name));
  return unit;
}

}  // namespace

absl::StatusOr<Unit> ParseUnit(absl::string_view cgroups_path, absl::string_view container_id,
                               bool user) {
  absl::StatusOr<Unit> unit = Parse(cgroups_path, container_id, user);
  if (unit.ok()) return unit;
  return base::Annotate(unit.status(), "linux.cgroupsPath: '", cgroups_path, "'");
}

absl::StatusOr<std::string> ExpandSlice(absl::string_view slice) {
  if (slice == "-.slice") return std::string();
  absl::string_view stem = slice;
  const bool plain =
      absl::c_all_of(slice, [](char c) { return IsNameCharacter(static_cast<unsigned char>(c)); });
  if (!absl::ConsumeSuffix(&stem, kSliceSuffix) || stem.empty() || !plain ||
      slice.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", slice, "' is no name of a slice, as 'machine.slice'"));
  }
  std::vector<std::string> levels;
  std::string prefix;
  for (const absl::string_view part : absl::StrSplit(stem, '-')) {
    if (part.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", slice, "': a slice's name has no '-' at its ends and no two of them in a row"));
    }
    absl::StrAppend(&prefix, prefix.empty() ? "" : "-", part);
    levels.push_back(CgroupName(absl::StrCat(prefix, kSliceSuffix)));
  }
  return absl::StrJoin(levels, "/");
}

std::string CgroupName(absl::string_view unit) {
  const absl::string_view first = unit.substr(0, unit.find('.'));
  const bool escape =
      unit.starts_with('_') || unit.starts_with('.') || absl::c_linear_search(kReserved, first);
  return absl::StrCat(escape ? "_" : "", unit);
}

}  // namespace hull::cgroups::systemd
