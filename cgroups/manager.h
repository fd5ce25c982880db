// Manager: one container's cgroup, whatever the kernel and the init system offer.
//
// A Manager is made by a Backend (cgroups/backends.h) for a new container, or from the Location
// that an earlier one had saved. All paths it touches lie beneath the cgroup mount point, opened by
// fd.
#ifndef HULL_CGROUPS_MANAGER_H_
#define HULL_CGROUPS_MANAGER_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cgroups/host.h"
#include "cgroups/stats.h"
#include "runtime/sys/unique_fd.h"
#include "spec/spec.h"

namespace hull::cgroups {

// What a container asks for.
struct Request {
  std::string container_id;
  std::string cgroups_path;  // linux.cgroupsPath: "/abs", "rel", "slice:prefix:name", ""
  const spec::Resources* resources = nullptr;  // outlives Create() and Update()
  // Where set, the cgroup's directory and the files of /sys/kernel/cgroup/delegate are given to
  // this (host) uid: a container with its own cgroup namespace and a writable cgroup mount.
  std::optional<uint32_t> delegate_uid;
  // True when nothing was asked (no path, no limits) and the caller is not privileged: then a host
  // that lets us make no cgroup is no error; location().directories is empty afterwards.
  bool optional = false;
  // Create() leaves the device rules to RestrictDevices(): the kernel's check of the filter takes a
  // good part of a container's start, and can run beside the container's own set-up.
  bool defer_devices = false;
  // The cgroup is there and may hold the container's first process already (systemd has made it):
  // processes in it are no sign of another container.
  bool populated = false;
  // The config's annotations, of which a systemd backend reads "org.systemd.property.*"; may be null.
  const std::map<std::string, std::string>* annotations = nullptr;
};

// Where a container's cgroup is; what State keeps of it. Directories relative to Host::mount_point.
struct Location {
  std::string backend;                   // "cgroupfs-v2"
  std::vector<std::string> directories;  // v2: one; v1: one per hierarchy, then the unified one
  std::string unit;                      // systemd only: "hull-x.scope"
  // Those of `directories` that were there, empty, before Create(): Destroy() leaves them.
  std::vector<std::string> adopted;
};

// A cgroup beneath a container's own.
struct SubCgroup {
  std::string controller;  // of the v1 hierarchy; empty = every hierarchy, and on v2 the only one
  std::string path;        // "a/b"; "" = the container's own and none else
};

class Manager {
 public:
  virtual ~Manager() = default;

  // Makes the cgroup and writes its limits (device rules included). Returns an fd for
  // CLONE_INTO_CGROUP, or an invalid one where a pid is needed first (v1, systemd): then Attach()
  // must run before that process does anything of its own. On failure nothing is left behind.
  // AlreadyExists: the cgroup has processes or is frozen.
  virtual absl::StatusOr<sys::UniqueFd> Create() = 0;
  // With Request::defer_devices, the second half of Create(). To be called before any code of the
  // container's image runs. Otherwise nothing is left to do.
  virtual absl::Status RestrictDevices() = 0;
  // Moves a process in. Where CLONE_INTO_CGROUP did it already this is a no-op for init, and the
  // way in for exec on kernels without it.
  virtual absl::Status Attach(pid_t pid) = 0;
  // New limits and device rules for a live cgroup, all or nothing: the old ones come back when one
  // write fails. `change` has the fields to set and no others (0 = unset, as everywhere); its device
  // rules, if it has any, take the place of all the earlier ones. `before` is what held until now,
  // Request::resources with every earlier change merged in (cgroups/merge.h): for what the kernel
  // does not tell, and for those who must be told everything (systemd).
  virtual absl::Status Update(const spec::Resources& change, const spec::Resources& before) = 0;
  // Freezes or thaws, and waits until it is so (10 s). A failed freeze is thawed again.
  virtual absl::Status Freeze(bool frozen) = 0;
  virtual absl::StatusOr<bool> Frozen() = 0;
  // Every process in the cgroup and below it.
  virtual absl::StatusOr<std::vector<pid_t>> Pids() = 0;
  virtual absl::StatusOr<Stats> ReadStats() = 0;
  // SIGKILL to every process: cgroup.kill (Linux 5.14), else freeze, signal, thaw. Other signals go
  // to each process in turn.
  // OK where the cgroup is gone, or was never made: it has no processes.
  virtual absl::Status Signal(int signal) = 0;
  // Removes the cgroup and those below it. OK if already gone; Unavailable if processes remain
  // after a short wait.
  virtual absl::Status Destroy() = 0;

  virtual Location location() const = 0;
  // An fd for CLONE_INTO_CGROUP of a further process (exec), or invalid where Attach() must do it.
  // A container that has put its processes into sub-cgroups (systemd inside) leaves no room in its
  // own: then the fd is of the sub-cgroup of its oldest process.
  virtual absl::StatusOr<sys::UniqueFd> OpenForClone() = 0;
  // From now on OpenForClone() and Attach() mean these cgroups, which are there, and no others in
  // their stead. NotFound if one is not; InvalidArgument for a controller that no hierarchy has.
  virtual absl::Status Narrow(absl::Span<const SubCgroup> below) = 0;
};

// A backend: one row of the registry (runtime/base/select.h).
struct Backend {
  absl::string_view name;
  absl::Status (*probe)(const Host& host);
  // For a new container: works out the Location from the Request; touches nothing.
  absl::StatusOr<std::unique_ptr<Manager>> (*make)(const Host& host, const Request& request);
  // For one that exists.
  absl::StatusOr<std::unique_ptr<Manager>> (*open)(const Host& host, const Location& location);
};

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_MANAGER_H_
