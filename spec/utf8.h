// UTF-8 as RFC 3629 has it: shortest forms, no surrogates, up to U+10FFFF.
#ifndef HULL_SPEC_UTF8_H_
#define HULL_SPEC_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace hull::spec {

// Bytes of the one character that `text` starts with: 1 to 4; 0 if there is none.
size_t Utf8CharacterBytes(absl::string_view text);

// Offset of the first byte that belongs to no character, or npos.
size_t FindInvalidUtf8(absl::string_view text);

}  // namespace hull::spec

#endif  // HULL_SPEC_UTF8_H_
