// Attributes that a process may be given by itself (pid 0) or by main: one system call each.
#ifndef HULL_RUNTIME_CHILD_ATTRIBUTES_H_
#define HULL_RUNTIME_CHILD_ATTRIBUTES_H_

#include <cstddef>
#include <cstdint>

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
  uint32_t clamp_min, clamp_max;  // of utilization: Linux 5.3
};

inline long SetScheduler(int pid, const plan::SchedulerStep& step) {
  constexpr uint32_t kOldSize = offsetof(SchedulerAttributes, clamp_min);
  constexpr uint64_t kClamps = 0x20 | 0x40;  // SCHED_FLAG_UTIL_CLAMP_*
  const bool clamps = (step.flags & kClamps) != 0;
  const SchedulerAttributes attributes = {
      // Without clamps as every kernel knows it.
      .size = clamps ? uint32_t{sizeof(attributes)} : kOldSize,
      .policy = step.policy,
      .flags = step.flags,
      .nice = step.nice,
      .priority = step.priority,
      .runtime = step.runtime_ns,
      .deadline = step.deadline_ns,
      .period = step.period_ns,
      // The specification has flags and no values for them: the system's own.
      .clamp_min = UINT32_MAX,
      .clamp_max = UINT32_MAX,
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
