// Both ways to D-Bus, the helper program and libsystemd in this process, against a manager on a
// socket: what goes over the wire, and what comes back.
#include "cgroups/systemd/bus.h"

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cgroups/systemd/direct_bus.h"
#include "cgroups/systemd/fake_manager.h"
#include "cgroups/systemd/helper_bus.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups::systemd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kUnit[] = "x.scope";

std::unique_ptr<Bus> MakeHelper(std::vector<std::string> addresses, absl::Duration deadline) {
  return std::make_unique<HelperBus>(std::move(addresses), deadline);
}
std::unique_ptr<Bus> MakeDirect(std::vector<std::string> addresses, absl::Duration deadline) {
  return std::make_unique<DirectBus>(std::move(addresses), deadline);
}

using Make = std::unique_ptr<Bus> (*)(std::vector<std::string>, absl::Duration);

class BusTest : public ::testing::TestWithParam<Make> {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/hull-test-XXXXXX";  // a socket's path is short
    directory_ = mkdtemp(pattern.data());
    manager_ = std::make_unique<FakeManager>(directory_ + "/private");
    bus_ = GetParam()({absl::StrCat("unix:path=", directory_, "/private")}, absl::Seconds(20));
  }
  void TearDown() override {
    bus_.reset();
    manager_.reset();
    std::filesystem::remove_all(directory_);
  }

  std::string directory_;
  std::unique_ptr<FakeManager> manager_;
  std::unique_ptr<Bus> bus_;
};

TEST_P(BusTest, HelloSaysVersionAndCgroup) {
  const absl::StatusOr<ManagerFacts> facts = bus_->Hello();
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->version, 252);
  EXPECT_EQ(facts->control_group, "/x");
}

TEST_P(BusTest, StartSendsEveryTypeAndWaitsForItsOwnJob) {
  const std::vector<Property> properties = {
      {"Delegate", Bool(true)},
      {"Slice", String("a.slice")},
      {"MemoryMax", Uint64(kInfinity)},
      {"KillSignal", {"i", {uint64_t{15}}}},
      {"PIDs", Pids(42)},
      {"After", Strings({"a.target", "b.target"})},
      {"AllowedCPUs", {"ay", {uint64_t{255}, uint64_t{1}}}},
      {"DeviceAllow", {"a(ss)", {}}},
      {"IOReadBandwidthMax", {"a(st)", {std::string("/dev/sda"), uint64_t{5}}}}};
  ASSERT_EQ(bus_->StartUnit(kUnit, properties), absl::OkStatus());
  EXPECT_THAT(manager_->calls(),
              ElementsAre("StartTransientUnit x.scope replace", "Delegate b 1", "Slice s a.slice",
                          "MemoryMax t 18446744073709551615", "KillSignal i 15", "PIDs au 42",
                          "After as a.target b.target", "AllowedCPUs ay 255 1", "DeviceAllow a(ss)",
                          "IOReadBandwidthMax a(st) /dev/sda 5"));
}

TEST_P(BusTest, UnitsThatExistAndThoseThatDoNot) {
  EXPECT_TRUE(absl::IsNotFound(bus_->StopUnit(kUnit)));
  EXPECT_TRUE(absl::IsNotFound(bus_->ResetFailedUnit(kUnit)));
  ASSERT_EQ(bus_->StartUnit(kUnit, {}), absl::OkStatus());
  const absl::Status again = bus_->StartUnit(kUnit, {});
  EXPECT_TRUE(absl::IsAlreadyExists(again)) << again;
  EXPECT_THAT(again.message(), HasSubstr("Unit x.scope already exists."));
  EXPECT_EQ(bus_->ResetFailedUnit(kUnit), absl::OkStatus());
  EXPECT_EQ(bus_->StopUnit(kUnit), absl::OkStatus());
}

TEST_P(BusTest, FailedJobIsAborted) {
  manager_->set_job_result("failed");
  EXPECT_EQ(bus_->StartUnit(kUnit, {}), absl::AbortedError("its job ended as 'failed'"));
}

TEST_P(BusTest, JobThatDoesNotEndHasADeadline) {
  manager_->set_job_result("");
  bus_ = GetParam()({absl::StrCat("unix:path=", directory_, "/private")}, absl::Seconds(1));
  const absl::Time start = absl::Now();
  const absl::Status status = bus_->StartUnit(kUnit, {});
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("x.scope"));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(900));
}

TEST_P(BusTest, PropertiesAreSetForTheRuntime) {
  ASSERT_EQ(bus_->SetProperties(kUnit, {{"TasksMax", Uint64(7)}}), absl::OkStatus());
  EXPECT_THAT(manager_->calls(), ElementsAre("SetUnitProperties x.scope runtime", "TasksMax t 7"));
}

TEST_P(BusTest, PropertiesAreReadWithTheirItems) {
  const auto properties = bus_->GetProperties(
      kUnit,
      {{"MemoryMax", Uint64(0)}, {"DeviceAllow", {"a(ss)", {}}}, {"AllowedCPUs", {"ay", {}}}});
  ASSERT_TRUE(properties.ok()) << properties.status();
  std::vector<std::string> lines;
  for (const Property& property : *properties) lines.push_back(FormatProperty(property));
  EXPECT_THAT(lines,
              ElementsAre("MemoryMax=t infinity", "DeviceAllow=a(ss) /dev/null rw /dev/zero r",
                          "AllowedCPUs=ay 7 2"));
  EXPECT_EQ(manager_->calls()[0],
            "Get /org/freedesktop/systemd1/unit/x_2escope org.freedesktop.systemd1.Scope");
  const auto unknown = bus_->GetProperties("y.slice", {{"Nonsense", Uint64(0)}});
  EXPECT_TRUE(absl::IsInvalidArgument(unknown.status())) << unknown.status();
  EXPECT_THAT(unknown.status().message(), HasSubstr("no Nonsense here"));
}

TEST_P(BusTest, RefusedSignatureIsOurBug) {
  EXPECT_TRUE(absl::IsInternal(bus_->SetProperties(kUnit, {{"A", {"a{sv}", {}}}})));
  EXPECT_TRUE(absl::IsInternal(bus_->SetProperties(kUnit, {{"A", {"t", {}}}})));
  EXPECT_EQ(bus_->SetProperties(kUnit, {}), absl::OkStatus()) << "the connection is as it was";
}

TEST_P(BusTest, SecondAddressIsTriedWhereTheFirstIsNone) {
  bus_ = GetParam()(
      {"unix:path=/tmp/hull-test-none", absl::StrCat("unix:path=", directory_, "/private")},
      absl::Seconds(20));
  EXPECT_TRUE(bus_->Hello().ok());
}

TEST_P(BusTest, NobodyThereIsUnavailable) {
  bus_ = GetParam()({"unix:path=/tmp/hull-test-none"}, absl::Seconds(20));
  const absl::Status status = bus_->Hello().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("/tmp/hull-test-none"));
}

TEST_P(BusTest, ManagerThatGoesAwayIsUnavailable) {
  ASSERT_TRUE(bus_->Hello().ok());
  manager_.reset();
  const absl::Status status = bus_->StopUnit(kUnit);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

INSTANTIATE_TEST_SUITE_P(Both, BusTest, ::testing::Values(&MakeHelper, &MakeDirect),
                         [](const ::testing::TestParamInfo<Make>& info) {
                           return info.index == 0 ? "Helper" : "Direct";
                         });

}  // namespace
}  // namespace hull::cgroups::systemd
