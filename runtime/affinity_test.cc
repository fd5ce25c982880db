#include "runtime/affinity.h"

#include <sched.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::runtime {
namespace {

using ::testing::HasSubstr;

cpu_set_t Allowed() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  EXPECT_EQ(sched_getaffinity(0, sizeof(cpus), &cpus), 0);
  return cpus;
}

int FirstOf(const cpu_set_t& cpus) {
  int cpu = 0;
  while (!CPU_ISSET(cpu, &cpus)) ++cpu;
  return cpu;
}

TEST(ThreadAffinityTest, PinsUntilItIsDestroyed) {
  const cpu_set_t before = Allowed();
  const int first = FirstOf(before);
  {
    ThreadAffinity affinity;
    ASSERT_TRUE(affinity.Pin(absl::StrCat(first), "/x").ok());
    const cpu_set_t pinned = Allowed();
    EXPECT_EQ(CPU_COUNT(&pinned), 1);
    EXPECT_TRUE(CPU_ISSET(first, &pinned));
  }
  const cpu_set_t after = Allowed();
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(ThreadAffinityTest, AnEmptyListChangesNothing) {
  const cpu_set_t before = Allowed();
  ThreadAffinity affinity;
  ASSERT_TRUE(affinity.Pin("", "/x").ok());
  const cpu_set_t after = Allowed();
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(ThreadAffinityTest, CpusThatAreNotThereAreNamed) {
  const cpu_set_t before = Allowed();
  ThreadAffinity affinity;
  const absl::Status status = affinity.Pin("65535", "/process/execCPUAffinity/initial");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("/process/execCPUAffinity/initial: '65535': none of these CPUs"));
  const cpu_set_t after = Allowed();
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace hull::runtime
