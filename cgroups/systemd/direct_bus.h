// A Bus in this process, for programs that link libsystemd (a shared library) anyway. No thread of
// it, and no signal handler: one object may be used by one thread at a time.
#ifndef HULL_CGROUPS_SYSTEMD_DIRECT_BUS_H_
#define HULL_CGROUPS_SYSTEMD_DIRECT_BUS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cgroups/manager.h"
#include "cgroups/systemd/bus.h"
#include "cgroups/systemd/message_bus.h"
#include "cgroups/systemd/session.h"

namespace hull::cgroups {

// "systemd" as in backends.h, but with sd-bus in the calling process.
extern const Backend kSystemdDirectBackend;

namespace systemd {

class DirectBus : public MessageBus {
 public:
  DirectBus(std::vector<std::string> addresses, absl::Duration deadline);

 protected:
  absl::StatusOr<std::string> Exchange(const std::string& request) override;

 private:
  std::vector<std::string> addresses_;
  std::vector<const char*> pointers_;
  Session session_;
};

std::unique_ptr<Bus> MakeDirectBus(const Target& target);

}  // namespace systemd
}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_SYSTEMD_DIRECT_BUS_H_
