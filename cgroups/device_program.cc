// Straight-line code, by arithmetic instead of jumps: the kernel's verifier follows each branch of
// a program on its own, which made a dozen rules cost 0.2 ms and thirty 0.8 ms on the way to a
// container's start; without branches it is a tenth of that.
//
// The rules run first to last over a set of allowed access bits, kAllowed. For each rule kMatch
// becomes one where the device is one of the rule's and zero where not:
//   difference = (number ^ rule's number) | (type ^ rule's type), below 2^32; zero is a match
//   match      = (difference - 1) >> 63
// then kAllowed |= match * access, or kAllowed &= ~(match * access). Neighbouring rules for several
// minors below 32 of one major are one such step, with a bit map of the minors. A mask of all ones
// by an arithmetic shift would save the product, but newer verifiers (Linux 6.18) take -1 and 0
// apart into two branches, and with a few hundred rules give up.
#include "cgroups/device_program.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hull::cgroups {
namespace {

using Rule = DeviceRuleSet::Rule;
using Type = DeviceRuleSet::Type;

// The verifier hands the context over in r1 and takes the answer from r0.
constexpr unsigned kContext = BPF_REG_1;
constexpr unsigned kAllowed = BPF_REG_0;
constexpr unsigned kMatch = BPF_REG_1;  // the context is read once, at the start
constexpr unsigned kAccess = BPF_REG_2;
constexpr unsigned kNotChar = BPF_REG_3;  // zero for a character device
constexpr unsigned kNotBlock = BPF_REG_4;
constexpr unsigned kNumber = BPF_REG_5;  // major << 20 | minor, as the kernel's dev_t
constexpr unsigned kMajor = BPF_REG_6;
constexpr unsigned kMinor = BPF_REG_7;
constexpr unsigned kGroup = BPF_REG_8;  // kNumber without the part of the minor that a map decides
constexpr unsigned kScratch = BPF_REG_9;

constexpr int kTypeMask = 0xFFFF, kAccessShift = 16;
constexpr int kMinorBits = 20, kMajorBits = 12;
constexpr int kSignShift = 63;
constexpr int kMapShift = 5;  // 32 minors in a bit map
constexpr uint32_t kMapSize = 1u << kMapShift;

class Assembler {
 public:
  void Load(unsigned to, size_t offset) {
    Emit(BPF_LDX | BPF_MEM | BPF_W, to, kContext, static_cast<int>(offset), 0);
  }
  void Value(unsigned operation, unsigned to, uint32_t value) {
    Emit(BPF_ALU64 | operation | BPF_K, to, 0, 0, static_cast<int>(value));
  }
  // 32 bits: a value of 2^31 and more is not sign-extended.
  void Value32(unsigned operation, unsigned to, uint32_t value) {
    Emit(BPF_ALU | operation | BPF_K, to, 0, 0, static_cast<int>(value));
  }
  void Register32(unsigned operation, unsigned to, unsigned from) {
    Emit(BPF_ALU | operation | BPF_X, to, from, 0, 0);
  }
  void Register(unsigned operation, unsigned to, unsigned from) {
    Emit(BPF_ALU64 | operation | BPF_X, to, from, 0, 0);
  }
  void Exit() { Emit(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }
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
};

// No device of the kernel has a larger number, so such a rule matches nothing.
bool MatchesNothing(const Rule& rule) {
  return rule.major.value_or(0) >= (1u << kMajorBits) ||
         rule.minor.value_or(0) >= (1u << kMinorBits);
}

// One step of the program: a rule, or several that differ in their minors only.
struct Step {
  Rule rule;
  uint32_t minors = 0;    // the bit map, if it is several
  bool any_type = false;  // "b *:*" and "c *:*" at once
};

bool IsMapped(const Rule& rule) { return rule.major && rule.minor && *rule.minor < kMapSize; }

bool SameButMinor(const Rule& a, const Rule& b) {
  return a.allow == b.allow && a.type == b.type && a.major == b.major && a.access == b.access;
}

bool BothTypes(const Rule& a, const Rule& b) {
  return !a.major && !a.minor && !b.major && !b.minor && a.type != b.type && a.allow == b.allow &&
         a.access == b.access;
}

// Neighbours only: between them nothing can decide otherwise.
std::vector<Step> JoinNeighbours(const std::vector<Rule>& rules) {
  std::vector<Step> steps;
  for (const Rule& rule : rules) {
    if (MatchesNothing(rule)) continue;
    Step* last = steps.empty() ? nullptr : &steps.back();
    if (last != nullptr && IsMapped(rule) && IsMapped(last->rule) &&
        SameButMinor(rule, last->rule)) {
      if (last->minors == 0) last->minors = 1u << *last->rule.minor;
      last->minors |= 1u << *rule.minor;
    } else if (last != nullptr && !last->any_type && BothTypes(rule, last->rule)) {
      last->any_type = true;
    } else {
      steps.push_back({.rule = rule});
    }
  }
  return steps;
}

void EmitPrologue(bool default_allow, Assembler& code) {
  code.Load(kAccess, offsetof(bpf_cgroup_dev_ctx, access_type));
  code.Load(kMajor, offsetof(bpf_cgroup_dev_ctx, major));
  code.Load(kMinor, offsetof(bpf_cgroup_dev_ctx, minor));
  code.Register(BPF_MOV, kNotChar, kAccess);
  code.Value(BPF_AND, kNotChar, kTypeMask);
  code.Value(BPF_XOR, kNotChar, static_cast<uint32_t>(Type::kChar));
  code.Register(BPF_MOV, kNotBlock, kNotChar);
  code.Value(BPF_XOR, kNotBlock,
             static_cast<uint32_t>(Type::kChar) ^ static_cast<uint32_t>(Type::kBlock));
  code.Value(BPF_RSH, kAccess, kAccessShift);
  code.Register(BPF_MOV, kNumber, kMajor);
  code.Value(BPF_LSH, kNumber, kMinorBits);
  code.Register(BPF_OR, kNumber, kMinor);
  code.Register(BPF_MOV, kGroup, kNumber);
  code.Value(BPF_RSH, kGroup, kMapShift);
  code.Value(BPF_MOV, kAllowed, default_allow ? DeviceRuleSet::kAll : 0);
}

// kMatch = 0 where the minor's bit is set and the rest of the number is the rule's.
void EmitMapDifference(const Step& step, Assembler& code) {
  code.Value32(BPF_MOV, kMatch, step.minors);
  code.Register32(BPF_RSH, kMatch, kMinor);  // a shift counts modulo 32
  code.Value(BPF_AND, kMatch, 1);
  code.Value(BPF_XOR, kMatch, 1);
  code.Register(BPF_MOV, kScratch, kGroup);
  code.Value(BPF_XOR, kScratch, *step.rule.major << (kMinorBits - kMapShift));
  code.Register(BPF_OR, kMatch, kScratch);
}

void EmitNumberDifference(const Rule& rule, Assembler& code) {
  const unsigned source = !rule.major ? kMinor : !rule.minor ? kMajor : kNumber;
  const uint32_t value = rule.major && rule.minor ? *rule.major << kMinorBits | *rule.minor
                         : rule.major             ? *rule.major
                                                  : *rule.minor;
  code.Register(BPF_MOV, kMatch, source);
  code.Value32(BPF_XOR, kMatch, value);
}

// Leaves one in kMatch where the step's devices are meant, else zero.
void EmitMatch(const Step& step, Assembler& code) {
  const Rule& rule = step.rule;
  const unsigned not_type = rule.type == Type::kBlock ? kNotBlock : kNotChar;
  if (!rule.major && !rule.minor) {
    code.Register(BPF_MOV, kMatch, not_type);
  } else {
    step.minors != 0 ? EmitMapDifference(step, code) : EmitNumberDifference(rule, code);
    code.Register(BPF_OR, kMatch, not_type);
  }
  code.Value(BPF_SUB, kMatch, 1);
  code.Value(BPF_RSH, kMatch, kSignShift);
}

void EmitStep(const Step& step, Assembler& code) {
  const uint32_t access = step.rule.access;
  if (step.any_type) {
    step.rule.allow ? code.Value(BPF_OR, kAllowed, access) : code.Value(BPF_AND, kAllowed, ~access);
    return;
  }
  EmitMatch(step, code);
  code.Value(BPF_MUL, kMatch, access);
  if (step.rule.allow) {
    code.Register(BPF_OR, kAllowed, kMatch);
    return;
  }
  code.Value(BPF_XOR, kMatch, UINT32_MAX);  // sign-extended: all 64 bits
  code.Register(BPF_AND, kAllowed, kMatch);
}

}  // namespace

std::vector<bpf_insn> GenerateDeviceProgram(const DeviceRuleSet& set) {
  Assembler code;
  EmitPrologue(set.default_allow, code);
  for (const Step& step : JoinNeighbours(set.rules)) EmitStep(step, code);
  // 1 if no bit that is asked for is missing from the allowed ones.
  code.Value(BPF_XOR, kAllowed, UINT32_MAX);
  code.Register(BPF_AND, kAllowed, kAccess);
  code.Value(BPF_SUB, kAllowed, 1);
  code.Value(BPF_RSH, kAllowed, kSignShift);
  code.Exit();
  return code.Take();
}

}  // namespace hull::cgroups
