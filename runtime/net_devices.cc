#include "runtime/net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

// What somebody chose when the address was made, and not what has become of it since.
constexpr uint32_t kKeptFlags =
    IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
constexpr uint16_t kKeptAttributes[] = {IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_RT_PRIORITY};

std::string Pointer(absl::string_view host_name) {
  return absl::StrCat("/linux/netDevices/", host_name);
}

NetlinkRequest LinkRequest(uint16_t type, uint16_t flags, int index, uint32_t state = 0,
                           uint32_t change = 0) {
  ifinfomsg body = {};
  body.ifi_family = AF_UNSPEC;
  body.ifi_index = index;
  body.ifi_flags = state;
  body.ifi_change = change;
  return NetlinkRequest(type, flags, body);
}

absl::StatusOr<ifinfomsg> FindByName(Netlink& netlink, const std::string& name) {
  NetlinkRequest request = LinkRequest(RTM_GETLINK, 0, 0);
  request.AddText(IFLA_IFNAME, name);
  ASSIGN_OR_RETURN(const std::vector<NetlinkMessage> answer, netlink.Get(request));
  if (answer.empty()) return absl::NotFoundError("no such device");
  return answer[0].body<ifinfomsg>();
}

absl::Status MoveLink(Netlink& from, int index, const std::string& name, int netns_fd) {
  NetlinkRequest request = LinkRequest(RTM_NEWLINK, NLM_F_ACK, index);
  request.AddText(IFLA_IFNAME, name);
  request.AddNumber(IFLA_NET_NS_FD, static_cast<uint32_t>(netns_fd));
  return from.Do(request);
}

uint32_t FlagsOf(const ifaddrmsg& body, const std::map<uint16_t, std::string>& attributes) {
  uint32_t flags = body.ifa_flags;
  const auto found = attributes.find(IFA_FLAGS);
  if (found != attributes.end()) {
    found->second.copy(reinterpret_cast<char*>(&flags), sizeof(flags));
  }
  return flags;
}

// A label is the device's name, or that and ":more" (IPv4).
std::string LabelFor(absl::string_view label, absl::string_view old_name,
                     absl::string_view new_name) {
  if (!absl::StartsWith(label, old_name)) return "";
  const std::string renamed = absl::StrCat(new_name, label.substr(old_name.size()));
  return renamed.size() < IFNAMSIZ ? renamed : "";
}

// The words for what the kernel says of a move.
absl::Status WordMove(const absl::Status& status, absl::string_view host_name,
                      absl::string_view name) {
  switch (sys::StatusErrno(status)) {
    case EEXIST:
      return absl::AlreadyExistsError(
          absl::StrCat(Pointer(host_name), ": the container's network namespace has a device '",
                       name, "' already; give this one another /name"));
    case EINVAL:
      return absl::InvalidArgumentError(
          absl::StrCat(Pointer(host_name), ": the kernel does not let device '", host_name,
                       "' leave its network namespace; take another one"));
    default:
      return base::Annotate(status, Pointer(host_name), ": moving device '", host_name, "' as '",
                            name, "'");
  }
}

}  // namespace

absl::StatusOr<NetDevices> NetDevices::Find(const std::map<std::string, spec::NetDevice>& wanted) {
  if (geteuid() != 0) {
    return absl::PermissionDeniedError(
        "/linux/netDevices: only root may move a network device; remove it, or run as root");
  }
  ASSIGN_OR_RETURN(Netlink host, Netlink::Open());
  NetDevices found(std::move(host));
  for (const auto& [host_name, options] : wanted) {
    Device device;
    device.host_name = host_name;
    device.container_name = options.name.empty() ? host_name : options.name;
    RETURN_IF_ERROR(found.FindLink(device));
    found.devices_.push_back(std::move(device));
  }
  RETURN_IF_ERROR(found.FindAddresses(), "/linux/netDevices: listing addresses");
  return found;
}

absl::Status NetDevices::FindLink(Device& device) {
  const absl::StatusOr<ifinfomsg> link = FindByName(host_, device.host_name);
  if (sys::StatusErrno(link.status()) == ENODEV || absl::IsNotFound(link.status())) {
    return absl::NotFoundError(absl::StrCat(Pointer(device.host_name),
                                            ": the host has no network "
                                            "device '",
                                            device.host_name, "'"));
  }
  RETURN_IF_ERROR(link.status(), Pointer(device.host_name));
  device.index = link->ifi_index;
  device.up = (link->ifi_flags & IFF_UP) != 0;
  return absl::OkStatus();
}

