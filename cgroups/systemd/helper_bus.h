// A Bus through the helper program: for static binaries, which cannot link libsystemd. A process of
// 23 KB, started by the first call and ended with the object.
#ifndef HULL_CGROUPS_SYSTEMD_HELPER_BUS_H_
#define HULL_CGROUPS_SYSTEMD_HELPER_BUS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cgroups/systemd/bus.h"
#include "cgroups/systemd/message_bus.h"
#include "runtime/sys/unique_fd.h"

namespace hull::cgroups::systemd {

class HelperBus : public MessageBus {
 public:
  // `addresses` as AddressesOf gives them.
  HelperBus(std::vector<std::string> addresses, absl::Duration deadline)
      : MessageBus(deadline), addresses_(std::move(addresses)) {}
  ~HelperBus() override;

 protected:
  // Unavailable: the helper does not run here; the text says why (no libsystemd.so.0, no dynamic
  // loader) in the loader's own words.
  absl::StatusOr<std::string> Exchange(const std::string& request) override;

 private:
  absl::Status Start();
  absl::StatusOr<std::string> Receive();
  // Why the helper has ended, as a Status.
  absl::Status Ended();
  void Stop();

  std::vector<std::string> addresses_;
  pid_t pid_ = -1;
  sys::UniqueFd socket_;
  sys::UniqueFd words_;  // what the helper says on its standard error
};

// The factory of the backend "systemd".
std::unique_ptr<Bus> MakeHelperBus(const Target& target);

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_HELPER_BUS_H_
