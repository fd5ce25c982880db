// The caller's own terminal.
#ifndef HULL_RUNTIME_TERMINAL_H_
#define HULL_RUNTIME_TERMINAL_H_

#include <cstdint>
#include <optional>

namespace hull::runtime {

struct TerminalSize {
  uint16_t rows = 0;
  uint16_t columns = 0;
};
// None where `fd` is no terminal, or one whose size nobody has said.
std::optional<TerminalSize> SizeOfTerminal(int fd);

// The caller's terminal in raw mode; as it was again when this ends, however it ends.
class RawTerminal {
 public:
  // Where `fd` is no terminal this does nothing.
  explicit RawTerminal(int fd);
  RawTerminal(const RawTerminal&) = delete;
  ~RawTerminal();

 private:
  struct Saved;
  int fd_;
  Saved* saved_ = nullptr;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_TERMINAL_H_
