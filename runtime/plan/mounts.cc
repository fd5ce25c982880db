#include <linux/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "runtime/base/status_macros.h"
#include "runtime/plan/mount_options.h"
#include "runtime/plan/steps.h"
#include "spec/mount_idmap.h"

namespace hull::plan {
namespace {

struct DefaultDevice {
  absl::string_view path;
  uint32_t major, minor;
};
constexpr DefaultDevice kDefaultDevices[] = {
    {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

struct DefaultLink {
  absl::string_view path, target;
  bool replace;
};
constexpr DefaultLink kDefaultLinks[] = {
    {"/dev/fd", "/proc/self/fd", false},       {"/dev/stdin", "/proc/self/fd/0", false},
    {"/dev/stdout", "/proc/self/fd/1", false}, {"/dev/stderr", "/proc/self/fd/2", false},
    {"/dev/ptmx", "pts/ptmx", true},  // of the container's devpts, whatever the image brings
};

bool IsBind(const spec::Mount& mount, const MountOptions& options) {
  return options.bind || mount.type == "bind";
}

// One mount of the spec on its way to a step.
struct Entry {
  const spec::Mount& mount;
  MountOptions options;
  std::string target;
  std::string where;
  absl::string_view label;  // linux.mountLabel
  int source_fd = -1;
  bool in_new_dev = false;  // right beneath a tmpfs that has just been mounted on /dev
};

bool IsBelow(absl::string_view path, absl::string_view directory) {
  return absl::ConsumePrefix(&path, directory) && (path.empty() || path[0] == '/');
}

// Where the kernel's files are looked for, a symlink could put others in their place. Beneath the
// cgroup mount there are links of ours.
bool IsKernelPath(absl::string_view path) {
  return IsBelow(path, "/proc") || path == "/sys/fs/cgroup" ||
         (IsBelow(path, "/sys") && !IsBelow(path, "/sys/fs/cgroup"));
}

// Whether a symlink of the image, or of a volume, may lead from `target` elsewhere. Where this mount
// itself makes a tree of several, the first of them has been looked at.
bool MayLead(const Entry& entry, absl::string_view target) {
  return target == entry.target && !entry.in_new_dev && !IsKernelPath(target);
}

Step& AddMount(const Entry& entry, absl::string_view target, StepList& steps) {
  Step& step = steps.Add(StepKind::kMount, entry.where);
  MountStep& mount = step.mount;
  mount.target = steps.arena().AddText(target);
  mount.source_fd = -1;
  mount.mount_flags = entry.options.mount_flags;
  mount.attr_set = entry.options.attr_set;
  mount.attr_clear = entry.options.attr_clear;
  mount.recursive_attr_set = entry.options.recursive_attr_set;
  mount.recursive_attr_clear = entry.options.recursive_attr_clear;
  mount.propagation = steps.arena().AddArray(entry.options.propagation);
  mount.plain_target = IsKernelPath(target);
  mount.not_in_proc = MayLead(entry, target);
  if (spec::IdMapOf(entry.mount).asked) mount.id_map = entry.options.map_ids_recursive ? 2 : 1;
  return step;
}

void AddBind(const Entry& entry, absl::string_view source, absl::string_view target,
             StepList& steps) {
  Step& step = AddMount(entry, target, steps);
  step.mount.source = steps.arena().AddText(source);
  step.mount.source_fd = entry.source_fd;
  step.mount.recursive = entry.options.recursive;
  step.mount.source_no_follow = entry.options.source_no_follow;
  step.mount.target_no_follow = entry.options.target_no_follow;
  step.mount.copy_symlink = entry.options.copy_symlink;
}

// `label` becomes one more option; in mount(2)'s text its commas need quotes.
void AddOptions(const std::vector<std::pair<std::string, std::string>>& data,
                absl::string_view label, MountStep& mount, Arena& arena) {
  std::vector<Option> options;
  std::string joined = absl::StrJoin(data, ",", [](std::string* out, const auto& option) {
    absl::StrAppend(out, option.first, option.second.empty() ? "" : "=", option.second);
  });
  for (const auto& [key, value] : data) {
    options.push_back({arena.AddText(key), arena.AddOptionalText(value)});
  }
  if (!label.empty()) {
    options.push_back({arena.AddText("context"), arena.AddText(label)});
    absl::StrAppend(&joined, joined.empty() ? "" : ",", "context=\"", label, "\"");
  }
  mount.options = arena.AddArray(options);
  mount.data = arena.AddOptionalText(joined);
}

Step& AddFileSystem(const Entry& entry, absl::string_view type,
                    const std::vector<std::pair<std::string, std::string>>& data,
                    absl::string_view target, absl::string_view fallback, StepList& steps) {
  Arena& arena = steps.arena();
  const Labelling labelling = LabellingOf(type, entry.options, entry.label);
  Step& step = AddMount(entry, target, steps);
  if (target == "/dev") {  // the devices that go there refuse a symlink, too
    step.mount.plain_target = true;
    step.mount.not_in_proc = false;
  }
  if (labelling == Labelling::kRoot) step.mount.label = arena.AddText(entry.label);
  step.mount.type = arena.AddText(type);
  step.mount.source = arena.AddOptionalText(entry.mount.source);
  step.mount.source_fd = entry.source_fd;
  AddOptions(data, labelling == Labelling::kOption ? entry.label : "", step.mount, arena);
  step.mount.fallback_source = arena.AddOptionalText(fallback);
  const bool has_mode = std::any_of(data.begin(), data.end(),
                                    [](const auto& option) { return option.first == "mode"; });
  step.mount.keep_mode = type == "tmpfs" && !has_mode;
  step.mount.copy_up = entry.options.copy_up && type == "tmpfs";
  return step;
}

// What is mounted there changes; nothing new comes.
void AddRemount(const Entry& entry, StepList& steps) {
  Step& step = AddMount(entry, entry.target, steps);
  step.kind = StepKind::kRemount;
  step.mount.clear_flags = entry.options.clear_flags;
  step.mount.make_writable =
      !entry.options.bind && (entry.options.clear_flags & static_cast<uint64_t>(MS_RDONLY)) != 0;
  AddOptions(entry.options.data, "", step.mount, steps.arena());
}

bool HasNamespace(const spec::Spec& spec, absl::string_view type) {
  return std::any_of(spec.linux_.namespaces.begin(), spec.linux_.namespaces.end(),
                     [type](const spec::Namespace& ns) { return ns.type == type; });
}

void AddAttributes(absl::string_view where, absl::string_view path, uint64_t set, uint64_t clear,
                   StepList& steps) {
  Step& step = steps.Add(StepKind::kMountAttributes, where);
  step.attributes.path = steps.arena().AddText(path);
  step.attributes.attr_set = set;
  step.attributes.attr_clear = clear;
}

// A tmpfs with a directory for each hierarchy: mounted anew in a cgroup namespace, else the
// container's own directory of the host's. Names that a joined controller list hides are links.
void AddLegacyCgroups(const CreateInput& input, const Entry& entry, StepList& steps) {
  Entry writable = entry;  // until the directories are made
  const bool read_only = TakeReadOnly(writable.options);
  AddFileSystem(writable, "tmpfs", {{"mode", "755"}}, entry.target, "", steps);
  for (const CgroupView::Hierarchy& hierarchy : input.cgroups.hierarchies) {
    const std::string target = absl::StrCat(entry.target, "/", hierarchy.name);
    if (HasNamespace(input.spec, "cgroup") && !hierarchy.options.empty()) {
      std::vector<std::pair<std::string, std::string>> data;
      for (const std::string& option : hierarchy.options) {
        data.push_back(absl::StrSplit(option, absl::MaxSplits('=', 1)));
      }
      AddFileSystem(entry, "cgroup", data, target, hierarchy.host_path, steps);
    } else {
      AddBind(entry, hierarchy.host_path, target, steps);
    }
    if (!absl::StrContains(hierarchy.name, ',')) continue;
    for (absl::string_view controller : absl::StrSplit(hierarchy.name, ',')) {
      Step& step = steps.Add(StepKind::kSymlink, entry.where);
      step.symlink.target = steps.arena().AddText(hierarchy.name);
      step.symlink.path = steps.arena().AddText(absl::StrCat(entry.target, "/", controller));
    }
  }
  if (read_only) {
    AddAttributes(entry.where, entry.target, MOUNT_ATTR_RDONLY, 0, steps);
  }
}

// Options of a whole cgroup2 hierarchy, which a bind of it has or has not. containerd gives them to
// privileged containers, without a cgroup namespace.
bool IsOfHierarchy(absl::string_view option) {
  constexpr absl::string_view kNames[] = {"favordynmods",       "memory_hugetlb_accounting",
                                          "memory_localevents", "memory_recursiveprot",
                                          "nsdelegate",         "pids_localevents"};
  return std::find(std::begin(kNames), std::end(kNames), option) != std::end(kNames);
}

// Where no new cgroup2 is mounted, nothing takes options.
absl::Status CheckCgroupOptions(const CreateInput& input, const Entry& entry, bool unified) {
  if (unified && HasNamespace(input.spec, "cgroup")) return absl::OkStatus();
  for (const auto& [key, value] : entry.options.data) {
    if (unified && value.empty() && IsOfHierarchy(key)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(entry.where, "/options: '", key, "' is no option of a cgroup mount ",
                     unified ? "without a cgroup namespace" : "of v1 hierarchies", "; remove it"));
  }
  return absl::OkStatus();
}

// The container's own directory of the cgroup2 tree; "" = none. Beside v1 hierarchies it is the one
// that no option mounts.
absl::string_view UnifiedPath(const CgroupView& view) {
  if (view.unified) return view.unified_path;
  for (const CgroupView::Hierarchy& hierarchy : view.hierarchies) {
    if (hierarchy.options.empty()) return hierarchy.host_path;
  }
  return "";
}

absl::Status AddCgroupMount(const CreateInput& input, const Entry& entry, StepList& steps) {
  const bool unified = input.cgroups.unified || entry.mount.type == "cgroup2";
  RETURN_IF_ERROR(CheckCgroupOptions(input, entry, unified));
  if (!unified) {
    if (input.cgroups.hierarchies.empty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          entry.where, ": a cgroup mount shows cgroups, and this host has none; remove it"));
    }
    AddLegacyCgroups(input, entry, steps);
    return absl::OkStatus();
  }
  const absl::string_view path = UnifiedPath(input.cgroups);
  if (!input.cgroups.unified && path.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        entry.where,
        "/type: 'cgroup2' is a hierarchy that this host has not mounted; use 'cgroup' for v1's"));
  }
  if (HasNamespace(input.spec, "cgroup")) {
    AddFileSystem(entry, "cgroup2", entry.options.data, entry.target, path, steps);
  } else if (!path.empty()) {
    AddBind(entry, path, entry.target, steps);
  } else {
    return absl::FailedPreconditionError(
        absl::StrCat(entry.where,
                     ": a cgroup mount without a cgroup namespace shows the "
                     "container's cgroup, and there is none"));
  }
  return absl::OkStatus();
}

