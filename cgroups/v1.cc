// The cgroupfs-v1 backend: one directory in every mounted hierarchy. On a hybrid host the unified
// hierarchy is one more, with the controllers that live there.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cgroups/apply.h"
#include "cgroups/backends.h"
#include "cgroups/controllers.h"
#include "cgroups/cpuset.h"
#include "cgroups/device_files.h"
#include "cgroups/directory.h"
#include "cgroups/manager.h"
#include "cgroups/merge.h"
#include "cgroups/path.h"
#include "cgroups/processes.h"
#include "cgroups/resources.h"
#include "cgroups/stats_reader.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using sys::UniqueFd;

constexpr absl::string_view kUnified = "unified";

// The container's cgroup in one hierarchy.
struct Node {
  std::string directory;                      // "memory/a/b", below the mount point
  std::vector<std::string> controllers = {};  // none: the unified hierarchy
  UniqueFd fd = {};
  std::vector<std::string> made = {};  // by Create(), for when it fails later

  bool unified() const { return controllers.empty(); }
  // systemd's "name=systemd", and on a hybrid host the unified one.
  bool tracks_units() const { return unified() || absl::StartsWith(controllers[0], "name="); }
};

class V1Manager : public Manager {
 public:
  V1Manager(const Host& host, std::vector<Node> nodes, Request request)
      : host_(host), nodes_(std::move(nodes)), request_(std::move(request)) {}
  void set_adopted(std::vector<std::string> adopted) { adopted_ = std::move(adopted); }

  absl::StatusOr<UniqueFd> Create() override;
  absl::Status RestrictDevices() override;
  absl::Status Attach(pid_t pid) override;
  absl::Status Update(const spec::Resources& change, const spec::Resources& before) override;
  absl::Status Freeze(bool frozen) override;
  absl::StatusOr<bool> Frozen() override;
  absl::StatusOr<std::vector<pid_t>> Pids() override;
  absl::StatusOr<Stats> ReadStats() override;
  absl::Status Signal(int signal) override;
  absl::Status Destroy() override;
  Location location() const override;
  absl::StatusOr<UniqueFd> OpenForClone() override { return UniqueFd(); }
  absl::Status Narrow(absl::Span<const SubCgroup> below) override;

 private:
  absl::Status OpenMountOnce();
  absl::Status Open();
  absl::Status MakeNode(Node& node);
  absl::Status MakeNodes();
  absl::Status CheckUnused(const Node& node) const;
  absl::Status SetUp();
  absl::Status WriteLimits(const spec::Resources& resources, Current current,
                           std::vector<Undo>* undo);
  absl::Status ReplaceDevices(const std::vector<spec::DeviceRule>& rules,
                              const std::vector<spec::DeviceRule>& before);
  absl::Status ServeUnified(absl::Span<const Need> needs);
  const Node* NodeOf(absl::string_view controller) const;
  const Node* UnifiedNode() const;
  int FdOf(absl::string_view controller) const;
  const Node& ProcessNode() const;

  Host host_;
  std::vector<Node> nodes_;
  Request request_;
  std::vector<std::string> adopted_;
  UniqueFd mount_fd_;
  bool devices_pending_ = false;
};

const Node* V1Manager::NodeOf(absl::string_view controller) const {
  for (const Node& node : nodes_) {
    if (absl::c_linear_search(node.controllers, controller)) return &node;
  }
  return nullptr;
}

const Node* V1Manager::UnifiedNode() const {
  const auto node = absl::c_find_if(nodes_, [](const Node& n) { return n.unified(); });
  return node == nodes_.end() ? nullptr : &*node;
}

// Where a controller's files are: on v1, else on the unified hierarchy, else -1.
int V1Manager::FdOf(absl::string_view controller) const {
  const Node* node = NodeOf(controller);
  if (node == nullptr) node = UnifiedNode();
  return node == nullptr ? -1 : node->fd.get();
}

// Where to look for processes: all hierarchies hold the same ones, the unified one knows most.
const Node& V1Manager::ProcessNode() const {
  if (const Node* unified = UnifiedNode()) return *unified;
  if (const Node* freezer = NodeOf("freezer")) return *freezer;
  return nodes_.front();
}

