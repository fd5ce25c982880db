#include "cgroups/device_program.h"

#include <cstddef>
#include <vector>

namespace hull::cgroups {
namespace {

using Rule = DeviceRuleSet::Rule;

// Registers: the verifier hands the context over in r1 and takes the answer from r0.
constexpr unsigned kResult = BPF_REG_0;
constexpr unsigned kContext = BPF_REG_1;
constexpr unsigned kType = BPF_REG_2;
constexpr unsigned kPending = BPF_REG_3;  // access bits that no rule has decided yet
constexpr unsigned kMajor = BPF_REG_4;
constexpr unsigned kMinor = BPF_REG_5;
constexpr unsigned kScratch = BPF_REG_1;  // the context is read once, at the start

constexpr int kTypeMask = 0xFFFF, kAccessShift = 16;

class Assembler {
 public:
  void Load(unsigned to, size_t offset) {
    Emit(BPF_LDX | BPF_MEM | BPF_W, to, kContext, static_cast<int>(offset), 0);
  }
  void Move(unsigned to, unsigned from) { Emit(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0); }
  void Compute(unsigned operation, unsigned to, int value) {
    Emit(BPF_ALU | operation | BPF_K, to, 0, 0, value);
  }
  // Leaves the present rule if `reg` is (not) `value`. The immediate is sign-extended, so numbers of
  // 2^31 and more never match; no device has such (12 bits of major, 20 of minor). The form without
  // sign would need Linux 5.1.
  void SkipIf(unsigned condition, unsigned reg, uint32_t value) {
    skips_.push_back(code_.size());
    Emit(BPF_JMP | condition | BPF_K, reg, 0, 0, static_cast<int>(value));
  }
  void Return(bool allow) {
    Compute(BPF_MOV, kResult, allow ? 1 : 0);
    Emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }
  void EndRule() {
    for (size_t at : skips_) code_[at].off = static_cast<__s16>(code_.size() - at - 1);
    skips_.clear();
  }
  std::vector<bpf_insn> Take() { return std::move(code_); }

 private:
  void Emit(unsigned code, unsigned to, unsigned from, int offset, int value) {
    bpf_insn insn = {};
    insn.code = static_cast<__u8>(code);
    insn.dst_reg = to & 0xF;
    insn.src_reg = from & 0xF;
    insn.off = static_cast<__s16>(offset);
    insn.imm = value;
    code_.push_back(insn);
  }

  std::vector<bpf_insn> code_;
  std::vector<size_t> skips_;  // jumps of the present rule that lead behind it
};

void EmitRule(const Rule& rule, Assembler& code) {
  code.SkipIf(BPF_JNE, kType, static_cast<uint32_t>(rule.type));
  if (rule.major) code.SkipIf(BPF_JNE, kMajor, *rule.major);
  if (rule.minor) code.SkipIf(BPF_JNE, kMinor, *rule.minor);
  if (rule.access != DeviceRuleSet::kAll && rule.allow) {
    code.Compute(BPF_AND, kPending, static_cast<uint8_t>(~rule.access) & DeviceRuleSet::kAll);
    code.SkipIf(BPF_JNE, kPending, 0);
  } else if (rule.access != DeviceRuleSet::kAll) {
    code.Move(kScratch, kPending);
    code.Compute(BPF_AND, kScratch, rule.access);
    code.SkipIf(BPF_JEQ, kScratch, 0);
  }
  code.Return(rule.allow);
  code.EndRule();
}

}  // namespace

std::vector<bpf_insn> GenerateDeviceProgram(const DeviceRuleSet& set) {
  Assembler code;
  code.Load(kType, offsetof(bpf_cgroup_dev_ctx, access_type));
  code.Load(kMajor, offsetof(bpf_cgroup_dev_ctx, major));
  code.Load(kMinor, offsetof(bpf_cgroup_dev_ctx, minor));
  code.Move(kPending, kType);
  code.Compute(BPF_RSH, kPending, kAccessShift);
  code.Compute(BPF_AND, kType, kTypeMask);
  for (auto rule = set.rules.rbegin(); rule != set.rules.rend(); ++rule) EmitRule(*rule, code);
  code.Return(set.default_allow);
  return code.Take();
}

}  // namespace hull::cgroups