// Whether a mount right beneath /dev meets no symlink: a tmpfs is there, and nothing is in it but other
// mounts. `new_dev`: what this was before the mount of `entry`, and is after it.
bool IsInNewDev(const Entry& entry, bool& new_dev) {
  absl::string_view name = entry.target;
  const bool in_dev = absl::ConsumePrefix(&name, "/dev/") && !absl::StrContains(name, '/');
  const bool result = new_dev && in_dev;
  if (entry.target == "/dev" && !entry.options.remount) {
    new_dev = entry.mount.type == "tmpfs" && !entry.options.bind && !entry.options.copy_up;
  }
  new_dev = new_dev && !entry.options.copy_symlink;
  return result;
}

// What is mounted on a tmpfs, or a remount of it, finds it as it was asked for.
void FinishReadOnly(absl::string_view target, std::vector<ReadOnlyLater>& later, StepList& steps) {
  for (auto it = later.begin(); it != later.end();) {
    if (it->target != target) {
      ++it;
      continue;
    }
    AddAttributes(it->where, it->target, MOUNT_ATTR_RDONLY, 0, steps);
    it = later.erase(it);
  }
}

absl::Status AddSpecMount(const CreateInput& input, size_t index, bool& new_dev,
                          std::vector<ReadOnlyLater>& later, StepList& steps) {
  const spec::Mount& mount = input.spec.mounts[index];
  Entry entry{mount, ParseMountOptions(mount.options), CleanPath(mount.destination),
              absl::StrCat("/mounts/", index), input.spec.linux_.mount_label};
  if (index < input.fds.mount_sources.size()) entry.source_fd = input.fds.mount_sources[index];
  entry.in_new_dev = IsInNewDev(entry, new_dev);
  FinishReadOnly(entry.target, later, steps);
  const bool no_type = mount.type.empty() || mount.type == "none";
  if (entry.options.remount || (no_type && !entry.options.bind)) {
    AddRemount(entry, steps);
    return absl::OkStatus();
  }
  if (IsBind(mount, entry.options)) {
    if (!entry.options.data.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(entry.where, "/options: '",
                                                     entry.options.data[0].first,
                                                     "' is no option of a bind mount; remove it"));
    }
    const std::string source = absl::StartsWith(mount.source, "/")
                                   ? mount.source
                                   : absl::StrCat(input.bundle, "/", mount.source);
    AddBind(entry, source, entry.target, steps);
    return absl::OkStatus();
  }
  if (mount.type == "cgroup" || mount.type == "cgroup2") {
    return AddCgroupMount(input, entry, steps);
  }
  if (absl::string_view subtype = mount.type; absl::ConsumePrefix(&subtype, "fuse.")) {
    entry.options.data.emplace_back("subtype", subtype);  // fsopen(2) does not look behind the dot
    AddFileSystem(entry, "fuse", entry.options.data, entry.target, "", steps);
    return absl::OkStatus();
  }
  if (mount.type == "tmpfs" && TakeReadOnly(entry.options)) {
    later.push_back({entry.where, entry.target});
  }
  // A user namespace without a network namespace of its own may not mount sysfs.
  const char* fallback = mount.type == "sysfs" ? "/sys" : "";
  Step& step = AddFileSystem(entry, mount.type, entry.options.data, entry.target, fallback, steps);
  step.mount.fallback_recursive = mount.type == "sysfs";
  return absl::OkStatus();
}

