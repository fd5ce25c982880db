#include "seccomp/blake2b.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace hull::seccomp {
namespace {

std::string Raw(absl::string_view data) {
  const Digest digest = Blake2b256(data);
  return std::string(digest.begin(), digest.end());
}

TEST(Blake2bTest, GivesTheKnownDigests) {
  EXPECT_EQ(absl::BytesToHexString(Raw("")),
            "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  EXPECT_EQ(absl::BytesToHexString(Raw("abc")),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

// The digest of the digests of 400 messages, as another implementation gave it: every length round
// the block's 128 bytes is in it.
TEST(Blake2bTest, EveryLengthAroundTheBlocksIsRight) {
  std::string digests;
  for (int size = 0; size < 400; ++size) {
    std::string message;
    for (int i = 0; i < size; ++i) message += static_cast<char>(i * 7 + size);
    digests += Raw(message);
  }
  EXPECT_EQ(absl::BytesToHexString(Raw(digests)),
            "572bd539561f06dca618135ff160af2837166b8e45fa64e327a46d3c0d76c3ad");
}

}  // namespace
}  // namespace hull::seccomp
