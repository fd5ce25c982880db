// BLAKE2b-256 (RFC 7693): the cache's key and checksum. A collision would load another profile's
// filter, so the hash is a cryptographic one; this is the fastest of them without special
// instructions (3 cycles a byte, SHA-256 takes 10), and a key is made on every `create`.
#ifndef HULL_SECCOMP_BLAKE2B_H_
#define HULL_SECCOMP_BLAKE2B_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace hull::seccomp {

using Digest = std::array<uint8_t, 32>;

Digest Blake2b256(absl::string_view data);

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_BLAKE2B_H_
