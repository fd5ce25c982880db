// Runs a command with limits, on whatever cgroups this machine has, and prints what it used.
//
//   run_limited MEMORY_BYTES PIDS COMMAND [ARGUMENT...]
//   run_limited 67108864 20 sh -c 'head -c 10000000 /dev/zero | tail >/dev/null'
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cgroups/backends.h"
#include "cgroups/host.h"
#include "cgroups/manager.h"
#include "runtime/base/select.h"
#include "runtime/base/status_macros.h"
#include "spec/spec.h"

namespace cgroups = hull::cgroups;

namespace {

// The command's process, held before its exec until `gate` is written to. On v2 the kernel lets it
// be born in the cgroup; otherwise (`cgroup_fd` < 0) it must be attached while it waits.
pid_t Spawn(int cgroup_fd, int gate, char** argv) {
  clone_args args = {};
  args.exit_signal = SIGCHLD;
  if (cgroup_fd >= 0) {
    args.flags = CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(cgroup_fd);
  }
  const pid_t pid = static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof(args)));
  if (pid != 0) return pid;
  char go;
  if (read(gate, &go, 1) != 1) _exit(127);
  execvp(argv[0], argv);
  _exit(127);
}

absl::Status RunIn(cgroups::Manager& manager, char** argv) {
  ASSIGN_OR_RETURN(const hull::sys::UniqueFd cgroup, manager.Create());
  int gate[2];
  if (pipe(gate) != 0) return absl::InternalError("pipe");
  const pid_t pid = Spawn(cgroup.get(), gate[0], argv);
  if (pid < 0) return absl::InternalError(absl::StrCat("clone3: ", strerror(errno)));
  if (!cgroup.valid()) RETURN_IF_ERROR(manager.Attach(pid));
  if (write(gate[1], "g", 1) != 1) return absl::InternalError("write");
  int status = 0;
  waitpid(pid, &status, 0);
  ASSIGN_OR_RETURN(const cgroups::Stats stats, manager.ReadStats());
  std::cout << (WIFEXITED(status) ? "exit status " : "killed by signal ")
            << (WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status)) << "\n"
            << "cpu " << stats.cpu.total_ns / 1000 << " us, peak memory "
            << stats.memory.usage.max_usage << " bytes\n";
  return manager.Signal(SIGKILL);  // what the command has left behind
}

absl::Status Run(uint64_t memory_bytes, int64_t pids, char** argv) {
  ASSIGN_OR_RETURN(const cgroups::Host host, cgroups::ProbeHost());
  const cgroups::Backend table[] = {cgroups::kV2Backend, cgroups::kV1Backend};
  ASSIGN_OR_RETURN(const cgroups::Backend* backend,
                   hull::base::Select<cgroups::Backend>(table, "cgroup backend", "auto", host));
  hull::spec::Resources resources;
  resources.memory.emplace().limit = static_cast<int64_t>(memory_bytes);
  resources.pids.emplace().limit = pids;
  cgroups::Request request;
  request.container_id = absl::StrCat("run-limited-", getpid());
  request.resources = &resources;
  ASSIGN_OR_RETURN(const std::unique_ptr<cgroups::Manager> manager, backend->make(host, request));
  absl::Status status = RunIn(*manager, argv);
  status.Update(manager->Destroy());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  uint64_t memory_bytes = 0;
  int64_t pids = 0;
  if (argc < 4 || !absl::SimpleAtoi(argv[1], &memory_bytes) || !absl::SimpleAtoi(argv[2], &pids)) {
    std::cerr << "usage: run_limited MEMORY_BYTES PIDS COMMAND [ARGUMENT...]\n";
    return 2;
  }
  const absl::Status status = Run(memory_bytes, pids, argv + 3);
  if (!status.ok()) std::cerr << "run_limited: " << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
