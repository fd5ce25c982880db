#include "cgroups/systemd/direct_bus.h"

#include <string>
#include <utility>

#include "cgroups/systemd/manager.h"

namespace hull::cgroups {
namespace systemd {

DirectBus::DirectBus(std::vector<std::string> addresses, absl::Duration deadline)
    : MessageBus(deadline), addresses_(std::move(addresses)) {
  for (const std::string& address : addresses_) pointers_.push_back(address.c_str());
  pointers_.push_back(nullptr);
  session_.set_addresses(pointers_.data());
}

absl::StatusOr<std::string> DirectBus::Exchange(const std::string& request) {
  std::string reply(kMaxMessageBytes, '\0');
  reply.resize(session_.Handle(request.data(), request.size(), reply.data(), reply.size()));
  return reply;
}

std::unique_ptr<Bus> MakeDirectBus(const Target& target) {
  return std::make_unique<DirectBus>(AddressesOf(target), kDeadline);
}

}  // namespace systemd

namespace {

absl::StatusOr<std::unique_ptr<Manager>> MakeDirect(const Host& host, const Request& request) {
  return systemd::MakeManager(host, request, &systemd::MakeDirectBus);
}

absl::StatusOr<std::unique_ptr<Manager>> OpenDirect(const Host& host, const Location& location) {
  return systemd::OpenManager(host, location, &systemd::MakeDirectBus);
}

}  // namespace

constexpr Backend kSystemdDirectBackend = {.name = systemd::kBackendName,
                                           .probe = &systemd::Probe,
                                           .make = &MakeDirect,
                                           .open = &OpenDirect};

}  // namespace hull::cgroups
