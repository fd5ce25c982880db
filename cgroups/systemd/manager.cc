#include "cgroups/systemd/manager.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cgroups/backends.h"
#include "cgroups/devices.h"
#include "cgroups/merge.h"
#include "cgroups/path.h"
#include "cgroups/systemd/annotations.h"
#include "cgroups/systemd/files.h"
#include "cgroups/systemd/properties.h"
#include "cgroups/systemd/target.h"
#include "cgroups/systemd/unit.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups::systemd {
namespace {

using sys::UniqueFd;
using Properties = std::vector<Property>;

constexpr int kCollectMode = 236;

class SystemdManager : public Manager {
 public:
  SystemdManager(const Host& host, Target target, Unit unit, BusFactory make_bus)
      : host_(host), target_(std::move(target)), unit_(std::move(unit)), make_bus_(make_bus) {
    // Where systemd is a user's, nobody may attach a device filter or has to.
    if (target_.user) host_.in_user_namespace = true;
  }
  void set_request(const Request& request) { request_ = request; }
  void set_location(const Location& location) {
    directories_ = location.directories;
    adopted_ = !location.adopted.empty();
  }
  absl::Status Locate(absl::string_view control_group);

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
  absl::StatusOr<UniqueFd> OpenForClone() override;
  absl::Status Narrow(absl::Span<const SubCgroup> below) override;

 private:
  bool unified() const { return directories_.size() == 1; }
  CgroupFiles files() const { return {host_.mount_point, directories_}; }
  const Backend& fs_backend() const { return unified() ? kV2Backend : kV1Backend; }
  absl::StatusOr<ManagerFacts> Connect();
  absl::StatusOr<std::unique_ptr<Manager>> OpenFs() const;
  absl::StatusOr<Manager*> Fs();
  absl::StatusOr<Properties> LimitProperties(const spec::Resources& resources, int version,
                                             Current current) const;
  absl::StatusOr<Properties> DevicesOf(const std::vector<spec::DeviceRule>& rules) const;
  absl::StatusOr<Properties> StartProperties(int version) const;
  absl::Status StartUnit(const Properties& properties);
  absl::Status StartSlice();
  absl::StatusOr<UniqueFd> FillCgroup();
  absl::Status StartScope(pid_t pid);
  absl::Status StopUnit();
  absl::Status UpdateUnit(const Properties& properties, const spec::Resources& change,
                          const spec::Resources& before);
  absl::Status SetProperties(const Properties& properties, const spec::Resources& before);
  bool MayMoveProcesses() const;
  absl::Status Explain(const absl::Status& status, absl::string_view doing);