absl::Status V1Manager::OpenMountOnce() {
  if (mount_fd_.valid()) return absl::OkStatus();
  ASSIGN_OR_RETURN(mount_fd_, OpenMount(host_.mount_point));
  return absl::OkStatus();
}

// A hierarchy without the directory holds no process of the container: we could make none there
// (Request::optional), or were killed before it was made. NotFound if no hierarchy has it.
absl::Status V1Manager::Open() {
  if (nodes_.empty()) return absl::FailedPreconditionError("the container has no cgroup");
  RETURN_IF_ERROR(OpenMountOnce());
  absl::Status missing;
  for (auto node = nodes_.begin(); node != nodes_.end();) {
    absl::StatusOr<UniqueFd> fd = node->fd.valid()
                                      ? UniqueFd(std::move(node->fd))
                                      : OpenDirectory(mount_fd_.get(), node->directory);
    if (fd.ok()) {
      (node++)->fd = *std::move(fd);
      continue;
    }
    missing = base::Annotate(fd.status(), "cgroup '/", node->directory, "'");
    if (!absl::IsNotFound(missing)) return missing;
    node = nodes_.erase(node);
  }
  return nodes_.empty() ? missing : absl::OkStatus();
}

absl::Status V1Manager::CheckUnused(const Node& node) const {
  if (request_.populated) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<pid_t> pids, ReadPids(node.fd.get()));
  if (!pids.empty()) {
    return absl::AlreadyExistsError(absl::StrCat(
        "cgroup '/", node.directory, "' is in use: it has ", pids.size(), " process(es)"));
  }
  const std::string state = ReadValue(node.fd.get(), "freezer.state").value_or("THAWED");
  const std::string freeze = ReadValue(node.fd.get(), "cgroup.freeze").value_or("0");
  if (state != "THAWED" || freeze != "0") {
    return absl::AlreadyExistsError(absl::StrCat("cgroup '/", node.directory, "' is frozen"));
  }
  return absl::OkStatus();
}

absl::Status V1Manager::MakeNode(Node& node) {
  const bool cpuset = absl::c_linear_search(node.controllers, "cpuset");
  const auto on_made = [cpuset](int parent_fd, int fd) {
    return cpuset ? InheritCpuset(parent_fd, fd) : absl::OkStatus();
  };
  ASSIGN_OR_RETURN(NewDirectory made, MakeDirectory(mount_fd_.get(), node.directory, on_made));
  node.fd = std::move(made.fd);
  node.made = std::move(made.made);
  if (!made.adopted) return absl::OkStatus();
  adopted_.push_back(node.directory);
  if (cpuset) RETURN_IF_ERROR(CompleteCpuset(made.parent_fd.get(), node.fd.get()));
  return CheckUnused(node);
}

// Who may not make cgroups and asked for none (Request::optional) goes without, hierarchy by
// hierarchy: a v1 host often delegates some of them only.
absl::Status V1Manager::MakeNodes() {
  std::vector<Node> kept;
  absl::Status status = OpenMountOnce();
  for (Node& node : nodes_) {
    if (status.ok()) status = MakeNode(node);
    if (request_.optional && absl::IsPermissionDenied(status)) {
      status = absl::OkStatus();
      continue;
    }
    kept.push_back(std::move(node));
  }
  nodes_ = std::move(kept);
  return status;
}

absl::Status V1Manager::ServeUnified(absl::Span<const Need> needs) {
  std::vector<Need> elsewhere;
  for (const Need& need : needs) {
    if (NodeOf(need.controller == "io" ? "blkio" : need.controller) == nullptr) {
      elsewhere.push_back(need);
    }
  }
  if (elsewhere.empty()) return absl::OkStatus();
  const Node* node = UnifiedNode();
  if (node == nullptr) {
    return absl::UnavailableError(absl::StrCat(elsewhere[0].field, ": this host has no '",
                                               elsewhere[0].controller, "' cgroup controller"));
  }
  ASSIGN_OR_RETURN(const UniqueFd root_fd, OpenDirectory(mount_fd_.get(), kUnified));
  const absl::string_view path = absl::string_view(node->directory).substr(kUnified.size() + 1);
  const size_t slash = path.rfind('/');
  ASSIGN_OR_RETURN(
      const UniqueFd parent_fd,
      OpenDirectory(root_fd.get(), slash == absl::string_view::npos ? "" : path.substr(0, slash)));
  return EnableControllers(root_fd.get(), path, parent_fd.get(), {}, elsewhere).status();
}

