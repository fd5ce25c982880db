#include "testing/bpf/interpreter.h"

#include <linux/bpf_common.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace hull::testing::bpf {
namespace {

using Program = std::vector<sock_filter>;

constexpr sock_filter Op(uint16_t code, uint32_t k = 0) { return BPF_STMT(code, k); }
constexpr sock_filter Jump(uint16_t code, uint32_t k, uint8_t yes, uint8_t no) {
  return BPF_JUMP(code, k, yes, no);
}

constexpr seccomp_data kData = {.nr = 39,
                                .arch = 0xc000003e,
                                .instruction_pointer = 0x1122334455667788,
                                .args = {0x0a0b0c0d01020304, 2, 3, 4, 5, 0xfedcba9876543210}};

// A program that leaves its answer in A.
uint32_t Answer(Program program) {
  program.push_back(Op(BPF_RET | BPF_A));
  const absl::StatusOr<uint32_t> answer = Evaluate(program, kData);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.value_or(0xdeadbeef);
}

uint32_t Computed(uint16_t operation, uint32_t a, uint32_t operand) {
  const uint32_t by_constant =
      Answer({Op(BPF_LD | BPF_IMM, a), Op(BPF_ALU | operation | BPF_K, operand)});
  if (operation == BPF_NEG) return by_constant;
  const uint32_t by_register = Answer(
      {Op(BPF_LD | BPF_IMM, a), Op(BPF_LDX | BPF_IMM, operand), Op(BPF_ALU | operation | BPF_X)});
  EXPECT_EQ(by_constant, by_register);
  return by_constant;
}

bool Jumps(uint16_t operation, uint32_t a, uint32_t operand) {
  const Program by_constant = {Op(BPF_LD | BPF_IMM, a),
                               Jump(BPF_JMP | operation | BPF_K, operand, 0, 1),
                               Op(BPF_RET | BPF_K, 1), Op(BPF_RET | BPF_K, 0)};
  const Program by_register = {Op(BPF_LD | BPF_IMM, a), Op(BPF_LDX | BPF_IMM, operand),
                               Jump(BPF_JMP | operation | BPF_X, 0, 0, 1), Op(BPF_RET | BPF_K, 1),
                               Op(BPF_RET | BPF_K, 0)};
  const uint32_t answer = Evaluate(by_constant, kData).value();
  EXPECT_EQ(answer, Evaluate(by_register, kData).value());
  return answer == 1;
}

bool Refused(const Program& program) {
  return Check(program).code() == absl::StatusCode::kInvalidArgument;
}

TEST(InterpreterTest, LoadsEveryWordOfSeccompData) {
  const auto word = [](uint32_t offset) { return Answer({Op(BPF_LD | BPF_W | BPF_ABS, offset)}); };
  EXPECT_EQ(word(0), 39U);
  EXPECT_EQ(word(4), 0xc000003eU);
  EXPECT_EQ(word(8), 0x55667788U);
  EXPECT_EQ(word(12), 0x11223344U);
  EXPECT_EQ(word(16), 0x01020304U);
  EXPECT_EQ(word(20), 0x0a0b0c0dU);
  EXPECT_EQ(word(24), 2U);
  EXPECT_EQ(word(28), 0U);
  EXPECT_EQ(word(56), 0x76543210U);
  EXPECT_EQ(word(60), 0xfedcba98U);
}

TEST(InterpreterTest, LengthIsThatOfSeccompData) {
  EXPECT_EQ(Answer({Op(BPF_LD | BPF_W | BPF_LEN)}), 64U);
  EXPECT_EQ(Answer({Op(BPF_LDX | BPF_W | BPF_LEN), Op(BPF_MISC | BPF_TXA)}), 64U);
}

TEST(InterpreterTest, RegistersStartAtZero) {
  EXPECT_EQ(Answer({}), 0U);
  EXPECT_EQ(Answer({Op(BPF_LD | BPF_IMM, 5), Op(BPF_MISC | BPF_TXA)}), 0U);
}

TEST(InterpreterTest, MovesBetweenRegistersAndMemory) {
  EXPECT_EQ(Answer({Op(BPF_LD | BPF_IMM, 7), Op(BPF_MISC | BPF_TAX), Op(BPF_LD | BPF_IMM, 0),
                    Op(BPF_MISC | BPF_TXA)}),
            7U);
  EXPECT_EQ(Answer({Op(BPF_LD | BPF_IMM, 8), Op(BPF_ST, 15), Op(BPF_LD | BPF_IMM, 0),
                    Op(BPF_LD | BPF_MEM, 15)}),
            8U);
  EXPECT_EQ(Answer({Op(BPF_LDX | BPF_IMM, 9), Op(BPF_STX, 0), Op(BPF_LDX | BPF_IMM, 1),
                    Op(BPF_LDX | BPF_MEM, 0), Op(BPF_MISC | BPF_TXA)}),
            9U);
}

TEST(InterpreterTest, ArithmeticIsThatOf32Bits) {
  EXPECT_EQ(Computed(BPF_ADD, 0xffffffff, 2), 1U);
  EXPECT_EQ(Computed(BPF_SUB, 1, 2), 0xffffffffU);
  EXPECT_EQ(Computed(BPF_MUL, 0x80000001, 2), 2U);
  EXPECT_EQ(Computed(BPF_DIV, 0xffffffff, 16), 0x0fffffffU);
  EXPECT_EQ(Computed(BPF_OR, 0xf0, 0x0f), 0xffU);
  EXPECT_EQ(Computed(BPF_AND, 0xf0f0, 0x0ff0), 0x00f0U);
  EXPECT_EQ(Computed(BPF_XOR, 0xff, 0x0f), 0xf0U);
  EXPECT_EQ(Computed(BPF_LSH, 1, 31), 0x80000000U);
  EXPECT_EQ(Computed(BPF_RSH, 0x80000000, 31), 1U);
  EXPECT_EQ(Computed(BPF_NEG, 1, 0), 0xffffffffU);
}

TEST(InterpreterTest, DivisionByARegisterOfZeroEndsTheProgramWithZero) {
  EXPECT_EQ(
      Answer({Op(BPF_LD | BPF_IMM, 9), Op(BPF_ALU | BPF_DIV | BPF_X), Op(BPF_LD | BPF_IMM, 8)}),
      0U);
}

TEST(InterpreterTest, ComparesWithoutSign) {
  EXPECT_TRUE(Jumps(BPF_JEQ, 5, 5));
  EXPECT_FALSE(Jumps(BPF_JEQ, 5, 6));
  EXPECT_TRUE(Jumps(BPF_JGT, 0xffffffff, 1));
  EXPECT_FALSE(Jumps(BPF_JGT, 5, 5));
  EXPECT_TRUE(Jumps(BPF_JGE, 5, 5));
  EXPECT_FALSE(Jumps(BPF_JGE, 4, 5));
  EXPECT_TRUE(Jumps(BPF_JSET, 6, 2));
  EXPECT_FALSE(Jumps(BPF_JSET, 4, 2));
}

TEST(InterpreterTest, AlwaysJumpSkipsTheConstantsCount) {
  EXPECT_EQ(
      Evaluate({Op(BPF_JMP | BPF_JA, 1), Op(BPF_RET | BPF_K, 1), Op(BPF_RET | BPF_K, 2)}, kData)
          .value(),
      2U);
}

TEST(InterpreterTest, RefusesEmptyLongAndEndlessPrograms) {
  EXPECT_TRUE(Refused({}));
  EXPECT_TRUE(Refused({Op(BPF_LD | BPF_IMM, 1)}));
  Program longest(BPF_MAXINSNS, Op(BPF_RET | BPF_K, 0));
  EXPECT_TRUE(Check(longest).ok());
  longest.push_back(Op(BPF_RET | BPF_K, 0));
  EXPECT_TRUE(Refused(longest));
}

TEST(InterpreterTest, RefusesJumpsOutOfTheProgram) {
  const sock_filter end = Op(BPF_RET | BPF_K, 0);
  EXPECT_TRUE(Refused({Op(BPF_JMP | BPF_JA, 1), end}));
  EXPECT_TRUE(Refused({Op(BPF_JMP | BPF_JA, 0xffffffff), end}));
  EXPECT_TRUE(Refused({Jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), end}));
  EXPECT_TRUE(Refused({Jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), end}));
}

