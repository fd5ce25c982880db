#include "runtime/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hull::runtime {
namespace {

// More reads than a terminal can fill: what still comes then is written by others than the process
// that has ended, who may never end.
constexpr int kMostReadsAtTheEnd = 256;

// A description of our own of the pipe or terminal, so that it can be non-blocking without being so
// for those who share it with us.
sys::UniqueFd OpenNonBlocking(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0 || !(S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode))) return {};
  char path[32];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  return sys::UniqueFd(open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool IsForNow(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Relay::Relay(int input_fd, int output_fd, int master_fd)
    : input_fd_(input_fd),
      output_fd_(output_fd),
      master_fd_(master_fd),
      own_output_(OpenNonBlocking(output_fd)) {
  if (own_output_.valid()) output_fd_ = own_output_.get();
  fcntl(master_fd, F_SETFL, fcntl(master_fd, F_GETFL) | O_NONBLOCK);
}

size_t Relay::Prepare(pollfd* entries) {
  const bool wants_input = input_open_ && master_open_ && input_.size == 0;
  const bool wants_output = master_open_ && output_.size == 0;
  entries[0] = {wants_input ? input_fd_ : -1, POLLIN, 0};
  entries[1] = {wants_output ? master_fd_ : -1, POLLIN, 0};
  entries[2] = {master_open_ && input_.size > 0 ? master_fd_ : -1, POLLOUT, 0};
  entries[3] = {output_.size > 0 ? output_fd_ : -1, POLLOUT, 0};
  return kEntries;
}

void Relay::Copy(const pollfd* entries) {
  if (entries[0].fd >= 0 && entries[0].revents != 0) CopyInput();
  if (input_.size > 0 && master_open_) WriteInput();
  if (entries[3].fd >= 0 && entries[3].revents != 0) WriteOutput();
  if (entries[1].fd >= 0 && entries[1].revents != 0) {
    CopyOutput();
    if (!master_open_ && HoldOpen()) master_open_ = true;
  }
}

void Relay::CopyInput() {
  const ssize_t n = read(input_fd_, input_.data, sizeof(input_.data));
  if (n > 0) {
    input_.size = static_cast<size_t>(n);
  } else if (n == 0 || !IsForNow(errno)) {
    input_open_ = false;
    // The end of our input is the end of a line's, as a terminal spells it: ^D.
    if (n == 0) input_.data[0] = 4, input_.size = 1;
  }
}

void Relay::WriteInput() {
  const ssize_t n = write(master_fd_, input_.data, input_.size);
  if (n > 0) {
    input_.size -= static_cast<size_t>(n);
    memmove(input_.data, input_.data + n, input_.size);
  } else if (n < 0 && !IsForNow(errno)) {
    input_.size = 0;
  }
}

// An error means that nobody holds the slave. False when nothing was read.
bool Relay::CopyOutput() {
  const ssize_t n = read(master_fd_, output_.data, sizeof(output_.data));
  if (n > 0) {
    output_.size = static_cast<size_t>(n);
    WriteOutput();
    return true;
  }
  if (n == 0 || !IsForNow(errno)) master_open_ = false;
  return false;
}

// Whoever closed the last descriptor of the slave may open it again by its name, as systemd does. A
// slave of ours keeps the master from reporting, for ever, that nobody has one; it is opened only
// then, and again where the container hangs up its terminal (vhangup(2) reaches ours too).
bool Relay::HoldOpen() {
  slave_.reset(ioctl(master_fd_, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  return slave_.valid();
}

// As much as goes without waiting: a page fits where poll(2) says that there is room, or our own
// description does not block. What nobody can take any more is dropped.
void Relay::WriteOutput() {
  while (output_.size > 0) {
    pollfd room = {output_fd_, POLLOUT, 0};
    if (poll(&room, 1, 0) <= 0) return;
    const ssize_t n = write(output_fd_, output_.data, output_.size);
    if (n < 0 && IsForNow(errno)) return;
    if (n < 0) {
      output_.size = 0;
      return;
    }
    output_.size -= static_cast<size_t>(n);
    memmove(output_.data, output_.data + n, output_.size);
  }
}

bool Relay::Drain() {
  WriteOutput();
  while (output_.size == 0 && master_open_) {
    master_open_ = CopyOutput() && ++drained_ < kMostReadsAtTheEnd;
  }
  return output_.size > 0;
}

}  // namespace hull::runtime
