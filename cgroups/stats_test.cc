#include <fcntl.h>

#include <filesystem>
#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "cgroups/directory.h"
#include "cgroups/stats_reader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StatsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = absl::StrCat(::testing::TempDir(), "/stats");
    std::filesystem::create_directories(path_);
    fd_ = *sys::OpenAt(AT_FDCWD, path_, O_PATH | O_DIRECTORY);
  }
  void TearDown() override { std::filesystem::remove_all(path_); }
  void Set(const std::map<std::string, std::string>& files) {
    for (const auto& [file, text] : files) {
      ASSERT_EQ(sys::ReplaceFileAt(fd_.get(), file, text), absl::OkStatus());
    }
  }
  Stats ReadV1() {
    return *ReadStatsV1([this](absl::string_view) { return fd_.get(); });
  }

  std::string path_;
  sys::UniqueFd fd_;
};

TEST_F(StatsTest, V2CpuIsInNanoseconds) {
  Set({{"cgroup.controllers", "cpu\n"},
       {"cpu.stat",
        "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 2\n"
        "throttled_usec 7\n"},
       {"cpu.pressure", "some avg10=1.00 avg60=0.00 avg300=0.00 total=5\n"}});
  const Stats stats = *ReadStatsV2(fd_.get());
  EXPECT_EQ(stats.cpu.total_ns, 30000u);
  EXPECT_EQ(stats.cpu.user_ns, 20000u);
  EXPECT_EQ(stats.cpu.kernel_ns, 10000u);
  EXPECT_EQ(stats.cpu.periods, 4u);
  EXPECT_EQ(stats.cpu.throttled_periods, 2u);
  EXPECT_EQ(stats.cpu.throttled_ns, 7000u);
  ASSERT_TRUE(stats.cpu.pressure.has_value());
  EXPECT_EQ(stats.cpu.pressure->some.total_us, 5u);
  EXPECT_FALSE(stats.memory.pressure.has_value());
}

TEST_F(StatsTest, V2SwapIsMemoryAndSwapAsOnV1) {
  Set({{"cgroup.controllers", "memory\n"},
       {"memory.current", "100\n"},
       {"memory.max", "1000\n"},
       {"memory.peak", "300\n"},
       {"memory.swap.current", "20\n"},
       {"memory.swap.max", "500\n"},
       {"memory.events", "low 0\nmax 3\noom 1\n"},
       {"memory.stat", "anon 60\nfile 40\n"}});
  Stats stats = *ReadStatsV2(fd_.get());
  EXPECT_EQ(stats.memory.cache, 40u);
  EXPECT_EQ(stats.memory.usage.usage, 100u);
  EXPECT_EQ(stats.memory.usage.limit, 1000u);
  EXPECT_EQ(stats.memory.usage.max_usage, 300u);
  EXPECT_EQ(stats.memory.usage.failcnt, 3u);
  EXPECT_EQ(stats.memory.swap.usage, 120u);
  EXPECT_EQ(stats.memory.swap.limit, 1500u);
  EXPECT_EQ(stats.memory.raw.at("anon"), 60u);
  Set({{"memory.max", "max\n"}});
  EXPECT_EQ(ReadStatsV2(fd_.get())->memory.swap.limit, UINT64_MAX);
}

TEST_F(StatsTest, V2IoPidsCpusetAndHugePages) {
  Set({{"cgroup.controllers", "io\n"},
       {"io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n"},
       {"pids.current", "3\n"},
       {"pids.max", "max\n"},
       {"cpuset.cpus.effective", "0-1\n"},
       {"hugetlb.2MB.current", "2097152\n"},
       {"hugetlb.2MB.rsvd.current", "1\n"},
       {"hugetlb.2MB.events", "max 4\n"}});
  const Stats stats = *ReadStatsV2(fd_.get());
  ASSERT_EQ(stats.blkio.service_bytes.size(), 3u);
  EXPECT_EQ(stats.blkio.service_bytes[1].op, "Write");
  EXPECT_EQ(stats.blkio.service_bytes[1].value, 2u);
  ASSERT_EQ(stats.blkio.serviced.size(), 3u);
  EXPECT_EQ(stats.blkio.serviced[2].value, 6u);
  EXPECT_EQ(stats.pids.current, 3u);
  EXPECT_EQ(stats.pids.limit, 0u) << "0 is unlimited";
  EXPECT_THAT(stats.cpuset.cpus, ElementsAre(0, 1));
  ASSERT_EQ(stats.hugetlb.size(), 1u);
  EXPECT_EQ(stats.hugetlb.at("2MB").usage, 2097152u);
  EXPECT_EQ(stats.hugetlb.at("2MB").failcnt, 4u);
}

