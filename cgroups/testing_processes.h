// Real processes for the tests that run on real cgroups.
#ifndef HULL_CGROUPS_TESTING_PROCESSES_H_
#define HULL_CGROUPS_TESTING_PROCESSES_H_

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace hull::cgroups::testing {

// A child that runs `body` and exits with its value; killed and reaped at the end of the test.
class Child {
 public:
  // `cgroup_fd` >= 0: born in that cgroup (CLONE_INTO_CGROUP).
  explicit Child(std::function<int()> body, int cgroup_fd = -1) {
    clone_args args = {};
    args.exit_signal = SIGCHLD;
    if (cgroup_fd >= 0) {
      args.flags = CLONE_INTO_CGROUP;
      args.cgroup = static_cast<uint64_t>(cgroup_fd);
    }
    pid_ = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof(args)));
    if (pid_ == 0) _exit(body());
  }
  ~Child() {
    if (pid_ > 0) kill(pid_, SIGKILL);
    Wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  // The wait status; -1 if it was reaped before.
  int Wait() {
    if (pid_ <= 0) return -1;
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
};

// errno of an open of `path` by a process born in the cgroup (-1: here), 0 if it works.
inline int OpenIn(const char* path, int cgroup_fd, int flags = O_WRONLY) {
  Child child([path, flags] { return open(path, flags) < 0 ? errno : 0; }, cgroup_fd);
  return WEXITSTATUS(child.Wait());
}

inline int Burn(absl::Duration duration) {
  const absl::Time end = absl::Now() + duration;
  while (absl::Now() < end) {
  }
  return 0;
}

inline int Sleep() {
  for (;;) pause();
}

// A directory in /tmp of this process's own.
inline std::string MakeTempDir() {
  std::string path = "/tmp/hull-test-XXXXXX";
  return mkdtemp(path.data()) == nullptr ? "" : path;
}

}  // namespace hull::cgroups::testing

#endif  // HULL_CGROUPS_TESTING_PROCESSES_H_
