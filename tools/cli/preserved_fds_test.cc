#include "tools/cli/preserved_fds.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace hull::tools {
namespace {

Arguments Preserve(std::string_view count) {
  return {.flags = {{"preserve-fds", {count}}}, .positional = {}};
}

class PreservedFdsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int fd : {3, 4}) dup2(STDERR_FILENO, fd);
    close(5);
  }
  void TearDown() override {
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
  }
};

TEST_F(PreservedFdsTest, NoneWithoutTheFlag) { EXPECT_EQ(CountPreservedFds({})->asked, 0); }

TEST_F(PreservedFdsTest, AsManyAsAskedFor) {
  EXPECT_EQ(CountPreservedFds(Preserve("2"))->asked, 2);
}

TEST_F(PreservedFdsTest, OneThatIsNotOpenIsRefused) {
  EXPECT_EQ(CountPreservedFds(Preserve("3")).status().message(),
            "flag --preserve-fds: descriptor 5 of 3 to 5 is not open");
}

TEST_F(PreservedFdsTest, NoNumberIsRefused) {
  EXPECT_FALSE(CountPreservedFds(Preserve("-1")).ok());
  EXPECT_FALSE(CountPreservedFds(Preserve("many")).ok());
}

TEST_F(PreservedFdsTest, SocketActivationOfThisProcessComesOnTop) {
  setenv("LISTEN_PID", absl::StrCat(getpid()).c_str(), 1);
  setenv("LISTEN_FDS", "1", 1);
  EXPECT_EQ(CountPreservedFds({})->listening, 1);
  EXPECT_EQ(CountPreservedFds(Preserve("1"))->asked, 1);
  EXPECT_FALSE(CountPreservedFds(Preserve("2")).ok());
}

TEST_F(PreservedFdsTest, SocketActivationOfAnotherProcessIsNotOurs) {
  setenv("LISTEN_PID", "1", 1);
  setenv("LISTEN_FDS", "2", 1);
  EXPECT_EQ(CountPreservedFds({})->listening, 0);
}

}  // namespace
}  // namespace hull::tools
