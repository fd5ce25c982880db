#include "testing/bench/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "testing/bench/files.h"
#include "testing/bench/spawn_protocol.h"

namespace hull::bench {
namespace {

void AppendWord(absl::string_view word, std::string& request) {
  absl::StrAppend(&request, word);
  request.push_back('\0');
}

std::string EncodeRequest(const std::vector<Command>& commands,
                          const std::vector<std::string>& environment) {
  std::string request;
  for (const std::string& variable : environment) AppendWord(variable, request);
  AppendWord(kEndOfEnvironment, request);
  for (const Command& command : commands) {
    for (const std::string& word : command.argv) AppendWord(word, request);
    AppendWord(command.then_wait_for_orphans ? kEndThenWaitForOrphans : kEndOfCommand, request);
  }
  return request;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spawner>> Spawner::Start(const std::string& program, CgroupMode mode,
                                                        const std::string& cgroup,
                                                        const std::string& error_file) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    return absl::ErrnoToStatus(errno, "socketpair");
  }
  const auto close_theirs = absl::MakeCleanup([&] { close(sockets[1]); });
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const auto destroy = absl::MakeCleanup([&] { posix_spawn_file_actions_destroy(&actions); });
  posix_spawn_file_actions_adddup2(&actions, sockets[1], kSpawnSocketFd);
  // O_APPEND: the file is emptied between requests while containers hold it.
  posix_spawn_file_actions_addopen(&actions, kSpawnErrorFd, error_file.c_str(),
                                   O_RDWR | O_CREAT | O_APPEND, 0600);
  const char* argv[] = {program.c_str(), mode == CgroupMode::kPrivateV2 ? "v2" : "machine",
                        cgroup.c_str(), nullptr};
  pid_t pid;
  const int error =
      posix_spawn(&pid, program.c_str(), &actions, nullptr, const_cast<char**>(argv), environ);
  if (error != 0) {
    close(sockets[0]);
    return absl::ErrnoToStatus(error, absl::StrCat("starting '", program, "'"));
  }
  std::unique_ptr<Spawner> spawner(new Spawner(pid, sockets[0], error_file));
  close(sockets[1]);
  sockets[1] = -1;
  char ready;
  if (recv(sockets[0], &ready, 1, 0) != 1) {
    return absl::UnavailableError("the spawner could not set up its mounts and cgroups");
  }
  return spawner;
}

Spawner::~Spawner() {
  close(socket_fd_);
  waitpid(pid_, nullptr, 0);
}

absl::StatusOr<Measurement> Spawner::Run(const std::vector<Command>& commands,
                                         const std::vector<std::string>& environment) {
  const std::string request = EncodeRequest(commands, environment);
  SpawnReply reply;
  if (request.size() > kMaxRequestBytes) return absl::InvalidArgumentError("request too long");
  if (send(socket_fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0 ||
      recv(socket_fd_, &reply, sizeof reply, 0) != static_cast<ssize_t>(sizeof reply)) {
    return absl::InternalError("the spawner is gone");
  }
  if (reply.exit_code != 0) {
    const Command& failed = commands[static_cast<size_t>(reply.failed_command)];
    const std::string said = ReadFile(error_file_).value_or("");
    return absl::AbortedError(absl::StrCat("'", absl::StrJoin(failed.argv, " "), "' exited with ",
                                           reply.exit_code, ": ",
                                           absl::StripAsciiWhitespace(said)));
  }
  return Measurement{.wall_us = static_cast<double>(reply.wall_ns) / 1000,
                     .cpu_us = static_cast<double>(reply.cpu_us),
                     .max_rss_kib = static_cast<double>(reply.max_rss_kib)};
}

}  // namespace hull::bench
