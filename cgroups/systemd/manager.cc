#include "cgroups/systemd/manager.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cgroups/path.h"
#include "cgroups/systemd/systemd_manager.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups::systemd {

using sys::UniqueFd;

// The container's directories for a systemd whose own cgroup is `control_group`.
absl::Status SystemdManager::Locate(absl::string_view control_group) {
  absl::ConsumePrefix(&control_group, "/");
  const std::string path =
      absl::StrCat(control_group, control_group.empty() ? "" : "/", unit_.path);
  directories_.clear();
  if (host_.mode == Mode::kUnified) {
    directories_.push_back(path);
  } else {
    for (const Hierarchy& hierarchy : host_.hierarchies) {
      directories_.push_back(absl::StrCat(hierarchy.directory, "/", path));
    }
    if (host_.mode == Mode::kHybrid) directories_.push_back(absl::StrCat("unified/", path));
  }
  Location checked;
  checked.directories = directories_;
  return CheckLocation(checked);
}

absl::StatusOr<ManagerFacts> SystemdManager::Connect() {
  if (bus_ == nullptr) bus_ = make_bus_(target_);
  absl::StatusOr<ManagerFacts> facts = bus_->Hello();
  if (facts.ok()) return facts;
  bus_.reset();
  absl::Status status = Explain(facts.status(), "asking systemd who it is");
  if (target_.user && absl::IsUnavailable(status)) {
    status = absl::UnavailableError(
        absl::StrCat(status.message(),
                     " (a user needs a systemd manager of its own: a login session or "
                     "`loginctl enable-linger`, and XDG_RUNTIME_DIR)"));
  }
  return status;
}

absl::Status SystemdManager::Explain(const absl::Status& status, absl::string_view doing) {
  silent_ = silent_ || absl::IsDeadlineExceeded(status);
  return base::Annotate(status, doing);
}

// --- the cgroupfs backend beneath ----------------------------------------------------------------

absl::StatusOr<std::unique_ptr<Manager>> SystemdManager::OpenFs() const {
  Location location;
  location.backend = std::string(fs_backend().name);
  location.directories = directories_;
  if (adopted_) location.adopted = directories_;
  return fs_backend().open(host_, location);
}

absl::StatusOr<Manager*> SystemdManager::Fs() {
  if (fs_ == nullptr) {
    ASSIGN_OR_RETURN(fs_, OpenFs());
  }
  return fs_.get();
}

// systemd has made the directory (on v1 some of them): the rest of it is the cgroupfs backend's.
absl::StatusOr<UniqueFd> SystemdManager::FillCgroup() {
  Request request = request_;
  request.populated = true;
  request.optional = false;
  const std::string& directory = directories_[0];
  request.cgroups_path =
      unified() ? absl::StrCat("/", directory) : directory.substr(directory.find('/'));
  ASSIGN_OR_RETURN(fs_, fs_backend().make(host_, request));
  ASSIGN_OR_RETURN(UniqueFd fd, fs_->Create());
  if (!fs_->location().adopted.empty()) return fd;
  fs_->Destroy().IgnoreError();
  return absl::InternalError(absl::StrCat("systemd says that unit '", unit_.name,
                                          "' is started, but has made no cgroup '/", directory,
                                          "'"));
}

// --- what systemd is not needed for --------------------------------------------------------------

absl::Status SystemdManager::RestrictDevices() {
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  return fs->RestrictDevices();
}

absl::Status SystemdManager::Freeze(bool frozen) {
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  return fs->Freeze(frozen);
}

absl::StatusOr<bool> SystemdManager::Frozen() {
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  return fs->Frozen();
}

absl::StatusOr<std::vector<pid_t>> SystemdManager::Pids() {
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  return fs->Pids();
}

absl::StatusOr<Stats> SystemdManager::ReadStats() {
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  return fs->ReadStats();
}

absl::Status SystemdManager::Signal(int signal) {
  if (to_start_ || foreign_) return absl::OkStatus();  // what is in a unit of the name is not ours
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  return fs->Signal(signal);
}

