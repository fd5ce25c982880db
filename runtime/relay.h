// Relay: bytes from our stdin to a terminal's master, and from the master to our stdout.
#ifndef HULL_RUNTIME_RELAY_H_
#define HULL_RUNTIME_RELAY_H_

#include <poll.h>
#include <stddef.h>

#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

class Relay {
 public:
  static constexpr size_t kEntries = 4;

  // Borrows the descriptors. The master is made non-blocking.
  Relay(int input_fd, int output_fd, int master_fd);

  // Fills kEntries entries of a poll set; Copy() then does what they allow and never waits.
  size_t Prepare(pollfd* entries);
  void Copy(const pollfd* entries);
  // What the terminal still holds, after its process has ended. True: our stdout has no room for
  // some of it, and is to be waited for before the next call.
  bool Drain();
  int output_fd() const { return output_fd_; }

 private:
  void CopyInput();
  void WriteInput();
  bool CopyOutput();
  void WriteOutput();
  bool HoldOpen();

  struct Buffer {
    char data[4096];
    size_t size = 0;
  };

  int input_fd_, output_fd_, master_fd_;
  sys::UniqueFd own_output_, slave_;
  bool input_open_ = true, master_open_ = true;
  int drained_ = 0;
  Buffer input_;   // from stdin, not yet taken by the master
  Buffer output_;  // from the master, not yet taken by stdout
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_RELAY_H_
