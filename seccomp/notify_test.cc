#include "seccomp/notify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/unique_fd.h"

namespace hull::seccomp {
namespace {

using sys::UniqueFd;
using ::testing::HasSubstr;

// A short directory: $TEST_TMPDIR is too long for a socket's address.
class NotifyTest : public ::testing::Test {
 protected:
  NotifyTest() {
    char name[] = "/tmp/hull-notify-XXXXXX";
    dir_ = mkdtemp(name);
  }
  ~NotifyTest() override { EXPECT_EQ(system(("rm -r " + dir_).c_str()), 0); }

  UniqueFd Listen(const std::string& path, int backlog = 1) {
    UniqueFd server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    EXPECT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size());
    EXPECT_EQ(bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(server.get(), backlog), 0);
    return server;
  }

  std::string dir_;
};

struct Received {
  std::string text;
  UniqueFd fd;
  int fds = 0;
};

// What an agent does: accepts once and reads to the end, taking the fd out of the first message.
Received ReceiveAll(int server_fd) {
  Received received;
  const UniqueFd connection(accept(server_fd, nullptr, nullptr));
  for (;;) {
    char data[4096];
    alignas(cmsghdr) char control[256];
    iovec part = {.iov_base = data, .iov_len = sizeof(data)};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t size = recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC);
    if (size <= 0) return received;
    received.text.append(data, static_cast<size_t>(size));
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header), sizeof(fd));
      received.fd.reset(fd);
      ++received.fds;
    }
  }
}

constexpr char kState[] = R"({"ociVersion":"1.3.0","fds":["seccompFd"],"pid":7,"metadata":"m"})";

TEST_F(NotifyTest, TheAgentGetsTheStateAndTheFd) {
  const UniqueFd server = Listen(dir_ + "/agent");
  Received received;
  std::thread agent([&] { received = ReceiveAll(server.get()); });
  const UniqueFd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(SendListener(dir_ + "/agent", null.get(), kState).ok());
  agent.join();
  EXPECT_EQ(received.text, kState);
  ASSERT_EQ(received.fds, 1);
  struct stat sent, got;
  ASSERT_EQ(fstat(null.get(), &sent), 0);
  ASSERT_EQ(fstat(received.fd.get(), &got), 0);
  EXPECT_EQ(sent.st_rdev, got.st_rdev);
}

TEST_F(NotifyTest, AStateLongerThanTheSocketsBufferArrivesWholeWithOneFd) {
  const UniqueFd server = Listen(dir_ + "/agent");
  const std::string state(2 << 20, 'x');
  Received received;
  std::thread agent([&] { received = ReceiveAll(server.get()); });
  EXPECT_TRUE(SendListener(dir_ + "/agent", 0, state).ok());
  agent.join();
  EXPECT_EQ(received.text, state);
  EXPECT_EQ(received.fds, 1);
}

TEST_F(NotifyTest, APathLongerThanAnAddressIsReached) {
  const UniqueFd server = Listen(dir_ + "/agent");
  std::string path = dir_;
  for (int i = 0; i < 4; ++i) {
    path += "/" + std::string(100, 'd');
    ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  }
  path += "/" + std::string(200, 's');
  ASSERT_EQ(rename((dir_ + "/agent").c_str(), path.c_str()), 0);
  Received received;
  std::thread agent([&] { received = ReceiveAll(server.get()); });
  EXPECT_TRUE(SendListener(path, 0, kState).ok());
  agent.join();
  EXPECT_EQ(received.text, kState);
}

TEST_F(NotifyTest, AMissingOrDeadAgentIsNamed) {
  const absl::Status missing = SendListener(dir_ + "/none", 0, kState);
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("'" + dir_ + "/none'"));
  Listen(dir_ + "/dead").reset();
  const absl::Status dead = SendListener(dir_ + "/dead", 0, kState);
  EXPECT_THAT(std::string(dead.message()), HasSubstr("connection refused"));
}

TEST_F(NotifyTest, AFileThatIsNoSocketIsRefused) {
  const UniqueFd file(open((dir_ + "/file").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_FALSE(SendListener(dir_ + "/file", 0, kState).ok());
}

TEST_F(NotifyTest, AbstractAndEmptyPathsAreRefused) {
  for (const absl::string_view path :
       {absl::string_view(""), absl::string_view("\0agent", 6), absl::string_view("@agent")}) {
    EXPECT_EQ(SendListener(path, 0, kState).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(NotifyTest, AnAgentThatNeverAcceptsRunsIntoTheTimeout) {
  const UniqueFd server = Listen(dir_ + "/agent", 0);
  EXPECT_TRUE(SendListener(dir_ + "/agent", 0, kState).ok());  // the backlog's one place
  const absl::Time start = absl::Now();
  const absl::Status late = SendListener(dir_ + "/agent", 0, kState, absl::Milliseconds(200));
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded) << late;
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(190));
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
}

TEST_F(NotifyTest, AnAgentThatNeverReadsRunsIntoTheTimeout) {
  const UniqueFd server = Listen(dir_ + "/agent");
  const absl::Status late =
      SendListener(dir_ + "/agent", 0, std::string(8 << 20, 'x'), absl::Milliseconds(200));
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded) << late;
}

}  // namespace
}  // namespace hull::seccomp
