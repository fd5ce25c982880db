#include "seccomp/enosys_stub.h"

#include <linux/audit.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>

#include <cerrno>

#include "gtest/gtest.h"
#include "testing/bpf/interpreter.h"

namespace hull::seccomp {
namespace {

uint32_t Verdict(std::vector<sock_filter> program, uint32_t arch, uint32_t number) {
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const seccomp_data data = {
      .nr = static_cast<int>(number), .arch = arch, .instruction_pointer = 0, .args = {}};
  return testing::bpf::Evaluate(program, data).value();
}

constexpr uint32_t kEnosys = SECCOMP_RET_ERRNO | ENOSYS;

TEST(EnosysStubTest, OnlyTheRangesOfTheCallsArchitectureCount) {
  const NumberRange ranges[] = {{AUDIT_ARCH_X86_64, 10, 0x3fffffff},
                                {AUDIT_ARCH_X86_64, 0x40000005, 0xffffffff},
                                {AUDIT_ARCH_I386, 20, 0x7fffffff}};
  const std::vector<sock_filter> stub = EnosysStub(ranges);
  EXPECT_EQ(Verdict(stub, AUDIT_ARCH_X86_64, 9), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Verdict(stub, AUDIT_ARCH_X86_64, 10), kEnosys);
  EXPECT_EQ(Verdict(stub, AUDIT_ARCH_X86_64, 0x3fffffff), kEnosys);
  EXPECT_EQ(Verdict(stub, AUDIT_ARCH_X86_64, 0x40000000), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Verdict(stub, AUDIT_ARCH_X86_64, 0x40000005), kEnosys);
  EXPECT_EQ(Verdict(stub, AUDIT_ARCH_I386, 19), SECCOMP_RET_ALLOW);
  EXPECT_EQ(Verdict(stub, AUDIT_ARCH_I386, 20), kEnosys);
  EXPECT_EQ(Verdict(stub, AUDIT_ARCH_AARCH64, 20), SECCOMP_RET_ALLOW);
}

TEST(EnosysStubTest, NoRangesAreNoInstructions) { EXPECT_TRUE(EnosysStub({}).empty()); }

}  // namespace
}  // namespace hull::seccomp
