// linux.netDevices: network devices of the host that become the container's, with their addresses.
// Spec: config-linux.md#network-devices.
#ifndef HULL_RUNTIME_NET_DEVICES_H_
#define HULL_RUNTIME_NET_DEVICES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/netlink.h"
#include "runtime/sys/unique_fd.h"
#include "spec/spec.h"

namespace hull::runtime {

class NetDevices {
 public:
  // Finds each device of our network namespace and its addresses; touches nothing. NotFound names
  // the device that is not there, PermissionDenied says that only root may move any.
  static absl::StatusOr<NetDevices> Find(const std::map<std::string, spec::NetDevice>& wanted);

  // Moves them to `netns_fd`, renamed in the same request, gives them their permanent global
  // addresses back, which the kernel takes away on the move, and sets them up. Other addresses (of
  // the link, or with a lifetime) mean nothing elsewhere and stay away.
  absl::Status Move(sys::UniqueFd netns_fd);
  // What was moved comes back, with name, addresses and state: of a create that fails, before the
  // network namespace ends and takes virtual devices with it. As far as it goes.
  void Restore();

 private:
  struct Address {
    uint8_t family = 0, prefix_length = 0;
    uint32_t flags = 0;
    std::map<uint16_t, std::string> attributes;  // IFA_*
  };
  struct Device {
    std::string host_name, container_name;
    int index = 0;    // where it is now
    bool up = false;  // as it was found
    bool moved = false;
    std::vector<Address> addresses;
  };

  explicit NetDevices(Netlink host) : host_(std::move(host)) {}
  absl::Status FindLink(Device& device);
  absl::Status FindAddresses();
  absl::Status MoveOne(Device& device);
  static absl::Status Configure(Netlink& netlink, const Device& device, const std::string& name,
                                bool up);

  Netlink host_;
  std::optional<Netlink> container_;
  sys::UniqueFd container_netns_;
  std::vector<Device> devices_;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_NET_DEVICES_H_
