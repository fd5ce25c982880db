#include "tools/commands/limits.h"

#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/cli/log.h"
#include "tools/cli/parser.h"
#include "tools/commands/commands.h"

namespace hull::tools {
namespace {

using ::testing::HasSubstr;

class LimitsTest : public ::testing::Test {
 protected:
  absl::StatusOr<runtime::Change> ReadChange(std::vector<std::string_view> words) {
    words.push_back("id");
    absl::StatusOr<Arguments> arguments = ParseCommand(kUpdate, words);
    if (!arguments.ok()) return arguments.status();
    arguments_ = *std::move(arguments);
    return ReadLimits(Invocation{.globals = globals_, .arguments = arguments_, .log = log_});
  }
  absl::StatusOr<spec::Resources> Read(std::vector<std::string_view> words) {
    absl::StatusOr<runtime::Change> change = ReadChange(std::move(words));
    if (!change.ok()) return change.status();
    return std::move(change->resources);
  }
  std::string Message(std::vector<std::string_view> words) {
    return std::string(Read(std::move(words)).status().message());
  }
  std::string File(absl::string_view text) {
    const std::string path = ::testing::TempDir() + "/limits.json";
    std::ofstream(path) << text;
    return path;
  }

  Globals globals_;
  Arguments arguments_;
  Log log_;
};

TEST_F(LimitsTest, EachFlagSetsItsFieldAndNoOther) {
  const spec::Resources read = *Read({"--memory",
                                      "64m",
                                      "--memory-swap=-1",
                                      "--memory-reservation",
                                      "1G",
                                      "--cpu-quota=-1",
                                      "--cpu-period",
                                      "100000",
                                      "--cpu-burst",
                                      "10",
                                      "--cpu-share",
                                      "512",
                                      "--cpu-idle",
                                      "0",
                                      "--cpu-rt-runtime",
                                      "5",
                                      "--cpu-rt-period",
                                      "1000",
                                      "--cpuset-cpus",
                                      "0-1",
                                      "--cpuset-mems",
                                      "0",
                                      "--pids-limit",
                                      "-1",
                                      "--blkio-weight",
                                      "100"});
  EXPECT_EQ(read.memory->limit, 64 << 20);
  EXPECT_EQ(read.memory->swap, -1);
  EXPECT_EQ(read.memory->reservation, 1 << 30);
  EXPECT_EQ(read.cpu->quota_us, -1);
  EXPECT_EQ(read.cpu->period_us, 100000u);
  EXPECT_EQ(read.cpu->burst_us, 10u);
  EXPECT_EQ(read.cpu->shares, 512u);
  EXPECT_EQ(read.cpu->idle, 0);
  EXPECT_EQ(read.cpu->realtime_runtime_us, 5);
  EXPECT_EQ(read.cpu->realtime_period_us, 1000u);
  EXPECT_EQ(read.cpu->cpus, "0-1");
  EXPECT_EQ(read.cpu->mems, "0");
  EXPECT_EQ(read.pids->limit, -1);
  EXPECT_EQ(read.block_io->weight, 100);
  EXPECT_EQ(*Read({}), spec::Resources());
  EXPECT_EQ(*Read({"--memory", "", "--cpuset-cpus="}), spec::Resources()) << "no value, no change";
}

TEST_F(LimitsTest, AFileHasAllThatAConfigHas) {
  const std::string file =
      File(R"({"pids":{"limit":5},"devices":[{"allow":false}],"unified":{"memory.high":"1"}})");
  const spec::Resources read = *Read({"-r", file, "--memory", "1m"});
  EXPECT_EQ(read.pids->limit, 5);
  EXPECT_EQ(read.devices.size(), 1u);
  EXPECT_EQ(read.unified.at("memory.high"), "1");
  EXPECT_FALSE(read.memory.has_value()) << "other flags are ignored";
}

TEST_F(LimitsTest, MistakesAreNamed) {
  EXPECT_THAT(Message({"--memory", "lots"}), HasSubstr("flag --memory: 'lots' is not a size"));
  EXPECT_THAT(Message({"--pids-limit", "x"}), HasSubstr("flag --pids-limit: 'x'"));
  EXPECT_THAT(Message({"--cpu-share", "-1"}), HasSubstr("flag --cpu-share: '-1'"));
  EXPECT_THAT(Message({"--blkio-weight", "70000"}), HasSubstr("flag --blkio-weight: '70000'"));
  EXPECT_THAT(Message({"--blkio-weight", "5"}), HasSubstr("/blockIO/weight"));
  EXPECT_THAT(Message({"--cpuset-cpus", "a"}), HasSubstr("/cpu/cpus"));
  EXPECT_THAT(Message({"-r", File("{\"memory\":{\"limit\":-5}}")}), HasSubstr("/memory/limit"));
  EXPECT_THAT(Message({"-r", "/does/not/exist"}), HasSubstr("reading '/does/not/exist'"));
}

TEST_F(LimitsTest, SchemasOfCacheAndBandwidthComeBesideAFile) {
  const runtime::Change change =
      *ReadChange({"-r", File("{}"), "--l3-cache-schema", "L3:0=f", "--mem-bw-schema", "MB:0=20"});
  EXPECT_EQ(change.l3_cache_schema, "L3:0=f");
  EXPECT_EQ(change.mem_bw_schema, "MB:0=20");
  EXPECT_THAT(Message({"--l3-cache-schema", "f"}), HasSubstr("flag --l3-cache-schema: 'f' is not"));
  EXPECT_THAT(Message({"--mem-bw-schema", "L3:0=20"}), HasSubstr("flag --mem-bw-schema"));
}

TEST(SizeTest, UnitsAreOf1024AndMayBeSpelledOut) {
  EXPECT_EQ(*ParseSize("memory", "0"), 0);
  EXPECT_EQ(*ParseSize("memory", "-1"), -1);
  EXPECT_EQ(*ParseSize("memory", "1000b"), 1000);
  for (const char* text : {"1.5k", "1.5K", "1.5kb", "1.5KiB", "1.5 k"}) {
    EXPECT_EQ(*ParseSize("memory", text), 1536) << text;
  }
  EXPECT_EQ(*ParseSize("memory", "3t"), int64_t{3} << 40);
  EXPECT_EQ(*ParseSize("memory", "9223372036854775807"), std::numeric_limits<int64_t>::max());
  for (const char* text : {"", "k", "-2", "-1k", "1x", "1kk", "0x10", "1.2.3", "nan", "inf", "1e3",
                           "9000000000g", "9223372036854775808"}) {
    EXPECT_FALSE(ParseSize("memory", text).ok()) << text;
  }
}

}  // namespace
}  // namespace hull::tools
