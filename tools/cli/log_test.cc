#include "tools/cli/log.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/file.h"

namespace hull::tools {
namespace {

using ::testing::MatchesRegex;

std::tm Afternoon() {
  std::tm utc = {};
  utc.tm_year = 126;
  utc.tm_mon = 10;
  utc.tm_mday = 22;
  utc.tm_hour = 14;
  utc.tm_min = 5;
  utc.tm_sec = 7;
  return utc;
}

std::string Json(std::string_view message) {
  return LogRecord(LogFormat::kJson, LogLevel::kError, Afternoon(), message);
}

TEST(LogRecordTest, JsonIsOneLineWithLevelMsgAndTime) {
  EXPECT_EQ(Json("container does not exist"),
            "{\"level\":\"error\",\"msg\":\"container does not exist\","
            "\"time\":\"2026-11-22T14:05:07Z\"}\n");
}

TEST(LogRecordTest, TextHasTheSameThreeParts) {
  EXPECT_EQ(LogRecord(LogFormat::kText, LogLevel::kWarning, Afternoon(), "say \"x\""),
            "time=\"2026-11-22T14:05:07Z\" level=warning msg=\"say \\\"x\\\"\"\n");
}

TEST(LogRecordTest, NothingInTheMessageBreaksTheLine) {
  const std::string json = Json("a\nb\tc\"d\\e\x01\x7f");
  EXPECT_THAT(json, ::testing::HasSubstr("\"a\\nb\\tc\\\"d\\\\e\\u0001\\u007f\""));
}

TEST(LogRecordTest, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_THAT(Json("é€😀"), ::testing::HasSubstr("\"é€😀\""));
  for (const char* bad : {"\xff", "\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_THAT(Json(bad), ::testing::HasSubstr("\"msg\":\"\\ufffd")) << bad;
  }
}

class LogFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hull-log-test-XXXXXX";
    directory_ = mkdtemp(name);
    path_ = directory_ + "/log";
  }
  void TearDown() override {
    unlink(path_.c_str());
    rmdir(directory_.c_str());
  }
  std::string Contents() { return *sys::ReadFileAt(-100, path_); }

  std::string directory_, path_;
};

TEST_F(LogFileTest, AnErrorIsOneLineInTheFileAndTextOnStderr) {
  Log log;
  ASSERT_TRUE(log.Open({.path = path_, .format = LogFormat::kJson}).ok());
  testing::internal::CaptureStderr();
  log.Error("it broke");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "hull: it broke\n");
  EXPECT_THAT(Contents(), MatchesRegex("\\{\"level\":\"error\",\"msg\":\"it broke\",\"time\":"
                                       "\"[-0-9]+T[0-9:]+Z\"\\}\n"));
}

TEST_F(LogFileTest, AWarningIsOnStderrAlone) {
  Log log;
  ASSERT_TRUE(log.Open({.path = path_, .format = LogFormat::kJson}).ok());
  testing::internal::CaptureStderr();
  log.Warning("odd");
  log.Debug("detail");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "hull: warning: odd\n");
  EXPECT_EQ(Contents(), "");
}

TEST_F(LogFileTest, TheLevelLetsMoreIntoTheFile) {
  Log log;
  ASSERT_TRUE(
      log.Open({.path = path_, .format = LogFormat::kText, .level = LogLevel::kDebug}).ok());
  testing::internal::CaptureStderr();
  log.Warning("odd");
  log.Debug("detail");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "hull: warning: odd\n");
  EXPECT_THAT(Contents(),
              MatchesRegex("time=[^ ]* level=warning msg=\"odd\"\n.* level=debug msg=.*\n"));
}

TEST_F(LogFileTest, AnExistingFileIsContinued) {
  for (int i = 0; i < 2; ++i) {
    Log log;
    ASSERT_TRUE(log.Open({.path = path_, .format = LogFormat::kJson}).ok());
    testing::internal::CaptureStderr();
    log.Error("again");
    testing::internal::GetCapturedStderr();
  }
  const std::string contents = Contents();
  EXPECT_EQ(std::count(contents.begin(), contents.end(), '\n'), 2);
}

TEST(LogTest, WithoutAFileJsonGoesToStderr) {
  Log log;
  ASSERT_TRUE(log.Open({.format = LogFormat::kJson}).ok());
  testing::internal::CaptureStderr();
  log.Error("it broke");
  EXPECT_THAT(testing::internal::GetCapturedStderr(), MatchesRegex("\\{\"level\":\"error\".*\n"));
}

TEST(LogTest, AFileThatCannotBeOpenedIsNamed) {
  Log log;
  EXPECT_EQ(log.Open({.path = "/nonexistent/log"}).message(),
            "opening the log '/nonexistent/log': no such file or directory");
}

}  // namespace
}  // namespace hull::tools
