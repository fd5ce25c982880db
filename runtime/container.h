// Container: one that exists, opened by its id: its directory, its State, its cgroup, its init.
#ifndef HULL_RUNTIME_CONTAINER_H_
#define HULL_RUNTIME_CONTAINER_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/manager.h"
#include "runtime/intel_rdt.h"
#include "runtime/lifecycle.h"
#include "runtime/state_store.h"
#include "runtime/sys/unique_fd.h"
#include "spec/state_json.h"

namespace hull::runtime {

class Container {
 public:
  static absl::StatusOr<Container> Open(const Config& config, absl::string_view id, bool lock);

  absl::StatusOr<ContainerInfo> Info();
  absl::StatusOr<ContainerStatus> Status();

  ContainerDir& dir() { return dir_; }
  const State& state() const { return state_; }
  // Of init while it lives: 0 and an invalid fd else. The fd was opened before the start time was
  // compared, so it cannot be somebody else's.
  pid_t init_pid() const { return init_pid_; }
  int init_pidfd() const { return init_pidfd_.get(); }
  absl::StatusOr<cgroups::Manager*> cgroup();
  // The spec as it was at creation, with what Update has made of its resources.
  absl::StatusOr<spec::Spec> LoadSpec() const;

 private:
  Container(const Config& config, ContainerDir dir, State state)
      : config_(&config), dir_(std::move(dir)), state_(std::move(state)) {}
  absl::Status FindInit();

  const Config* config_;
  ContainerDir dir_;
  State state_;
  pid_t init_pid_ = 0;
  sys::UniqueFd init_pidfd_;
  std::unique_ptr<cgroups::Manager> cgroup_;
};

absl::StatusOr<const cgroups::Backend*> CgroupBackendOf(const Config& config,
                                                        absl::string_view name,
                                                        const cgroups::Host& host);
// The Manager of a cgroup that State knows; NotFound: its backend is not built in.
absl::StatusOr<std::unique_ptr<cgroups::Manager>> OpenCgroup(const Config& config,
                                                             const State& state);
void SaveRdt(const RdtLocation& location, State& state);
// Nothing where the container has none.
absl::StatusOr<std::optional<IntelRdt>> OpenRdt(const State& state);
// FailedPrecondition: "cannot VERB container 'ID' that is STATUS"; of a stopped one also the words
// "container not running".
absl::Status WrongStatus(const Container& container, absl::string_view verb,
                         ContainerStatus status);
// Until the process has ended; DeadlineExceeded after 10 s.
absl::Status AwaitEnd(int pidfd);
// Of a container whose state cannot be read: ends its init and, where they can be told to be its
// own, the other processes and the cgroup; removes the directory. OK when nothing exists.
absl::Status RemoveRemains(const Config& config, absl::string_view id);
// Kills init and waits until it is gone (10 s); everything in the cgroup too.
absl::Status KillContainer(Container& container);
// Removes the cgroup and the directory, then runs the poststop hooks, whose failures are warnings.
absl::Status DestroyContainer(Container& container, const Config& config);

// All of them, whatever becomes of each; failures are warnings.
void RunPoststopHooks(const State& state, const spec::Spec& spec, const Config& config);

// What hooks and seccomp agents are told of the container; pid 0 = none.
spec::ContainerState StateFor(const State& state, const spec::Spec& spec, absl::string_view status,
                              int64_t pid);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_CONTAINER_H_
