// Rtnetlink, as far as a container runtime needs it: one request, its answers. A socket speaks of the
// network namespace that it was made in, for as long as it lives.
#ifndef HULL_RUNTIME_NETLINK_H_
#define HULL_RUNTIME_NETLINK_H_

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {

// A message on its way out: header, the type's own struct, attributes.
class NetlinkRequest {
 public:
  template <typename Body>
  NetlinkRequest(uint16_t type, uint16_t flags, const Body& body) {
    nlmsghdr header = {};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    Append(&header, sizeof(header));
    Append(&body, sizeof(body));
  }
  void AddAttribute(uint16_t type, absl::string_view value);
  void AddText(uint16_t type, absl::string_view text);  // with its NUL
  void AddNumber(uint16_t type, uint32_t value);
  // The bytes, their length in the header.
  std::string Finish() const;

 private:
  void Append(const void* data, size_t size);

  std::string bytes_;
};

// A message that came in: its type's own struct, and its attributes by number.
struct NetlinkMessage {
  uint16_t type = 0;
  std::string payload;  // what follows the header

  // A copy of the struct at the front; zeros where the message is shorter.
  template <typename Body>
  Body body() const {
    Body body = {};
    payload.copy(reinterpret_cast<char*>(&body), sizeof(body));
    return body;
  }
  std::map<uint16_t, std::string> Attributes(size_t body_size) const;
};

class Netlink {
 public:
  // In our own network namespace.
  static absl::StatusOr<Netlink> Open();
  // In that of `netns_fd`: the calling thread goes there and comes back.
  static absl::StatusOr<Netlink> OpenIn(int netns_fd);

  // Sends it and waits for the kernel's word: OK or its errno.
  absl::Status Do(const NetlinkRequest& request);
  // Sends it and collects the answers, of a dump all.
  absl::StatusOr<std::vector<NetlinkMessage>> Get(const NetlinkRequest& request);

 private:
  explicit Netlink(sys::UniqueFd socket) : socket_(std::move(socket)) {}
  absl::Status Send(const NetlinkRequest& request);

  sys::UniqueFd socket_;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_NETLINK_H_
