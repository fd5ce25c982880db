#include "cgroups/systemd/message_bus.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups::systemd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Answers every request with `reply`.
class CannedBus : public MessageBus {
 public:
  explicit CannedBus(std::string reply) : MessageBus(absl::Seconds(7)), reply_(std::move(reply)) {}
  std::string request;

 protected:
  absl::StatusOr<std::string> Exchange(const std::string& sent) override {
    request = sent;
    return reply_;
  }

 private:
  std::string reply_;
};

std::string Reply(Answer answer, const char* text,
                  const std::vector<std::pair<const char*, const char*>>& strings = {}) {
  std::string reply(1000, '\0');
  Writer out(reply.data(), reply.size());
  out.U32(static_cast<uint32_t>(answer));
  out.String(text);
  out.U32(static_cast<uint32_t>(strings.size()));
  for (const auto& [name, value] : strings) {
    out.String(name);
    out.String("s");
    out.U32(1);
    out.String(value);
  }
  reply.resize(out.size());
  return reply;
}

TEST(MessageTest, ShapesOfSignatures) {
  EXPECT_EQ(ShapeOf("t").count, 1U);
  EXPECT_EQ(ShapeOf("as").count, 1U);
  EXPECT_EQ(ShapeOf("a(st)").count, 2U);
  EXPECT_STREQ(ShapeOf("a(st)").types, "st");
  for (const char* wrong :
       {"", "a", "tt", "a()", "a(st", "(st)", "aas", "a{sv}", "v", "a(stt)x", "a(ssssssss)", "h"}) {
    EXPECT_EQ(ShapeOf(wrong).count, 0U) << wrong;
  }
}

TEST(MessageTest, ReaderStopsAtTheEnd) {
  const std::string request =
      *EncodeRequest(Operation::kSet, absl::Seconds(1), "x.scope",
                     {{"A", {"as", {std::string("b"), std::string("")}}}, {"M", Uint64(5)}});
  for (size_t size = 0; size < request.size(); ++size) {
    Reader in(request.data(), size);
    in.U32();
    in.U32();
    in.String();
    in.U32();
    for (int i = 0; i < 2; ++i) {
      in.String();
      in.String();
      in.U32();
      if (i == 0) in.String(), in.String();
      if (i == 1) in.U64();
    }
    EXPECT_FALSE(in.ok()) << size;
  }
}

TEST(MessageBusTest, RequestsAreWhatTheyShouldBe) {
  CannedBus bus(Reply(Answer::kOk, ""));
  EXPECT_EQ(bus.StartUnit("x.scope", {{"PIDs", Pids(42)}}), absl::OkStatus());
  Reader in(bus.request.data(), bus.request.size());
  EXPECT_EQ(in.U32(), static_cast<uint32_t>(Operation::kStart));
  EXPECT_EQ(in.U32(), 7000U);
  EXPECT_STREQ(in.String(), "x.scope");
  EXPECT_EQ(in.U32(), 1U);
  EXPECT_STREQ(in.String(), "PIDs");
  EXPECT_STREQ(in.String(), "au");
  EXPECT_EQ(in.U32(), 1U);
  EXPECT_EQ(in.U64(), 42U);
  EXPECT_TRUE(in.done());
}

TEST(MessageBusTest, HelloIsVersionAndCgroup) {
  CannedBus bus(
      Reply(Answer::kOk, "", {{"Version", "252.38-1~deb12u1"}, {"ControlGroup", "/user.slice/"}}));
  const absl::StatusOr<ManagerFacts> facts = bus.Hello();
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->version, 252);
  EXPECT_EQ(facts->control_group, "/user.slice");
}

TEST(MessageBusTest, Versions) {
  EXPECT_EQ(ParseVersion("v245"), 245);
  EXPECT_EQ(ParseVersion("257"), 257);
  EXPECT_EQ(ParseVersion("257~rc1"), 257);
  EXPECT_EQ(ParseVersion("unknown"), 0);
  EXPECT_EQ(ParseVersion(""), 0);
}

TEST(MessageBusTest, FailuresAreStatuses) {
  const auto stop = [](Answer answer) { return CannedBus(Reply(answer, "T")).StopUnit("x.scope"); };
  EXPECT_TRUE(absl::IsNotFound(stop(Answer::kNoSuchUnit)));
  EXPECT_TRUE(absl::IsAlreadyExists(stop(Answer::kUnitExists)));
  EXPECT_TRUE(absl::IsPermissionDenied(stop(Answer::kDenied)));
  EXPECT_TRUE(absl::IsInvalidArgument(stop(Answer::kBadProperty)));
  EXPECT_TRUE(absl::IsInternal(stop(Answer::kBadRequest)));
  EXPECT_EQ(stop(Answer::kOther), absl::UnknownError("T"));
  EXPECT_EQ(stop(Answer::kJobFailed), absl::AbortedError("its job ended as 'T'"));
  EXPECT_EQ(stop(Answer::kUnreachable), absl::UnavailableError("no connection to systemd: T"));
  EXPECT_TRUE(absl::IsDeadlineExceeded(stop(Answer::kTimeout)));
  EXPECT_THAT(stop(Answer::kTimeout).message(), HasSubstr("systemctl list-jobs"));
}

TEST(MessageBusTest, RepliesThatAreCutOffAreRefused) {
  const std::string reply = Reply(Answer::kOk, "", {{"Version", "252"}});
  for (size_t size = 0; size < reply.size(); ++size) {
    EXPECT_TRUE(absl::IsInternal(DecodeReply(absl::string_view(reply).substr(0, size)).status()))
        << size;
  }
}

TEST(MessageBusTest, TooMuchIsRefused) {
  const std::vector<Property> huge = {{"A", String(std::string(kMaxMessageBytes, 'x'))}};
  EXPECT_TRUE(absl::IsResourceExhausted(
      EncodeRequest(Operation::kSet, absl::Seconds(1), "x.scope", huge).status()));
}

}  // namespace
}  // namespace hull::cgroups::systemd
