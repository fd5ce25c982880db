// The calls that 32-bit x86 has behind socketcall(2) and ipc(2), most of them with a number of
// their own as well (Linux 4.3 and 5.1).
#ifndef HULL_SECCOMP_MULTIPLEXED_H_
#define HULL_SECCOMP_MULTIPLEXED_H_

#include <cstdint>

namespace hull::seccomp {

constexpr uint32_t kMostSubcalls = 24;

struct Multiplexed {
  uint32_t multiplexer;  // 102 socketcall, 117 ipc
  uint32_t subcall;      // its first argument; 0: no such call
  uint32_t own_number;   // 0: none
};

// `pseudo_number` is what SyscallNumber() gives: -101..-120 and -201..-224.
constexpr Multiplexed X86Multiplexed(int pseudo_number) {
  constexpr uint16_t kSockets[] = {0,   359, 361, 362, 363, 0,   367, 368, 360, 0,  0,
                                   369, 371, 373, 366, 365, 370, 372, 364, 337, 345};
  constexpr uint16_t kIpc[] = {0,   0,   393, 394, 0, 0, 0, 0, 0,   0,   0,   400, 401,
                               399, 402, 0,   0,   0, 0, 0, 0, 397, 398, 395, 396};
  if (pseudo_number <= -101 && pseudo_number >= -120) {
    const auto subcall = static_cast<uint32_t>(-pseudo_number - 100);
    return {102, subcall, kSockets[subcall]};
  }
  if (pseudo_number <= -201 && pseudo_number >= -224) {
    const auto subcall = static_cast<uint32_t>(-pseudo_number - 200);
    return {117, subcall, kIpc[subcall]};
  }
  return {0, 0, 0};
}

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_MULTIPLEXED_H_
