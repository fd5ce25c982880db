#include "tools/cli/signal.h"

#include <signal.h>

#include "gtest/gtest.h"

namespace hull::tools {
namespace {

TEST(SignalTest, NumbersAndNamesInEverySpelling) {
  const struct {
    const char* word;
    int number;
  } kCases[] = {{"9", SIGKILL},
                {"0", 0},
                {"64", 64},
                {"KILL", SIGKILL},
                {"SIGKILL", SIGKILL},
                {"sigterm", SIGTERM},
                {"usr1", SIGUSR1},
                {"CLD", SIGCHLD},
                {"SIGWINCH", SIGWINCH},
                {"RTMIN", 34},
                {"RTMIN+3", 37},
                {"SIGRTMAX-1", 63},
                {"rtmax", 64}};
  for (const auto& c : kCases) EXPECT_EQ(ParseSignal(c.word).value_or(-1), c.number) << c.word;
}

TEST(SignalTest, WhatIsNoSignalIsRefusedByName) {
  EXPECT_EQ(ParseSignal("SIGTREM").status().message(),
            "unknown signal 'SIGTREM', did you mean 'TERM'?");
  EXPECT_EQ(ParseSignal("65").status().message(), "signal '65' is not a number from 0 to 64");
  for (const char* bad : {"", "SIG", "-9", "9x", " 9", "RTMIN+31", "RTMAX+1", "RTMIN-1", "RTMIN+",
                          "SIGSIGKILL", "99999999999"}) {
    EXPECT_FALSE(ParseSignal(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace hull::tools
