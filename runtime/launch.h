// Launch: main's side of carrying out a Plan, from the first clone to execve. The whole conversation
// is the arrow table of runtime/sync/message.h.
#ifndef HULL_RUNTIME_LAUNCH_H_
#define HULL_RUNTIME_LAUNCH_H_

#include <sys/types.h>

#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/manager.h"
#include "runtime/plan/plan.h"
#include "runtime/spawn.h"
#include "runtime/sync/channel.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

// What only the caller knows how to do, when the children ask for it. Null = not needed.
struct LaunchActions {
  std::function<absl::Status(pid_t first_child)> map_ids;
  std::function<absl::Status(pid_t init)> on_init;  // as soon as init's pid is known
  std::function<absl::Status(pid_t init)> move_devices;
  std::function<absl::Status(pid_t init)> run_hooks;
  // The listener's fd of a filter that notifies: hand it to the agent.
  std::function<absl::Status(pid_t init, int notify_fd)> hand_over_listener;
};

struct LaunchOrder {
  const plan::Plan& plan;
  sys::UniqueFd main_end, child_end;  // of the channel; plan.sync_fd is child_end
  cgroups::Manager* cgroup = nullptr;
  int cgroup_fd = -1;   // clone into it
  bool attach = false;  // else, where true: Attach() by pid, then kGo
  // The gate is the channel and nothing is to be done between ready and start (Plan::main is empty):
  // init finds kStart waiting when it comes there, and sleeps not once.
  bool start_early = false;
  LaunchActions actions;
};

// A process on its way: init, or the further process of an exec. Kills what it started when it is
// destroyed before Release().
class Launch {
 public:
  explicit Launch(LaunchOrder order);
  Launch(const Launch&) = delete;
  ~Launch();

  // Up to kReady: everything but the start gate has succeeded.
  absl::Status Prepare();
  // Opens the gate on the channel and returns once execve has succeeded.
  absl::Status Start();

  pid_t pid() const { return init_pid_; }
  int pidfd() const { return init_pidfd_.get(); }
  // The process is the caller's from now on.
  sys::UniqueFd Release();

 private:
  absl::Status SpawnFirst();
  absl::StatusOr<std::optional<sync::Message>> NextMessage();
  absl::Status Answer(const sync::Message& message);
  absl::Status TakeInit(pid_t pid);
  absl::Status ExplainEnd();
  absl::Status ServeInit();
  void KillAll();

  LaunchOrder order_;
  sync::Channel channel_;
  Spawned first_;
  bool first_reaped_ = false;
  pid_t init_pid_ = 0;
  sys::UniqueFd init_pidfd_;
  std::optional<sync::Message> early_;
  bool released_ = false;
};

// Who waits for execve, of the launch or at a start gate.
struct ExecuteWatch {
  int init_pidfd = -1;
  int plan_file = -1;
  std::function<absl::Status(const sync::Message&)> fail;  // words a kFailed message
  std::function<absl::Status()> ended;                     // init is gone and has not executed
  std::function<absl::Status(int notify_fd)> hand_over_listener;
};

// What follows kStart on any channel: OK once execve has succeeded, the failure in words else.
absl::Status AwaitExecute(sync::Channel& channel, const ExecuteWatch& watch);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_LAUNCH_H_
