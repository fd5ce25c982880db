// Making a container, from bundle to an init that waits at its gate: what Create and Run share.
#ifndef HULL_RUNTIME_CREATE_H_
#define HULL_RUNTIME_CREATE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/manager.h"
#include "runtime/bundle.h"
#include "runtime/intel_rdt.h"
#include "runtime/launch.h"
#include "runtime/lifecycle.h"
#include "runtime/net_devices.h"
#include "runtime/notify_proxy.h"
#include "runtime/plan/arena.h"
#include "runtime/plan/build.h"
#include "runtime/sockets.h"
#include "runtime/state_store.h"
#include "seccomp/compiler.h"
#include "spec/state_json.h"

namespace hull::runtime {

class Creation {
 public:
  // Where init waits for the start: at a socket of its own, so that we may go, or at our channel.
  enum class Gate { kSocket, kChannel };
  // `detached`: we do not stay to serve the container's terminal.
  Creation(const Config& config, const CreateOptions& options, Gate gate, bool detached);
  // Undoes whatever was made, unless Commit() was called.
  ~Creation();

  // All that thinking can do; touches nothing.
  absl::Status Think();
  // Carries it out, up to kReady: state directory, cgroup, processes, hooks.
  absl::Status CarryOut();
  // Not gated: lets the process go.
  absl::Status Start();
  absl::Status RunPoststart();
  // While the process runs, other commands may work on the container.
  void Unlock() { dir_->Unlock(); }
  // After the process has ended and was waited for: what Delete does, unless somebody has done it.
  absl::Status Destroy();
  void Commit() { committed_ = true; }

  // After Think(): the Plan in words.
  absl::StatusOr<std::string> Explain();
  // In the place of Think(): a failure of init after its gate, in the words of a Plan like the one
  // that it was made of.
  absl::Status Word(const State& state, const sync::Message& failure);
  Launch& launch() { return *launch_; }
  const Bundle& bundle() const { return bundle_; }
  // Where somebody wants to know when the process is ready, and could be reached.
  std::optional<NotifyProxy>& notify() { return notify_; }
  // The master of the terminal where there is one and no console socket was given.
  absl::StatusOr<sys::UniqueFd> TakeTerminal();

 private:
  absl::Status ChooseParts();
  absl::Status MakeManager();
  absl::Status MakeFilter();
  // What the config takes of the host besides a cgroup, if anything: looked for, not yet touched.
  absl::Status FindHostParts();
  absl::Status FindNetDevices();
  absl::Status MoveNetDevices(pid_t init);
  absl::Status FindRdt();
  absl::Status MakeRdt();
  absl::Status MakeDirectory();
  absl::Status MakeDescriptors();
  absl::Status OpenMountSources();
  absl::Status OpenNamespaces();
  absl::Status CheckSysctls() const;
  void WarnOfDevices() const;
  absl::Status CheckJoinedMaps(pid_t init) const;
  absl::Status BuildPlan();
  absl::Status MakeCgroup();
  absl::Status RunRuntimeHooks(pid_t init);
  absl::Status TakeInit(pid_t init);
  bool StartsEarly() const;
  LaunchActions Actions();

  const Config& config_;
  const CreateOptions& options_;
  const Gate gate_kind_;
  const bool detached_;
  bool committed_ = false;

  Bundle bundle_;
  cgroups::Host host_;
  plan::MountApi mount_api_ = plan::MountApi::kNew;
  std::unique_ptr<cgroups::Manager> manager_;
  std::optional<seccomp::Compiled> seccomp_;
  std::optional<NetDevices> net_devices_;
  std::optional<IntelRdt> rdt_;
  bool rdt_made_ = false;
  State state_;
  plan::Descriptors fds_;
  plan::Block plan_;

  std::optional<ContainerDir> dir_;
  std::optional<NotifyProxy> notify_;
  sys::UniqueFd main_end_, child_end_, gate_, host_proc_;
  ConsoleChannel console_;
  std::vector<sys::UniqueFd> owned_fds_;
  sys::UniqueFd cgroup_fd_;
  bool cgroup_made_ = false;
  bool pid_file_written_ = false;
  bool launched_ = false;
  std::unique_ptr<Launch> launch_;
};

// The directory of the container in each hierarchy, for mounts of type "cgroup".
plan::CgroupView ViewOf(const cgroups::Host& host, const cgroups::Location& location);
// For whatever needs a filter again (exec): through the cache beneath the state directory's root.
absl::StatusOr<seccomp::Compiled> CompileFilter(const Config& config, const spec::Seccomp& seccomp);
// Nothing, with a warning, where the host's socket cannot be reached.
std::optional<NotifyProxy> OpenNotifyProxy(int container_dir_fd, const std::string& host_socket,
                                           const Config& config);
// Writes `pid` atomically, without a newline.
// /process/oomScoreAdj of a process that has started.
absl::Status SetOomScore(pid_t pid, const spec::Process& process);
absl::Status WritePidFile(const std::string& path, pid_t pid);
absl::Status CheckPreservedFds(int count);
// A console socket is needed exactly where there is a terminal and nobody stays to serve it.
absl::Status CheckConsole(bool terminal, bool detached, const std::string& console_socket);
// The terminal of a process that we stay to serve begins with the size of our caller's, where that
// has one: set later, it would come while the program begins.
void TakeCallersSize(spec::Process& process);
// Of a session keyring that is joined by its name: who else could guess it would share it.
std::string NewKeyringName(const std::string& id);
// A filter that notifies is loaded after the start: its agent's socket is looked for before.
absl::Status CheckListener(const std::string& path);
// {"ociVersion", "fds", "pid", "metadata", "state"} to the agent at listenerPath.
// `pid` is of the process that has loaded the filter.
absl::Status HandOverToAgent(const spec::ContainerState& state, const spec::Seccomp& seccomp,
                             pid_t pid, int notify_fd);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_CREATE_H_
