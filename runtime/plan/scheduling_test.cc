// Where and how a process runs, as steps and as failures of them.
#include <errno.h>

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/plan/testing.h"

namespace hull::plan {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

spec::Scheduler SchedulerOf(const char* policy, int nice, int priority) {
  spec::Scheduler scheduler;
  scheduler.policy = policy;
  scheduler.nice = nice;
  scheduler.priority = priority;
  return scheduler;
}

spec::Scheduler Deadline() {
  spec::Scheduler scheduler = SchedulerOf("SCHED_DEADLINE", 0, 0);
  scheduler.runtime_ns = 1024;
  scheduler.deadline_ns = 2048;
  scheduler.period_ns = 4096;
  return scheduler;
}

TEST(SchedulingTest, WhereAndHowTheProcessRuns) {
  spec::Spec spec = MakeSpec();
  spec.process->scheduler = SchedulerOf("SCHED_BATCH", 5, 0);
  spec.process->scheduler->flags = {"SCHED_FLAG_RECLAIM"};
  spec.process->io_priority = {.io_class = "IOPRIO_CLASS_BE", .priority = 6};
  spec.linux_.personality = {.domain = "LINUX32", .flags = {}};
  spec.linux_.memory_policy = {
      .mode = "MPOL_BIND", .nodes = "0-3,65", .flags = {"MPOL_F_STATIC_NODES"}};
  const std::string description = DescribeCreate(spec);
  EXPECT_THAT(description, HasSubstr("scheduling by SCHED_BATCH, nice 5 (SCHED_FLAG_RECLAIM)  "
                                     "[/process/scheduler]"));
  EXPECT_THAT(description,
              HasSubstr("setting the I/O priority IOPRIO_CLASS_BE 6  [/process/ioPriority]"));
  EXPECT_THAT(description, HasSubstr("setting the personality LINUX32  [/linux/personality]"));
  EXPECT_THAT(description, HasSubstr("setting the memory policy MPOL_BIND on the nodes 0-3,65 "
                                     "(MPOL_F_STATIC_NODES)  [/linux/memoryPolicy]"));
  EXPECT_LT(LineOf(description, "scheduling by"), LineOf(description, "becoming uid"));
}

TEST(SchedulingTest, WhatNobodyAskedForIsNoStep) {
  spec::Spec spec = MakeSpec();
  spec.linux_.memory_policy.emplace();  // a mode of "" is none
  const std::string description = DescribeCreate(spec);
  for (const char* word : {"scheduling", "I/O priority", "personality", "memory policy", "main,"}) {
    EXPECT_THAT(description, Not(HasSubstr(word)));
  }
}

TEST(SchedulingTest, TheNumbersOfADeadlineAreShown) {
  spec::Spec spec = MakeSpec();
  spec.process->scheduler = Deadline();
  EXPECT_THAT(DescribeCreate(spec),
              HasSubstr("SCHED_DEADLINE, runtime 1024 ns, deadline 2048 ns, period 4096 ns"));
}

// In a user namespace init has no rights on the host, and main has.
TEST(SchedulingTest, MainServesAnInitInAUserNamespace) {
  spec::Spec spec = MakeSpec();
  spec.linux_.namespaces.push_back({"user", ""});
  spec.process->scheduler = SchedulerOf("SCHED_RR", 0, 3);
  spec.process->rlimits = {{"RLIMIT_NOFILE", 10, 20}};
  std::string description = DescribeCreate(spec);
  EXPECT_LT(LineOf(description, "main, for init"), LineOf(description, "SCHED_RR, priority 3"));
  EXPECT_LT(LineOf(description, "main, for init"), LineOf(description, "setting resource limit"));
  const CreateInput unprivileged{.spec = spec,
                                 .container_id = "c1",
                                 .bundle = "/b",
                                 .rootfs = "/b/rootfs",
                                 .privileged = false};
  description = Describe(BuildCreate(unprivileged)->plan());
  EXPECT_THAT(description, Not(HasSubstr("main, for init")));
  EXPECT_THAT(description, HasSubstr("SCHED_RR, priority 3"));
}

std::string DescribeJoin(const spec::Spec& spec) {
  const JoinInput input{.spec = spec, .process = *spec.process, .container_id = "c1"};
  return Describe(BuildJoin(input)->plan());
}

TEST(SchedulingOfExecTest, FinalCpusAreAllowedFirstAndElseAllOfThem) {
  spec::Spec spec = MakeSpec();
  std::string description = DescribeJoin(spec);
  EXPECT_LT(LineOf(description, "allowing every CPU of the cpuset"),
            LineOf(description, "starting a session"));
  spec.process->exec_cpu_affinity = {.initial = "1", .final_cpus = "64,0-1"};
  description = DescribeJoin(spec);
  EXPECT_THAT(description, HasSubstr("allowing the CPUs 0-1,64  [/process/execCPUAffinity/final]"));
}

TEST(SchedulingOfExecTest, JoinsTheKeyringOfTheContainer) {
  const spec::Spec spec = MakeSpec();
  EXPECT_THAT(DescribeJoin(spec), HasSubstr("joining the session keyring '_ses.c1'"));
  const JoinInput input{
      .spec = spec, .process = *spec.process, .container_id = "c1", .session_keyring = false};
  EXPECT_THAT(Describe(BuildJoin(input)->plan()), Not(HasSubstr("keyring")));
}

TEST(SchedulingOfExecTest, PersonalityAndMemoryPolicyAreTheContainers) {
  spec::Spec spec = MakeSpec();
  spec.linux_.personality = {.domain = "LINUX", .flags = {}};
  spec.linux_.memory_policy = {.mode = "MPOL_LOCAL", .nodes = "", .flags = {}};
  const std::string description = DescribeJoin(spec);
  EXPECT_THAT(description, HasSubstr("setting the personality LINUX  ["));
  EXPECT_THAT(description, HasSubstr("setting the memory policy MPOL_LOCAL  ["));
}

// The failure of the only step of `kind`, with this errno, in words.
absl::Status Failure(const spec::Spec& spec, StepKind kind, sync::Operation operation, int error) {
  const CreateInput input{
      .spec = spec, .container_id = "c1", .bundle = "/b", .rootfs = "/b/rootfs"};
  const Block block = *BuildCreate(input);
  sync::Message failure;
  failure.operation = operation;
  failure.error = error;
  failure.role = block.plan().main.count != 0 ? sync::ProcessRole::kMain : sync::ProcessRole::kInit;
  const Array<Step> steps = block.plan().main.count != 0 ? block.plan().main : block.plan().init;
  for (uint32_t i = 0; i < steps.count; ++i) {
    if (block.plan().at(steps, i).kind == kind) failure.step = steps.count - 1 - i;
  }
  return FailureStatus(block.plan(), failure);
}

TEST(SchedulingFailureTest, ASchedulerThatIsDeniedNamesTheCapability) {
  spec::Spec spec = MakeSpec();
  spec.process->scheduler = SchedulerOf("SCHED_OTHER", -5, 0);
  const absl::Status denied = absl::PermissionDeniedError(
      "/process/scheduler: scheduling by SCHED_OTHER, nice -5: sched_setattr: operation not "
      "permitted; it needs CAP_SYS_NICE on the host");
  EXPECT_EQ(Failure(spec, StepKind::kScheduler, sync::Operation::kScheduler, EPERM), denied);
  spec.linux_.namespaces.push_back({"user", ""});  // now main is denied
  EXPECT_EQ(Failure(spec, StepKind::kScheduler, sync::Operation::kScheduler, EPERM), denied);
}

TEST(SchedulingFailureTest, AnIoPriorityThatIsDeniedNamesTheCapability) {
  spec::Spec spec = MakeSpec();
  spec.process->io_priority = {.io_class = "IOPRIO_CLASS_RT", .priority = 0};
  EXPECT_EQ(Failure(spec, StepKind::kIoPriority, sync::Operation::kIoPriority, EPERM),
            absl::PermissionDeniedError(
                "/process/ioPriority: setting the I/O priority IOPRIO_CLASS_RT 0: ioprio_set: "
                "operation not permitted; IOPRIO_CLASS_RT needs CAP_SYS_NICE on the host"));
}

TEST(SchedulingFailureTest, ADeadlineThatIsRefusedSaysWhy) {
  spec::Spec spec = MakeSpec();
  spec.process->scheduler = Deadline();
  for (const auto& [error, text] : {std::pair{EPERM, "every CPU"}, std::pair{EBUSY, "time left"},
                                    std::pair{EINVAL, "100 us to 4 s"}}) {
    EXPECT_THAT(
        std::string(
            Failure(spec, StepKind::kScheduler, sync::Operation::kScheduler, error).message()),
        HasSubstr(text));
  }
}

TEST(SchedulingFailureTest, AMemoryPolicyThatTheKernelLacksNamesTheKernel) {
  spec::Spec spec = MakeSpec();
  spec.linux_.memory_policy = {.mode = "MPOL_WEIGHTED_INTERLEAVE", .nodes = "0", .flags = {}};
  const auto fail = [&spec](int error) {
    return Failure(spec, StepKind::kMemoryPolicy, sync::Operation::kMemoryPolicy, error);
  };
  EXPECT_EQ(fail(EINVAL).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(fail(EINVAL).message()), HasSubstr("kernels before 6.9"));
  EXPECT_EQ(fail(ENOSYS).code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(fail(ENOSYS).message()), HasSubstr("/linux/memoryPolicy"));
}

}  // namespace
}  // namespace hull::plan
