// From a validated Spec to a Plan. Pure: no file is opened, no clock read; what the host is like and
// which descriptors exist comes in as values, so golden tests need no privileges.
#ifndef HULL_RUNTIME_PLAN_BUILD_H_
#define HULL_RUNTIME_PLAN_BUILD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/plan/arena.h"
#include "runtime/plan/plan.h"
#include "seccomp/filter.h"
#include "spec/spec.h"

namespace hull::plan {

// What one container sees of the cgroup hierarchies, for mounts of type "cgroup".
struct CgroupView {
  struct Hierarchy {
    std::string name;                  // directory beneath the mount: "cpu,cpuacct"
    std::vector<std::string> options;  // to mount it: {"cpu", "cpuacct"}, {"none", "name=systemd"}
    std::string host_path;             // the container's own directory on the host
  };
  bool unified = false;      // a pure v2 host
  std::string unified_path;  // the container's own directory in the cgroup2 tree; "" = none
  std::vector<Hierarchy> hierarchies;  // v1
};

// Descriptors that the first child inherits; -1 = none.
struct Descriptors {
  int sync = -1;            // its end of the channel
  int start_gate = -1;      // a listening socket; none = the channel is the gate
  int console_socket = -1;  // a connected socket for the terminal's master
  int proc = -1;            // O_PATH of the host's /proc, to open label files beneath it
  // By index of Spec::mounts: a detached clone of the bind's source, -1 = init opens it.
  std::vector<int> mount_sources;
  // By index of linux.namespaces: the namespace to join (or, for exec, see JoinInput).
  std::vector<int> namespaces;
};

// The state document that hooks get is head + pid + tail.
struct StateDocument {
  std::string head, tail;
};
struct StateDocuments {
  StateDocument creating, created;  // by the status in them
};

struct CreateInput {
  const spec::Spec& spec;
  std::string container_id;
  std::string bundle;  // absolute
  std::string rootfs;  // absolute, without symlinks
  const seccomp::Filter* filter = nullptr;
  CgroupView cgroups = {};
  Descriptors fds = {};
  StateDocuments states = {};
  MountApi mount_api = MountApi::kNew;  // what the kernel has
  bool attach = false;                  // the cgroup has to be joined by pid: wait for kGo
  bool privileged = true;               // euid 0 in the initial user namespace
  bool setgroups_denied = false;
  bool session_keyring = true;
  std::string keyring = "";  // its name; "" = "_ses.ID"
  bool clone3 = true;        // the kernel has it, see Spawn; asked for new time namespaces alone
  bool no_pivot = false;     // the root file system of the host is one that pivot_root(2) refuses
  int preserve_fds = 0;
};
absl::StatusOr<Block> BuildCreate(const CreateInput& input);

// A further process in a running container.
struct JoinInput {
  const spec::Spec& spec;        // of the container
  const spec::Process& process;  // to run
  std::string container_id;
  const seccomp::Filter* filter = nullptr;
  Descriptors fds = {};
  std::vector<NamespaceEntry> namespaces = {};  // in the order to join them
  bool attach = false;
  bool joins_user = false;
  bool privileged = true;       // euid 0 in the initial user namespace
  bool session_keyring = true;  // that of the container
  std::string keyring = "";     // as above
  bool setgroups_denied = false;
  int preserve_fds = 0;
};
absl::StatusOr<Block> BuildJoin(const JoinInput& input);

// "/a//b/../c/" → "/a/c"; always absolute, never above the root.
std::string CleanPath(absl::string_view path);

}  // namespace hull::plan

#endif  // HULL_RUNTIME_PLAN_BUILD_H_
