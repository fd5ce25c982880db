#include "cgroups/device_program.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cgroups/devices.h"
#include "gtest/gtest.h"

namespace hull::cgroups {
namespace {

using Rule = DeviceRuleSet::Rule;
using Type = DeviceRuleSet::Type;

// An interpreter for the instructions that the generator uses, after the kernel's definition of
// them (Documentation/bpf/standardization/instruction-set.rst). Anything else is nullopt.
class Interpreter {
 public:
  explicit Interpreter(const bpf_cgroup_dev_ctx& context) : context_(context) {}

  std::optional<uint64_t> Run(const std::vector<bpf_insn>& program) {
    for (const bpf_insn& insn : program) {
      if (insn.code == (BPF_JMP | BPF_EXIT)) return registers_[0];
      if (!Step(insn)) return std::nullopt;
    }
    return std::nullopt;  // fell off the end
  }

 private:
  bool Step(const bpf_insn& insn) {
    switch (BPF_CLASS(insn.code)) {
      case BPF_LDX: return Load(insn);
      case BPF_ALU: return Compute(insn, true);
      case BPF_ALU64: return Compute(insn, false);
      default: return false;
    }
  }
  bool Load(const bpf_insn& insn) {
    uint32_t word = 0;
    if (insn.code != (BPF_LDX | BPF_MEM | BPF_W) || insn.src_reg != BPF_REG_1 || overwritten_ ||
        insn.off < 0 || insn.off + sizeof(word) > sizeof(context_)) {
      return false;
    }
    memcpy(&word, reinterpret_cast<const char*>(&context_) + insn.off, sizeof(word));
    registers_[insn.dst_reg] = word;
    return true;
  }
  bool Compute(const bpf_insn& insn, bool narrow) {
    uint64_t& to = registers_[insn.dst_reg];
    uint64_t value = BPF_SRC(insn.code) == BPF_X
                         ? registers_[insn.src_reg]
                         : static_cast<uint64_t>(static_cast<int64_t>(insn.imm));
    if (insn.dst_reg == BPF_REG_1) overwritten_ = true;
    uint64_t now = to;
    if (narrow) {
      now = static_cast<uint32_t>(now);
      value = static_cast<uint32_t>(value);
    }
    const unsigned shift = static_cast<unsigned>(value) & (narrow ? 31 : 63);
    switch (BPF_OP(insn.code)) {
      case BPF_MOV: now = value; break;
      case BPF_AND: now &= value; break;
      case BPF_OR: now |= value; break;
      case BPF_XOR: now ^= value; break;
      case BPF_SUB: now -= value; break;
      case BPF_LSH: now <<= shift; break;
      case BPF_RSH: now >>= shift; break;
      case BPF_MUL: now *= value; break;
      default: return false;
    }
    to = narrow ? static_cast<uint32_t>(now) : now;
    return true;
  }

