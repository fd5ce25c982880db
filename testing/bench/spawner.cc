// Starts and measures the commands of the bench.
//
// A process of its own, and a small one, because a child's peak RSS starts at that of the process
// it was forked from; and because it is the subreaper of all containers and lives in the mount
// namespace and cgroups of its table, none of which the bench should.
//
//   spawner v2|machine CGROUP      (socket on fd 3, the commands' stderr on fd 4)
//
// Ends at the socket's end of file, and then leaves no process and no cgroup behind.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "testing/bench/cgroup_tree.h"
#include "testing/bench/spawn_protocol.h"

namespace hull::bench {
namespace {

[[noreturn]] void Die(const char* what) {
  fprintf(stderr, "spawner: %s: %s\n", what, strerror(errno));
  exit(1);
}

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

int64_t CpuUs(const rusage& usage) {
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * int64_t{1000000} +
         usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

int ExitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// The children's stdio: nothing in, nothing out, errors to the bench's file.
const posix_spawn_file_actions_t& StdioActions() {
  static const posix_spawn_file_actions_t actions = [] {
    posix_spawn_file_actions_t made;
    posix_spawn_file_actions_init(&made);
    posix_spawn_file_actions_addopen(&made, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&made, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&made, kSpawnErrorFd, STDERR_FILENO);
    return made;
  }();
  return actions;
}

int RunCommand(char** argv, char** environment, SpawnReply& reply) {
  pid_t pid;
  const int error = posix_spawn(&pid, argv[0], &StdioActions(), nullptr, argv, environment);
  if (error != 0) {
    dprintf(kSpawnErrorFd, "starting %s: %s\n", argv[0], strerror(error));
    return 127;
  }
  rusage usage;
  int status;
  pid_t ended;
  while ((ended = wait4(-1, &status, 0, &usage)) != pid) {
    if (ended < 0) Die("wait4");
    reply.cpu_us += CpuUs(usage);
  }
  reply.cpu_us += CpuUs(usage);
  if (usage.ru_maxrss > reply.max_rss_kib) reply.max_rss_kib = usage.ru_maxrss;
  return ExitCode(status);
}

// Containers that were left behind: their time is the commands' doing.
void ReapOrphans(int options, SpawnReply& reply) {
  rusage usage;
  int status;
  while (wait4(-1, &status, options, &usage) > 0) reply.cpu_us += CpuUs(usage);
}

struct Words {
  char* word[kMaxWords];
  size_t count = 0;
};

void SplitWords(char* text, size_t size, Words& words) {
  for (size_t at = 0; at < size && words.count < kMaxWords; at += strlen(text + at) + 1) {
    words.word[words.count++] = text + at;
  }
}

bool IsMark(const char* word) {
  return strcmp(word, kEndOfEnvironment) == 0 || strcmp(word, kEndOfCommand) == 0 ||
         strcmp(word, kEndThenWaitForOrphans) == 0;
}

SpawnReply RunSequence(Words& words) {
  SpawnReply reply;
  char** environment = nullptr;
  size_t begin = 0;
  int command = 0;
  if (ftruncate(kSpawnErrorFd, 0) < 0) Die("emptying the error file");
  ReapOrphans(WNOHANG, reply);
  reply.cpu_us = 0;
  const int64_t start_ns = NowNs();
  for (size_t i = 0; i < words.count; i++) {
    if (!IsMark(words.word[i])) continue;
    const char mark = words.word[i][0];
    words.word[i] = nullptr;  // ends the list before it
    char** list = words.word + begin;
    begin = i + 1;
    if (mark == kEndOfEnvironment[0]) {
      environment = list;
      continue;
    }
    reply.exit_code = RunCommand(list, environment, reply);
    if (reply.exit_code != 0) {
      reply.failed_command = command;
      break;
    }
    if (mark == kEndThenWaitForOrphans[0]) ReapOrphans(0, reply);
    command++;
  }
  ReapOrphans(WNOHANG, reply);
  reply.wall_ns = NowNs() - start_ns;
  return reply;
}

void Serve() {
  static char request[kMaxRequestBytes];
  for (;;) {
    const ssize_t size = recv(kSpawnSocketFd, request, sizeof request, 0);
    if (size <= 0) return;
    Words words;
    SplitWords(request, static_cast<size_t>(size), words);
    const SpawnReply reply = RunSequence(words);
    if (send(kSpawnSocketFd, &reply, sizeof reply, MSG_NOSIGNAL) < 0) return;
  }
}

void EnterPrivateV2() {
  if (unshare(CLONE_NEWNS) < 0) Die("mount namespace");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) Die("private mounts");
  if (mount("cgroup2", "/sys/fs/cgroup", "cgroup2", 0, nullptr) < 0) Die("cgroup2 mount");
}

int Main(int argc, char** argv) {
  if (argc != 3) {
    fputs("usage: spawner v2|machine CGROUP\n", stderr);
    return 2;
  }
  for (const int fd : {kSpawnSocketFd, kSpawnErrorFd}) fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) Die("subreaper");
  if (strcmp(argv[1], "v2") == 0) EnterPrivateV2();
  CgroupTree tree(argv[2]);
  if (!tree.Make()) Die("cgroup");
  const char ready = 1;
  if (send(kSpawnSocketFd, &ready, 1, MSG_NOSIGNAL) == 1) Serve();
  tree.KillAll();
  while (wait(nullptr) > 0) {
  }
  tree.Remove();
  return 0;
}

}  // namespace
}  // namespace hull::bench

int main(int argc, char** argv) { return hull::bench::Main(argc, argv); }
