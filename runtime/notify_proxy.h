// sd_notify(3) for containers. A container has a socket of its own, in its state directory and bound
// at /run/notify; of what it says there only READY=1 goes on, to the socket of our caller's manager
// ($NOTIFY_SOCKET), with MAINPID= and BARRIER=1 of ours.
#ifndef HULL_RUNTIME_NOTIFY_PROXY_H_
#define HULL_RUNTIME_NOTIFY_PROXY_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/sys/unique_fd.h"
#include "spec/spec.h"

namespace hull::runtime {

// The mount and the variable, as if the config had them. `container_dir` is the state directory.
void AddNotifySocket(const std::string& container_dir, spec::Spec& spec);
// What is mounted: a directory in the state directory, empty until somebody starts the container.
absl::Status MakeNotifyDirectory(int container_dir_fd);
bool HasNotifyDirectory(int container_dir_fd);

class NotifyProxy {
 public:
  // Binds the container's socket, which nothing of the container may be able to use yet, and
  // connects to `host_socket`: a path, or an abstract name that begins with '@'.
  static absl::StatusOr<NotifyProxy> Open(int container_dir_fd, const std::string& host_socket);

  int fd() const { return container_.get(); }  // readable: TakeReady()
  // Reads what the container has said; true where it said that it is ready.
  bool TakeReady();
  // READY=1, MAINPID=`main_pid` and BARRIER=1 to the host. `wait`: until it has taken them, 30 s at
  // most: who ends right afterwards could not be told apart from a stranger before.
  absl::Status Forward(pid_t main_pid, bool wait);
  // Waits until the container is ready, then forwards; or until its process `pidfd` has ended.
  absl::Status Serve(int pidfd, pid_t main_pid);

 private:
  NotifyProxy(sys::UniqueFd container, sys::UniqueFd host)
      : container_(std::move(container)), host_(std::move(host)) {}

  sys::UniqueFd container_, host_;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_NOTIFY_PROXY_H_
