#include "spec/state_json.h"

#include "gtest/gtest.h"

namespace hull::spec {
namespace {

ContainerState Sample() {
  return {.id = "c1",
          .status = "running",
          .pid = 42,
          .bundle = "/b",
          .rootfs = "/b/rootfs",
          .created_ns = 1'763'824'896'123'456'700,
          .annotations = {{"k", "v/\""}},
          .owner = "root"};
}

TEST(StateJsonTest, StateHasTheShapeThatEnginesRead) {
  EXPECT_EQ(StateJson(Sample()), R"({
  "ociVersion": "1.3.0",
  "id": "c1",
  "pid": 42,
  "status": "running",
  "bundle": "/b",
  "rootfs": "/b/rootfs",
  "created": "2025-11-22T15:21:36.1234567Z",
  "annotations": {
    "k": "v/\""
  },
  "owner": "root"
})");
}

TEST(StateJsonTest, StoppedHasPidZeroAndNoEmptyAnnotations) {
  ContainerState state = Sample();
  state.pid = 0;
  state.status = "stopped";
  state.annotations.clear();
  EXPECT_EQ(StateListJson({state}),
            R"([{"ociVersion":"1.3.0","id":"c1","pid":0,"status":"stopped","bundle":"/b",)"
            R"("rootfs":"/b/rootfs","created":"2025-11-22T15:21:36.1234567Z","owner":"root"}])");
}

TEST(StateJsonTest, ListOfNoneIsAnEmptyArray) { EXPECT_EQ(StateListJson({}), "[]"); }

TEST(StateJsonTest, HooksGetTheStateOfTheSpecification) {
  EXPECT_EQ(HookStateJson(Sample()),
            R"({"ociVersion":"1.3.0","id":"c1","status":"running","pid":42,"bundle":"/b",)"
            R"("annotations":{"k":"v/\""}})");
  ContainerState stopped = Sample();
  stopped.pid = 0;
  stopped.status = "stopped";
  stopped.annotations.clear();
  EXPECT_EQ(HookStateJson(stopped),
            R"({"ociVersion":"1.3.0","id":"c1","status":"stopped","bundle":"/b"})");
}

TEST(StateJsonTest, AgentGetsTheProcessAndTheState) {
  ContainerState state = Sample();
  state.annotations.clear();
  EXPECT_EQ(
      SeccompAgentStateJson(state, 43, "meta"),
      R"({"ociVersion":"1.3.0","fds":["seccompFd"],"pid":43,"metadata":"meta",)"
      R"("state":{"ociVersion":"1.3.0","id":"c1","status":"running","pid":42,"bundle":"/b"}})");
}

TEST(FormatTimeTest, ZerosAtTheEndAreLeftOut) {
  EXPECT_EQ(FormatTime(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime(1'500'000'000), "1970-01-01T00:00:01.5Z");
  EXPECT_EQ(FormatTime(1), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(FormatTime(-1), "1969-12-31T23:59:59.999999999Z");
}

}  // namespace
}  // namespace hull::spec
