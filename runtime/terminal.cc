#include "runtime/terminal.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

namespace hull::runtime {

std::optional<TerminalSize> SizeOfTerminal(int fd) {
  winsize size;
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
    return std::nullopt;
  }
  return TerminalSize{size.ws_row, size.ws_col};
}

struct RawTerminal::Saved {
  termios settings;
};

RawTerminal::RawTerminal(int fd) : fd_(fd) {
  termios settings;
  if (tcgetattr(fd, &settings) != 0) return;
  saved_ = new Saved{settings};
  cfmakeraw(&settings);
  tcsetattr(fd, TCSANOW, &settings);
}

// From the background too (SIGTTOU would stop us), and without waiting for a terminal that nobody
// reads: what was written to it has been processed by then.
RawTerminal::~RawTerminal() {
  if (saved_ == nullptr) return;
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &set, &before);
  tcsetattr(fd_, TCSANOW, &saved_->settings);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  delete saved_;
}

}  // namespace hull::runtime
