#include "tools/commands/process_table.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "runtime/sys/unique_fd.h"

namespace hull::tools {
namespace {

// Engines start us with next to no environment.
constexpr std::string_view kUsualPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string FindPs() {
  const char* path = getenv("PATH");
  const std::string all = absl::StrCat(path == nullptr ? "" : path, ":", kUsualPath);
  for (std::string_view directory : absl::StrSplit(all, ':', absl::SkipEmpty())) {
    std::string program = absl::StrCat(directory, "/ps");
    if (access(program.c_str(), X_OK) == 0) return program;
  }
  return "";
}

std::vector<std::string_view> Columns(std::string_view line) {
  return absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

// Starts `program` with its output in `write_fd`.
absl::StatusOr<pid_t> Spawn(const std::string& program, const std::vector<std::string>& words,
                            int write_fd) {
  std::vector<char*> argv = {const_cast<char*>("ps")};
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, write_fd, STDERR_FILENO);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return sys::ErrnoStatus(error, absl::StrCat("starting '", program, "'"));
  return pid;
}

}  // namespace

std::string PidsJson(absl::Span<const pid_t> pids) {
  return absl::StrCat("[", absl::StrJoin(pids, ","), "]");
}

absl::StatusOr<std::string> RunHostPs(const std::vector<std::string>& words) {
  const std::string program = FindPs();
  if (program.empty()) {
    return absl::NotFoundError(
        "this machine has no program 'ps' to make the table; use --format json for the pids");
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return sys::ErrnoStatus(errno, "pipe");
  const sys::UniqueFd reader(ends[0]);
  sys::UniqueFd writer(ends[1]);
  ASSIGN_OR_RETURN(const pid_t pid, Spawn(program, words, writer.get()));
  writer.reset();
  absl::StatusOr<std::string> output = sys::ReadAll(reader.get());
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  RETURN_IF_ERROR(output.status(), "reading from '", program, "'");
  if (status == 0) return output;
  return absl::FailedPreconditionError(absl::StrCat("'ps ", absl::StrJoin(words, " "), "' failed: ",
                                                    absl::StripTrailingAsciiWhitespace(*output)));
}

absl::StatusOr<std::string> KeepRows(std::string_view table, absl::Span<const pid_t> pids) {
  const std::vector<std::string_view> lines = absl::StrSplit(table, '\n', absl::SkipEmpty());
  const std::vector<std::string_view> titles =
      lines.empty() ? std::vector<std::string_view>() : Columns(lines[0]);
  const auto found = absl::c_find(titles, "PID");
  if (found == titles.end()) {
    return absl::InvalidArgumentError("what ps prints has no column PID; choose other ps options");
  }
  const auto column = static_cast<size_t>(found - titles.begin());
  std::string rows = absl::StrCat(lines[0], "\n");
  for (std::string_view line : absl::MakeConstSpan(lines).subspan(1)) {
    const std::vector<std::string_view> fields = Columns(line);
    pid_t pid = 0;
    if (fields.size() <= column || !absl::SimpleAtoi(fields[column], &pid)) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", line, "': no number in the column PID; choose other ps options"));
    }
    if (absl::c_linear_search(pids, pid)) absl::StrAppend(&rows, line, "\n");
  }
  return rows;
}

}  // namespace hull::tools
