// Context: what one process that carries out a Plan knows, and how its steps fail.
//
// A step is a function `int(Context&, const Step&)`: 0, or -errno with `operation` (and, where it
// helps, `index` and `value`) saying where. No heap, no libc: fixed buffers and raw system calls.
#ifndef HULL_RUNTIME_CHILD_CONTEXT_H_
#define HULL_RUNTIME_CHILD_CONTEXT_H_

#include <cstddef>
#include <cstdint>

#include "runtime/plan/plan.h"
#include "runtime/sync/message.h"
#include "runtime/sys/raw.h"
#include "runtime/sys/unique_fd.h"

namespace hull::child {

using plan::Plan;
using plan::Step;
using plan::StepKind;
using sync::Operation;
using sys::AsArg;
using sys::RawCall;
using sys::UniqueFd;

constexpr size_t kPathMax = 4096;

struct Context {
  const Plan* plan = nullptr;
  char* block = nullptr;  // the same bytes, privately writable (pointer vectors)
  sync::Mailbox* mailbox = nullptr;
  int plan_fd = -1;  // the memfd of both
  sync::ProcessRole role = sync::ProcessRole::kInit;
  int report_fd = -1;  // where failures go: the sync channel, later the starter's connection
  UniqueFd root;       // the container's root, O_PATH, from kRootfs to kPivotRoot
  UniqueFd mask;       // the shared empty directory of masked paths
  UniqueFd parent;     // of the last device or link, which is the next one's as a rule
  const char* parent_path = nullptr;
  size_t parent_size = 0;
  UniqueFd workshop;                   // where mount(2) prepares mounts, see old_mount_calls.h
  UniqueFd terminal;                   // the slave
  UniqueFd labels[plan::kLabelFiles];  // write-only, from kOpenLabels to their kLabel
  bool directory_changed = false;
  long caller_umask = -1;  // main's, from the first kUmask on
  const char* executable = nullptr;
  char home[kPathMax + 8] = {};

  // Of the failure that ends the walk.
  Operation operation = Operation::kNone;
  uint32_t index = 0;
  int64_t value = 0;

  const char* text(plan::Text t) const { return plan->text(t); }
  int Fail(Operation op, long error) {
    operation = op;
    return static_cast<int>(error);
  }
};

// Passes a result >= 0 on; a failure ends the step, naming the operation.
#define HULL_TRY(context, op, call)                                           \
  ({                                                                          \
    const long hull_try_ = (call);                                            \
    if (hull_try_ < 0) return (context).Fail(sync::Operation::op, hull_try_); \
    hull_try_;                                                                \
  })

// Walks a list of steps; sends kFailed and exits at the first failure.
void WalkSteps(Context& context, plan::Array<Step> steps);
// `step` is counted from the last of the list.
[[noreturn]] void ReportAndExit(Context& context, uint32_t step, int error);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_CONTEXT_H_