absl::Status NetDevices::FindAddresses() {
  ASSIGN_OR_RETURN(const std::vector<NetlinkMessage> messages,
                   host_.Get(NetlinkRequest(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{})));
  for (const NetlinkMessage& message : messages) {
    const auto body = message.body<ifaddrmsg>();
    if (message.type != RTM_NEWADDR || body.ifa_scope != RT_SCOPE_UNIVERSE) continue;
    const std::map<uint16_t, std::string> attributes = message.Attributes(sizeof(body));
    const uint32_t flags = FlagsOf(body, attributes);
    if ((flags & IFA_F_PERMANENT) == 0) continue;
    for (Device& device : devices_) {
      if (device.index != static_cast<int>(body.ifa_index)) continue;
      device.addresses.push_back(
          {body.ifa_family, body.ifa_prefixlen, flags & kKeptFlags, attributes});
    }
  }
  return absl::OkStatus();
}

absl::Status NetDevices::Configure(Netlink& netlink, const Device& device, const std::string& name,
                                   bool up) {
  for (const Address& address : device.addresses) {
    ifaddrmsg body = {};
    body.ifa_family = address.family;
    body.ifa_prefixlen = address.prefix_length;
    body.ifa_scope = RT_SCOPE_UNIVERSE;
    body.ifa_index = static_cast<uint32_t>(device.index);
    NetlinkRequest request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, body);
    for (const uint16_t type : kKeptAttributes) {
      const auto found = address.attributes.find(type);
      if (found != address.attributes.end()) request.AddAttribute(type, found->second);
    }
    if (address.flags != 0) request.AddNumber(IFA_FLAGS, address.flags);
    const auto label = address.attributes.find(IFA_LABEL);
    if (label != address.attributes.end()) {
      const std::string text = LabelFor(label->second.c_str(), device.host_name, name);
      if (!text.empty()) request.AddText(IFA_LABEL, text);
    }
    RETURN_IF_ERROR(netlink.Do(request), Pointer(device.host_name), ": giving device '", name,
                    "' its address");
  }
  if (!up) return absl::OkStatus();
  RETURN_IF_ERROR(netlink.Do(LinkRequest(RTM_NEWLINK, NLM_F_ACK, device.index, IFF_UP, IFF_UP)),
                  Pointer(device.host_name), ": setting device '", name, "' up");
  return absl::OkStatus();
}

absl::Status NetDevices::MoveOne(Device& device) {
  // The kernel would move it under its old name before it finds that the new one is taken.
  if (FindByName(*container_, device.container_name).ok()) {
    return WordMove(sys::ErrnoStatus(EEXIST), device.host_name, device.container_name);
  }
  const absl::Status moved =
      MoveLink(host_, device.index, device.container_name, container_netns_.get());
  device.moved = moved.ok();
  if (!moved.ok()) return WordMove(moved, device.host_name, device.container_name);
  // Its number may be somebody else's there, and the kernel has then given it another.
  ASSIGN_OR_RETURN(const ifinfomsg link, FindByName(*container_, device.container_name),
                   Pointer(device.host_name), ": finding '", device.container_name, "' again");
  device.index = link.ifi_index;
  return Configure(*container_, device, device.container_name, /*up=*/true);
}

absl::Status NetDevices::Move(sys::UniqueFd netns_fd) {
  container_netns_ = std::move(netns_fd);
  ASSIGN_OR_RETURN(Netlink container, Netlink::OpenIn(container_netns_.get()), "/linux/netDevices");
  container_.emplace(std::move(container));
  for (Device& device : devices_) RETURN_IF_ERROR(MoveOne(device));
  return absl::OkStatus();
}

void NetDevices::Restore() {
  const absl::StatusOr<sys::UniqueFd> own =
      sys::OpenAt(AT_FDCWD, "/proc/thread-self/ns/net", O_RDONLY);
  if (!own.ok() || !container_.has_value()) return;
  for (Device& device : devices_) {
    if (!device.moved) continue;
    const absl::StatusOr<ifinfomsg> there = FindByName(*container_, device.container_name);
    if (!there.ok() ||
        !MoveLink(*container_, there->ifi_index, device.host_name, own->get()).ok()) {
      continue;
    }
    device.moved = false;
    const absl::StatusOr<ifinfomsg> here = FindByName(host_, device.host_name);
    if (!here.ok()) continue;
    device.index = here->ifi_index;
    Configure(host_, device, device.host_name, device.up).IgnoreError();
  }
}

}  // namespace hull::runtime
