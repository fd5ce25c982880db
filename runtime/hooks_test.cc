#include "runtime/hooks.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::runtime {
namespace {

using ::testing::HasSubstr;

class HooksTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(directory_), nullptr); }
  void TearDown() override {
    unlink(Out().c_str());
    rmdir(directory_);
  }

  std::string Out() const { return std::string(directory_) + "/out"; }
  std::string ReadOut() const {
    std::ifstream file(Out());
    return (std::stringstream() << file.rdbuf()).str();
  }
  // A hook that is a line of shell; its output is appended to Out(), which lies in the bundle.
  static spec::Hook Shell(const std::string& script) {
    spec::Hook hook;
    hook.path = "/bin/sh";
    hook.args = {"sh", "-c", "exec >>out; " + script};
    return hook;
  }

  char directory_[32] = "/tmp/hull-hooks-XXXXXX";
};

TEST_F(HooksTest, TheStateComesOnStdinAndTheBundleIsTheDirectory) {
  EXPECT_TRUE(RunHooks({Shell("cat; pwd")}, "prestart", "{\"id\":\"x\"}\n", directory_).ok());
  EXPECT_EQ(ReadOut(), std::string("{\"id\":\"x\"}\n") + directory_ + "\n");
}

TEST_F(HooksTest, AStateThatIsNotReadDisturbsNobody) {
  const std::string large(1 << 20, 'x');
  EXPECT_TRUE(RunHooks({Shell("exit 0")}, "prestart", large, directory_).ok());
}

TEST_F(HooksTest, TheEnvironmentIsTheHooksOwnOrNone) {
  setenv("HULL_TEST_LEAK", "1", 1);
  spec::Hook with = Shell("echo $A $HULL_TEST_LEAK");
  with.env = {"A=b"};
  EXPECT_TRUE(RunHooks({with, Shell("echo $HULL_TEST_LEAK")}, "prestart", "", directory_).ok());
  EXPECT_EQ(ReadOut(), "b\n\n");
}

TEST_F(HooksTest, OnlyTheFirstThreeDescriptorsAreOpen) {
  const int leaked = open("/dev/null", O_RDONLY);  // not close-on-exec
  EXPECT_TRUE(RunHooks({Shell("echo /proc/self/fd/*")}, "prestart", "", directory_).ok());
  close(leaked);
  EXPECT_EQ(ReadOut(), "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n")
      << "3 is the shell's own, of the directory";
}

TEST_F(HooksTest, TheFirstFailureEndsTheRowAndIsNamed) {
  const absl::Status status =
      RunHooks({Shell("echo 1"), Shell("exit 3"), Shell("echo 3")}, "prestart", "", directory_);
  EXPECT_EQ(status.message(), "/hooks/prestart/1: hook '/bin/sh' exited with status 3");
  EXPECT_EQ(ReadOut(), "1\n");
}

TEST_F(HooksTest, AllAreRunWhateverBecomesOfEach) {
  const auto failures =
      RunAllHooks({Shell("kill -9 $$"), Shell("echo 2")}, "poststop", "", directory_);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].message(), "/hooks/poststop/0: hook '/bin/sh' died of signal 9");
  EXPECT_EQ(ReadOut(), "2\n");
}

TEST_F(HooksTest, AProgramThatIsNotThereIsNamed) {
  spec::Hook hook;
  hook.path = "/nowhere/hook";
  const absl::Status status = RunHooks({hook}, "poststart", "", directory_);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("/hooks/poststart/0: hook '/nowhere/hook' cannot be executed"));
}

TEST_F(HooksTest, AFailureIsNoSuccessWhereTheCallerIgnoresItsChildren) {
  const auto before = signal(SIGCHLD, SIG_IGN);
  const absl::Status status = RunHooks({Shell("exit 3")}, "prestart", "", directory_);
  signal(SIGCHLD, before);
  EXPECT_THAT(std::string(status.message()), HasSubstr("a status that is lost"));
}

TEST_F(HooksTest, ATimeoutEndsTheHook) {
  spec::Hook hook = Shell("exec sleep 1000");
  hook.timeout_s = 1;
  EXPECT_EQ(RunHooks({hook}, "prestart", "", directory_).code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace hull::runtime
