#include "cgroups/systemd/annotations.h"

#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hull::cgroups::systemd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<std::string> Show(const std::map<std::string, std::string>& annotations) {
  const absl::StatusOr<std::vector<Property>> properties = PropertiesFromAnnotations(annotations);
  if (!properties.ok()) return {std::string(properties.status().message())};
  std::vector<std::string> texts;
  for (const Property& property : *properties) texts.push_back(FormatProperty(property));
  return texts;
}

std::vector<std::string> One(const std::string& name, const std::string& value) {
  return Show({{"org.systemd.property." + name, value}});
}

TEST(AnnotationsTest, WhatEnginesSendIsTaken) {
  // Podman, then CRI-O.
  EXPECT_THAT(Show({{"org.systemd.property.KillSignal", "15"},
                    {"org.systemd.property.TimeoutStopUSec", "uint64 10000000"}}),
              ElementsAre("KillSignal=i 15", "TimeoutStopUSec=t 10000000"));
  EXPECT_THAT(Show({{"org.systemd.property.After", "['crio.service']"},
                    {"org.systemd.property.CollectMode", "'inactive-or-failed'"},
                    {"org.systemd.property.DefaultDependencies", "true"}}),
              ElementsAre("After=as crio.service", "CollectMode=s inactive-or-failed",
                          "DefaultDependencies=b 1"));
}

TEST(AnnotationsTest, OthersAreNoneOfOurs) {
  EXPECT_THAT(Show({{"io.podman.x", "y"}, {"org.systemd.property", "1"}, {"org.systemd.q", "z"}}),
              IsEmpty());
}

TEST(AnnotationsTest, SecondsAreMicrosecondsOnTheBus) {
  EXPECT_THAT(One("TimeoutStopSec", "30"), ElementsAre("TimeoutStopUSec=t 30000000"));
  EXPECT_THAT(One("RuntimeMaxSec", "0.5"), ElementsAre("RuntimeMaxUSec=t 500000"));
  // A 'U' in front is microseconds already.
  EXPECT_THAT(One("RuntimeMaxUSec", "500000"), ElementsAre("RuntimeMaxUSec=t 500000"));
}

TEST(AnnotationsTest, NamesAreThreeLettersOrMore) {
  for (const char* name : {"", "Ab", "Kill-Mode", "KillMode1", "Kill Mode", "K\xc3\xa4se"}) {
    EXPECT_THAT(One(name, "'x'"), ElementsAre(HasSubstr("three letters"))) << name;
  }
  EXPECT_THAT(One("Sec", "1"), ElementsAre(HasSubstr("not one of the properties")));
}

TEST(AnnotationsTest, WhatReachesBeyondTheContainerIsRefused) {
  for (const char* name : {"PIDs", "Slice", "Delegate", "DeviceAllow", "DevicePolicy", "Requires",
                           "Wants", "Conflicts", "OnFailure", "BindsTo", "MemoryMax", "ExecStart",
                           "BPFProgram", "IPIngressFilterPath"}) {
    const std::string full = std::string("annotations.org.systemd.property.") + name;
    EXPECT_THAT(One(name, "['x']"), ElementsAre(StartsWith(full + ": not one of"))) << name;
  }
}

TEST(AnnotationsTest, ValueOfTheWrongTypeIsRefusedByName) {
  EXPECT_THAT(
      One("KillSignal", "'SIGTERM'"),
      ElementsAre("annotations.org.systemd.property.KillSignal: ''SIGTERM'': is of the type "
                  "'s', and the property of the type 'i'"));
  EXPECT_THAT(One("KillMode", "mixed"), ElementsAre(HasSubstr("expected a value")));
}

}  // namespace
}  // namespace hull::cgroups::systemd