// A clone into another cgroup needs write access to the nearest one above both. A user has that
// where its manager's tree holds us already.
bool SystemdManager::MayMoveProcesses() const {
  if (!target_.user) return true;
  const std::string own = OwnCgroup(host_, "").value_or("/");
  return UserManagerOf(own) == target_.uid;
}

absl::StatusOr<UniqueFd> SystemdManager::OpenForClone() {
  if (!MayMoveProcesses()) return UniqueFd();
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  return fs->OpenForClone();
}

absl::Status SystemdManager::Narrow(absl::Span<const SubCgroup> below) {
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  narrowed_ = true;
  return fs->Narrow(below);
}

Location SystemdManager::location() const {
  Location location;
  location.backend = std::string(kBackendName);
  location.directories = directories_;
  location.unit = unit_.name;
  if (adopted_) location.adopted = directories_;
  return location;
}

// --- destroy -------------------------------------------------------------------------------------

absl::Status SystemdManager::StopUnit() {
  if (silent_) return absl::DeadlineExceededError("systemd does not answer");
  if (bus_ == nullptr) bus_ = make_bus_(target_);
  absl::Status status = bus_->StopUnit(unit_.name);
  // Another job took the place of ours: systemd's own, for a scope without processes. What is left of
  // the unit is asked for once more.
  if (absl::IsAborted(status)) status = bus_->StopUnit(unit_.name);
  if (status.ok() || absl::IsNotFound(status)) {
    bus_->ResetFailedUnit(unit_.name).IgnoreError();  // NotFound where it is gone, as it should be
    status = absl::OkStatus();
  }
  bus_.reset();
  if (status.ok()) return status;
  return Explain(status, absl::StrCat("stopping unit '", unit_.name, "'"));
}

// Without systemd (it is being replaced, or hangs) the cgroup can be removed all the same: a scope
// whose cgroup is gone ends as soon as it notices.
absl::Status SystemdManager::Destroy() {
  if (to_start_ || foreign_) return absl::OkStatus();
  fs_.reset();
  if (!adopted_) {
    const absl::Status stopped = StopUnit();
    if (!absl::IsUnavailable(stopped) && !absl::IsDeadlineExceeded(stopped)) {
      RETURN_IF_ERROR(stopped);
    }
  }
  if (directories_.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::unique_ptr<Manager> fs, OpenFs());
  return fs->Destroy();
}

// --- the contract of manager.h --------------------------------------------------------------------

absl::Status Probe(const Host& host) {
  if (!host.systemd) {
    return absl::UnavailableError("PID 1 is not systemd (there is no '/run/systemd/system')");
  }
  if (host.mode == Mode::kNone) {
    return absl::UnavailableError(absl::StrCat("'", host.mount_point, "' holds no cgroups"));
  }
  if (host.mode != Mode::kUnified && IsUnprivileged(host)) {
    return absl::UnavailableError(absl::StrCat(
        "an unprivileged user needs cgroup v2 (this host: ", ModeName(host.mode), ")"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Manager>> MakeManager(const Host& host, const Request& request,
                                                     BusFactory make_bus) {
  const Target target = OwnTarget(host);
  ASSIGN_OR_RETURN(Unit unit, ParseUnit(request.cgroups_path, request.container_id, target.user));
  auto manager = std::make_unique<SystemdManager>(host, target, std::move(unit), make_bus);
  manager->set_request(request);
  // Create() asks; until then the usual place.
  RETURN_IF_ERROR(manager->Locate(UsualControlGroup(target)));
  return manager;
}

absl::StatusOr<std::unique_ptr<Manager>> OpenManager(const Host& host, const Location& location,
                                                     BusFactory make_bus) {
  RETURN_IF_ERROR(CheckLocation(location));
  Unit unit;
  unit.name = location.unit;
  if (unit.name.empty() || location.directories.empty()) {
    return absl::InvalidArgumentError("the saved state names no unit or no cgroup of it");
  }
  const Target target = TargetOf(location.directories.back());
  auto manager = std::make_unique<SystemdManager>(host, target, std::move(unit), make_bus);
  manager->set_location(location);
  return manager;
}

}  // namespace hull::cgroups::systemd
