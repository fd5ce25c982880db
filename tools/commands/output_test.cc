#include "tools/commands/output.h"

#include "gtest/gtest.h"

namespace hull::tools {
namespace {

constexpr char kPasswd[] =
    "root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:1000:1000::/home/ann:/bin/sh\n";

TEST(OutputTest, AUserIsNamedOrNumbered) {
  EXPECT_EQ(UserName(kPasswd, 0), "root");
  EXPECT_EQ(UserName(kPasswd, 1000), "ann");
  EXPECT_EQ(UserName(kPasswd, 100), "#100");
  EXPECT_EQ(UserName("", 0), "#0");
}

spec::ContainerState Shown() {
  runtime::ContainerInfo info;
  info.id = "c1";
  info.status = runtime::ContainerStatus::kRunning;
  info.pid = 42;
  info.bundle = "/b";
  info.created_ns = 1'000'000'000;
  info.owner_uid = 1000;
  return ShownState(info, kPasswd);
}

TEST(OutputTest, AStateKeepsWhatTheRuntimeKnows) {
  const spec::ContainerState state = Shown();
  EXPECT_EQ(state.id, "c1");
  EXPECT_EQ(state.status, "running");
  EXPECT_EQ(state.pid, 42);
  EXPECT_EQ(state.owner, "ann");
}

TEST(OutputTest, TheTableHasTheColumnsOfRunc) {
  const spec::ContainerState states[] = {Shown()};
  EXPECT_EQ(ListTable(states),
            "ID          PID         STATUS      BUNDLE      CREATED                OWNER\n"
            "c1          42          running     /b          1970-01-01T00:00:01Z   ann\n");
  EXPECT_EQ(ListIds(states), "c1\n");
}

}  // namespace
}  // namespace hull::tools