// A bind of a whole /dev is somebody else's: nothing is made in it.
bool BringsOwnDev(const spec::Spec& spec) {
  return std::any_of(spec.mounts.begin(), spec.mounts.end(), [](const spec::Mount& mount) {
    return CleanPath(mount.destination) == "/dev" &&
           IsBind(mount, ParseMountOptions(mount.options));
  });
}

uint32_t NodeMode(absl::string_view type, uint32_t permissions) {
  const uint32_t kind = type == "b" ? S_IFBLK : type == "p" ? S_IFIFO : S_IFCHR;
  return kind | (permissions & 07777);
}

void AddDevice(const spec::Device& device, absl::string_view where, bool bind, StepList& steps) {
  Step& step = steps.Add(StepKind::kDevice, where);
  step.device.path = steps.arena().AddText(CleanPath(device.path));
  step.device.mode = NodeMode(device.type, device.file_mode.value_or(0666));
  step.device.major = static_cast<uint32_t>(device.major);
  step.device.minor = static_cast<uint32_t>(device.minor);
  step.device.uid = device.uid.value_or(0);
  step.device.gid = device.gid.value_or(0);
  step.device.bind = bind && device.type != "p";
}

void AddDefaultDevices(const spec::Spec& spec, bool bind, StepList& steps) {
  for (const DefaultDevice& node : kDefaultDevices) {
    const bool overridden = std::any_of(
        spec.linux_.devices.begin(), spec.linux_.devices.end(),
        [&node](const spec::Device& device) { return CleanPath(device.path) == node.path; });
    if (overridden) continue;
    spec::Device device;
    device.type = "c";
    device.path = std::string(node.path);
    device.major = node.major;
    device.minor = node.minor;
    AddDevice(device, "", bind, steps);
  }
}

