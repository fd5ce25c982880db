// Where and how a process runs: scheduler, CPUs, memory nodes, personality.
#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "spec/number_list.h"
#include "spec/report.h"
#include "spec/spec.h"
#include "spec/validate_internal.h"

namespace hull::spec {
namespace {

// The kernel's own resolution of a deadline task's budget.
constexpr uint64_t kMinRuntimeNs = 1024;

void CheckDeadline(const Scheduler& scheduler, const Path& path, Report* report) {
  const uint64_t runtime = scheduler.runtime_ns.value_or(0);
  const uint64_t deadline = scheduler.deadline_ns.value_or(0);
  const uint64_t period = scheduler.period_ns.value_or(0);
  if (scheduler.policy != "SCHED_DEADLINE") {
    if (runtime != 0 || deadline != 0 || period != 0) {
      report->Error(path / "policy", "expected SCHED_DEADLINE for a runtime, deadline or period");
    }
    return;
  }
  if (runtime < kMinRuntimeNs) {
    report->Error(path / "runtime", "expected at least 1024 ns for SCHED_DEADLINE");
  } else if (deadline < runtime) {
    report->Error(path / "deadline", absl::StrCat("expected at least the runtime, ", runtime));
  } else if (period != 0 && period < deadline) {
    report->Error(path / "period", absl::StrCat("expected at least the deadline, ", deadline),
                  "leave it out where it is the same");
  }
}

void CheckScheduler(const Scheduler& scheduler, const Path& path, Report* report) {
  const absl::string_view policy = scheduler.policy;
  const bool fair = policy == "SCHED_OTHER" || policy == "SCHED_BATCH";
  const bool realtime = policy == "SCHED_FIFO" || policy == "SCHED_RR";
  if (policy == "SCHED_ISO") {
    report->Error(path / "policy",
                  "expected a policy that kernels have: SCHED_ISO is a reserved name",
                  "use SCHED_RR or SCHED_OTHER with a low nice value");
  }
  if (scheduler.nice.value_or(0) != 0 && !fair) {
    report->Error(path / "nice", "expected 0, only SCHED_OTHER and SCHED_BATCH are nice");
  }
  if (scheduler.priority.value_or(0) != 0 && !realtime) {
    report->Error(path / "priority", "expected 0, only SCHED_FIFO and SCHED_RR have priorities");
  }
  if (scheduler.priority.value_or(0) == 0 && realtime) {
    report->Error(path / "priority", absl::StrCat("expected an integer in 1..99 for ", policy));
  }
  CheckDeadline(scheduler, path, report);
}

// The form of a list is a rule of fields.h.
void CheckCpus(const std::string& cpus, const Path& path, Report* report) {
  if (ParseNumberList(cpus, UINT32_MAX - 1).has_value() &&
      !ParseNumberList(cpus, kMaxCpu).has_value()) {
    report->Error(path, absl::StrCat("expected CPUs in 0..", kMaxCpu));
  }
}

void CheckNodes(const MemoryPolicy& policy, const Path& path, Report* report) {
  const bool none = policy.mode == "MPOL_DEFAULT" || policy.mode == "MPOL_LOCAL";
  if (!ParseNumberList(policy.nodes, kMaxNode).has_value()) {
    report->Error(path / "nodes", absl::StrCat("expected nodes in 0..", kMaxNode));
  } else if (none && !policy.nodes.empty()) {
    report->Error(path / "nodes", absl::StrCat("expected none for ", policy.mode), "leave it out");
  } else if (!none && policy.mode != "MPOL_PREFERRED" && policy.nodes.empty()) {
    report->Error(path / "nodes", absl::StrCat("missing, expected the nodes for ", policy.mode),
                  "name them as '0-3,7'");
  }
}

void CheckPolicyFlags(const MemoryPolicy& policy, const Path& path, Report* report) {
  const auto has = [&policy](absl::string_view flag) {
    return absl::c_linear_search(policy.flags, flag);
  };
  const bool balancing = has("MPOL_F_NUMA_BALANCING");
  const bool fixed = has("MPOL_F_STATIC_NODES");
  const bool relative = has("MPOL_F_RELATIVE_NODES");
  if (fixed && relative) {
    report->Error(path, "expected one of MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES",
                  "remove one of them");
  } else if ((fixed || relative) && policy.nodes.empty() && policy.mode != "MPOL_DEFAULT") {
    report->Error(
        path, absl::StrCat("expected no flag on nodes where there are none, as for ", policy.mode));
  }
  if (balancing && policy.mode != "MPOL_BIND" && policy.mode != "MPOL_PREFERRED_MANY") {
    report->Error(
        path, "expected MPOL_BIND or MPOL_PREFERRED_MANY as the mode for MPOL_F_NUMA_BALANCING");
  }
}

}  // namespace

void CheckScheduling(const Process& process, const Path& path, Report* report) {
  if (process.scheduler.has_value()) {
    CheckScheduler(*process.scheduler, path / "scheduler", report);
  }
  if (!process.exec_cpu_affinity.has_value()) return;
  const Path affinity = path / "execCPUAffinity";
  CheckCpus(process.exec_cpu_affinity->initial, affinity / "initial", report);
  CheckCpus(process.exec_cpu_affinity->final_cpus, affinity / "final", report);
}

void CheckMemoryPolicy(const MemoryPolicy& policy, const Path& path, Report* report) {
  if (policy == MemoryPolicy()) return;
  if (policy.mode.empty()) {
    report->Error(path / "mode", "missing, expected a mode such as 'MPOL_BIND'");
    return;
  }
  CheckNodes(policy, path, report);
  CheckPolicyFlags(policy, path / "flags", report);
}

void CheckPersonality(const Personality& personality, const Path& path, Report* report) {
  if (personality.flags.empty()) return;
  report->Warn(path / "flags", "ignored, the specification has no flags yet", "leave it out");
}

}  // namespace hull::spec