absl::Status V1Manager::WriteLimits(const spec::Resources& resources, Current current,
                                    std::vector<Undo>* undo) {
  const bool hybrid = UnifiedNode() != nullptr;
  if (!resources.unified.empty() && !hybrid) {
    return absl::InvalidArgumentError(absl::StrCat("linux.resources.unified.",
                                                   resources.unified.begin()->first,
                                                   ": this host has no cgroup v2"));
  }
  RETURN_IF_ERROR(ServeUnified(NeededControllers(resources)));
  const auto on_v1 = [this](absl::string_view controller) { return NodeOf(controller) != nullptr; };
  ASSIGN_OR_RETURN(std::vector<Write> writes, ConvertV1(resources, on_v1, current));
  if (hybrid) {
    const auto on_v2 = [&](absl::string_view controller) {
      return !on_v1(controller == "io" ? "blkio" : controller);
    };
    ASSIGN_OR_RETURN(std::vector<Write> more, ConvertV2(resources, on_v2, current));
    absl::c_move(more, std::back_inserter(writes));
  }
  return ApplyWrites(
      writes, [this](absl::string_view controller) { return FdOf(controller); }, undo);
}

absl::Status V1Manager::SetUp() {
  if (request_.resources == nullptr || nodes_.empty()) return absl::OkStatus();
  const bool fresh = adopted_.empty();
  const auto current = [this, fresh](absl::string_view file) -> absl::StatusOr<std::string> {
    if (fresh) return absl::NotFoundError("a new cgroup has the kernel's defaults");
    return ReadValue(FdOf(file.substr(0, file.find('.'))), file);
  };
  RETURN_IF_ERROR(WriteLimits(*request_.resources, current, nullptr));
  devices_pending_ = true;
  return request_.defer_devices ? absl::OkStatus() : RestrictDevices();
}

absl::Status V1Manager::RestrictDevices() {
  if (!devices_pending_) return absl::OkStatus();
  devices_pending_ = false;
  const Node* devices = NodeOf("devices");
  const bool adopted = devices != nullptr && absl::c_linear_search(adopted_, devices->directory);
  const absl::Status status = WriteDeviceFiles(devices == nullptr ? -1 : devices->fd.get(),
                                               request_.resources->devices, adopted);
  // The kernel lets nobody without privileges change them, who cannot make device files either.
  if (absl::IsPermissionDenied(status) && IsUnprivileged(host_)) return absl::OkStatus();
  return status;
}

absl::StatusOr<UniqueFd> V1Manager::Create() {
  absl::Status status = MakeNodes();
  if (status.ok()) status = SetUp();
  if (status.ok()) return UniqueFd();
  for (Node& node : nodes_) {
    node.fd.reset();
    RemoveMade(mount_fd_.get(), node.made);
  }
  return status;
}

