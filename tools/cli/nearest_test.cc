#include "tools/cli/nearest.h"

#include "gtest/gtest.h"

namespace hull::tools {
namespace {

TEST(NearestTest, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("bundel", "bundle"), 2);
  EXPECT_EQ(EditDistance("kill", "kill"), 0);
  EXPECT_EQ(EditDistance("delet", "delete"), 1);
}

TEST(NearestTest, FindsATypingErrorOfTwoLetters) {
  constexpr std::string_view kNames[] = {"create", "delete", "start", "state"};
  EXPECT_EQ(Nearest("craete", kNames), "create");
  EXPECT_EQ(Nearest("stat", kNames), "start");
}

TEST(NearestTest, SaysNothingRatherThanSomethingFarFetched) {
  constexpr std::string_view kNames[] = {"create", "delete", "ps"};
  EXPECT_EQ(Nearest("checkpoint", kNames), "");
  EXPECT_EQ(Nearest("x", kNames), "");
}

}  // namespace
}  // namespace hull::tools
