// What the bench and its spawner say to each other over a SOCK_SEQPACKET pair: one request, one
// reply, in the host's own byte order.
#ifndef HULL_TESTING_BENCH_SPAWN_PROTOCOL_H_
#define HULL_TESTING_BENCH_SPAWN_PROTOCOL_H_

#include <cstddef>
#include <cstdint>

namespace hull::bench {

constexpr int kSpawnSocketFd = 3;  // the spawner's end
constexpr int kSpawnErrorFd = 4;   // the commands' stderr, emptied before each request
constexpr size_t kMaxRequestBytes = 64 * 1024;
constexpr size_t kMaxWords = 512;

// A request is a sequence of words, each ended by NUL; the words of a command are followed by one
// of these. Before the first command: words "NAME=value" and kEndOfEnvironment.
constexpr char kEndOfEnvironment[] = "\x01";
constexpr char kEndOfCommand[] = "\x02";           // the next one starts when this one has exited
constexpr char kEndThenWaitForOrphans[] = "\x03";  // and when all its orphans have, too

struct SpawnReply {
  int64_t wall_ns = 0;      // from before the first command's start to after the last wait
  int64_t cpu_us = 0;       // user and system, of all that were waited for, orphans included
  int64_t max_rss_kib = 0;  // the largest of the commands and of what they waited for
  int32_t exit_code = 0;    // the first that is not 0 (128 + N for signal N); it ends the sequence
  int32_t failed_command = -1;
};

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_SPAWN_PROTOCOL_H_
