#include "runtime/state_store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StateStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(mkdtemp(directory_), nullptr); }
  void TearDown() override {
    const std::vector<std::string> left = *store().List();
    for (const std::string& id : left) EXPECT_TRUE(store().Open(id)->Remove().ok());
    rmdir((std::string(directory_) + "/state").c_str());
    rmdir(directory_);
  }

  StateStore store() const { return StateStore(std::string(directory_) + "/state"); }
  static State StateOf(const std::string& id) {
    State state;
    state.set_id(id);
    state.set_bundle("/b");
    return state;
  }

  char directory_[32] = "/tmp/hull-state-XXXXXX";
};

TEST_F(StateStoreTest, WhatWasWrittenIsReadWithTheInitThatCameLater) {
  State state = StateOf("c1");
  absl::StatusOr<ContainerDir> dir = store().Create("c1");
  ASSERT_TRUE(dir.ok()) << dir.status();
  ASSERT_TRUE(dir->Write(state).ok());
  ASSERT_TRUE(dir->AppendInit(getpid(), state).ok());
  absl::StatusOr<ContainerDir> again = store().Open("c1");
  ASSERT_TRUE(again.ok()) << again.status();
  const absl::StatusOr<State> read = again->Read();
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->bundle(), "/b");
  EXPECT_EQ(read->init_pid(), static_cast<uint32_t>(getpid()));
  EXPECT_EQ(read->init_start_time_ticks(), *ProcessStartTime(getpid()));
}

TEST_F(StateStoreTest, OthersSeeHowFarItIsMade) {
  State state = StateOf("c1");
  absl::StatusOr<ContainerDir> dir = store().Create("c1");
  ASSERT_TRUE(dir.ok()) << dir.status();
  ASSERT_TRUE(dir->Write(state).ok());
  absl::StatusOr<ContainerDir> other = store().Open("c1");
  ASSERT_TRUE(other.ok()) << other.status();
  using Progress = ContainerDir::Progress;
  EXPECT_EQ(other->progress(), Progress::kDone) << "there is no init yet";
  ASSERT_TRUE(dir->AppendInit(getpid(), state).ok());
  EXPECT_EQ(other->progress(), Progress::kCreating);
  dir->SetProgress(Progress::kStarting);
  EXPECT_EQ(other->progress(), Progress::kStarting);
  dir->SetProgress(Progress::kDone);
  EXPECT_EQ(other->progress(), Progress::kDone);
}

TEST_F(StateStoreTest, AnIdIsTakenOnce) {
  ASSERT_TRUE(store().Create("c1").ok());
  EXPECT_EQ(store().Create("c1").status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(StateStoreTest, AContainerThatIsNotThereDoesNotExist) {
  EXPECT_THAT(std::string(store().Open("c1").status().message()),
              HasSubstr("container does not exist"));
  EXPECT_THAT(*store().List(), IsEmpty());
}

TEST_F(StateStoreTest, TheListIsSortedAndHasNoCaches) {
  ASSERT_TRUE(store().Create("b").ok());
  ASSERT_TRUE(store().Create("a").ok());
  const std::string cache = store().root() + "/.cache";
  ASSERT_EQ(mkdir(cache.c_str(), 0700), 0);
  EXPECT_THAT(*store().List(), ElementsAre("a", "b"));
  rmdir(cache.c_str());
}

TEST_F(StateStoreTest, WhoWaitedForTheLockOfARemovedContainerHasNone) {
  absl::StatusOr<ContainerDir> first = store().Create("c1");
  ASSERT_TRUE(first->Lock().ok());
  absl::StatusOr<ContainerDir> second = store().Open("c1");
  ASSERT_TRUE(second.ok());
  ASSERT_TRUE(first->Remove().ok());
  first = absl::NotFoundError("gone");  // lets the lock go
  EXPECT_EQ(second->Lock().code(), absl::StatusCode::kNotFound);
}

TEST(ContainerIdTest, OnlyPlainNamesAreIds) {
  for (const char* id : {"a", "A-1_2+3.4", "..a"}) EXPECT_TRUE(ValidateId(id).ok()) << id;
  for (const char* id : {"", ".", "..", "a/b", "a b", "é"}) EXPECT_FALSE(ValidateId(id).ok()) << id;
  EXPECT_TRUE(ValidateId(std::string(255, 'a')).ok());
  EXPECT_FALSE(ValidateId(std::string(256, 'a')).ok());
}

TEST(ProcessStartTimeTest, AZombieHasNone) {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(ProcessStartTime(pid).has_value());
  waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace hull::runtime
