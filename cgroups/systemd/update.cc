// How a change of limits reaches the unit and the files of its cgroup, both or neither.
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "cgroups/merge.h"
#include "cgroups/systemd/systemd_manager.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups::systemd {
namespace {

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

}  // namespace

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
    properties.insert(properties.end(), devices.begin(), devices.end());
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

}  // namespace hull::cgroups::systemd
