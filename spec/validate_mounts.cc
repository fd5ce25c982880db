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
#include "spec/mount_idmap.h"
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

// Properties of a file system's superblock, which a bind shares with its source and cannot change.
constexpr absl::string_view kSuperblockOptions[] = {
    "dirsync", "iversion", "lazytime", "mand", "rdirsync", "rmand", "rsync", "silent", "sync",
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

void CheckDestination(const Mount& mount, const Path& path, Report* report) {
  if (mount.destination.empty()) return;  // its own rule says so
  if (!IsAbsolutePath(mount.destination)) {
    report->Warn(path, "expected an absolute path, it is taken from '/'", "begin it with '/'");
  }
  const std::string clean = Clean(mount.destination);
  if (clean == "/") {
    report->Error(path, "expected a path below '/'", "set /root/path to what '/' is to be");
  } else if (absl::StartsWith(clean, "/proc/") && !absl::c_linear_search(kProcFiles, clean)) {
    report->Error(path, "expected no path below '/proc' but the files that lxcfs provides",
                  absl::StrCat("those are ", absl::StrJoin(kProcFiles, ", ")));
  } else if (clean == "/proc" && mount.type != "proc" && !IsBind(mount) && !Changes(mount)) {
    report->Error(path, "expected a mount of type 'proc', or a bind of one, at '/proc'");
  }
}

void CheckBindOption(absl::string_view option, const Path& path, Report* report) {
  if (absl::c_linear_search(kSuperblockOptions, option)) {
    report->Error(path, "expected an option of one mount: this one belongs to the file system",
                  "a bind cannot change it, remove it");
  } else if (option == "tmpcopyup") {
    report->Error(path, "expected it at a mount of type 'tmpfs' only");
  } else if (!IsFlag(option)) {
    report->Error(path, "expected a mount flag, for a bind mount has no data",
                  DidYouMean(option, kMountOptions));
  }
}

// What makes sense at a new file system: it has no source path, and nothing is beneath it.
void CheckFileSystemOption(const Mount& mount, absl::string_view option, const Path& path,
                           Report* report) {
  if (option == "copy-symlink" || option == "src-nofollow" || option == "dest-nofollow") {
    report->Error(path, "expected it at a bind mount only");
  } else if (option == "tmpcopyup" && mount.type != "tmpfs") {
    report->Error(path, "expected it at a mount of type 'tmpfs' only");
  }
}

void CheckOptions(const Mount& mount, const Path& path, Report* report) {
  const bool bind = IsBind(mount);
  const bool copies = absl::c_linear_search(mount.options, "copy-symlink");
  for (size_t i = 0; i < mount.options.size(); ++i) {
    const absl::string_view option = mount.options[i];
    if (option.empty()) continue;  // Buildah writes such
    if (absl::StartsWith(option, "idmap=") || absl::StartsWith(option, "ridmap=")) continue;
    if (bind && copies && (option == "src-nofollow" || option == "dest-nofollow")) {
      report->Error(path / i, "expected it without 'copy-symlink', which mounts nothing");
    } else if (bind) {
      CheckBindOption(option, path / i, report);
    } else {
      CheckFileSystemOption(mount, option, path / i, report);
    }
  }
}

void CheckIdMap(const Mount& mount, const Linux& linux, const Path& path, Report* report) {
  if (mount.uid_mappings.empty() != mount.gid_mappings.empty()) {
    report->Error(path / (mount.uid_mappings.empty() ? "uidMappings" : "gidMappings"),
                  "missing, expected mappings of users and groups together");
  }
  CheckMappings(mount.uid_mappings, path / "uidMappings", report);
  CheckMappings(mount.gid_mappings, path / "gidMappings", report);
  const IdMapWish wish = IdMapOf(mount);
  if (!wish.by_option) return;
  const bool mapped = !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
  if (!wish.own_words.empty() && mapped) {
    report->Error(path / "options" / wish.option,
                  "expected no mappings in the option beside 'uidMappings' and 'gidMappings'");
  } else if (!wish.own_words.empty()) {
    const auto maps = ParseIdMapWords(wish.own_words, linux);
    if (!maps.ok()) {
      report->Error(path / "options" / wish.option,
                    absl::StrCat("expected 'uids=' and 'gids=' with ranges FILE-HOST-SIZE: ",
                                 maps.status().message()));
    }
  } else if (!mapped && FindNamespace(linux, "user") == nullptr) {
    report->Error(path / "options" / wish.option,
                  "expected 'uidMappings' and 'gidMappings', or a user namespace whose are taken");
  }
}

// What mount(2) alone takes, and what copies files of users whom the mapping may not have.
constexpr absl::string_view kNotMapped[] = {"iversion", "silent", "tmpcopyup"};

// A change of what is mounted cannot map its ids, and a view of cgroups is no one file system.
void CheckIdMapTarget(const Mount& mount, const Path& path, Report* report) {
  if (!IdMapOf(mount).asked) return;
  if (absl::c_linear_search(mount.options, "remount")) {
    report->Error(path / "options", "expected no id mapping in a remount: it is made with a mount");
  } else if (mount.type == "cgroup" || mount.type == "cgroup2") {
    report->Error(path / "type", "expected a file system that can be id-mapped");
  }
  if (IsBind(mount)) return;
  for (size_t i = 0; i < mount.options.size(); ++i) {
    if (!absl::c_linear_search(kNotMapped, mount.options[i])) continue;
    report->Error(path / "options" / i, "expected no such option beside an id mapping",
                  "remove one of the two");
  }
}

void CheckMount(const Mount& mount, const Linux& linux, const Path& path, Report* report) {
  CheckDestination(mount, path / "destination", report);
  CheckOptions(mount, path / "options", report);
  if (IsBind(mount)) {
    if (mount.source.empty()) {
      report->Error(path / "source", "missing, expected the path to bind");
    }
  } else if (mount.type.empty() && !Changes(mount)) {
    report->Error(path / "type", "missing, expected a filesystem type",
                  "for a bind mount add 'bind' or 'rbind' to the options");
  }
  CheckIdMap(mount, linux, path, report);
  CheckIdMapTarget(mount, path, report);
}

// Nothing is made in a directory that is somebody else's. In the host's own /dev its devices are, as a
// rule (an engine names every one of them for a privileged container).
void CheckDevicesInBind(const Spec& spec, Report* report) {
  const auto bind = absl::c_find_if(spec.mounts, [](const Mount& mount) {
    return Clean(mount.destination) == "/dev" && IsBind(mount);
  });
  if (bind == spec.mounts.end() || Clean(bind->source) == "/dev") return;
  const Path root;
  const Path linux_block = root / "linux";
  const Path devices = linux_block / "devices";
  for (size_t i = 0; i < spec.linux_.devices.size(); ++i) {
    if (!absl::StartsWith(Clean(spec.linux_.devices[i].path), "/dev/")) continue;
    const Path device = devices / i;
    report->Warn(device / "path",
                 "expected no path below '/dev', where another directory is bound: neither this "
                 "device nor another one is made there",
                 "bind the devices' own files");
    return;
  }
}

}  // namespace

void CheckMounts(const Spec& spec, const Path& path, Report* report) {
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    CheckMount(spec.mounts[i], spec.linux_, path / i, report);
  }
  if (!spec.linux_.devices.empty()) CheckDevicesInBind(spec, report);
}

}  // namespace hull::spec
