#include "runtime/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

namespace hull::runtime {
namespace {

// Our own stdout may be slow or non-blocking: the terminal's output waits for it, not the reverse.
bool WriteFully(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EAGAIN) {
      pollfd entry = {fd, POLLOUT, 0};
      poll(&entry, 1, -1);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    data += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

Relay::Relay(int input_fd, int output_fd, int master_fd)
    : input_fd_(input_fd), output_fd_(output_fd), master_fd_(master_fd) {
  fcntl(master_fd, F_SETFL, fcntl(master_fd, F_GETFL) | O_NONBLOCK);
}

size_t Relay::Prepare(pollfd* entries) {
  const bool wants_input = input_open_ && master_open_ && pending_size_ == 0;
  entries[0] = {wants_input ? input_fd_ : -1, POLLIN, 0};
  entries[1] = {master_open_ ? master_fd_ : -1, POLLIN, 0};
  entries[2] = {master_open_ && pending_size_ > 0 ? master_fd_ : -1, POLLOUT, 0};
  return kEntries;
}

void Relay::Copy(const pollfd* entries) {
  if (entries[0].fd >= 0 && entries[0].revents != 0) {
    const ssize_t n = read(input_fd_, pending_, sizeof(pending_));
    if (n > 0) {
      pending_size_ = static_cast<size_t>(n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      input_open_ = false;
      // The end of our input is the end of a line's, as a terminal spells it: ^D.
      if (n == 0) pending_[0] = 4, pending_size_ = 1;
    }
  }
  if (entries[1].fd >= 0 && entries[1].revents != 0) CopyOutput();
  if (pending_size_ > 0 && master_open_) {
    const ssize_t n = write(master_fd_, pending_, pending_size_);
    if (n > 0) {
      pending_size_ -= static_cast<size_t>(n);
      memmove(pending_, pending_ + n, pending_size_);
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
      pending_size_ = 0;
    }
  }
}

// EIO means that nobody holds the slave: the output has ended.
bool Relay::CopyOutput() {
  char buffer[4096];
  const ssize_t n = read(master_fd_, buffer, sizeof(buffer));
  if (n > 0) return WriteFully(output_fd_, buffer, static_cast<size_t>(n));
  if (n == 0 || (errno != EAGAIN && errno != EINTR)) master_open_ = false;
  return false;
}

void Relay::Drain() {
  // More than a terminal can hold: what still comes is written by others, who may never end.
  for (int i = 0; i < 256 && master_open_ && CopyOutput(); ++i) {
  }
}

}  // namespace hull::runtime