absl::Status V1Manager::Attach(pid_t pid) {
  if (nodes_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(Open());
  // What systemd goes by first: who is in a unit there, systemd moves to that unit's cgroup in the other
  // hierarchies whenever it makes one, be it after we were there.
  for (const bool tracking : {true, false}) {
    for (const Node& node : nodes_) {
      if (node.tracks_units() != tracking) continue;
      RETURN_IF_ERROR(WriteValue(node.fd.get(), "cgroup.procs", absl::StrCat(pid)),
                      "moving process ", pid, " into cgroup '/", node.directory, "'");
    }
  }
  return absl::OkStatus();
}

// What one hierarchy is to be narrowed to, or null. Two controllers of one may not disagree.
absl::StatusOr<const SubCgroup*> FindBelow(const Node& node, absl::Span<const SubCgroup> below) {
  const SubCgroup* found = nullptr;
  for (const SubCgroup& one : below) {
    if (!one.controller.empty() && !absl::c_linear_search(node.controllers, one.controller))
      continue;
    if (found != nullptr && found->path != one.path) {
      return absl::InvalidArgumentError(absl::StrCat("--cgroup: '", found->controller, "' and '",
                                                     one.controller,
                                                     "' are one hierarchy; give both one path"));
    }
    found = &one;
  }
  return found;
}

absl::Status V1Manager::Narrow(absl::Span<const SubCgroup> below) {
  RETURN_IF_ERROR(Open());
  for (const SubCgroup& one : below) {
    if (one.controller.empty() || NodeOf(one.controller) != nullptr) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--cgroup: '", one.controller, "': no v1 hierarchy has such a controller"));
  }
  for (Node& node : nodes_) {
    ASSIGN_OR_RETURN(const SubCgroup* one, FindBelow(node, below));
    if (one == nullptr) continue;
    node.directory = Below(node.directory, one->path);
    ASSIGN_OR_RETURN(node.fd, OpenDirectory(mount_fd_.get(), node.directory), "--cgroup: cgroup '/",
                     node.directory, "'");
  }
  return absl::OkStatus();
}

absl::Status V1Manager::Update(const spec::Resources& change, const spec::Resources& before) {
  RETURN_IF_ERROR(Open());
  const spec::Resources complete = CompleteChange(change, before);
  std::vector<Undo> undo;
  const auto current = [this](absl::string_view file) -> absl::StatusOr<std::string> {
    return ReadValue(FdOf(file.substr(0, file.find('.'))), file);
  };
  absl::Status status = WriteLimits(complete, current, &undo);
  if (status.ok() && !complete.devices.empty()) {
    status = ReplaceDevices(complete.devices, before.devices);
  }
  if (!status.ok()) RollBack(undo);
  return status;
}

// No process is to run in the moment between two defaults.
absl::Status V1Manager::ReplaceDevices(const std::vector<spec::DeviceRule>& rules,
                                       const std::vector<spec::DeviceRule>& before) {
  const Node* devices = NodeOf("devices");
  const Node* freezer = NodeOf("freezer");
  const bool freeze = freezer != nullptr && ReplacesDeviceDefault(rules, before) &&
                      !FrozenLegacy(freezer->fd.get()).value_or(true);
  if (freeze) RETURN_IF_ERROR(FreezeLegacy(freezer->fd.get(), true), "linux.resources.devices");
  const absl::Status status =
      ReplaceDeviceFiles(devices == nullptr ? -1 : devices->fd.get(), rules, before);
  if (freeze) RETURN_IF_ERROR(FreezeLegacy(freezer->fd.get(), false), "linux.resources.devices");
  return status;
}

absl::Status V1Manager::Freeze(bool frozen) {
  RETURN_IF_ERROR(Open());
  const absl::string_view verb = frozen ? "freezing" : "thawing";
  if (const Node* freezer = NodeOf("freezer")) {
    RETURN_IF_ERROR(FreezeLegacy(freezer->fd.get(), frozen), verb, " cgroup '/", freezer->directory,
                    "'");
    return absl::OkStatus();
  }
  const Node* unified = UnifiedNode();
  if (unified == nullptr) return absl::UnavailableError("this host has no freezer controller");
  RETURN_IF_ERROR(FreezeUnified(unified->fd.get(), frozen), verb, " cgroup '/", unified->directory,
                  "'");
  return absl::OkStatus();
}

absl::StatusOr<bool> V1Manager::Frozen() {
  if (nodes_.empty()) return false;
  RETURN_IF_ERROR(Open());
  if (const Node* freezer = NodeOf("freezer")) return FrozenLegacy(freezer->fd.get());
  if (const Node* unified = UnifiedNode()) return FrozenUnified(unified->fd.get());
  return false;
}

absl::StatusOr<std::vector<pid_t>> V1Manager::Pids() {
  RETURN_IF_ERROR(Open());
  return ReadPids(ProcessNode().fd.get());
}

absl::StatusOr<Stats> V1Manager::ReadStats() {
  RETURN_IF_ERROR(Open());
  ASSIGN_OR_RETURN(Stats stats, ReadStatsV1([this](absl::string_view controller) {
                     const Node* node = NodeOf(controller);
                     return node == nullptr ? -1 : node->fd.get();
                   }));
  const Node* unified = UnifiedNode();
  if (unified != nullptr && NodeOf("hugetlb") == nullptr) ReadHugetlbV2(unified->fd.get(), stats);
  return stats;
}

absl::Status V1Manager::Signal(int signal) {
  const absl::Status opened = Open();
  if (absl::IsNotFound(opened)) return absl::OkStatus();
  RETURN_IF_ERROR(opened);
  const Node& node = ProcessNode();
  if (signal != SIGKILL) {
    ASSIGN_OR_RETURN(const std::vector<pid_t> pids, ReadPids(node.fd.get()));
    return SignalPids(pids, signal);
  }
  // cgroup.kill reaches what v1's freezer holds, but that dies only when thawed.
  const Node* freezer = NodeOf("freezer");
  const int freezer_fd = freezer == nullptr ? -1 : freezer->fd.get();
  if (node.unified() && WriteValue(node.fd.get(), "cgroup.kill", "1").ok()) {
    return ThawToDie(freezer_fd);
  }
  RETURN_IF_ERROR(KillLegacy(freezer_fd, node.fd.get()), "killing cgroup '/", node.directory, "'");
  return absl::OkStatus();
}

// The unified one first: it can say when the last process is gone, the others can only be tried.
absl::Status V1Manager::Destroy() {
  if (nodes_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(OpenMountOnce());
  const absl::Time deadline = absl::Now() + kDestroyTimeout;
  absl::Status status;
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    node->fd.reset();
    if (absl::c_linear_search(adopted_, node->directory)) continue;
    status.Update(RemoveDirectory(mount_fd_.get(), node->directory, deadline - absl::Now()));
  }
  return status;
}

Location V1Manager::location() const {
  Location location;
  location.backend = std::string(kV1Backend.name);
  location.adopted = adopted_;
  for (const Node& node : nodes_) location.directories.push_back(node.directory);
  return location;
}

absl::Status ProbeV1(const Host& host) {
  if (host.mode == Mode::kHybrid || host.mode == Mode::kLegacy) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("'", host.mount_point, "' holds no v1 hierarchies (", ModeName(host.mode), ")"));
}