// Of linux.devices; `bind` as in DeviceStep.
void AddDevices(const spec::Spec& spec, bool bind, StepList& steps) {
  const bool own_dev = BringsOwnDev(spec);
  if (!own_dev) AddDefaultDevices(spec, bind, steps);
  for (size_t i = 0; i < spec.linux_.devices.size(); ++i) {
    const spec::Device& device = spec.linux_.devices[i];
    const std::string path = CleanPath(device.path);
    if (path == "/dev/ptmx") continue;  // the link to the container's own
    if (own_dev && IsBelow(path, "/dev")) continue;
    AddDevice(device, absl::StrCat("/linux/devices/", i), bind, steps);
  }
  if (own_dev) return;
  for (const DefaultLink& link : kDefaultLinks) {
    Step& step = steps.Add(StepKind::kSymlink);
    step.symlink.target = steps.arena().AddText(link.target);
    step.symlink.path = steps.arena().AddText(link.path);
    step.symlink.replace = link.replace;
  }
}

}  // namespace

std::string CleanPath(absl::string_view path) {
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return absl::StrCat("/", absl::StrJoin(parts, "/"));
}

absl::Status AddRootfsSteps(const CreateInput& input, bool user_namespace,
                            std::vector<ReadOnlyLater>& later, StepList& steps) {
  // Nothing we mount may reach the host. Where the container shares its mounts (rootfsPropagation
  // "shared"), the host's stay peers and only the mount that holds the rootfs becomes private.
  const uint64_t propagation = ParsePropagation(input.spec.linux_.rootfs_propagation);
  const bool shared = (propagation & MS_SHARED) != 0;
  if (!shared) {
    const uint64_t kind = (propagation & MS_PRIVATE) != 0 ? MS_PRIVATE : MS_SLAVE;
    steps.AddFlags(StepKind::kPropagation, "", kind | MS_REC);
  }
  Step& rootfs = steps.Add(StepKind::kRootfs, "/root/path");
  rootfs.rootfs.path = steps.arena().AddText(input.rootfs);
  rootfs.rootfs.shared = shared;
  bool new_dev = false;
  for (size_t i = 0; i < input.spec.mounts.size(); ++i) {
    RETURN_IF_ERROR(AddSpecMount(input, i, new_dev, later, steps));
  }
  AddDevices(input.spec, user_namespace, steps);
  const std::string cwd = CleanPath(input.spec.process->cwd);
  if (input.spec.root.readonly && cwd != "/") {
    steps.AddText(StepKind::kDirectory, "/process/cwd", cwd);
  }
  return absl::OkStatus();
}

void AddProtectionSteps(const spec::Spec& spec, const std::vector<ReadOnlyLater>& later,
                        StepList& steps) {
  const spec::Linux& linux_block = spec.linux_;
  for (size_t i = 0; i < linux_block.readonly_paths.size(); ++i) {
    steps.AddText(StepKind::kReadonlyPath, absl::StrCat("/linux/readonlyPaths/", i),
                  CleanPath(linux_block.readonly_paths[i]));
  }
  for (size_t i = 0; i < linux_block.masked_paths.size(); ++i) {
    Step& step = steps.Add(StepKind::kMaskPath, absl::StrCat("/linux/maskedPaths/", i));
    step.mask.path = steps.arena().AddText(CleanPath(linux_block.masked_paths[i]));
    step.mask.label = steps.arena().AddOptionalText(linux_block.mount_label);
  }
  for (const ReadOnlyLater& mount : later) {
    AddAttributes(mount.where, mount.target, MOUNT_ATTR_RDONLY, 0, steps);
  }
  if (spec.root.readonly) AddAttributes("/root/readonly", "/", MOUNT_ATTR_RDONLY, 0, steps);
}

}  // namespace hull::plan
