#include "runtime/sync/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "gtest/gtest.h"

namespace hull::sync {
namespace {

struct Ends {
  Channel main;
  sys::UniqueFd child;
};

Ends MakeEnds() {
  auto pair = *Channel::MakePair();
  return {Channel(std::move(pair.first)), std::move(pair.second)};
}

void Say(int fd, MessageType type, int32_t error) {
  Message message;
  message.type = type;
  message.error = error;
  ASSERT_EQ(send(fd, &message, sizeof(message), 0), static_cast<ssize_t>(sizeof(message)));
}

TEST(ChannelTest, LastWordsOfAPeerThatReadNothingOfOursAreHeard) {
  Ends ends = MakeEnds();
  ASSERT_TRUE(ends.main.Send(MessageType::kStart).ok());
  Say(ends.child.get(), MessageType::kFailed, 2);
  ends.child.reset();
  const std::optional<Message> message = *ends.main.Receive();
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->type, MessageType::kFailed);
  EXPECT_EQ(message->error, 2);
  EXPECT_FALSE(ends.main.Receive()->has_value());
}

TEST(ChannelTest, SendingToAPeerThatIsGoneIsNoError) {
  Ends ends = MakeEnds();
  ends.child.reset();
  EXPECT_TRUE(ends.main.Send(MessageType::kGo).ok());
}

TEST(ChannelTest, HalfAMessageIsRefused) {
  Ends ends = MakeEnds();
  ASSERT_EQ(send(ends.child.get(), "x", 1, 0), 1);
  EXPECT_EQ(ends.main.Receive().status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace hull::sync