  Host host_;
  Target target_;
  bool narrowed_ = false;
  Unit unit_;
  BusFactory make_bus_;
  Request request_;
  std::vector<std::string> directories_;
  bool adopted_ = false;  // a slice that was there
  bool foreign_ = false;  // a scope that was there: somebody else's
  std::unique_ptr<Bus> bus_;
  bool silent_ = false;  // it did not answer once: not asked again
  Properties start_;     // of a unit that is not started yet
  bool to_start_ = false;
  std::unique_ptr<Manager> fs_;
};

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

// --- start ---------------------------------------------------------------------------------------

absl::StatusOr<Properties> SystemdManager::DevicesOf(
    const std::vector<spec::DeviceRule>& rules) const {
  if (target_.user) return Properties();
  ASSIGN_OR_RETURN(const DeviceRuleSet set, ParseDeviceRules(rules));
  const std::string devices = sys::ReadFileAt(AT_FDCWD, "/proc/devices").value_or("");
  return DeviceProperties(set, devices, unified());
}

absl::StatusOr<Properties> SystemdManager::LimitProperties(const spec::Resources& resources,
                                                           int version, Current current) const {
  ASSIGN_OR_RETURN(const std::vector<Write> writes, files().Writes(resources, current));
  return PropertiesFromWrites(writes, version, current);
}

void Append(const Properties& more, Properties& properties) {
  properties.insert(properties.end(), more.begin(), more.end());
}

absl::StatusOr<Properties> SystemdManager::StartProperties(int version) const {
  Properties properties = {
      {"Description", String(absl::StrCat("hull container ", request_.container_id))},
      {"DefaultDependencies", Bool(false)},
      {"CPUAccounting", Bool(true)},
      {"MemoryAccounting", Bool(true)},
      {unified() ? "IOAccounting" : "BlockIOAccounting", Bool(true)},
      {"TasksAccounting", Bool(true)}};
  if (unit_.is_slice()) {
    properties.push_back({"Wants", Strings({unit_.slice})});
  } else {
    properties.push_back({"Slice", String(unit_.slice)});
    properties.push_back({"Delegate", Bool(true)});
  }
  // A unit that ended badly goes away like any other.
  if (version >= kCollectMode) properties.push_back({"CollectMode", String("inactive-or-failed")});
  if (request_.resources != nullptr) {
    // A new cgroup has the kernel's defaults; which files there are its slice shows.
    const std::string above = directories_[0].substr(0, directories_[0].rfind('/'));
    const CgroupFiles slice(host_.mount_point, {above});
    const auto current = [&slice](absl::string_view file) -> absl::StatusOr<std::string> {
      if (absl::StrContains(file, "bfq")) return slice.Read(file);
      return absl::NotFoundError("a new cgroup");
    };
    ASSIGN_OR_RETURN(const Properties limits,
                     LimitProperties(*request_.resources, version, current));
    Append(limits, properties);
    ASSIGN_OR_RETURN(const Properties devices, DevicesOf(request_.resources->devices));
    Append(devices, properties);
  }
  if (request_.annotations != nullptr) {
    ASSIGN_OR_RETURN(const Properties own, PropertiesFromAnnotations(*request_.annotations));
    Append(own, properties);
  }
  return properties;
}

// A unit of the same name that has failed is in nobody's use: it is cleared away, once.
absl::Status SystemdManager::StartUnit(const Properties& properties) {
  absl::Status status = bus_->StartUnit(unit_.name, properties);
  if (absl::IsAlreadyExists(status) && bus_->ResetFailedUnit(unit_.name).ok()) {
    status = bus_->StartUnit(unit_.name, properties);
  }
  return status;
}

// A slice needs no process, and may be somebody's already: then it gets our limits, and stays.
absl::Status SystemdManager::StartSlice() {
  absl::Status status = StartUnit(start_);
  if (absl::IsAlreadyExists(status)) {
    adopted_ = true;
    Properties limits;
    for (const Property& property : start_) {
      const bool settable = property.name != "Wants" && property.name != "DefaultDependencies" &&
                            property.name != "CollectMode" && property.name != "Description";
      if (settable) limits.push_back(property);
    }
    status = bus_->SetProperties(unit_.name, limits);
  }
  if (status.ok()) return status;
  return Explain(status, absl::StrCat("starting unit '", unit_.name, "'"));
}

absl::StatusOr<UniqueFd> SystemdManager::Create() {
  ASSIGN_OR_RETURN(const ManagerFacts facts, Connect());
  RETURN_IF_ERROR(Locate(facts.control_group));
  ASSIGN_OR_RETURN(start_, StartProperties(facts.version));
  if (!unit_.is_slice()) {
    to_start_ = true;
    return UniqueFd();
  }
  RETURN_IF_ERROR(StartSlice());
  bus_.reset();
  absl::StatusOr<UniqueFd> fd = FillCgroup();
  if (!fd.ok() && !adopted_) StopUnit().IgnoreError();
  return fd;
}

absl::Status SystemdManager::StartScope(pid_t pid) {
  to_start_ = false;
  start_.push_back({"PIDs", systemd::Pids(pid)});
  const absl::Status status = StartUnit(start_);
  if (absl::IsAlreadyExists(status)) {
    foreign_ = true;
    return absl::AlreadyExistsError(
        absl::StrCat("unit '", unit_.name,
                     "' exists: another container has this name, or what is left of one "
                     "(`systemctl status ",
                     unit_.name, "`)"));
  }
  if (!status.ok()) return Explain(status, absl::StrCat("starting unit '", unit_.name, "'"));
  bus_.reset();  // a foreground `run` may stay for days
  RETURN_IF_ERROR(FillCgroup().status());
  // On v1 systemd has no hierarchy for freezer, cpuset and more: the process is not in those yet.
  return unified() ? absl::OkStatus() : fs_->Attach(pid);
}

absl::Status SystemdManager::Attach(pid_t pid) {
  if (to_start_) return StartScope(pid);
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  const absl::Status status = fs->Attach(pid);
  // systemd knows the unit alone, not the cgroups in it.
  if (narrowed_ || !target_.user || !absl::IsPermissionDenied(status)) return status;
  // From a login session's cgroup into one of the user's manager: only systemd may move it.
  RETURN_IF_ERROR(Connect().status());
  const absl::Status attached = bus_->AttachProcess(unit_.name, pid);
  bus_.reset();
  if (attached.ok()) return attached;
  return Explain(attached, absl::StrCat("moving process ", pid, " into unit '", unit_.name, "'"));
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

// --- update --------------------------------------------------------------------------------------

// What brings a property back. A list is added to: it has to be emptied first.
Properties Restoration(const Properties& old) {
  Properties properties;
  for (const Property& property : old) {
    const bool list = property.value.signature.starts_with("a(");
    if (list) properties.push_back({property.name, {property.value.signature, {}}});
    if (!list || !property.value.items.empty()) properties.push_back(property);
  }
  return properties;
}

// Each name once.
Properties WithoutRepeats(const Properties& properties) {
  Properties once;
  for (const Property& property : properties) {
    const auto same = [&property](const Property& p) { return p.name == property.name; };
    if (absl::c_none_of(once, same)) once.push_back(property);
  }
  return once;
}

// On v1 systemd's device rules take the place of ours, exceptions and all: nothing runs until those
// that held are back.
absl::Status SystemdManager::SetProperties(const Properties& properties,
                                           const spec::Resources& before) {
  const bool devices = absl::c_any_of(
      properties, [](const Property& property) { return property.name == "DeviceAllow"; });
  if (unified() || !devices) return bus_->SetProperties(unit_.name, properties);
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  ASSIGN_OR_RETURN(const bool frozen, fs->Frozen());
  if (!frozen) RETURN_IF_ERROR(fs->Freeze(true));
  absl::Status status = bus_->SetProperties(unit_.name, properties);
  if (status.ok()) status = files().RewriteDevices(before.devices);
  if (!frozen) status.Update(fs->Freeze(false));
  return status;
}

// The unit first: systemd takes all properties or none, and its own writes come before ours, which
// are exact where it rounds. If ours fail, the unit gets its old properties back, and then the files
// theirs.
absl::Status SystemdManager::UpdateUnit(const Properties& properties, const spec::Resources& change,
                                        const spec::Resources& before) {
  ASSIGN_OR_RETURN(Manager * fs, Fs());
  ASSIGN_OR_RETURN(const Properties old,
                   bus_->GetProperties(unit_.name, WithoutRepeats(properties)));
  RETURN_IF_ERROR(SetProperties(properties, before));
  const absl::Status status = fs->Update(change, before);
  if (status.ok()) return status;
  const absl::Status restored = SetProperties(Restoration(old), before);
  fs->Update(before, before).IgnoreError();
  if (restored.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(), "; and unit '", unit_.name,
                                                  "' keeps the new limits: ", restored.message()));
}

absl::Status SystemdManager::Update(const spec::Resources& change, const spec::Resources& before) {
  const spec::Resources complete = CompleteChange(change, before);
  ASSIGN_OR_RETURN(const ManagerFacts facts, Connect());
  const CgroupFiles now = files();
  ASSIGN_OR_RETURN(Properties properties,
                   LimitProperties(complete, facts.version,
                                   [&now](absl::string_view file) { return now.Read(file); }));
  if (!complete.devices.empty()) {
    ASSIGN_OR_RETURN(const Properties devices, DevicesOf(complete.devices));
    Append(devices, properties);
  }
  absl::Status status;
  if (properties.empty()) {
    ASSIGN_OR_RETURN(Manager * fs, Fs());
    status = fs->Update(change, before);
  } else {
    status = UpdateUnit(properties, change, before);
  }
  bus_.reset();
  return status;
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

}  // namespace

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
