// Attributes that a process may be given by itself (pid 0) or by main: one system call each.
#ifndef HULL_RUNTIME_CHILD_ATTRIBUTES_H_
#define HULL_RUNTIME_CHILD_ATTRIBUTES_H_

#include "runtime/plan/plan.h"
#include "runtime/sys/raw.h"

namespace hull::child {

inline long SetLimit(int pid, const plan::RlimitStep& step) {
  const struct { uint64_t soft, hard; } limit = {step.soft, step.hard};
  return sys::RawCall(__NR_prlimit64, pid, step.resource, sys::AsArg(&limit), 0);
}

// struct sched_attr of linux/sched/types.h, which no C library's sched.h can stand beside.
struct SchedulerAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};

inline long SetScheduler(int pid, const plan::SchedulerStep& step) {
  const SchedulerAttributes attributes = {
      .size = sizeof(attributes),
      .policy = step.policy,
      .flags = step.flags,
      .nice = step.nice,
      .priority = step.priority,
      .runtime = step.runtime_ns,
      .deadline = step.deadline_ns,
      .period = step.period_ns,
  };
  return sys::RawCall(__NR_sched_setattr, pid, sys::AsArg(&attributes), 0);
}

inline long SetIoPriority(int pid, const plan::IoPriorityStep& step) {
  constexpr int kWhoProcess = 1, kClassShift = 13;  // IOPRIO_WHO_PROCESS, IOPRIO_CLASS_SHIFT
  return sys::RawCall(__NR_ioprio_set, kWhoProcess, pid,
                      static_cast<long>(step.io_class << kClassShift | step.level));
}

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_ATTRIBUTES_H_
