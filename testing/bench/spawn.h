// The bench's side of its spawner (spawner.cc): starts commands and says what they cost.
#ifndef HULL_TESTING_BENCH_SPAWN_H_
#define HULL_TESTING_BENCH_SPAWN_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hull::bench {

struct Command {
  std::vector<std::string> argv;       // argv[0] a path
  bool then_wait_for_orphans = false;  // before the next one, until the container has ended, too
};

struct Measurement {
  double wall_us = 0;
  double cpu_us = 0;
  double max_rss_kib = 0;
};

enum class CgroupMode {
  kPrivateV2,  // a cgroup2 mount of the spawner's own over /sys/fs/cgroup
  kMachine,    // what the machine has
};

class Spawner {
 public:
  // Starts `program` in `mode`, with the cgroup `cgroup` (a name) made for what it will start.
  static absl::StatusOr<std::unique_ptr<Spawner>> Start(const std::string& program, CgroupMode mode,
                                                        const std::string& cgroup,
                                                        const std::string& error_file);
  // Lets the spawner end what still runs and remove the cgroup.
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  // Runs the commands one after the other. Aborted: one did not exit with 0 (says which, and what
  // it wrote to stderr).
  absl::StatusOr<Measurement> Run(const std::vector<Command>& commands,
                                  const std::vector<std::string>& environment);

 private:
  Spawner(pid_t pid, int socket_fd, std::string error_file)
      : pid_(pid), socket_fd_(socket_fd), error_file_(std::move(error_file)) {}

  const pid_t pid_;
  const int socket_fd_;
  const std::string error_file_;
};

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_SPAWN_H_
