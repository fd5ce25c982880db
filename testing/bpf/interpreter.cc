#include "testing/bpf/interpreter.h"

#include <linux/bpf_common.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"

namespace hull::testing::bpf {
namespace {

constexpr size_t kMemoryWords = BPF_MEMWORDS;
constexpr uint16_t kAllMemory = (1U << kMemoryWords) - 1;

absl::Status Bad(size_t pc, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("instruction ", pc, ": ", what));
}

bool IsMemoryAccess(uint16_t code) {
  return code == BPF_ST || code == BPF_STX || code == (BPF_LD | BPF_MEM) ||
         code == (BPF_LDX | BPF_MEM);
}

absl::Status CheckAlu(const sock_filter& in, size_t pc) {
  const uint16_t operation = BPF_OP(in.code);
  const bool constant = BPF_SRC(in.code) == BPF_K;
  switch (operation) {
    case BPF_ADD:
    case BPF_SUB:
    case BPF_MUL:
    case BPF_OR:
    case BPF_AND:
    case BPF_XOR: return absl::OkStatus();
    case BPF_NEG: return constant ? absl::OkStatus() : Bad(pc, "negation takes no operand");
    case BPF_DIV: return constant && in.k == 0 ? Bad(pc, "division by 0") : absl::OkStatus();
    case BPF_LSH:
    case BPF_RSH: return constant && in.k >= 32 ? Bad(pc, "shift by 32 or more") : absl::OkStatus();
    default: return Bad(pc, "no such operation");
  }
}

absl::Status CheckJump(const sock_filter& in, size_t pc, size_t size) {
  const size_t after = size - pc - 1;  // instructions behind this one
  if (in.code == (BPF_JMP | BPF_JA)) {
    return in.k < after ? absl::OkStatus() : Bad(pc, "jump out of the program");
  }
  const uint16_t operation = BPF_OP(in.code);
  if (operation != BPF_JEQ && operation != BPF_JGT && operation != BPF_JGE &&
      operation != BPF_JSET) {
    return Bad(pc, "no such jump");
  }
  if (in.jt >= after || in.jf >= after) return Bad(pc, "jump out of the program");
  return absl::OkStatus();
}

absl::Status CheckInstruction(const sock_filter& in, size_t pc, size_t size) {
  if (IsMemoryAccess(in.code)) {
    return in.k < kMemoryWords ? absl::OkStatus() : Bad(pc, "no such memory word");
  }
  switch (in.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (in.k % 4 == 0 && in.k < sizeof(seccomp_data)) return absl::OkStatus();
      return Bad(pc, "load outside seccomp_data or not aligned");
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A: return absl::OkStatus();
    default: break;
  }
  // The kernel compares whole codes; with the bits below checked, these are all that remain.
  if ((in.code & ~(0x07 | 0xf0 | BPF_X)) != 0) return Bad(pc, "no such instruction");
  if (BPF_CLASS(in.code) == BPF_ALU) return CheckAlu(in, pc);
  if (BPF_CLASS(in.code) == BPF_JMP) return CheckJump(in, pc, size);
  return Bad(pc, "no such instruction");
}

// Follows which words are surely written: a word counts at a jump's target only if every way there
// wrote it.
absl::Status CheckMemory(absl::Span<const sock_filter> program) {
  std::vector<uint16_t> written_at(program.size(), kAllMemory);
  uint16_t written = 0;
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& in = program[pc];
    written &= written_at[pc];
    if (in.code == BPF_ST || in.code == BPF_STX) {
      written |= static_cast<uint16_t>(1U << in.k);
    } else if (IsMemoryAccess(in.code)) {
      if ((written & (1U << in.k)) == 0) return Bad(pc, "memory is read before it is written");
    } else if (in.code == (BPF_JMP | BPF_JA)) {
      written_at[pc + 1 + in.k] &= written;
      written = kAllMemory;
    } else if (BPF_CLASS(in.code) == BPF_JMP) {
      written_at[pc + 1 + in.jt] &= written;
      written_at[pc + 1 + in.jf] &= written;
      written = kAllMemory;
    }
  }
  return absl::OkStatus();
}

class Machine {
 public:
  explicit Machine(const seccomp_data& data) { std::memcpy(data_.data(), &data, sizeof(data)); }

