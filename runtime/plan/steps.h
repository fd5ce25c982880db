// StepList: the builders' pen. Internal to runtime/plan.
#ifndef HULL_RUNTIME_PLAN_STEPS_H_
#define HULL_RUNTIME_PLAN_STEPS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "runtime/plan/arena.h"
#include "runtime/plan/build.h"
#include "runtime/plan/plan.h"

namespace hull::plan {

class StepList {
 public:
  explicit StepList(Arena& arena) : arena_(arena) {}

  // The new step; `where` is the JSON pointer that asked for it, if one did.
  Step& Add(StepKind kind, absl::string_view where = "") {
    Step& step = steps_.emplace_back();
    step.kind = kind;
    step.where = arena_.AddOptionalText(where);
    return step;
  }
  void AddText(StepKind kind, absl::string_view where, absl::string_view text) {
    Step& step = Add(kind, where);
    step.text.text = arena_.AddText(text);
  }
  void AddFlags(StepKind kind, absl::string_view where, uint64_t flags) {
    Step& step = Add(kind, where);
    step.flags.flags = flags;
  }
  void AddMessage(StepKind kind, uint32_t message) {
    Step& step = Add(kind);
    step.message.message = message;
  }

  Arena& arena() { return arena_; }
  Array<Step> Finish() { return arena_.AddArray(steps_); }

 private:
  Arena& arena_;
  std::vector<Step> steps_;
};

// ---- mounts.cc: everything that the container sees as files --------------------------------------

// A tmpfs that becomes read-only once everything that belongs into it is there.
struct ReadOnlyLater {
  std::string where, target;
};

// kPropagation, kRootfs and one or more steps for each mount, device and default link.
absl::Status AddRootfsSteps(const CreateInput& input, bool user_namespace,
                            std::vector<ReadOnlyLater>& later, StepList& steps);
// Masked and read-only paths, what is read-only `later`, a read-only root: after the createContainer
// hooks.
void AddProtectionSteps(const spec::Spec& spec, const std::vector<ReadOnlyLater>& later,
                        StepList& steps);

// ---- process.cc: what the spec's process object asks for, in init and in exec ---------------------

struct ProcessInput {
  const spec::Process& process;
  const seccomp::Filter* filter;
  bool setgroups_denied;
  int preserve_fds;
};
// Opens the files to write this process's labels to, while its /proc is the host's. `keyring`: it
// makes one, whose label is the process's.
void AddOpenLabelsStep(const spec::Process& process, int proc_fd, bool keyring, StepList& steps);
// Resource limits, before anything is given up.
void AddLimitSteps(const spec::Process& process, StepList& steps);
// The CPUs of a list such as "0-3,7"; "" = all that the cpuset has, whatever the maker was pinned to.
void AddAffinityStep(absl::string_view where, absl::string_view cpus, StepList& steps);
// Scheduler, I/O priority (which `privileged` may be somebody else's list for), personality, memory
// policy.
void AddSchedulingSteps(const spec::Process& process, const spec::Linux& linux,
                        StepList& privileged, StepList& steps);
void AddConsoleStep(const spec::Process& process, const Descriptors& fds, bool bind_console,
                    StepList& steps);
// umask, stdio, directory, identity, HOME, executable: up to the point where only the start is left.
void AddIdentitySteps(const ProcessInput& input, PointerVector& envp, StepList& steps);
// After the gate: labels, no_new_privs, seccomp, execve.
void AddExecuteSteps(const ProcessInput& input, StepList& steps);

}  // namespace hull::plan

#endif  // HULL_RUNTIME_PLAN_STEPS_H_
