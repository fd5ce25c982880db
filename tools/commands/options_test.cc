#include "tools/commands/options.h"

#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/file.h"
#include "tools/cli/log.h"
#include "tools/cli/parser.h"
#include "tools/commands/commands.h"
#include "tools/commands/table.h"

namespace hull::tools {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OptionsTest : public ::testing::Test {
 protected:
  // `read` of what `command` gets from `words`.
  template <typename Read>
  auto From(const Command& command, std::vector<std::string_view> words, Read read) {
    arguments_ = *ParseCommand(command, words);
    return read(Invocation{.globals = globals_, .arguments = arguments_, .log = log_});
  }
  absl::StatusOr<runtime::ExecOptions> Exec(std::vector<std::string_view> words) {
    return From(kExec, words, &ReadExecOptions);
  }

  Globals globals_;
  Arguments arguments_;
  Log log_;
};

TEST_F(OptionsTest, CreateAsContainerdSendsIt) {
  const runtime::CreateOptions options =
      *From(kCreate,
            {"--bundle", "/b", "--pid-file", "/p", "--console-socket", "/s", "--no-pivot",
             "--no-new-keyring", "id"},
            &ReadCreateOptions);
  EXPECT_EQ(options.id, "id");
  EXPECT_EQ(options.bundle, "/b");
  EXPECT_EQ(options.pid_file, "/p");
  EXPECT_EQ(options.console_socket, "/s");
  EXPECT_TRUE(options.no_pivot);
  EXPECT_TRUE(options.no_new_keyring);
}

TEST_F(OptionsTest, CreateDefaults) {
  const runtime::CreateOptions options = *From(kCreate, {"id"}, &ReadCreateOptions);
  EXPECT_EQ(options.bundle, ".");
  EXPECT_EQ(options.config, "");
  EXPECT_EQ(options.preserve_fds, 0);
  EXPECT_FALSE(options.no_pivot);
}

TEST_F(OptionsTest, RunHasTheFlagsOfCreateAndItsOwn) {
  EXPECT_EQ(From(kRun, {"-d", "--keep", "-b", "/b", "id"}, &ReadCreateOptions)->bundle, "/b");
  const runtime::RunOptions options =
      ReadRunOptions(Invocation{.globals = globals_, .arguments = arguments_, .log = log_});
  EXPECT_TRUE(options.detach);
  EXPECT_TRUE(options.keep);
  EXPECT_FALSE(options.no_subreaper);
}

TEST_F(OptionsTest, ExecTakesEveryFlag) {
  const runtime::ExecOptions options = *Exec({"-e",
                                              "A=1",
                                              "--env=B=",
                                              "--cwd",
                                              "/w",
                                              "-u",
                                              "1:2",
                                              "-g",
                                              "3",
                                              "-g=4",
                                              "-c",
                                              "CAP_KILL",
                                              "--no-new-privs",
                                              "--apparmor",
                                              "profile",
                                              "--process-label=u:r:t:s0",
                                              "-td",
                                              "--ignore-paused",
                                              "--pid-file",
                                              "/p",
                                              "id",
                                              "ls",
                                              "-d"});
  EXPECT_EQ(options.id, "id");
  EXPECT_THAT(options.args, ElementsAre("ls", "-d"));
  EXPECT_THAT(options.env, ElementsAre("A=1", "B="));
  EXPECT_THAT(options.additional_gids, ElementsAre(3, 4));
  EXPECT_THAT(options.capabilities, ElementsAre("CAP_KILL"));
  EXPECT_EQ(options.cwd, "/w");
  EXPECT_EQ(options.user, "1:2");
  EXPECT_EQ(options.pid_file, "/p");
  EXPECT_EQ(options.apparmor_profile, "profile");
  EXPECT_EQ(options.selinux_label, "u:r:t:s0");
  EXPECT_EQ(options.no_new_privileges, true);
  EXPECT_TRUE(options.terminal && options.detach && options.ignore_paused);
}

TEST_F(OptionsTest, ExecLeavesToTheConfigWhatIsNotSaid) {
  const runtime::ExecOptions options = *Exec({"id", "ls"});
  EXPECT_EQ(options.no_new_privileges, std::nullopt);
  EXPECT_FALSE(options.process.has_value());
  EXPECT_EQ(Exec({"--no-new-privs=false", "id", "ls"})->no_new_privileges, false);
}

TEST_F(OptionsTest, ExecDropsDashesAfterTheId) {
  EXPECT_THAT(Exec({"id", "--", "ls", "--"})->args, ElementsAre("ls", "--"));
}

TEST_F(OptionsTest, ExecRefusesWhatMakesNoSense) {
  EXPECT_THAT(Exec({"id"}).status().message(), HasSubstr("command to run is missing"));
  EXPECT_THAT(Exec({"-g", "4294967295", "id", "ls"}).status().message(),
              HasSubstr("--additional-gids"));
  EXPECT_THAT(Exec({"--user=", "id", "ls"}).status().message(), HasSubstr("--user"));
  for (const char* env : {"A", "=1", ""}) {
    EXPECT_THAT(Exec({"-e", env, "id", "ls"}).status().message(), HasSubstr("--env")) << env;
  }
}

TEST_F(OptionsTest, ExecReadsTheProcessFile) {
  char name[] = "/tmp/hull-options-test-XXXXXX";
  const int fd = mkstemp(name);
  ASSERT_TRUE(
      sys::WriteAll(fd, R"({"args": ["ls"], "cwd": "/w", "user": {"uid": 5, "gid": 6}})").ok());
  const absl::StatusOr<runtime::ExecOptions> options = Exec({"--process", name, "id"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->process->user.uid, 5u);
  EXPECT_EQ(options->process->cwd, "/w");
  close(fd);
  unlink(name);
  EXPECT_THAT(Exec({"--process", name, "id"}).status().message(), HasSubstr(name));
}

TEST_F(OptionsTest, ExecRefusesWhatAProcessFileWouldSilentlyDrop) {
  char name[] = "/tmp/hull-options-test-XXXXXX";
  const int fd = mkstemp(name);
  ASSERT_TRUE(sys::WriteAll(fd, R"({"args": ["ls"], "cwd": "/", "user": {}})").ok());
  for (const char* flag :
       {"--apparmor=p", "--process-label=l", "--no-new-privs", "--cap=CAP_KILL"}) {
    const absl::Status status = Exec({"--process", name, flag, "id"}).status();
    const std::string_view word =
        std::string_view(flag).substr(0, std::string_view(flag).find('='));
    EXPECT_THAT(status.message(), HasSubstr(word)) << flag;
    EXPECT_THAT(status.message(), HasSubstr("not together with --process")) << flag;
  }
  EXPECT_TRUE(Exec({"--process", name, "-t", "id"}).ok()) << "as engines say it";
  EXPECT_TRUE(Exec({"--process", name, "--cwd=/w", "id"}).ok()) << "with a warning";
  close(fd);
  unlink(name);
}

TEST(CommandTableTest, EveryCommandIsCompleteAndItsUsageStartsWithItsName) {
  for (const Command* command : Commands()) {
    EXPECT_NE(command->run, nullptr) << command->name;
    EXPECT_EQ(command->usage.substr(0, command->name.size()), command->name);
    EXPECT_FALSE(command->summary.empty()) << command->name;
    for (const Flag& flag : command->flags) {
      EXPECT_EQ(flag.kind == FlagKind::kOffered, !flag.help.empty()) << flag.name;
    }
  }
}

}  // namespace
}  // namespace hull::tools
