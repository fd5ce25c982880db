// Spawn: the first clone of a Plan. Safe in a program with threads: the child shares our memory only
// for the few calls until it is the init program, on a stack of its own, with every signal blocked.
#ifndef HULL_RUNTIME_SPAWN_H_
#define HULL_RUNTIME_SPAWN_H_

#include <sys/types.h>

#include <memory>

#include "absl/status/statusor.h"
#include "runtime/plan/plan.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

// The memory that the child uses until its execve. Must live until it has said something on the
// channel, or has ended.
class SpawnStack;

struct Spawned {
  Spawned();
  Spawned(Spawned&&) noexcept;
  Spawned& operator=(Spawned&&) noexcept;
  ~Spawned();

  pid_t pid = 0;
  sys::UniqueFd pidfd;
  sys::UniqueFd plan_file;
  std::unique_ptr<SpawnStack> stack;

  // The errno of a child that ended before it was the init program, or 0.
  int early_error() const;
};

// True where clone3(2) is there (Linux 5.3, and no filter around us denies it). Without it a cgroup
// can only be joined by pid.
bool HasClone3();

// Clones with plan.clone_flags, into `cgroup_fd` where that is >= 0, and executes the init program
// on the Plan. A new user namespace takes all capabilities away at execve(2), for there is no uid 0
// in it yet: with plan.keeps_capabilities the child makes them ambient first.
absl::StatusOr<Spawned> Spawn(const plan::Plan& plan, int cgroup_fd);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_SPAWN_H_
