#include "spec/forms.h"

#include <string>

#include "gtest/gtest.h"

namespace hull::spec {
namespace {

TEST(FormsTest, DotDotIsAComponent) {
  EXPECT_TRUE(HasDotDot("/a/../b"));
  EXPECT_TRUE(HasDotDot(".."));
  EXPECT_FALSE(HasDotDot("/a/..b/c.."));
}

TEST(FormsTest, EnvironmentEntryHasANameAndAnEqualsSign) {
  EXPECT_TRUE(IsEnvironmentEntry("A="));
  EXPECT_TRUE(IsEnvironmentEntry("A=b=c"));
  EXPECT_FALSE(IsEnvironmentEntry("A"));
  EXPECT_FALSE(IsEnvironmentEntry("=b"));
}

TEST(FormsTest, ComponentNamesOneFile) {
  EXPECT_TRUE(IsComponent("memory.high"));
  for (const char* name : {"", ".", "..", "a/b", "a b", "a\n"}) {
    EXPECT_FALSE(IsComponent(name)) << name;
  }
  EXPECT_FALSE(IsComponent(std::string(256, 'a')));
}

TEST(FormsTest, CpuListHoldsNumbersAndAscendingRanges) {
  for (const char* list : {"", "0", "0-3", "0-3,7", "5,1", "7-7"}) {
    EXPECT_TRUE(IsCpuList(list)) << list;
  }
  for (const char* list : {",", "0,", "3-1", "-1", "0-", "a", "0 1", "0x1", "99999999999"}) {
    EXPECT_FALSE(IsCpuList(list)) << list;
  }
}

TEST(FormsTest, DeviceAccessHasEachLetterOnce) {
  for (const char* access : {"", "r", "rwm", "mwr"}) EXPECT_TRUE(IsDeviceAccess(access)) << access;
  for (const char* access : {"rr", "x", "rwmr"}) EXPECT_FALSE(IsDeviceAccess(access)) << access;
}

TEST(FormsTest, PageSizeIsANumberAndAUnit) {
  for (const char* size : {"64KB", "2MB", "1GB"}) EXPECT_TRUE(IsPageSize(size)) << size;
  for (const char* size : {"", "MB", "2M", "2mb", "02MB", "0MB", "-2MB", "../2MB", "2TB"}) {
    EXPECT_FALSE(IsPageSize(size)) << size;
  }
}

TEST(FormsTest, VersionIsSemantic) {
  for (const char* version : {"1.0.0", "1.2.0-rc.1", "1.0.2-dev", "1.3.0+build.5", "10.0.0"}) {
    EXPECT_TRUE(IsVersion(version)) << version;
  }
  for (const char* version :
       {"", "1", "1.0", "1.0.0.0", "1.0.x", "01.0.0", "1.0.0-", "1.0.0+a_b"}) {
    EXPECT_FALSE(IsVersion(version)) << version;
  }
}

TEST(FormsTest, HostNameFitsTheKernel) {
  EXPECT_TRUE(IsHostName(std::string(64, 'a')));
  EXPECT_FALSE(IsHostName(std::string(65, 'a')));
  EXPECT_FALSE(IsHostName("a\tb"));
}

}  // namespace
}  // namespace hull::spec
