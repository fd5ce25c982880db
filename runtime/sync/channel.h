// Main's end of the channel to the intermediate and init.
#ifndef HULL_RUNTIME_SYNC_CHANNEL_H_
#define HULL_RUNTIME_SYNC_CHANNEL_H_

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/sync/message.h"
#include "runtime/sys/unique_fd.h"

namespace hull::sync {

class Channel {
 public:
  Channel() = default;
  explicit Channel(sys::UniqueFd fd) : fd_(std::move(fd)) {}

  // Both ends, close-on-exec.
  static absl::StatusOr<std::pair<sys::UniqueFd, sys::UniqueFd>> MakePair();

  // A peer that is gone is no error here: its last words or its end come from Receive().
  absl::Status Send(MessageType type, int64_t value = 0);
  // The next message, or nothing at end of file.
  absl::StatusOr<std::optional<Message>> Receive();

  int fd() const { return fd_.get(); }
  void Close() { fd_.reset(); }

 private:
  sys::UniqueFd fd_;
};

}  // namespace hull::sync

#endif  // HULL_RUNTIME_SYNC_CHANNEL_H_