  uint32_t Run(absl::Span<const sock_filter> program) {
    for (size_t pc = 0;; ++pc) {
      const sock_filter& in = program[pc];
      if (in.code == (BPF_RET | BPF_K)) return in.k;
      if (in.code == (BPF_RET | BPF_A)) return a_;
      if (in.code == (BPF_ALU | BPF_DIV | BPF_X) && x_ == 0) return 0;  // ends the program
      if (BPF_CLASS(in.code) == BPF_JMP) {
        pc += Jump(in);
      } else if (BPF_CLASS(in.code) == BPF_ALU) {
        a_ = Alu(in);
      } else {
        Move(in);
      }
    }
  }

 private:
  uint32_t Operand(const sock_filter& in) const { return BPF_SRC(in.code) == BPF_X ? x_ : in.k; }

  size_t Jump(const sock_filter& in) const {
    const uint32_t operand = Operand(in);
    switch (BPF_OP(in.code)) {
      case BPF_JA: return in.k;
      case BPF_JEQ: return a_ == operand ? in.jt : in.jf;
      case BPF_JGT: return a_ > operand ? in.jt : in.jf;
      case BPF_JGE: return a_ >= operand ? in.jt : in.jf;
      default:  // BPF_JSET
        return (a_ & operand) != 0 ? in.jt : in.jf;
    }
  }

  uint32_t Alu(const sock_filter& in) const {
    const uint32_t operand = Operand(in);
    switch (BPF_OP(in.code)) {
      case BPF_ADD: return a_ + operand;
      case BPF_SUB: return a_ - operand;
      case BPF_MUL: return a_ * operand;
      case BPF_DIV: return a_ / operand;
      case BPF_OR: return a_ | operand;
      case BPF_AND: return a_ & operand;
      case BPF_XOR: return a_ ^ operand;
      case BPF_LSH: return a_ << (operand & 31);
      case BPF_RSH: return a_ >> (operand & 31);
      default:  // BPF_NEG
        return 0 - a_;
    }
  }

  void Move(const sock_filter& in) {
    switch (in.code) {
      case BPF_LD | BPF_W | BPF_ABS: a_ = data_[in.k / 4]; break;
      case BPF_LD | BPF_W | BPF_LEN: a_ = sizeof(seccomp_data); break;
      case BPF_LDX | BPF_W | BPF_LEN: x_ = sizeof(seccomp_data); break;
      case BPF_LD | BPF_IMM: a_ = in.k; break;
      case BPF_LDX | BPF_IMM: x_ = in.k; break;
      case BPF_LD | BPF_MEM: a_ = memory_[in.k]; break;
      case BPF_LDX | BPF_MEM: x_ = memory_[in.k]; break;
      case BPF_ST: memory_[in.k] = a_; break;
      case BPF_STX: memory_[in.k] = x_; break;
      case BPF_MISC | BPF_TAX: x_ = a_; break;
      default:  // BPF_MISC | BPF_TXA
        a_ = x_;
        break;
    }
  }

  std::array<uint32_t, sizeof(seccomp_data) / 4> data_;
  std::array<uint32_t, kMemoryWords> memory_ = {};
  uint32_t a_ = 0;
  uint32_t x_ = 0;
};

}  // namespace

absl::Status Check(absl::Span<const sock_filter> program) {
  if (program.empty() || program.size() > BPF_MAXINSNS) {
    return absl::InvalidArgumentError(
        absl::StrCat("a program has 1..", BPF_MAXINSNS, " instructions, this ", program.size()));
  }
  for (size_t pc = 0; pc < program.size(); ++pc) {
    RETURN_IF_ERROR(CheckInstruction(program[pc], pc, program.size()));
  }
  const uint16_t last = program.back().code;
  if (last != (BPF_RET | BPF_K) && last != (BPF_RET | BPF_A)) {
    return Bad(program.size() - 1, "the last instruction is no return");
  }
  return CheckMemory(program);
}

absl::StatusOr<uint32_t> Evaluate(absl::Span<const sock_filter> program, const seccomp_data& data) {
  RETURN_IF_ERROR(Check(program));
  return EvaluateChecked(program, data);
}

uint32_t EvaluateChecked(absl::Span<const sock_filter> program, const seccomp_data& data) {
  return Machine(data).Run(program);
}

}  // namespace hull::testing::bpf
