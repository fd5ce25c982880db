#include "tools/cli/globals.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/cli/parser.h"

namespace hull::tools {
namespace {

absl::StatusOr<Globals> Read(std::vector<std::string_view> words, const Caller& caller = {}) {
  const absl::StatusOr<Arguments> arguments = ParseWords(GlobalFlags(), true, words);
  if (!arguments.ok()) return arguments.status();
  return ReadGlobals(*arguments, caller);
}

absl::StatusOr<LogOptions> ReadLog(std::vector<std::string_view> words) {
  return ReadLogOptions(*ParseWords(GlobalFlags(), true, words));
}

TEST(GlobalsTest, TheDefaultRootFollowsTheCaller) {
  const struct {
    Caller caller;
    const char* root;
  } kCases[] = {
      {{.euid = 0, .runtime_dir = "/run/user/0"}, "/run/hull"},
      {{.euid = 1000, .runtime_dir = "/run/user/1000"}, "/run/user/1000/hull"},
      {{.euid = 1000, .runtime_dir = "/run/user/1000/"}, "/run/user/1000/hull"},
      {{.euid = 1000}, "/run/hull"},
      {{.euid = 0, .in_user_namespace = true, .user = "x", .runtime_dir = "/r"}, "/r/hull"},
      {{.euid = 0, .in_user_namespace = true, .user = "root", .runtime_dir = "/r"}, "/run/hull"},
  };
  for (const auto& c : kCases) EXPECT_EQ(DefaultRoot(c.caller), c.root);
}

TEST(GlobalsTest, TheRootIsMadeAbsoluteAndClean) {
  EXPECT_EQ(Read({"--root", "/a//b/./c/../d/"})->root, "/a/b/d");
  char* cwd = getcwd(nullptr, 0);
  EXPECT_EQ(Read({"--root=state"})->root, std::string(cwd) + "/state");
  free(cwd);
}

TEST(GlobalsTest, TheFileSystemsRootIsRefused) {
  for (const char* root : {"/", "//", "/.", "/a/.."}) {
    EXPECT_EQ(Read({"--root", root}).status().message(), "flag --root: '/' cannot hold containers");
  }
  EXPECT_FALSE(Read({"--root="}).ok());
}

TEST(GlobalsTest, TheCgroupManagerIsNamedInEveryWay) {
  EXPECT_EQ(Read({})->cgroup_manager, "auto");
  EXPECT_EQ(Read({"--cgroup-manager", "cgroupfs"})->cgroup_manager, "auto");
  EXPECT_EQ(Read({"--cgroup-manager=disabled"})->cgroup_manager, "disabled");
  EXPECT_EQ(Read({"--cgroup-manager=cgroupfs-v1"})->cgroup_manager, "cgroupfs-v1");
  EXPECT_EQ(Read({"--systemd-cgroup"})->cgroup_manager, "systemd");
  EXPECT_EQ(Read({"--systemd-cgroup=false"})->cgroup_manager, "auto");
  EXPECT_FALSE(Read({"--cgroup-manager="}).ok());
}

TEST(GlobalsTest, WhatOldClientsSendIsAccepted) {
  EXPECT_TRUE(Read({"--criu", "/usr/sbin/criu", "--rootless=true"}).ok());
  EXPECT_TRUE(Read({"--rootless", "auto", "--systemd-cgroup"}).ok());
}

TEST(GlobalsTest, AnUnknownFlagIsRefused) {
  EXPECT_EQ(Read({"--systemd-cgruop"}).status().message(),
            "unknown flag '--systemd-cgruop', did you mean '--systemd-cgroup'?");
  EXPECT_FALSE(Read({"--systemd-log"}).ok());
}

TEST(GlobalsTest, LogOptions) {
  const LogOptions podman = *ReadLog({"--log-format=json", "--log", "/x/oci-log"});
  EXPECT_EQ(podman.path, "/x/oci-log");
  EXPECT_EQ(podman.format, LogFormat::kJson);
  EXPECT_EQ(podman.level, LogLevel::kError);
  EXPECT_EQ(ReadLog({"--log=file:/x"})->path, "/x");
  EXPECT_EQ(ReadLog({"--log-level", "warning"})->level, LogLevel::kWarning);
  EXPECT_EQ(ReadLog({"--debug"})->level, LogLevel::kDebug);
  EXPECT_EQ(ReadLog({})->format, LogFormat::kText);
}

TEST(GlobalsTest, WrongLogOptionsSayWhatIsKnown) {
  EXPECT_EQ(ReadLog({"--log-format=jsn"}).status().message(),
            "flag --log-format: 'jsn' is not one of text, json; did you mean 'json'?");
  EXPECT_EQ(ReadLog({"--log-level=info"}).status().message(),
            "flag --log-level: 'info' is not one of debug, warning, error");
  EXPECT_FALSE(ReadLog({"--log=journald:x"}).ok());
}

TEST(GlobalsTest, TheDefaultRootIsSticky) {
  char name[] = "/tmp/hull-root-test-XXXXXX";
  const std::string directory = mkdtemp(name);
  const Arguments none;
  const Globals globals = {.root = directory + "/hull"};
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(PrepareDefaultRoot(none, globals).ok());
  struct stat info;
  ASSERT_EQ(stat(globals.root.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 01700u);
  rmdir(globals.root.c_str());
  rmdir(directory.c_str());
}

}  // namespace
}  // namespace hull::tools
