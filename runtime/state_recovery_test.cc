// What ContainerDir makes of a damaged state, and how it replaces a good one.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "runtime/state_store.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

class StateRecoveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_.emplace(absl::StrCat(::testing::TempDir(), "/state"));
    dir_.emplace(*store_->Create("c1"));
    state_.set_id("c1");
    state_.set_config_json(std::string(1000, 'x'));
    state_.set_cgroup_backend("cgroupfs-v2");
    state_.add_cgroup_directories("pod/c1");
    state_.add_cgroup_adopted("pod/c1");
    ASSERT_EQ(dir_->Write(state_), absl::OkStatus());
    ASSERT_EQ(dir_->AppendInit(getpid(), state_), absl::OkStatus());
    bytes_ = *sys::ReadFileAt(dir_->fd(), "state.pb");
  }
  void TearDown() override { std::filesystem::remove_all(store_->root()); }

  State RecoverFrom(const std::string& bytes) {
    EXPECT_EQ(sys::ReplaceFileAt(dir_->fd(), "state.pb", bytes), absl::OkStatus());
    return dir_->Recover().value_or(State());
  }
  void ExpectCgroup(const State& state) {
    EXPECT_EQ(state.cgroup_backend(), "cgroupfs-v2");
    ASSERT_EQ(state.cgroup_directories_size(), 1);
    EXPECT_EQ(state.cgroup_directories(0), "pod/c1");
    EXPECT_EQ(state.cgroup_adopted_size(), 1);
  }

  std::optional<StateStore> store_;
  std::optional<ContainerDir> dir_;
  State state_;
  std::string bytes_;
};

TEST_F(StateRecoveryTest, ThreeMessagesAreReadAsOne) {
  const absl::StatusOr<State> read = dir_->Read();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->config_json(), state_.config_json());
  EXPECT_EQ(read->init_pid(), static_cast<uint32_t>(getpid()));
  ExpectCgroup(*read);
}

TEST_F(StateRecoveryTest, TheStagedStateTakesThePlaceOfTheOldOne) {
  state_.set_resources_json("{}");
  ASSERT_EQ(dir_->Stage(state_), absl::OkStatus());
  EXPECT_EQ(dir_->Read()->resources_json(), "");
  ASSERT_EQ(dir_->CommitStaged(), absl::OkStatus());
  EXPECT_EQ(dir_->Read()->resources_json(), "{}");
  EXPECT_EQ(dir_->Read()->init_pid(), state_.init_pid());
  ASSERT_EQ(dir_->Stage(state_), absl::OkStatus());
  dir_->DropStaged();
  EXPECT_EQ(dir_->Remove(), absl::OkStatus());
  EXPECT_FALSE(std::filesystem::exists(store_->root() + "/c1"));
}

TEST_F(StateRecoveryTest, WhereTheEndIsCutOffTheCgroupIsKnown) {
  for (const size_t kept : {bytes_.size() - 1, bytes_.size() - 20, bytes_.size() - 900}) {
    const State state = RecoverFrom(bytes_.substr(0, kept));
    ExpectCgroup(state);
    EXPECT_EQ(state.init_pid(), 0u);
  }
}

TEST_F(StateRecoveryTest, WhereTheFrontIsDamagedInitIsKnown) {
  const State state = RecoverFrom(std::string(40, '\xff') + bytes_.substr(40));
  EXPECT_EQ(state.init_pid(), state_.init_pid());
  EXPECT_EQ(state.init_start_time_ticks(), state_.init_start_time_ticks());
  EXPECT_EQ(state.cgroup_backend(), "");
}

TEST_F(StateRecoveryTest, NoByteOfDamageNamesAnotherCgroup) {
  for (size_t i = 0; i < bytes_.size(); ++i) {
    std::string bytes = bytes_;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x15);
    const State state = RecoverFrom(bytes);
    if (state.cgroup_directories_size() > 0) ExpectCgroup(state);
  }
}

}  // namespace
}  // namespace hull::runtime
