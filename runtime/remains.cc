// What is left of a container whose state cannot be read: ended and removed as far as it can be told
// to be this container's.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/backends.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/state_store.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

class Remains {
 public:
  Remains(const Config& config, ContainerDir dir) : config_(config), dir_(std::move(dir)) {}

  absl::Status Remove() {
    RETURN_IF_ERROR(dir_.Lock());
    const absl::StatusOr<State> state = dir_.Recover();
    if (state.ok()) {
      RETURN_IF_ERROR(End(*state));
      ASSIGN_OR_RETURN(std::optional<IntelRdt> rdt, OpenRdt(*state));
      if (rdt.has_value()) RETURN_IF_ERROR(rdt->Destroy());
    }
    return dir_.Remove();
  }

 private:
  // The cgroup is looked up while init lives: afterwards nobody knows it.
  absl::Status End(const State& state) {
    FindInit(state);
    RETURN_IF_ERROR(FindCgroup(state));
    if (init_.valid()) {
      syscall(SYS_pidfd_send_signal, init_.get(), SIGKILL, nullptr, 0);
      RETURN_IF_ERROR(AwaitEnd(init_.get()), "container '", dir_.id(), "'");
    }
    if (cgroup_ == nullptr) return absl::OkStatus();
    if (certain_) {
      RETURN_IF_ERROR(cgroup_->Signal(SIGKILL));
      return cgroup_->Destroy();
    }
    // Others in it may be anybody.
    const absl::StatusOr<std::vector<pid_t>> pids = cgroup_->Pids();
    return pids.ok() && pids->empty() ? cgroup_->Destroy() : absl::OkStatus();
  }

  void FindInit(const State& state) {
    const auto pid = static_cast<pid_t>(state.init_pid());
    if (pid == 0) return;
    sys::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!pidfd.valid() || ProcessStartTime(pid) != state.init_start_time_ticks()) return;
    init_ = std::move(pidfd);
    pid_ = pid;
  }

  absl::Status FindCgroup(const State& state) {
    certain_ = true;
    if (!state.cgroup_backend().empty()) {
      ASSIGN_OR_RETURN(cgroup_, OpenCgroup(config_, state));
      // Made with the cgroup manager "disabled".
      if (state.cgroup_directories().empty()) cgroup_ = nullptr;
      return absl::OkStatus();
    }
    if (pid_ == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(const cgroups::Host host, cgroups::ProbeHost());
    const std::vector<std::string> directories = DirectoriesOf(host);
    if (directories.empty()) return absl::OkStatus();
    certain_ = absl::c_all_of(directories, [this](absl::string_view directory) {
      return absl::StrContains(directory.substr(directory.rfind('/') + 1), dir_.id());
    });
    State found;
    found.set_cgroup_backend(host.mode == cgroups::Mode::kUnified ? "cgroupfs-v2" : "cgroupfs-v1");
    found.mutable_cgroup_directories()->Assign(directories.begin(), directories.end());
    ASSIGN_OR_RETURN(cgroup_, OpenCgroup(config_, found));
    return absl::OkStatus();
  }

  // The cgroups that init is in, unless one of them is the root, ours, or one above ours.
  std::vector<std::string> DirectoriesOf(const cgroups::Host& ours) const {
    cgroups::Host theirs = ours;
    theirs.own_cgroups = cgroups::ParseProcCgroup(
        sys::ReadFileAt(AT_FDCWD, absl::StrCat("/proc/", pid_, "/cgroup")).value_or(""));
    if (theirs.own_cgroups.empty()) return {};
    std::vector<std::pair<std::string, std::string>> asked;  // directory of the mount, controller
    for (const cgroups::Hierarchy& hierarchy : ours.hierarchies) {
      asked.emplace_back(absl::StrCat(hierarchy.directory, "/"), hierarchy.controllers.front());
    }
    if (ours.mode == cgroups::Mode::kUnified) asked.emplace_back("", "");
    if (ours.mode == cgroups::Mode::kHybrid) asked.emplace_back("unified/", "");
    std::vector<std::string> directories;
    for (const auto& [mount, controller] : asked) {
      const std::string path = cgroups::OwnCgroup(theirs, controller).value_or("/");
      const std::string own = cgroups::OwnCgroup(ours, controller).value_or("/");
      if (path == "/" || absl::StartsWith(absl::StrCat(own, "/"), absl::StrCat(path, "/")) ||
          absl::StrContains(path, "/../")) {
        continue;
      }
      directories.push_back(absl::StrCat(mount, path.substr(1)));
    }
    return directories;
  }

  const Config& config_;
  ContainerDir dir_;
  sys::UniqueFd init_;
  pid_t pid_ = 0;
  std::unique_ptr<cgroups::Manager> cgroup_;
  bool certain_ = false;  // that the cgroup holds this container alone
};

}  // namespace

absl::Status RemoveRemains(const Config& config, absl::string_view id) {
  RETURN_IF_ERROR(ValidateId(id));
  StateStore store(config.root);
  absl::StatusOr<ContainerDir> dir = store.Open(id);
  if (absl::IsNotFound(dir.status())) return absl::OkStatus();
  RETURN_IF_ERROR(dir.status());
  return Remains(config, *std::move(dir)).Remove();
}

}  // namespace hull::runtime
