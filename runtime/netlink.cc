#include "runtime/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

constexpr size_t kReceiveBytes = 32 << 10;  // as much as the kernel puts into one piece of a dump

absl::StatusOr<sys::UniqueFd> OpenSocket() {
  sys::UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.valid()) return sys::ErrnoStatus(errno, "opening a netlink socket");
  return fd;
}

// Splits what one recv(2) brought. True: the answer is complete.
absl::StatusOr<bool> Split(const std::string& piece, bool until_done,
                           std::vector<NetlinkMessage>& messages) {
  size_t offset = 0;
  while (piece.size() - offset >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    piece.copy(reinterpret_cast<char*>(&header), sizeof(header), offset);
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > piece.size() - offset) break;
    NetlinkMessage message;
    message.type = header.nlmsg_type;
    message.payload = piece.substr(offset + sizeof(header), header.nlmsg_len - sizeof(header));
    if (message.type == NLMSG_DONE) return true;
    if (message.type == NLMSG_ERROR) {
      const int error = -message.body<nlmsgerr>().error;
      if (error != 0) return sys::ErrnoStatus(error);
      return true;
    }
    messages.push_back(std::move(message));
    if (!until_done) return true;
    offset += NLMSG_ALIGN(header.nlmsg_len);
  }
  return false;
}

}  // namespace

void NetlinkRequest::Append(const void* data, size_t size) {
  bytes_.append(static_cast<const char*>(data), size);
  bytes_.resize(NLMSG_ALIGN(bytes_.size()));
}

void NetlinkRequest::AddAttribute(uint16_t type, absl::string_view value) {
  const rtattr header = {.rta_len = static_cast<uint16_t>(RTA_LENGTH(value.size())),
                         .rta_type = type};
  Append(&header, sizeof(header));
  Append(value.data(), value.size());
}

void NetlinkRequest::AddText(uint16_t type, absl::string_view text) {
  AddAttribute(type, absl::string_view(std::string(text).c_str(), text.size() + 1));
}

void NetlinkRequest::AddNumber(uint16_t type, uint32_t value) {
  AddAttribute(type, absl::string_view(reinterpret_cast<const char*>(&value), sizeof(value)));
}

std::string NetlinkRequest::Finish() const {
  std::string bytes = bytes_;
  const auto size = static_cast<uint32_t>(bytes.size());
  bytes.replace(offsetof(nlmsghdr, nlmsg_len), sizeof(size), reinterpret_cast<const char*>(&size),
                sizeof(size));
  return bytes;
}

std::map<uint16_t, std::string> NetlinkMessage::Attributes(size_t body_size) const {
  std::map<uint16_t, std::string> attributes;
  size_t offset = NLMSG_ALIGN(body_size);
  while (offset < payload.size() && payload.size() - offset >= sizeof(rtattr)) {
    rtattr header;
    payload.copy(reinterpret_cast<char*>(&header), sizeof(header), offset);
    if (header.rta_len < sizeof(header) || header.rta_len > payload.size() - offset) break;
    attributes[header.rta_type & NLA_TYPE_MASK] =
        payload.substr(offset + sizeof(header), header.rta_len - sizeof(header));
    offset += RTA_ALIGN(header.rta_len);
  }
  return attributes;
}

absl::StatusOr<Netlink> Netlink::Open() {
  ASSIGN_OR_RETURN(sys::UniqueFd fd, OpenSocket());
  return Netlink(std::move(fd));
}

absl::StatusOr<Netlink> Netlink::OpenIn(int netns_fd) {
  ASSIGN_OR_RETURN(const sys::UniqueFd own,
                   sys::OpenAt(AT_FDCWD, "/proc/thread-self/ns/net", O_RDONLY));
  if (setns(netns_fd, CLONE_NEWNET) != 0) {
    return sys::ErrnoStatus(errno, "entering the container's network namespace");
  }
  absl::StatusOr<sys::UniqueFd> fd = OpenSocket();
  if (setns(own.get(), CLONE_NEWNET) != 0) {
    return sys::ErrnoStatus(errno, "leaving the container's network namespace");
  }
  RETURN_IF_ERROR(fd.status());
  return Netlink(*std::move(fd));
}

absl::Status Netlink::Send(const NetlinkRequest& request) {
  const std::string bytes = request.Finish();
  if (send(socket_.get(), bytes.data(), bytes.size(), 0) < 0) {
    return sys::ErrnoStatus(errno, "asking the kernel by netlink");
  }
  return absl::OkStatus();
}

absl::Status Netlink::Do(const NetlinkRequest& request) { return Get(request).status(); }

absl::StatusOr<std::vector<NetlinkMessage>> Netlink::Get(const NetlinkRequest& request) {
  RETURN_IF_ERROR(Send(request));
  nlmsghdr header = {};
  request.Finish().copy(reinterpret_cast<char*>(&header), sizeof(header));
  const bool until_done = (header.nlmsg_flags & (NLM_F_DUMP | NLM_F_ACK)) != 0;
  std::vector<NetlinkMessage> messages;
  std::string piece(kReceiveBytes, '\0');
  for (bool complete = false; !complete;) {
    const ssize_t size = recv(socket_.get(), piece.data(), piece.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return sys::ErrnoStatus(errno, "reading the kernel's answer by netlink");
    ASSIGN_OR_RETURN(complete,
                     Split(piece.substr(0, static_cast<size_t>(size)), until_done, messages));
  }
  return messages;
}

}  // namespace hull::runtime
