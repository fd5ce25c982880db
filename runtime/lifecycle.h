// The lifecycle of containers (runtime.md of the runtime-spec): what `hull create`, `start`, `kill`
// and the rest do, as a library. One Runtime serves one state directory; it keeps nothing between
// calls, so that many processes may use the same directory at once (a lock per container id).
//
// Errors, by code: InvalidArgument, the spec or an argument is wrong (JSON path, value, rule, fix);
// NotFound / AlreadyExists, the container id; FailedPrecondition, its status; Unimplemented /
// Unavailable, the kernel or a backend lacks it; PermissionDenied; Internal, our bug. The texts that
// engines match are kept: "container does not exist", "container not running", and so on.
#ifndef HULL_RUNTIME_LIFECYCLE_H_
#define HULL_RUNTIME_LIFECYCLE_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cgroups/manager.h"
#include "runtime/intel_rdt.h"
#include "seccomp/compiler.h"
#include "spec/spec.h"

namespace hull::runtime {

// What every operation needs to know: the CLI's global flags, an embedder's configuration.
struct Config {
  std::string root;                     // the state directory, absolute; made 0700 when missing
  std::string cgroup_manager = "auto";  // a name of `cgroup_backends`, or "auto"
  std::string seccomp_compiler = "auto";
  // The mount point of resctrl; empty = looked up where a config has linux.intelRdt.
  std::string resctrl;
  // The registries; empty = DefaultCgroupBackends() and DefaultSeccompBackends() of backends.h.
  absl::Span<const cgroups::Backend> cgroup_backends;
  absl::Span<const seccomp::Backend> seccomp_backends;
  // Called for each thing the user should know and that is no error. Null: dropped.
  std::function<void(absl::string_view)> warn;
  bool strict = false;  // warnings of the spec parser are errors
};

struct CreateOptions {
  std::string id;
  std::string bundle = ".";    // directory
  std::string config;          // file; empty = <bundle>/config.json
  std::string console_socket;  // AF_UNIX path that receives the terminal's master
  std::string pidfd_socket;    // AF_UNIX path that receives a pidfd of init, and "standard"
  std::string pid_file;        // written atomically, no newline
  std::string notify_socket;   // $NOTIFY_SOCKET of sd_notify(3): see runtime/notify_proxy.h
  int preserve_fds = 0;        // fds 3..3+N-1 go to the process
  int listen_fds = 0;          // the first of them are sockets that it is told of: sd_listen_fds(3)
  bool no_pivot = false;       // see plan::CreateInput; weaker than pivot_root
  bool no_new_keyring = false;
};

struct RunOptions {
  bool detach = false;
  bool keep = false;  // the container stays (stopped) after its process ended
  // In the foreground, orphans of a container without a pid namespace become ours, and every child
  // of ours that ends is waited for: a program with children of its own does without.
  bool no_subreaper = false;
};

struct ExecOptions {
  std::string id;
  std::optional<spec::Process> process;  // -p: the whole process; else the config's with the below
  std::vector<std::string> args;
  std::vector<std::string> env;           // appended
  std::string cwd;                        // empty = the config's
  std::string user;                       // "uid[:gid]"; empty = the config's
  std::vector<uint32_t> additional_gids;  // appended
  std::vector<std::string> capabilities;  // added to bounding, effective, permitted
  std::optional<bool> no_new_privileges;
  // Into cgroups beneath the container's: "PATH", or on v1 "CONTROLLER[,CONTROLLER...]:PATH" for each
  // hierarchy. "/" is the container's own, without the way out to init's where that takes nobody.
  std::vector<std::string> cgroups;
  std::string apparmor_profile;  // empty = the config's
  std::string selinux_label;     // empty = the config's
  std::string console_socket;
  std::string pidfd_socket;  // receives a pidfd of the process, and "setns"
  std::string pid_file;
  int preserve_fds = 0;
  bool terminal = false;
  bool detach = false;
  bool ignore_paused = false;
};

enum class ContainerStatus { kCreating, kCreated, kRunning, kPaused, kStopped };
absl::string_view StatusName(ContainerStatus status);  // "creating", …

struct ContainerInfo {
  std::string id;
  ContainerStatus status = ContainerStatus::kStopped;
  pid_t pid = 0;  // 0 when stopped
  std::string bundle;
  std::string rootfs;
  int64_t created_ns = 0;  // since the epoch
  std::map<std::string, std::string> annotations;
  uint32_t owner_uid = 0;
};

struct ContainerStats : cgroups::Stats {
  std::optional<RdtStats> intel_rdt;  // where the config has linux.intelRdt
};

// What Update() changes.
struct Change {
  spec::Resources resources;
  // Of a container with linux.intelRdt; empty = stays.
  std::string l3_cache_schema, mem_bw_schema;
};

class Runtime {
 public:
  explicit Runtime(Config config);

  // Makes the container; its process waits at the start gate. On failure nothing is left behind.
  absl::Status Create(const CreateOptions& options);
  // `notify_socket`: of a container that was created with one; returns when that is ready.
  absl::Status Start(absl::string_view id, const std::string& notify_socket = "");
  // create + start; in the foreground waits, forwards signals and the terminal, deletes. Returns
  // the process's exit status (128 + signal where a signal ended it), 0 at once when detached.
  absl::StatusOr<int> Run(const CreateOptions& create, const RunOptions& run);
  // Runs a further process in the container; as Run.
  absl::StatusOr<int> Exec(const ExecOptions& options);
  absl::StatusOr<ContainerInfo> State(absl::string_view id);
  absl::StatusOr<std::vector<ContainerInfo>> List();
  // `all`: every process in the container's cgroup; OK when there is none.
  absl::Status Kill(absl::string_view id, int signal, bool all);
  // `force`: kills first, and removes whatever an unfinished create left; OK when nothing exists.
  absl::Status Delete(absl::string_view id, bool force);
  absl::Status Pause(absl::string_view id);
  absl::Status Resume(absl::string_view id);
  // Sets the fields that `change.resources` has (cgroups::MergeResources), device rules included, all or
  // nothing, and keeps them for later changes. Not of a stopped container.
  absl::Status Update(absl::string_view id, const Change& change);
  // Every process of the container, of exec too; none of a stopped one.
  absl::StatusOr<std::vector<pid_t>> Pids(absl::string_view id);
  absl::StatusOr<ContainerStats> Stats(absl::string_view id);
  // Calls `on_event` with the statistics after each `interval` (> 0), and without for each lack of
  // memory, until the container's init ends (OK) or the callback fails (its Status).
  absl::Status Watch(absl::string_view id, absl::Duration interval,
                     absl::FunctionRef<absl::Status(const ContainerStats* stats)> on_event);
  // The Plan that Create would carry out, as text (`hull explain`). Touches nothing.
  absl::StatusOr<std::string> Explain(const CreateOptions& options);

 private:
  Config config_;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_LIFECYCLE_H_
