// The reference: what the rules of linux.seccomp mean, said once more without a compiler, and
// random specs and arguments to compare a compiler with it.
#ifndef HULL_SECCOMP_REFERENCE_MODEL_H_
#define HULL_SECCOMP_REFERENCE_MODEL_H_

#include <seccomp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <string>

#include "absl/types/span.h"
#include "seccomp/compiler.h"
#include "seccomp/filter.h"
#include "spec/spec.h"

namespace hull::seccomp {

using Args = std::array<uint64_t, 6>;

struct Arch {
  const char* name;
  uint32_t token;       // libseccomp's
  uint32_t audit;       // the kernel's, in seccomp_data
  uint64_t value_bits;  // what the library compares of an argument
};
inline constexpr uint64_t kAll = ~uint64_t{0};
inline constexpr uint64_t kLow = 0xffffffff;
inline constexpr Arch kArchs[] = {
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, kAll},
    {"SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, kLow},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, kLow},
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, kAll},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM, AUDIT_ARCH_ARM, kLow},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64, AUDIT_ARCH_RISCV64, kAll},
    // From here on for libseccomp alone.
    {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64, AUDIT_ARCH_MIPSEL64, kAll},
    {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE, AUDIT_ARCH_PPC64LE, kAll},
};

inline constexpr size_t kDirectArchs = 6;

// What the filter gives by the interpreter, which must have checked it: ExpectValid() once.
uint32_t Verdict(const Filter& filter, uint32_t audit_arch, int number, const Args& args = {});
void ExpectValid(const Filter& filter);

// SECCOMP_RET_* of an action.
uint32_t ModelAction(const std::string& name, std::optional<uint32_t> errno_ret);

// The verdict of the rules for the call `name` with this number.
uint32_t ModelVerdict(const spec::Seccomp& seccomp, const Arch& arch, const std::string& name,
                      int number, const Args& args);

// For failure messages.
std::string Shown(const spec::Seccomp& seccomp);

// Random specs, always the same for a seed.
class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return random_() % n; }
  template <typename T>
  const T& Of(absl::Span<const T> table) {
    return table[Below(table.size())];
  }

  spec::SeccompArg Arg();
  // A rule of an action for the names that belong to it, so that overlapping rules agree.
  spec::SeccompRule Rule();
  // Rules for which `accepts` is true of the spec so far; listenerPath is set.
  spec::Seccomp Spec(absl::Span<const Arch> archs, bool (*accepts)(const spec::Seccomp&));
  // Arguments near the values that Arg() picks.
  Args NearArgs();
  std::string Name();

 private:
  std::mt19937 random_;
};

// Compiles the spec and compares 200 random calls with the model.
void ExpectTheModel(const Backend& backend, const spec::Seccomp& seccomp,
                    absl::Span<const Arch> archs, Dice& dice);

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_REFERENCE_MODEL_H_
