#include "cgroups/systemd/backend.h"

#include "cgroups/systemd/helper_bus.h"
#include "cgroups/systemd/manager.h"

namespace hull::cgroups {
namespace {

absl::StatusOr<std::unique_ptr<Manager>> MakeSystemd(const Host& host, const Request& request) {
  return systemd::MakeManager(host, request, &systemd::MakeHelperBus);
}

absl::StatusOr<std::unique_ptr<Manager>> OpenSystemd(const Host& host, const Location& location) {
  return systemd::OpenManager(host, location, &systemd::MakeHelperBus);
}

}  // namespace

constexpr Backend kSystemdBackend = {.name = systemd::kBackendName,
                                     .probe = &systemd::Probe,
                                     .make = &MakeSystemd,
                                     .open = &OpenSystemd};

}  // namespace hull::cgroups
