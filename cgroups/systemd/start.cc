// How the unit starts: its properties, then the slice at once, or the scope with its first process.
#include <fcntl.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cgroups/devices.h"
#include "cgroups/systemd/annotations.h"
#include "cgroups/systemd/systemd_manager.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups::systemd {

using sys::UniqueFd;

namespace {

constexpr int kCollectMode = 236;

void Append(const Properties& more, Properties& properties) {
  properties.insert(properties.end(), more.begin(), more.end());
}

}  // namespace

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

}  // namespace hull::cgroups::systemd
