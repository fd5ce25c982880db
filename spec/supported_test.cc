#include "spec/supported.h"

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "spec/parse.h"

namespace hull::spec {
namespace {

// A table of the tests' own: that of the runtime (not_yet.h) loses its rows one by one.
constexpr Unsupported kTable[] = {
    {"/process/apparmorProfile"},
    {"/process/selinuxLabel"},
    {"/process/scheduler"},
    {"/process/ioPriority"},
    {"/process/execCPUAffinity"},
    {"/mounts/*/uidMappings"},
    {"/mounts/*/gidMappings"},
    {"/mounts/*/options/*", "idmap"},
    {"/mounts/*/options/*", "ridmap"},
    {"/linux/mountLabel"},
    {"/linux/intelRdt"},
    {"/linux/memoryPolicy"},
    {"/linux/netDevices"},
    {"/linux/personality"},
};

absl::Status Check(std::string text) {
  const absl::StatusOr<Parsed> parsed = Parse(std::move(text), "config.json");
  return parsed.ok() ? CheckSupported(*parsed, kTable) : parsed.status();
}

TEST(SupportedTest, EverySettingOutOfReachIsNamed) {
  const absl::Status status = Check(R"({
  "process": {"apparmorProfile": "p", "selinuxLabel": "l", "scheduler": {"policy": "SCHED_RR"},
    "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 0}, "execCPUAffinity": {"final": "0"}},
  "mounts": [{"destination": "/a", "uidMappings": [{"containerID": 0}]},
             {"destination": "/b", "options": ["ro", "idmap", "ridmap=uids=0-1-2"],
              "gidMappings": [{"containerID": 0}]}],
  "linux": {"mountLabel": "m", "intelRdt": {"closID": "c"}, "netDevices": {"eth0": {}},
    "memoryPolicy": {"mode": "MPOL_LOCAL"}, "personality": {"domain": "LINUX32"}}
})");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(
      status.message(),
      "14 unsupported settings in 'config.json'\n"
      "config.json:2:34: /process/apparmorProfile: \"p\": not supported by this runtime yet\n"
      "config.json:2:55: /process/selinuxLabel: \"l\": not supported by this runtime yet\n"
      "config.json:2:73: /process/scheduler: {...}: not supported by this runtime yet\n"
      "config.json:3:19: /process/ioPriority: {...}: not supported by this runtime yet\n"
      "config.json:3:83: /process/execCPUAffinity: {...}: not supported by this runtime yet\n"
      "config.json:4:51: /mounts/0/uidMappings: [...]: not supported by this runtime yet\n"
      "config.json:6:30: /mounts/1/gidMappings: [...]: not supported by this runtime yet\n"
      "config.json:5:54: /mounts/1/options/1: \"idmap\": not supported by this runtime yet\n"
      "config.json:5:63: /mounts/1/options/2: \"ridmap=uids=0-1-2\": not supported by this runtime "
      "yet\n"
      "config.json:7:27: /linux/mountLabel: \"m\": not supported by this runtime yet\n"
      "config.json:7:44: /linux/intelRdt: {...}: not supported by this runtime yet\n"
      "config.json:8:21: /linux/memoryPolicy: {...}: not supported by this runtime yet\n"
      "config.json:7:75: /linux/netDevices: {...}: not supported by this runtime yet\n"
      "config.json:8:60: /linux/personality: {...}: not supported by this runtime yet");
}

TEST(SupportedTest, NeutralValuesAreFine) {
  const absl::Status status = Check(R"({
  "process": {"apparmorProfile": "", "selinuxLabel": null, "execCPUAffinity": {"initial": ""}},
  "mounts": [{"destination": "/a", "uidMappings": [], "options": ["ro", "idmapped"]}],
  "linux": {"mountLabel": "", "memoryPolicy": {"mode": "", "nodes": "", "flags": []},
    "netDevices": {}, "intelRdt": null}
})");
  EXPECT_TRUE(status.ok()) << status;
}

TEST(SupportedTest, RowsOfTheProcessHoldForAProcessAlone) {
  const auto parsed = ParseProcess(R"({"apparmorProfile": "p", "args": ["x"]})", "process.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(CheckSupported(*parsed, kTable).message(),
            "1 unsupported setting in 'process.json'\n"
            "process.json:1:21: /apparmorProfile: \"p\": not supported by this runtime yet");
}

TEST(SupportedTest, RowsOfTheResourcesHoldForResourcesAlone) {
  const auto parsed = ParseResources(R"({"rdma": {"mlx5": {"hcaHandles": 1}}})", "-");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  constexpr Unsupported kRows[] = {{"/linux/resources/rdma"}, {"/linux/personality"}};
  EXPECT_EQ(CheckSupported(*parsed, kRows).message(),
            "1 unsupported setting in '-'\n"
            "-:1:10: /rdma: {...}: not supported by this runtime yet");
}

TEST(SupportedTest, SpecMadeByHandHasNothingToCheck) {
  EXPECT_TRUE(CheckSupported(Parsed(), kTable).ok());
}

}  // namespace
}  // namespace hull::spec
