// The manager itself, in three files: manager.cc has what comes from the cgroup alone and the end of
// the unit, start.cc its start, update.cc the change of its limits.
#ifndef HULL_CGROUPS_SYSTEMD_SYSTEMD_MANAGER_H_
#define HULL_CGROUPS_SYSTEMD_SYSTEMD_MANAGER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cgroups/backends.h"
#include "cgroups/host.h"
#include "cgroups/manager.h"
#include "cgroups/systemd/bus.h"
#include "cgroups/systemd/files.h"
#include "cgroups/systemd/properties.h"
#include "cgroups/systemd/target.h"
#include "cgroups/systemd/unit.h"
#include "runtime/sys/unique_fd.h"

namespace hull::cgroups::systemd {

using Properties = std::vector<Property>;

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

  absl::StatusOr<sys::UniqueFd> Create() override;
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
  absl::StatusOr<sys::UniqueFd> OpenForClone() override;
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
  absl::StatusOr<sys::UniqueFd> FillCgroup();
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

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_SYSTEMD_MANAGER_H_
