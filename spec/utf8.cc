#include "spec/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace hull::spec {
namespace {

bool IsContinuation(absl::string_view text, size_t index) {
  return index < text.size() && (static_cast<uint8_t>(text[index]) & 0xC0) == 0x80;
}

}  // namespace

size_t Utf8CharacterBytes(absl::string_view text) {
  if (text.empty()) return 0;
  const uint8_t first = text[0];
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !IsContinuation(text, 1)) return 0;
  if (first < 0xE0) return 2;
  const uint8_t second = text[1];
  // The second byte tells long forms, surrogates and what lies beyond U+10FFFF.
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F) ||
      !IsContinuation(text, 2)) {
    return 0;
  }
  if (first < 0xF0) return 3;
  return IsContinuation(text, 3) ? 4 : 0;
}

size_t FindInvalidUtf8(absl::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight;
    if (text.size() - at >= sizeof(eight)) {  // a configuration is nearly all ASCII
      std::memcpy(&eight, text.data() + at, sizeof(eight));
      if ((eight & kHighBits) == 0) {
        at += sizeof(eight);
        continue;
      }
    }
    const size_t bytes = Utf8CharacterBytes(text.substr(at));
    if (bytes == 0) return at;
    at += bytes;
  }
  return absl::string_view::npos;
}

}  // namespace hull::spec
