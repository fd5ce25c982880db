// UniqueFd: owns one file descriptor, or keeps the -errno that stands in its place. Freestanding:
// safe in a cloned child and in the init program.
#ifndef HULL_RUNTIME_SYS_UNIQUE_FD_H_
#define HULL_RUNTIME_SYS_UNIQUE_FD_H_

#include "runtime/sys/raw.h"

namespace hull::sys {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const noexcept { return fd_; }
  bool valid() const noexcept { return fd_ >= 0; }
  int release() noexcept {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1) noexcept {
    if (fd_ >= 0) RawClose(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace hull::sys

#endif  // HULL_RUNTIME_SYS_UNIQUE_FD_H_