  bpf_cgroup_dev_ctx context_;
  uint64_t registers_[11] = {};
  bool overwritten_ = false;
};

std::optional<uint64_t> Ask(const std::vector<bpf_insn>& program, Type type, uint32_t major,
                            uint32_t minor, uint8_t access) {
  bpf_cgroup_dev_ctx context = {};
  context.access_type = static_cast<uint32_t>(access) << 16 | static_cast<uint32_t>(type);
  context.major = major;
  context.minor = minor;
  return Interpreter(context).Run(program);
}

// Every question over a few numbers: those of the rules, their neighbours, and the extremes.
void ExpectAgreement(const DeviceRuleSet& set) {
  const std::vector<bpf_insn> program = GenerateDeviceProgram(set);
  std::string text = absl::StrCat("default ", set.default_allow);
  for (const Rule& rule : set.rules)
    absl::StrAppend(&text, rule.allow ? " +" : " -", FormatRule(rule));
  for (Type type : {Type::kBlock, Type::kChar}) {
    for (uint32_t major : {0u, 1u, 2u, 5u, 136u, 4095u}) {
      for (uint32_t minor : {0u, 1u, 3u, 5u, 31u, 32u, 35u, 64u, 200u, 1048575u}) {
        for (uint8_t access = 1; access <= DeviceRuleSet::kAll; ++access) {
          ASSERT_EQ(Ask(program, type, major, minor, access),
                    Allows(set, type, major, minor, access) ? 1u : 0u)
              << text << " asked " << static_cast<int>(type) << " " << major << ":" << minor << " "
              << static_cast<int>(access);
        }
      }
    }
  }
}

// A rule as it is by default denies everything.
TEST(DeviceProgramTest, DefaultRulesAreWhatTheProgramDoes) {
  absl::StatusOr<DeviceRuleSet> set = ParseDeviceRules({spec::DeviceRule()});
  ASSERT_TRUE(set.ok());
  ExpectAgreement(*set);
  const std::vector<bpf_insn> program = GenerateDeviceProgram(*set);
  EXPECT_EQ(Ask(program, Type::kChar, 1, 3, DeviceRuleSet::kRead), 1u) << "null";
  EXPECT_EQ(Ask(program, Type::kChar, 1, 1, DeviceRuleSet::kRead), 0u) << "mem";
  EXPECT_EQ(Ask(program, Type::kChar, 1, 1, DeviceRuleSet::kMknod), 1u) << "mknod of mem";
  EXPECT_EQ(Ask(program, Type::kBlock, 8, 0, DeviceRuleSet::kWrite), 0u) << "a disk";
  EXPECT_LE(program.size(), 60u) << "the verifier's time is the container's start";
}

TEST(DeviceProgramTest, LargeNumbersDoNotMatchSmallOnes) {
  const Rule minor_overflow = {true, Type::kChar, 1, 1u << 20, DeviceRuleSet::kAll};
  const Rule major_overflow = {true, Type::kChar, 4096, 3, DeviceRuleSet::kAll};
  const Rule largest = {true, Type::kChar, 4095, 1048575, DeviceRuleSet::kAll};
  ExpectAgreement({false, {minor_overflow, major_overflow, largest}});
  ExpectAgreement({true, {{false, Type::kChar, 4095, 1048575, DeviceRuleSet::kAll}}});
}

TEST(DeviceProgramTest, DenialsInsideAllowancesHold) {
  ExpectAgreement({false,
                   {{true, Type::kChar, 1, std::nullopt, DeviceRuleSet::kAll},
                    {false, Type::kChar, 1, 3, DeviceRuleSet::kWrite},
                    {false, Type::kChar, 1, 5, DeviceRuleSet::kWrite},
                    {true, Type::kChar, std::nullopt, 5, DeviceRuleSet::kMknod}}});
  ExpectAgreement({true,
                   {{false, Type::kChar, std::nullopt, std::nullopt, DeviceRuleSet::kWrite},
                    {false, Type::kBlock, std::nullopt, std::nullopt, DeviceRuleSet::kWrite},
                    {true, Type::kBlock, 5, 1, DeviceRuleSet::kAll}}});
}

Rule RandomRule(std::mt19937& random) {
  constexpr uint32_t kMajors[] = {0, 1, 5, 136, 4095, 5000};
  constexpr uint32_t kMinors[] = {0, 1, 3, 5, 31, 32, 200, 1048575, 1048576};
  Rule rule;
  rule.allow = random() % 2 == 0;
  rule.type = random() % 2 == 0 ? Type::kBlock : Type::kChar;
  if (random() % 3 != 0) rule.major = kMajors[random() % std::size(kMajors)];
  if (random() % 3 != 0) rule.minor = kMinors[random() % std::size(kMinors)];
  rule.access = 1 + random() % DeviceRuleSet::kAll;
  return rule;
}

TEST(DeviceProgramTest, RandomRulesMeanTheSameInTheProgramAndMinimised) {
  std::mt19937 random(20261122);
  for (int round = 0; round < 300; ++round) {
    DeviceRuleSet set = {.default_allow = random() % 2 == 0, .rules = {}};
    for (size_t i = random() % 8; i > 0; --i) set.rules.push_back(RandomRule(random));
    ASSERT_NO_FATAL_FAILURE(ExpectAgreement(set));
    const DeviceRuleSet minimal = Minimise(set);
    ASSERT_LE(minimal.rules.size(), set.rules.size());
    for (Type type : {Type::kBlock, Type::kChar}) {
      for (uint32_t major : {0u, 1u, 5u, 7u}) {
        for (uint32_t minor : {0u, 1u, 3u, 5u, 9u}) {
          for (uint8_t access = 1; access <= DeviceRuleSet::kAll; ++access) {
            ASSERT_EQ(Allows(minimal, type, major, minor, access),
                      Allows(set, type, major, minor, access));
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace hull::cgroups
