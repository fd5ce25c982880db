// The cgroupfs-v2 backend: one directory of the unified hierarchy.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "cgroups/apply.h"
#include "cgroups/backends.h"
#include "cgroups/controllers.h"
#include "cgroups/delegate.h"
#include "cgroups/device_filter.h"
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

// What a container gets even without a limit, so that `events` has figures to show.
constexpr absl::string_view kWanted[] = {"cpuset",  "cpu",  "io",   "memory",
                                         "hugetlb", "pids", "rdma", "misc"};

class V2Manager : public Manager {
 public:
  V2Manager(const Host& host, Location location) : host_(host), location_(std::move(location)) {}
  V2Manager(const Host& host, Location location, const Request& request)
      : V2Manager(host, std::move(location)) {
    request_ = request;
  }

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
  Location location() const override { return location_; }
  absl::StatusOr<UniqueFd> OpenForClone() override;
  absl::Status Narrow(absl::Span<const SubCgroup> below) override;

 private:
  bool none() const { return location_.directories.empty(); }
  const std::string& path() const { return location_.directories.front(); }
  absl::Status Open();
  absl::Status Make();
  absl::Status CheckUnused() const;
  absl::Status SetUp(const NewDirectory& made);
  absl::Status WriteLimits(const spec::Resources& resources, int parent_fd, Current current,
                           std::vector<Undo>* undo);

  Host host_;
  Location location_;
  Request request_;
  UniqueFd root_fd_;  // the mount point
  UniqueFd fd_;       // the cgroup
  bool filter_pending_ = false;
  bool narrowed_ = false;
};

// Opens the cgroup once; NotFound if it is gone.
absl::Status V2Manager::Open() {
  if (fd_.valid()) return absl::OkStatus();
  if (none()) return absl::FailedPreconditionError("the container has no cgroup");
  if (!root_fd_.valid()) {
    ASSIGN_OR_RETURN(root_fd_, OpenMount(host_.mount_point));
  }
  ASSIGN_OR_RETURN(fd_, OpenDirectory(root_fd_.get(), path()), "cgroup '/", path(), "'");
  return absl::OkStatus();
}

// A cgroup that someone made for us is taken as it is, but not with processes in it.
absl::Status V2Manager::CheckUnused() const {
  if (request_.populated) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<pid_t> pids, ReadPids(fd_.get()));
  if (!pids.empty()) {
    return absl::AlreadyExistsError(
        absl::StrCat("cgroup '/", path(), "' is in use: it has ", pids.size(), " process(es)"));
  }
  if (ReadValue(fd_.get(), "cgroup.freeze").value_or("0") == "1") {
    return absl::AlreadyExistsError(absl::StrCat("cgroup '/", path(), "' is frozen"));
  }
  return absl::OkStatus();
}

absl::Status V2Manager::WriteLimits(const spec::Resources& resources, int parent_fd,
                                    Current current, std::vector<Undo>* undo) {
  ASSIGN_OR_RETURN(const bool all, EnableControllers(root_fd_.get(), path(), parent_fd, kWanted,
                                                     NeededControllers(resources)));
  if (!all) RETURN_IF_ERROR(MakeThreadedWhereNeeded(fd_.get()));
  ASSIGN_OR_RETURN(const std::vector<Write> writes,
                   ConvertV2(
                       resources, [](absl::string_view) { return true; }, current));
  return ApplyWrites(
      writes, [this](absl::string_view) { return fd_.get(); }, undo);
}

absl::Status V2Manager::SetUp(const NewDirectory& made) {
  const spec::Resources no_limits;
  const spec::Resources& resources = request_.resources ? *request_.resources : no_limits;
  if (made.adopted) RETURN_IF_ERROR(CheckUnused());
  const auto current = [this, &made](absl::string_view file) -> absl::StatusOr<std::string> {
    if (!made.adopted) return absl::NotFoundError("a new cgroup has the kernel's defaults");
    return ReadValue(fd_.get(), file);
  };
  RETURN_IF_ERROR(WriteLimits(resources, made.parent_fd.get(), current, nullptr));
  filter_pending_ = request_.resources != nullptr;
  if (made.adopted) location_.adopted = location_.directories;
  if (!request_.defer_devices) RETURN_IF_ERROR(RestrictDevices());
  if (request_.delegate_uid) return DelegateCgroup(fd_.get(), *request_.delegate_uid);
  return absl::OkStatus();
}

