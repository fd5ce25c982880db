#include "runtime/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "runtime/sys/unique_fd.h"

namespace hull::runtime {
namespace {

using sys::UniqueFd;

class RelayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    master_.reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(master_.valid());
    ASSERT_EQ(unlockpt(master_.get()), 0);
    slave_.reset(open(ptsname(master_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(slave_.valid());
    int pipes[4];
    ASSERT_EQ(pipe2(pipes, O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(pipes + 2, O_CLOEXEC), 0);
    input_.reset(pipes[0]);
    our_input_.reset(pipes[1]);
    our_output_.reset(pipes[2]);
    output_.reset(pipes[3]);
  }

  // One turn of whoever owns the poll loop; false when nothing happens for a while.
  static bool Turn(Relay& relay) {
    pollfd entries[Relay::kEntries];
    const size_t count = relay.Prepare(entries);
    if (poll(entries, count, 200) <= 0) return false;
    relay.Copy(entries);
    return true;
  }
  static void Write(const UniqueFd& fd, const std::string& text) {
    ASSERT_EQ(write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  static std::string Read(const UniqueFd& fd) {
    char buffer[8192];
    const ssize_t n = read(fd.get(), buffer, sizeof(buffer));
    return n < 0 ? "" : std::string(buffer, static_cast<size_t>(n));
  }

  UniqueFd master_, slave_, input_, our_input_, output_, our_output_;
};

TEST_F(RelayTest, InputReachesTheTerminalAndItsOutputUs) {
  Relay relay(input_.get(), output_.get(), master_.get());
  Write(our_input_, "question\n");
  ASSERT_TRUE(Turn(relay));
  EXPECT_EQ(Read(slave_), "question\n");
  Write(slave_, "answer");
  while (Turn(relay)) {
  }
  EXPECT_EQ(Read(our_output_), "question\r\nanswer") << "the terminal echoes its input";
}

TEST_F(RelayTest, TheEndOfTheInputIsTheEndOfTheTerminals) {
  Relay relay(input_.get(), output_.get(), master_.get());
  our_input_.reset();
  ASSERT_TRUE(Turn(relay));
  EXPECT_EQ(Read(slave_), "") << "end of file, and not a wait";
}

TEST_F(RelayTest, WhatTheTerminalHoldsAtTheEndIsNotLost) {
  Relay relay(input_.get(), output_.get(), master_.get());
  Write(slave_, "last words");
  slave_.reset();
  EXPECT_FALSE(relay.Drain());
  EXPECT_EQ(Read(our_output_), "last words");
  pollfd entries[Relay::kEntries];
  relay.Prepare(entries);
  for (const pollfd& entry : entries) EXPECT_EQ(entry.fd, -1) << "nothing is left to wait for";
}

TEST_F(RelayTest, ATerminalThatAllHaveClosedMayBeOpenedAgain) {
  Relay relay(input_.get(), output_.get(), master_.get());
  Write(slave_, "one");
  slave_.reset();
  while (Turn(relay)) {
  }
  slave_.reset(open(ptsname(master_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  Write(slave_, " two");
  ASSERT_TRUE(Turn(relay));
  slave_.reset();
  EXPECT_FALSE(Turn(relay)) << "and is no reason to turn for ever";
  EXPECT_FALSE(relay.Drain());
  EXPECT_EQ(Read(our_output_), "one two");
}

TEST_F(RelayTest, OutputThatNobodyTakesHoldsNobodyUp) {
  Relay relay(input_.get(), output_.get(), master_.get());
  const std::string filler(1 << 16, 'f');  // a pipe's size
  Write(output_, filler);
  Write(slave_, "words");
  ASSERT_TRUE(Turn(relay));
  EXPECT_FALSE(Turn(relay)) << "there is no room yet";
  slave_.reset();
  EXPECT_TRUE(relay.Drain()) << "to be waited for";
  std::string taken;
  while (taken.size() < filler.size()) taken += Read(our_output_);
  EXPECT_EQ(taken, filler);
  EXPECT_FALSE(relay.Drain());
  EXPECT_EQ(Read(our_output_), "words");
}

TEST_F(RelayTest, OurOutputStaysBlockingForOthers) {
  Relay relay(input_.get(), output_.get(), master_.get());
  EXPECT_EQ(fcntl(output_.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(RelayTest, InputThatTheTerminalCannotTakeYetIsKept) {
  termios raw;
  ASSERT_EQ(tcgetattr(slave_.get(), &raw), 0);
  cfmakeraw(&raw);
  ASSERT_EQ(tcsetattr(slave_.get(), TCSANOW, &raw), 0);
  Relay relay(input_.get(), output_.get(), master_.get());
  const std::string sent(20000, 'x');
  Write(our_input_, sent);
  std::string received;
  while (received.size() < sent.size()) {
    ASSERT_TRUE(Turn(relay));
    pollfd readable = {slave_.get(), POLLIN, 0};
    while (poll(&readable, 1, 0) > 0) received += Read(slave_);
  }
  EXPECT_EQ(received, sent);
}

}  // namespace
}  // namespace hull::runtime
