#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "spec/forms.h"
#include "spec/names.h"
#include "spec/report.h"
#include "spec/validate_internal.h"

namespace hull::spec {
namespace {

// Files that container file systems such as lxcfs stand in for. Anything else below /proc could
// hide or fake what the runtime and the container's tools rely on.
constexpr absl::string_view kProcFiles[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/net/dev",
    "/proc/slabinfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys/crypto/fips_enabled",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/uptime",
};

static_assert(std::is_sorted(std::begin(kMountOptions), std::end(kMountOptions)));

bool IsFlag(absl::string_view option) {
  return std::binary_search(std::begin(kMountOptions), std::end(kMountOptions), option);
}

// `path` taken from "/", without ".", ".." and doubled slashes.
std::string Clean(absl::string_view path) {
  std::vector<absl::string_view> parts;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  return absl::StrCat("/", absl::StrJoin(parts, "/"));
}

bool IsBind(const Mount& mount) {
  return mount.type == "bind" || absl::c_linear_search(mount.options, "bind") ||
         absl::c_linear_search(mount.options, "rbind");
}

// Whether the options change a mount that is there, for which no type is needed.
bool Changes(const Mount& mount) {
  return absl::c_any_of(mount.options, [](absl::string_view option) {
    return option == "remount" || absl::c_linear_search(kPropagations, option);
  });
}

void CheckDestination(absl::string_view destination, const Path& path, Report* report) {
  if (destination.empty()) return;  // its own rule says so
  if (!IsAbsolutePath(destination)) {
    report->Warn(path, "expected an absolute path, it is taken from '/'", "begin it with '/'");
  }
  const std::string clean = Clean(destination);
  if (clean == "/") {
    report->Error(path, "expected a path below '/'", "set /root/path to what '/' is to be");
  } else if (absl::StartsWith(clean, "/proc/") && !absl::c_linear_search(kProcFiles, clean)) {
    report->Error(path, "expected no path below '/proc' but the files that lxcfs provides",
                  absl::StrCat("those are ", absl::StrJoin(kProcFiles, ", ")));
  }
}

void CheckBindOptions(const Mount& mount, const Path& path, Report* report) {
  for (size_t i = 0; i < mount.options.size(); ++i) {
    const absl::string_view option = mount.options[i];
    if (option.empty() || IsFlag(option)) continue;  // Buildah writes empty ones
    if (absl::StartsWith(option, "idmap=") || absl::StartsWith(option, "ridmap=")) continue;
    report->Error(path / i, "expected a mount flag, for a bind mount has no data",
                  DidYouMean(option, kMountOptions));
  }
}

void CheckMount(const Mount& mount, const Path& path, Report* report) {
  CheckDestination(mount.destination, path / "destination", report);
  if (IsBind(mount)) {
    CheckBindOptions(mount, path / "options", report);
    if (mount.source.empty()) {
      report->Error(path / "source", "missing, expected the path to bind");
    }
  } else if (mount.type.empty() && !Changes(mount)) {
    report->Error(path / "type", "missing, expected a filesystem type",
                  "for a bind mount add 'bind' or 'rbind' to the options");
  }
  if (mount.uid_mappings.empty() != mount.gid_mappings.empty()) {
    report->Error(path / (mount.uid_mappings.empty() ? "uidMappings" : "gidMappings"),
                  "missing, expected mappings of users and groups together");
  }
  CheckMappings(mount.uid_mappings, path / "uidMappings", report);
  CheckMappings(mount.gid_mappings, path / "gidMappings", report);
}

}  // namespace

void CheckMounts(const Spec& spec, const Path& path, Report* report) {
  for (size_t i = 0; i < spec.mounts.size(); ++i) CheckMount(spec.mounts[i], path / i, report);
}

}  // namespace hull::spec
