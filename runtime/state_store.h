// The state directory: <root>/<id>/ with
//   state.pb    the State, written before anything else is made, init's pid appended: the cgroup's
//               fields first, init's last, as messages of their own
//   start.sock  the start gate, there exactly while the container is "created"
//   notify/     the container's end of sd_notify(3), where its creator had one
// A container's directory is also its lock.
#ifndef HULL_RUNTIME_STATE_STORE_H_
#define HULL_RUNTIME_STATE_STORE_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/state.pb.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

// [A-Za-z0-9_+.-]{1,255}, not "." or "..": the rule of runc.
absl::Status ValidateId(absl::string_view id);

// One container's directory, held open.
class ContainerDir {
 public:
  explicit ContainerDir(std::string id, sys::UniqueFd root, sys::UniqueFd dir)
      : id_(std::move(id)), root_(std::move(root)), dir_(std::move(dir)) {}

  const std::string& id() const { return id_; }
  int fd() const { return dir_.get(); }

  // Waits up to 10 s for the lock; Unavailable names who holds it. Released with the object.
  absl::Status Lock();
  void Unlock();
  // DataLoss: damaged, and nobody who holds the lock is about to finish it.
  absl::StatusOr<State> Read();
  absl::Status Write(const State& state);
  // Appends the two fields of init; `state` gets them too. From then until SetProgress(kDone), or
  // until our process ends, whoever else asks for the progress is told kCreating.
  absl::Status AppendInit(pid_t pid, State& state);
  // How far whoever makes the container has come. kStarting: it is created, and `run` starts it.
  enum class Progress { kCreating, kStarting, kDone };
  void SetProgress(Progress progress);
  Progress progress() const;
  // Write, in two steps: the new state lies beside the old one until it takes its place at once.
  absl::Status Stage(const State& state);
  absl::Status CommitStaged();
  void DropStaged();
  // Of a damaged state: what can be believed. Init's fields, from the end of the file, and the
  // cgroup's and intel_rdt, from its front; whatever is not there is empty.
  absl::StatusOr<State> Recover();
  // Removes it with all it holds.
  absl::Status Remove();

 private:
  absl::Status WriteTo(const char* file, const State& state);

  std::string id_;
  sys::UniqueFd root_;
  sys::UniqueFd dir_;
  sys::UniqueFd making_;  // the state's file, with a lock
  bool locked_ = false;
};

class StateStore {
 public:
  explicit StateStore(std::string root) : root_(std::move(root)) {}

  // AlreadyExists: the id is in use.
  absl::StatusOr<ContainerDir> Create(absl::string_view id);
  // NotFound: "container does not exist".
  absl::StatusOr<ContainerDir> Open(absl::string_view id);
  absl::StatusOr<std::vector<std::string>> List();
  const std::string& root() const { return root_; }

 private:
  std::string root_;
};

// Field 22 of /proc/PID/stat, or nothing if the process is gone or a zombie.
std::optional<uint64_t> ProcessStartTime(pid_t pid);
std::string BootId();

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_STATE_STORE_H_
