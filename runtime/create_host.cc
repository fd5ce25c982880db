// What a container takes of the host at its creation, besides a cgroup: namespaces to join, network
// devices, a class of resctrl.
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/create.h"
#include "runtime/plan/names.h"
#include "runtime/sys/file.h"
#include "spec/sysctl.h"

namespace hull::runtime {
namespace {

bool IsOwnNamespace(const std::string& path, absl::string_view file) {
  struct stat ours, theirs;
  return stat(absl::StrCat("/proc/thread-self/ns/", file).c_str(), &ours) == 0 &&
         stat(path.c_str(), &theirs) == 0 && ours.st_ino == theirs.st_ino &&
         ours.st_dev == theirs.st_dev;
}

// "0 100000 65536, 65536 300000 1"
std::string MapText(std::vector<spec::IdMapping> mappings) {
  std::sort(mappings.begin(), mappings.end(),
            [](const auto& a, const auto& b) { return a.container_id < b.container_id; });
  return absl::StrJoin(mappings, ", ", [](std::string* out, const spec::IdMapping& mapping) {
    absl::StrAppend(out, mapping.container_id, " ", mapping.host_id, " ", mapping.size);
  });
}

absl::Status CheckMap(pid_t init, absl::string_view kind,
                      const std::vector<spec::IdMapping>& asked) {
  if (asked.empty()) return absl::OkStatus();
  const std::string path = absl::StrCat("/proc/", init, "/", kind, "_map");
  ASSIGN_OR_RETURN(const std::string text, sys::ReadFileAt(AT_FDCWD, path), "reading '", path, "'");
  std::vector<spec::IdMapping> found;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    spec::IdMapping& mapping = found.emplace_back();
    if (words.size() != 3 || !absl::SimpleAtoi(words[0], &mapping.container_id) ||
        !absl::SimpleAtoi(words[1], &mapping.host_id) ||
        !absl::SimpleAtoi(words[2], &mapping.size)) {
      return absl::InternalError(absl::StrCat("'", path, "' has the line '", line, "'"));
    }
  }
  if (MapText(found) == MapText(asked)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("/linux/", kind, "Mappings: [", MapText(asked),
                                                 "] is not what the user namespace to join has, [",
                                                 MapText(found), "]; give the same, or none"));
}

// Whether the one who is asked for, if one is, owns it: as the host counts, which engines copy, or as
// the container does.
bool IsOwner(std::optional<uint32_t> id, uint32_t owner,
             const std::vector<spec::IdMapping>& mappings) {
  if (!id.has_value() || *id == owner) return true;
  return absl::c_any_of(mappings, [id, owner](const spec::IdMapping& mapping) {
    return *id >= mapping.container_id && *id - mapping.container_id < mapping.size &&
           *id - mapping.container_id + mapping.host_id == owner;
  });
}

// Whether the host's device of that path, if there is one, has the mode and owner asked for.
bool IsAsAsked(const spec::Device& device, const spec::Linux& linux_block) {
  constexpr uint32_t kPermissions = 07777;
  struct stat info;
  const bool nothing_asked = !device.file_mode.has_value() && !device.uid && !device.gid;
  if (device.type == "p" || nothing_asked || stat(device.path.c_str(), &info) != 0) return true;
  return (device.file_mode.value_or(info.st_mode) & kPermissions) ==
             (info.st_mode & kPermissions) &&
         IsOwner(device.uid, info.st_uid, linux_block.uid_mappings) &&
         IsOwner(device.gid, info.st_gid, linux_block.gid_mappings);
}

}  // namespace

absl::Status Creation::FindHostParts() {
  WarnOfDevices();
  RETURN_IF_ERROR(CheckSysctls());
  RETURN_IF_ERROR(FindNetDevices());
  return FindRdt();
}

absl::Status Creation::OpenNamespaces() {
  const auto& namespaces = bundle_.spec().linux_.namespaces;
  fds_.namespaces.assign(namespaces.size(), -1);
  for (size_t i = 0; i < namespaces.size(); ++i) {
    const std::string& path = namespaces[i].path;
    if (path.empty()) continue;
    ASSIGN_OR_RETURN(sys::UniqueFd fd, sys::OpenAt(AT_FDCWD, path, O_RDONLY), "/linux/namespaces/",
                     i, "/path: '", path, "'");
    const int type = ioctl(fd.get(), NS_GET_NSTYPE);
    if (type < 0 || static_cast<uint64_t>(type) != plan::NamespaceFlag(namespaces[i].type)) {
      const absl::string_view found =
          type < 0 ? "" : plan::NamespaceName(static_cast<uint64_t>(type));
      return absl::InvalidArgumentError(
          absl::StrCat("/linux/namespaces/", i, "/path: '", path, "' is ",
                       found.empty() ? "no namespace" : absl::StrCat("a ", found, " namespace"),
                       ", expected a ", namespaces[i].type, " namespace"));
    }
    fds_.namespaces[i] = fd.get();
    owned_fds_.push_back(std::move(fd));
  }
  return absl::OkStatus();
}

