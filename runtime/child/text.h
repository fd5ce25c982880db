// Texts without a libc.
#ifndef HULL_RUNTIME_CHILD_TEXT_H_
#define HULL_RUNTIME_CHILD_TEXT_H_

#include <cstddef>
#include <cstdint>

namespace hull::child {

inline size_t Length(const char* text) {
  size_t n = 0;
  while (text[n] != '\0') ++n;
  return n;
}

inline bool Equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) ++a, ++b;
  return *a == *b;
}

// Copies `text` to `out`, which has `room` bytes; returns the end, or null if it does not fit.
inline char* Append(char* out, const char* end, const char* text) {
  if (out == nullptr) return nullptr;
  while (*text != '\0') {
    if (out + 1 >= end) return nullptr;
    *out++ = *text++;
  }
  *out = '\0';
  return out;
}

// Appends `value` in base 10 or 8.
inline char* AppendNumber(char* out, const char* end, uint64_t value, unsigned base = 10) {
  char digits[24];
  char* first = digits + sizeof(digits) - 1;
  *first = '\0';
  do {
    *--first = static_cast<char>('0' + value % base);
    value /= base;
  } while (value != 0);
  return Append(out, end, first);
}

// A decimal number up to the end of the text or `stop`; -1 for anything else.
inline int64_t ParseNumber(const char* text, char stop = '\0') {
  if (*text == stop) return -1;
  int64_t value = 0;
  for (; *text != stop; ++text) {
    if (*text < '0' || *text > '9' || value > (INT64_MAX - 9) / 10) return -1;
    value = value * 10 + (*text - '0');
  }
  return value;
}

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_TEXT_H_