absl::Status V2Manager::Make() {
  ASSIGN_OR_RETURN(root_fd_, OpenMount(host_.mount_point));
  ASSIGN_OR_RETURN(NewDirectory made, MakeDirectory(root_fd_.get(), path()));
  fd_ = std::move(made.fd);
  absl::Status status = SetUp(made);
  if (!status.ok()) {
    fd_.reset();
    RemoveMade(root_fd_.get(), made.made);
    return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> V2Manager::Create() {
  const absl::Status status = Make();
  if (absl::IsPermissionDenied(status) && request_.optional) {
    location_.directories.clear();
    return UniqueFd();
  }
  RETURN_IF_ERROR(status);
  return sys::OpenAt(fd_.get(), ".", kDirectoryFlags);
}

absl::Status V2Manager::RestrictDevices() {
  if (!filter_pending_) return absl::OkStatus();
  filter_pending_ = false;
  return FilterDevices(fd_.get(), request_.resources->devices, !location_.adopted.empty(),
                       [this] { return IsUnprivileged(host_); });
}

absl::Status V2Manager::Attach(pid_t pid) {
  if (none()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const UniqueFd fd, OpenForClone());
  RETURN_IF_ERROR(WriteValue(fd.get(), "cgroup.procs", absl::StrCat(pid)), "moving process ", pid,
                  " into cgroup '/", path(), "'");
  return absl::OkStatus();
}

absl::Status V2Manager::Narrow(absl::Span<const SubCgroup> below) {
  RETURN_IF_ERROR(Open());
  for (const SubCgroup& one : below) {
    if (!one.controller.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--cgroup: '", one.controller, "': cgroup v2 has one hierarchy; give the path alone"));
    }
    location_.directories.front() = Below(path(), one.path);
  }
  narrowed_ = true;
  fd_.reset();
  RETURN_IF_ERROR(Open(), "--cgroup");
  return absl::OkStatus();
}

absl::Status V2Manager::Update(const spec::Resources& change, const spec::Resources& before) {
  RETURN_IF_ERROR(Open());
  const spec::Resources complete = CompleteChange(change, before);
  const size_t slash = path().rfind('/');
  ASSIGN_OR_RETURN(
      const UniqueFd parent_fd,
      OpenDirectory(root_fd_.get(), slash == std::string::npos ? "" : path().substr(0, slash)));
  std::vector<Undo> undo;
  absl::Status status = WriteLimits(
      complete, parent_fd.get(),
      [this](absl::string_view file) { return ReadValue(fd_.get(), file); }, &undo);
  if (status.ok() && !complete.devices.empty()) {
    status = ReplaceDeviceFilter(fd_.get(), complete.devices);
  }
  if (!status.ok()) RollBack(undo);
  return status;
}

absl::Status V2Manager::Freeze(bool frozen) {
  RETURN_IF_ERROR(Open());
  RETURN_IF_ERROR(FreezeUnified(fd_.get(), frozen), frozen ? "freezing" : "thawing", " cgroup '/",
                  path(), "'");
  return absl::OkStatus();
}

absl::StatusOr<bool> V2Manager::Frozen() {
  if (none()) return false;
  RETURN_IF_ERROR(Open());
  return FrozenUnified(fd_.get());
}

absl::StatusOr<std::vector<pid_t>> V2Manager::Pids() {
  RETURN_IF_ERROR(Open());
  return ReadPids(fd_.get());
}

absl::StatusOr<Stats> V2Manager::ReadStats() {
  RETURN_IF_ERROR(Open());
  return ReadStatsV2(fd_.get());
}

absl::Status V2Manager::Signal(int signal) {
  const absl::Status opened = Open();
  if (absl::IsNotFound(opened)) return absl::OkStatus();
  RETURN_IF_ERROR(opened);
  if (signal == SIGKILL) {
    RETURN_IF_ERROR(KillUnified(fd_.get()), "killing cgroup '/", path(), "'");
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::vector<pid_t> pids, ReadPids(fd_.get()));
  return SignalPids(pids, signal);
}

absl::Status V2Manager::Destroy() {
  fd_.reset();
  if (none() || !location_.adopted.empty()) return absl::OkStatus();
  if (!root_fd_.valid()) {
    ASSIGN_OR_RETURN(root_fd_, OpenMount(host_.mount_point));
  }
  return RemoveDirectory(root_fd_.get(), path(), kDestroyTimeout);
}

absl::StatusOr<UniqueFd> V2Manager::OpenForClone() {
  if (none()) return UniqueFd();
  RETURN_IF_ERROR(Open());
  if (narrowed_) return sys::OpenAt(fd_.get(), ".", kDirectoryFlags);
  ASSIGN_OR_RETURN(const std::vector<std::string> handed_down,
                   ReadControllers(fd_.get(), "cgroup.subtree_control"));
  if (handed_down.empty()) return sys::OpenAt(fd_.get(), ".", kDirectoryFlags);
  return OpenOldestLeaf(fd_.get());
}

absl::Status ProbeV2(const Host& host) {
  if (host.mode == Mode::kUnified) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("'", host.mount_point, "' is not a cgroup2 mount (", ModeName(host.mode), ")"));
}

absl::StatusOr<std::unique_ptr<Manager>> MakeV2(const Host& host, const Request& request) {
  std::string base = "/";
  if (IsRelative(request.cgroups_path)) {
    // Our own cgroup usually holds processes and so cannot hand controllers down: a sibling can.
    ASSIGN_OR_RETURN(const std::string own, OwnCgroup(host, ""));
    base = ParentCgroup(own);
  }
  ASSIGN_OR_RETURN(std::string path, ResolvePath(request.cgroups_path, request.container_id, base));
  Location location;
  location.backend = std::string(kV2Backend.name);
  location.directories.push_back(std::move(path));
  return std::make_unique<V2Manager>(host, std::move(location), request);
}

absl::StatusOr<std::unique_ptr<Manager>> OpenV2(const Host& host, const Location& location) {
  RETURN_IF_ERROR(CheckLocation(location));
  return std::make_unique<V2Manager>(host, location);
}

}  // namespace

constexpr Backend kV2Backend = {
    .name = "cgroupfs-v2", .probe = &ProbeV2, .make = &MakeV2, .open = &OpenV2};

}  // namespace hull::cgroups
