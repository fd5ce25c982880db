// Relay: bytes from our stdin to a terminal's master, and from the master to our stdout.
#ifndef HULL_RUNTIME_RELAY_H_
#define HULL_RUNTIME_RELAY_H_

#include <poll.h>
#include <stddef.h>

namespace hull::runtime {

class Relay {
 public:
  static constexpr size_t kEntries = 3;

  // Borrows the descriptors. The master is made non-blocking.
  Relay(int input_fd, int output_fd, int master_fd);

  // Fills kEntries entries of a poll set; Copy() then does what they allow.
  size_t Prepare(pollfd* entries);
  void Copy(const pollfd* entries);
  // What the terminal still holds, after its process has ended.
  void Drain();

 private:
  bool CopyOutput();

  int input_fd_, output_fd_, master_fd_;
  bool input_open_ = true, master_open_ = true;
  char pending_[4096];  // from stdin, not yet taken by the master
  size_t pending_size_ = 0;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_RELAY_H_
