// The words of linux.seccomp (config-linux.md#seccomp) and what they stand for, as constexpr
// tables.
#ifndef HULL_SECCOMP_WORDS_H_
#define HULL_SECCOMP_WORDS_H_

#include <linux/seccomp.h>

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hull::seccomp {

struct Word {
  absl::string_view name;
  uint32_t value;
};

// SECCOMP_RET_*, without the low 16 bits of data.
inline constexpr Word kActions[] = {
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
    {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
};

enum class Comparison : uint32_t { kNe = 1, kLt, kLe, kEq, kGe, kGt, kMaskedEq };

inline constexpr Word kOperators[] = {
    {"SCMP_CMP_EQ", static_cast<uint32_t>(Comparison::kEq)},
    {"SCMP_CMP_GE", static_cast<uint32_t>(Comparison::kGe)},
    {"SCMP_CMP_GT", static_cast<uint32_t>(Comparison::kGt)},
    {"SCMP_CMP_LE", static_cast<uint32_t>(Comparison::kLe)},
    {"SCMP_CMP_LT", static_cast<uint32_t>(Comparison::kLt)},
    {"SCMP_CMP_MASKED_EQ", static_cast<uint32_t>(Comparison::kMaskedEq)},
    {"SCMP_CMP_NE", static_cast<uint32_t>(Comparison::kNe)},
};

inline constexpr Word kFlags[] = {
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

inline constexpr absl::string_view kArchitecturePrefix = "SCMP_ARCH_";

// After the prefix. The value is 0: the numbers are the compiling library's own.
inline constexpr Word kArchitectures[] = {
    {"AARCH64", 0}, {"ARM", 0},       {"LOONGARCH64", 0}, {"M68K", 0},     {"MIPS", 0},
    {"MIPS64", 0},  {"MIPS64N32", 0}, {"MIPSEL", 0},      {"MIPSEL64", 0}, {"MIPSEL64N32", 0},
    {"PARISC", 0},  {"PARISC64", 0},  {"PPC", 0},         {"PPC64", 0},    {"PPC64LE", 0},
    {"RISCV64", 0}, {"S390", 0},      {"S390X", 0},       {"SH", 0},       {"SHEB", 0},
    {"X32", 0},     {"X86", 0},       {"X86_64", 0},
};

// The entry called `name`, or nullptr. Case counts.
const Word* FindWord(absl::Span<const Word> table, absl::string_view name);

// InvalidArgument: "<path>: '<name>' is no <kind>, expected one of …; did you mean …?". Every name
// of the table is shown behind `prefix`.
absl::Status UnknownWord(absl::string_view path, absl::string_view name, absl::string_view kind,
                         absl::Span<const Word> table, absl::string_view prefix = "");

// InvalidArgument: "<path>: <what>".
absl::Status BadValue(absl::string_view path, absl::string_view what);

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_WORDS_H_