// In a user namespace devices cannot be made, and the host's, which are bound, stay as they are.
void Creation::WarnOfDevices() const {
  const spec::Linux& linux_block = bundle_.spec().linux_;
  const bool bound = absl::c_any_of(linux_block.namespaces,
                                    [](const spec::Namespace& ns) { return ns.type == "user"; });
  if (!bound || !config_.warn) return;
  std::vector<std::string> others;
  for (const spec::Device& device : linux_block.devices) {
    if (!IsAsAsked(device, linux_block)) others.push_back(absl::StrCat("'", device.path, "'"));
  }
  if (others.empty()) return;
  config_.warn(
      absl::StrCat("/linux/devices: in a user namespace devices are the host's own, with the mode "
                   "and owner that "
                   "they have there: fileMode, uid and gid are not heeded of ",
                   absl::StrJoin(others, ", ")));
}

// A joined namespace may be the host's own, whose settings are not the container's.
absl::Status Creation::CheckSysctls() const {
  const spec::Linux& linux_block = bundle_.spec().linux_;
  for (const auto& [key, value] : linux_block.sysctl) {
    const absl::string_view owner = spec::SysctlNamespace(spec::SysctlFile(key));
    for (const spec::Namespace& ns : linux_block.namespaces) {
      if (ns.type != owner || ns.path.empty() ||
          !IsOwnNamespace(ns.path, plan::NamespaceFile(owner)))
        continue;
      return absl::InvalidArgumentError(
          absl::StrCat("/linux/sysctl/", absl::StrReplaceAll(key, {{"~", "~0"}, {"/", "~1"}}),
                       ": '", value, "' would be set on the host, whose ", owner,
                       " namespace is joined by '", ns.path, "'; remove one of them"));
    }
  }
  return absl::OkStatus();
}

// Of a user namespace to join the mappings are what they are. Only from a process in it they can be
// read, so not before there is one.
absl::Status Creation::CheckJoinedMaps(pid_t init) const {
  const spec::Linux& linux_block = bundle_.spec().linux_;
  const bool joined = absl::c_any_of(linux_block.namespaces, [](const spec::Namespace& ns) {
    return ns.type == "user" && !ns.path.empty();
  });
  if (!joined) return absl::OkStatus();
  RETURN_IF_ERROR(CheckMap(init, "uid", linux_block.uid_mappings));
  return CheckMap(init, "gid", linux_block.gid_mappings);
}

// Also on a joined network namespace: it must be another than ours.
absl::Status Creation::FindNetDevices() {
  const spec::Linux& linux_block = bundle_.spec().linux_;
  if (linux_block.net_devices.empty()) return absl::OkStatus();
  for (size_t i = 0; i < linux_block.namespaces.size(); ++i) {
    const spec::Namespace& ns = linux_block.namespaces[i];
    if (ns.type != "network" || ns.path.empty() || !IsOwnNamespace(ns.path, "net")) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "/linux/namespaces/", i, "/path: '", ns.path,
        "' is the host's network namespace, which has the devices of /linux/netDevices already; "
        "remove the path or the devices"));
  }
  ASSIGN_OR_RETURN(net_devices_, NetDevices::Find(linux_block.net_devices));
  return absl::OkStatus();
}

absl::Status Creation::MoveNetDevices(pid_t init) {
  ASSIGN_OR_RETURN(sys::UniqueFd netns,
                   sys::OpenAt(AT_FDCWD, absl::StrCat("/proc/", init, "/ns/net"), O_RDONLY),
                   "/linux/netDevices: opening the network namespace of init");
  return net_devices_->Move(std::move(netns));
}

absl::Status Creation::FindRdt() {
  const std::optional<spec::IntelRdt>& wanted = bundle_.spec().linux_.intel_rdt;
  if (!wanted.has_value()) return absl::OkStatus();
  std::string root = config_.resctrl;
  if (root.empty()) {
    ASSIGN_OR_RETURN(root, FindResctrl());
  }
  ASSIGN_OR_RETURN(rdt_, IntelRdt::Plan(*wanted, options_.id, root));
  SaveRdt(rdt_->location(), state_);
  return absl::OkStatus();
}

absl::Status Creation::MakeRdt() {
  if (!rdt_.has_value()) return absl::OkStatus();
  rdt_made_ = true;
  return rdt_->Make(*bundle_.spec().linux_.intel_rdt);
}

}  // namespace hull::runtime
