#include "runtime/plan/mount_options.h"

#include <linux/mount.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace hull::plan {
namespace {

// A flag as mount(2) and mount_setattr(2) know it. MS_* has no bit for some attributes, and
// attributes none for what belongs to the superblock.
struct FlagOption {
  absl::string_view name;
  bool set;
  uint64_t mount_flag;
  uint64_t attr;
};

constexpr uint64_t kAtime = MOUNT_ATTR__ATIME;
constexpr uint64_t kAccessTimeFlags = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;
constexpr FlagOption kFlags[] = {
    {"async", false, MS_SYNCHRONOUS, 0},
    {"atime", false, MS_NOATIME, MOUNT_ATTR_NOATIME},
    {"defaults", false, 0, 0},
    {"dev", false, MS_NODEV, MOUNT_ATTR_NODEV},
    {"diratime", false, MS_NODIRATIME, MOUNT_ATTR_NODIRATIME},
    {"dirsync", true, MS_DIRSYNC, 0},
    {"exec", false, MS_NOEXEC, MOUNT_ATTR_NOEXEC},
    {"iversion", true, MS_I_VERSION, 0},
    {"lazytime", true, MS_LAZYTIME, 0},
    {"loud", false, MS_SILENT, 0},
    {"mand", true, MS_MANDLOCK, 0},
    {"noatime", true, MS_NOATIME, MOUNT_ATTR_NOATIME},
    {"nodev", true, MS_NODEV, MOUNT_ATTR_NODEV},
    {"nodiratime", true, MS_NODIRATIME, MOUNT_ATTR_NODIRATIME},
    {"noexec", true, MS_NOEXEC, MOUNT_ATTR_NOEXEC},
    {"noiversion", false, MS_I_VERSION, 0},
    {"nolazytime", false, MS_LAZYTIME, 0},
    {"nomand", false, MS_MANDLOCK, 0},
    {"norelatime", false, MS_RELATIME, MOUNT_ATTR_RELATIME},
    {"nostrictatime", false, MS_STRICTATIME, MOUNT_ATTR_STRICTATIME},
    {"nosuid", true, MS_NOSUID, MOUNT_ATTR_NOSUID},
    {"nosymfollow", true, 256 /* MS_NOSYMFOLLOW, Linux 5.10 */, MOUNT_ATTR_NOSYMFOLLOW},
    {"relatime", true, MS_RELATIME, MOUNT_ATTR_RELATIME},
    {"ro", true, MS_RDONLY, MOUNT_ATTR_RDONLY},
    {"rw", false, MS_RDONLY, MOUNT_ATTR_RDONLY},
    {"silent", true, MS_SILENT, 0},
    {"strictatime", true, MS_STRICTATIME, MOUNT_ATTR_STRICTATIME},
    {"suid", false, MS_NOSUID, MOUNT_ATTR_NOSUID},
    {"symfollow", false, 256, MOUNT_ATTR_NOSYMFOLLOW},
    {"sync", true, MS_SYNCHRONOUS, 0},
};

struct NamedFlag {
  absl::string_view name;
  uint64_t flag;
};
constexpr NamedFlag kPropagation[] = {
    {"private", MS_PRIVATE},
    {"rprivate", MS_PRIVATE | MS_REC},
    {"rshared", MS_SHARED | MS_REC},
    {"rslave", MS_SLAVE | MS_REC},
    {"runbindable", MS_UNBINDABLE | MS_REC},
    {"shared", MS_SHARED},
    {"slave", MS_SLAVE},
    {"unbindable", MS_UNBINDABLE},
};

const FlagOption* FindFlag(absl::string_view name) {
  for (const FlagOption& flag : kFlags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

// "rro" is "ro" for the whole tree, and so on; "relatime" and "rw" are not of that kind. What belongs to
// the superblock has such a form too, which says no more: a new file system is a tree of one mount.
constexpr absl::string_view kTreeSuperblock[] = {"async", "dirsync", "mand", "nomand", "sync"};

bool IsAccessTime(const FlagOption& flag) {
  return flag.attr == MOUNT_ATTR_NOATIME || flag.attr == MOUNT_ATTR_STRICTATIME ||
         flag.name == "relatime" || flag.name == "norelatime";
}

bool HasRecursiveForm(const FlagOption& flag) {
  return flag.attr != 0 || IsAccessTime(flag) ||
         std::find(std::begin(kTreeSuperblock), std::end(kTreeSuperblock), flag.name) !=
             std::end(kTreeSuperblock);
}

// The atime modes are one field of the mount, not bits: setting one clears the field; taking one
// away falls back to the default, relatime.
void ApplyAttribute(const FlagOption& flag, uint64_t& set, uint64_t& clear) {
  if (IsAccessTime(flag)) {
    set &= ~kAtime;
    clear |= kAtime;
    if (flag.set) set |= flag.attr;
    return;
  }
  if (flag.set) {
    set |= flag.attr;
    clear &= ~flag.attr;
  } else {
    set &= ~flag.attr;
    clear |= flag.attr;
  }
}

void ApplyFlag(const FlagOption& flag, MountOptions& options) {
  if (IsAccessTime(flag)) options.mount_flags &= ~kAccessTimeFlags;
  if (flag.set) {
    options.mount_flags |= flag.mount_flag;
    options.clear_flags &= ~flag.mount_flag;
  } else {
    options.mount_flags &= ~flag.mount_flag;
    options.clear_flags |= flag.mount_flag;
  }
  ApplyAttribute(flag, options.attr_set, options.attr_clear);
}

void ApplyWhole(const FlagOption& flag, MountOptions& options) {
  if (flag.attr != 0 || IsAccessTime(flag)) {
    ApplyAttribute(flag, options.recursive_attr_set, options.recursive_attr_clear);
  } else {
    ApplyFlag(flag, options);
  }
}

// "idmap", "ridmap=…"
bool IsIdMap(absl::string_view name) {
  absl::ConsumePrefix(&name, "r");
  return absl::ConsumePrefix(&name, "idmap") && (name.empty() || name[0] == '=');
}

bool ApplySpecial(absl::string_view name, MountOptions& options) {
  if (name == "bind" || name == "rbind") {
    options.bind = true;
    options.recursive = name == "rbind";
  } else if (name == "remount") {
    options.remount = true;
  } else if (name == "tmpcopyup") {
    options.copy_up = true;
  } else if (name == "copy-symlink") {
    options.copy_symlink = true;
  } else if (name == "src-nofollow") {
    options.source_no_follow = true;
  } else if (name == "dest-nofollow") {
    options.target_no_follow = true;
  } else if (IsIdMap(name)) {
    options.map_ids = true;
    options.map_ids_recursive = name[0] == 'r';
  } else {
    return false;
  }
  return true;
}

}  // namespace

uint64_t ParsePropagation(absl::string_view name) {
  for (const NamedFlag& flag : kPropagation) {
    if (flag.name == name) return flag.flag;
  }
  return 0;
}

MountOptions ParseMountOptions(const std::vector<std::string>& options) {
  MountOptions result;
  for (const std::string& option : options) {
    const absl::string_view name = option;
    if (name.empty()) continue;  // Buildah writes such
    if (const FlagOption* flag = FindFlag(name); flag != nullptr) {
      ApplyFlag(*flag, result);
    } else if (const uint64_t propagation = ParsePropagation(name); propagation != 0) {
      result.propagation.push_back(propagation);
    } else if (ApplySpecial(name, result)) {
      continue;
    } else if (const FlagOption* whole =
                   name.size() > 1 && name[0] == 'r' ? FindFlag(name.substr(1)) : nullptr;
               whole != nullptr && HasRecursiveForm(*whole)) {
      ApplyWhole(*whole, result);
    } else {
      const size_t equals = name.find('=');
      result.data.emplace_back(name.substr(0, equals),
                               equals == absl::string_view::npos ? "" : name.substr(equals + 1));
    }
  }
  return result;
}

bool TakeReadOnly(MountOptions& options) {
  constexpr uint64_t kReadOnly = MOUNT_ATTR_RDONLY;
  const bool asked = ((options.attr_set | options.recursive_attr_set) & kReadOnly) != 0;
  options.mount_flags &= ~static_cast<uint64_t>(MS_RDONLY);
  options.attr_set &= ~kReadOnly;
  options.recursive_attr_set &= ~kReadOnly;
  return asked;
}

Labelling LabellingOf(absl::string_view type, const MountOptions& options,
                      absl::string_view label) {
  constexpr absl::string_view kKernelsOwn[] = {"proc", "sysfs", "cgroup", "cgroup2"};
  const auto& data = options.data;
  const bool has_own = std::any_of(data.begin(), data.end(), [](const auto& option) {
    return absl::EndsWith(option.first, "context");  // rootcontext, fscontext, defcontext
  });
  const bool kernels_own =
      std::find(std::begin(kKernelsOwn), std::end(kKernelsOwn), type) != std::end(kKernelsOwn);
  if (label.empty() || has_own || kernels_own) return Labelling::kNone;
  return type == "mqueue" ? Labelling::kRoot : Labelling::kOption;
}

std::vector<std::string> KnownMountOptions() {
  std::vector<std::string> names = {"bind",          "rbind",        "remount",
                                    "tmpcopyup",     "copy-symlink", "src-nofollow",
                                    "dest-nofollow", "idmap",        "ridmap"};
  for (const FlagOption& flag : kFlags) {
    names.emplace_back(flag.name);
    if (HasRecursiveForm(flag)) names.push_back(absl::StrCat("r", flag.name));
  }
  for (const NamedFlag& flag : kPropagation) names.emplace_back(flag.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace hull::plan
