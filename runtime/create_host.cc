// What a container takes of the host at its creation, besides a cgroup: network devices, a class of
// resctrl.
#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/create.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

bool IsOwnNamespace(const std::string& path, absl::string_view file) {
  struct stat ours, theirs;
  return stat(absl::StrCat("/proc/thread-self/ns/", file).c_str(), &ours) == 0 &&
         stat(path.c_str(), &theirs) == 0 && ours.st_ino == theirs.st_ino &&
         ours.st_dev == theirs.st_dev;
}

}  // namespace

absl::Status Creation::FindHostParts() {
  RETURN_IF_ERROR(FindNetDevices());
  return FindRdt();
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
