// The caller's own terminal.
#ifndef HULL_RUNTIME_TERMINAL_H_
#define HULL_RUNTIME_TERMINAL_H_

namespace hull::runtime {

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