TEST(InterpreterTest, RefusesMemoryThatOnlyOneWayWrote) {
  const sock_filter end = Op(BPF_RET | BPF_K, 0);
  EXPECT_TRUE(Refused({Op(BPF_LD | BPF_MEM, 0), end}));
  EXPECT_TRUE(Refused({Op(BPF_ST, 16), end}));
  EXPECT_TRUE(Refused(
      {Jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), Op(BPF_ST, 3), Op(BPF_LD | BPF_MEM, 3), end}));
  EXPECT_TRUE(Check({Op(BPF_ST, 3), Jump(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), Op(BPF_ST, 4),
                     Op(BPF_LD | BPF_MEM, 3), end})
                  .ok());
}

// ---- against the kernel -------------------------------------------------------------------------

// The errno that seccomp(2) gives the program in a child that goes away at once, 0 for a success.
int KernelErrno(const Program& program) {
  const pid_t pid = fork();
  if (pid == 0) {
    const sock_fprog prog = {.len = static_cast<uint16_t>(program.size()),
                             .filter = const_cast<sock_filter*>(program.data())};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(254);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0) _exit(errno);
    // The filter may forbid all that follows, exiting included: then the signal says "loaded".
    _exit(0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

TEST(InterpreterTest, TheKernelTakesExactlyTheCodesThatCheckTakes) {
  for (unsigned code = 0; code <= 0x1ff; ++code) {
    const sock_filter in = Jump(static_cast<uint16_t>(code), 4, 0, 0);
    const Program program = {Op(BPF_ST, 4),
                             in,
                             Op(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                             Op(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                             Op(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                             Op(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                             Op(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    EXPECT_EQ(Check(program).ok(), KernelErrno(program) == 0) << "code " << code;
  }
}

sock_filter RandomInstruction(std::mt19937& random) {
  constexpr uint16_t kCodes[] = {
      BPF_LD | BPF_W | BPF_ABS,
      BPF_LD | BPF_W | BPF_LEN,
      BPF_LDX | BPF_W | BPF_LEN,
      BPF_LD | BPF_IMM,
      BPF_LDX | BPF_IMM,
      BPF_LD | BPF_MEM,
      BPF_LDX | BPF_MEM,
      BPF_ST,
      BPF_STX,
      BPF_MISC | BPF_TAX,
      BPF_MISC | BPF_TXA,
      BPF_ALU | BPF_ADD | BPF_K,
      BPF_ALU | BPF_SUB | BPF_X,
      BPF_ALU | BPF_MUL | BPF_K,
      BPF_ALU | BPF_DIV | BPF_K,
      BPF_ALU | BPF_DIV | BPF_X,
      BPF_ALU | BPF_OR | BPF_X,
      BPF_ALU | BPF_AND | BPF_K,
      BPF_ALU | BPF_XOR | BPF_X,
      BPF_ALU | BPF_LSH | BPF_K,
      BPF_ALU | BPF_RSH | BPF_K,
      BPF_ALU | BPF_NEG,
      BPF_JMP | BPF_JA,
      BPF_JMP | BPF_JEQ | BPF_K,
      BPF_JMP | BPF_JGT | BPF_X,
      BPF_JMP | BPF_JGE | BPF_K,
      BPF_JMP | BPF_JSET | BPF_X,
  };
  constexpr uint32_t kConstants[] = {0, 1, 2, 3, 4, 8, 16, 20, 60, 0x7fffffff, 0xffffffff};
  return Jump(kCodes[random() % std::size(kCodes)], kConstants[random() % std::size(kConstants)],
              random() % 3, random() % 3);
}

// Runs `body` for getppid alone (its answer comes back as an errno); all other calls are allowed.
Program OnlyForGetppid(const Program& body) {
  Program program = {Op(BPF_LD | BPF_W | BPF_ABS, 0),
                     Jump(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
                     Op(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  program.insert(program.end(), body.begin(), body.end());
  program.insert(program.end(), 64, Op(BPF_ALU | BPF_OR | BPF_K, 0));  // no jump passes the mask
  program.insert(program.end(),
                 {Op(BPF_ALU | BPF_AND | BPF_K, 0x7f),
                  Op(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO), Op(BPF_RET | BPF_A)});
  return program;
}

constexpr int kKilled = 1000;

// The errno of getppid(1, 2, ...) under the program, kKilled, or -1 where the kernel refuses it.
int GetppidErrno(const Program& program) {
  const pid_t pid = fork();
  if (pid == 0) {
    const sock_fprog prog = {.len = static_cast<uint16_t>(program.size()),
                             .filter = const_cast<sock_filter*>(program.data())};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(254);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) != 0) _exit(255);
    _exit(syscall(SYS_getppid, 1, 2, 3, 4, 5, 6) == -1 ? errno : 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  if (WIFSIGNALED(status)) return kKilled;
  return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

TEST(InterpreterTest, RandomProgramsGiveWhatTheKernelGives) {
  std::mt19937 random(20261122);
  int accepted = 0;
  for (int round = 0; round < 1000; ++round) {
    Program body;
    for (size_t i = 0, size = 1 + random() % 8; i < size; ++i) {
      body.push_back(RandomInstruction(random));
    }
    const Program program = OnlyForGetppid(body);
    const seccomp_data data = {.nr = SYS_getppid,
                               .arch = 0xc000003e,
                               .instruction_pointer = 0,
                               .args = {1, 2, 3, 4, 5, 6}};
    // The instruction pointer and the architecture are the kernel's to know.
    bool guesses = false;
    for (const sock_filter& in : body) {
      guesses |= in.code == (BPF_LD | BPF_W | BPF_ABS) && (in.k == 4 || in.k == 8);
    }
    if (guesses) continue;
    const absl::StatusOr<uint32_t> answer = Evaluate(program, data);
    const int kernel = GetppidErrno(program);
    ASSERT_EQ(answer.ok(), kernel >= 0) << "round " << round << ": " << answer.status();
    if (!answer.ok()) continue;
    ++accepted;
    const int expected =
        *answer == SECCOMP_RET_KILL_THREAD ? kKilled : static_cast<int>(*answer & SECCOMP_RET_DATA);
    EXPECT_EQ(expected, kernel) << "round " << round;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace hull::testing::bpf