TEST_F(StatsTest, V2CgroupThatIsGoneIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(ReadStatsV2(fd_.get()).status()));
}

TEST_F(StatsTest, V1CountersKeepTheirNames) {
  Set({{"cpuacct.usage", "123456\n"},
       {"cpuacct.stat", "user 2\nsystem 1\n"},
       {"cpuacct.usage_percpu", "100 200 \n"},
       {"cpuacct.usage_all", "cpu user system\n0 60 40\n1 150 50\n"},
       {"cpu.stat", "nr_periods 5\nnr_throttled 1\nthrottled_time 99\n"},
       {"cpuset.cpus", "0-1\n"},
       {"cpuset.sched_relax_domain_level", "-1\n"},
       {"memory.stat", "cache 7\nrss 8\n"},
       {"memory.limit_in_bytes", "4096\n"},
       {"memory.memsw.usage_in_bytes", "55\n"},
       {"memory.kmem.tcp.failcnt", "6\n"},
       {"pids.max", "20\n"},
       {"blkio.throttle.io_serviced_recursive", "8:0 Read 3\nTotal 3\n"},
       {"blkio.bfq.io_service_bytes_recursive", "8:0 Write 9\n"},
       {"hugetlb.2MB.usage_in_bytes", "1\n"},
       {"hugetlb.2MB.rsvd.usage_in_bytes", "1\n"},
       {"hugetlb.2MB.max_usage_in_bytes", "2\n"}});
  const Stats stats = ReadV1();
  EXPECT_EQ(stats.cpu.total_ns, 123456u);
  EXPECT_EQ(stats.cpu.user_ns, 2 * stats.cpu.kernel_ns);
  EXPECT_GT(stats.cpu.kernel_ns, 0u);
  EXPECT_THAT(stats.cpu.percpu_ns, ElementsAre(100, 200));
  EXPECT_THAT(stats.cpu.percpu_user_ns, ElementsAre(60, 150));
  EXPECT_THAT(stats.cpu.percpu_kernel_ns, ElementsAre(40, 50));
  EXPECT_EQ(stats.cpu.throttled_ns, 99u);
  EXPECT_THAT(stats.cpuset.cpus, ElementsAre(0, 1));
  EXPECT_EQ(stats.cpuset.sched_relax_domain_level, -1);
  EXPECT_EQ(stats.memory.cache, 7u);
  EXPECT_EQ(stats.memory.usage.limit, 4096u);
  EXPECT_EQ(stats.memory.swap.usage, 55u);
  EXPECT_EQ(stats.memory.kernel_tcp.failcnt, 6u);
  EXPECT_EQ(stats.pids.limit, 20u);
  ASSERT_EQ(stats.blkio.serviced.size(), 1u) << "from the throttler";
  ASSERT_EQ(stats.blkio.service_bytes.size(), 1u) << "from BFQ";
  EXPECT_EQ(stats.blkio.service_bytes[0].value, 9u);
  ASSERT_EQ(stats.hugetlb.size(), 1u);
  EXPECT_EQ(stats.hugetlb.at("2MB").max_usage, 2u);
}

TEST_F(StatsTest, V1ControllersThatAreMissingAreZero) {
  const Stats stats = *ReadStatsV1([](absl::string_view) { return -1; });
  EXPECT_EQ(stats.cpu.total_ns, 0u);
  EXPECT_EQ(stats.pids.limit, 0u);
  EXPECT_THAT(stats.hugetlb, IsEmpty());
}

}  // namespace
}  // namespace hull::cgroups