absl::StatusOr<std::unique_ptr<Manager>> MakeV1(const Host& host, const Request& request) {
  std::vector<Node> nodes;
  for (const Hierarchy& hierarchy : host.hierarchies) {
    ASSIGN_OR_RETURN(const std::string own, OwnCgroup(host, hierarchy.controllers.front()));
    ASSIGN_OR_RETURN(const std::string path,
                     ResolvePath(request.cgroups_path, request.container_id, own));
    nodes.push_back({.directory = absl::StrCat(hierarchy.directory, "/", path),
                     .controllers = hierarchy.controllers});
  }
  if (host.mode == Mode::kHybrid) {
    ASSIGN_OR_RETURN(const std::string own, OwnCgroup(host, ""));
    ASSIGN_OR_RETURN(const std::string path,
                     ResolvePath(request.cgroups_path, request.container_id, own));
    nodes.push_back({.directory = absl::StrCat(kUnified, "/", path)});
  }
  return std::make_unique<V1Manager>(host, std::move(nodes), request);
}

// The controllers of a hierarchy by its directory; its name is the list, but where the host says
// otherwise ("name=systemd" is mounted as "systemd").
std::vector<std::string> ControllersOf(const Host& host, absl::string_view directory) {
  const absl::string_view name = directory.substr(0, directory.find('/'));
  if (name == kUnified) return {};
  for (const Hierarchy& hierarchy : host.hierarchies) {
    if (hierarchy.directory == name) return hierarchy.controllers;
  }
  return absl::StrSplit(name, ',');
}

absl::StatusOr<std::unique_ptr<Manager>> OpenV1(const Host& host, const Location& location) {
  RETURN_IF_ERROR(CheckLocation(location));
  std::vector<Node> nodes;
  for (const std::string& directory : location.directories) {
    nodes.push_back({.directory = directory, .controllers = ControllersOf(host, directory)});
  }
  auto manager = std::make_unique<V1Manager>(host, std::move(nodes), Request());
  manager->set_adopted(location.adopted);
  return manager;
}

}  // namespace

constexpr Backend kV1Backend = {
    .name = "cgroupfs-v1", .probe = &ProbeV1, .make = &MakeV1, .open = &OpenV1};

}  // namespace hull::cgroups
