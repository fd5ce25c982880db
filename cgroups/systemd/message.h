// The messages between hull and whoever speaks D-Bus for it: one request, one reply, both below.
// Freestanding, since the helper program reads them without a C++ library.
//
//   request  u32 operation, u32 timeout_ms, string unit, properties
//   reply    u32 answer, string text, properties
//
//   properties  u32 count, then each: string name, string signature, u32 items, the items
//   item        u64 for a number (two's complement; a double by its bits), else a string
//   string      u32 length, the bytes, a NUL that is not counted
//
// Numbers are in the machine's own order: both ends are on one machine. A signature is one basic
// type ("t"), an array of one ("as") or an array of structs of them ("a(st)"); the items are those
// of all elements one after the other.
#ifndef HULL_CGROUPS_SYSTEMD_MESSAGE_H_
#define HULL_CGROUPS_SYSTEMD_MESSAGE_H_

#include <string.h>

#include <cstddef>
#include <cstdint>

namespace hull::cgroups::systemd {

inline constexpr size_t kMaxMessageBytes = 128 << 10;
inline constexpr int kHelperSocketFd = 3;  // where the helper program finds its end

enum class Operation : uint32_t {
  kHello = 1,  // → properties Version and ControlGroup of systemd's Manager
  kStart = 2,  // StartTransientUnit(unit, "replace", properties), and waits for the job
  kSet = 3,    // SetUnitProperties(unit, runtime, properties), and waits until they are applied
  kGet = 4,    // → the properties of the names and signatures given (their items are ignored)
  kStop = 5,   // StopUnit(unit, "replace"), and waits for the job
  kResetFailed = 6,  // ResetFailedUnit(unit)
  kAttach = 7,       // AttachProcessesToUnit(unit, "/", the pids of the property PIDs)
};

enum class Answer : uint32_t {
  kOk = 0,
  kUnreachable,  // no connection, or it broke
  kTimeout,
  kUnitExists,
  kNoSuchUnit,
  kDenied,
  kBadProperty,  // unknown to this systemd, or a value that it does not take
  kJobFailed,    // the text says how the job ended
  kBadRequest,   // a message that breaks the rules above: a bug of ours
  kOther,        // the text has systemd's own words
};

inline bool IsTextType(char type) { return type == 's' || type == 'o' || type == 'g'; }

inline bool IsBasicType(char type) {
  return type != '\0' && strchr("sogbynqiuxtd", type) != nullptr;
}

// The basic types of one element of a signature, "st" for "a(st)"; and whether there are many.
struct Shape {
  char types[8] = {};
  size_t count = 0;  // of types; 0 = the signature is none of ours
  bool array = false;
  bool structs = false;
};

inline Shape ShapeOf(const char* signature) {
  Shape shape;
  shape.array = *signature == 'a';
  if (shape.array) ++signature;
  shape.structs = shape.array && *signature == '(';
  if (shape.structs) ++signature;
  size_t count = 0;
  while (IsBasicType(signature[count]) && count < sizeof(shape.types) - 1) {
    shape.types[count] = signature[count];
    ++count;
  }
  const char* end = signature + count;
  if (shape.structs ? strcmp(end, ")") != 0 : (count != 1 || *end != '\0')) return Shape();
  shape.count = count;
  return shape;
}

// Reads a message in place; what it returns points into it. Once anything is missing it is not ok
// and gives zeros.
class Reader {
 public:
  Reader(const char* data, size_t size) : at_(data), left_(size) {}

  bool ok() const { return ok_; }
  bool done() const { return ok_ && left_ == 0; }

  uint32_t U32() { return Number<uint32_t>(); }
  uint64_t U64() { return Number<uint64_t>(); }
  // NUL-terminated; the length as well where it is asked for.
  const char* String(size_t* length = nullptr) {
    const size_t size = U32();
    if (length != nullptr) *length = 0;
    if (!ok_ || left_ <= size || at_[size] != '\0' || memchr(at_, '\0', size) != nullptr) {
      ok_ = false;
      return "";
    }
    if (length != nullptr) *length = size;
    const char* const text = at_;
    at_ += size + 1;
    left_ -= size + 1;
    return text;
  }

 private:
  template <typename T>
  T Number() {
    T value = 0;
    ok_ = ok_ && left_ >= sizeof(value);
    if (!ok_) return 0;
    memcpy(&value, at_, sizeof(value));
    at_ += sizeof(value);
    left_ -= sizeof(value);
    return value;
  }

  const char* at_;
  size_t left_;
  bool ok_ = true;
};

// Writes a message into a buffer; not ok once it is full.
class Writer {
 public:
  Writer(char* data, size_t size) : data_(data), capacity_(size) {}

  bool ok() const { return ok_; }
  size_t size() const { return size_; }

  void U32(uint32_t value) { Raw(&value, sizeof(value)); }
  void U64(uint64_t value) { Raw(&value, sizeof(value)); }
  void String(const char* text, size_t length) {
    U32(static_cast<uint32_t>(length));
    Raw(text, length);
    Raw("", 1);
  }
  void String(const char* text) { String(text, strlen(text)); }
  // Overwrites a number that was written at `offset`.
  void Patch(size_t offset, uint32_t value) {
    if (ok_) memcpy(data_ + offset, &value, sizeof(value));
  }

 private:
  void Raw(const void* bytes, size_t size) {
    ok_ = ok_ && capacity_ - size_ >= size;
    if (!ok_) return;
    memcpy(data_ + size_, bytes, size);
    size_ += size;
  }

  char* data_;
  size_t capacity_;
  size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_MESSAGE_H_
