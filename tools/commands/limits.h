// The limits that `hull update` is told to set, by flags or as JSON.
#ifndef HULL_TOOLS_COMMANDS_LIMITS_H_
#define HULL_TOOLS_COMMANDS_LIMITS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "runtime/lifecycle.h"
#include "spec/spec.h"
#include "tools/cli/command.h"

namespace hull::tools {

inline constexpr Flag kLimitFlags[] = {
    {.name = "resources",
     .letter = 'r',
     .value = "FILE",
     .help = "take all from this JSON file, '-' = standard input; device rules too"},
    {.name = "blkio-weight", .value = "N", .help = "share of the disks, 10 to 1000"},
    {.name = "cpu-period", .value = "US", .help = "period of the quota"},
    {.name = "cpu-quota", .value = "US", .help = "CPU time in a period; -1 = no limit"},
    {.name = "cpu-burst", .value = "US", .help = "unused quota that may be saved up"},
    {.name = "cpu-share", .value = "N", .help = "share of the CPUs, 2 to 262144"},
    {.name = "cpu-idle", .value = "0|1", .help = "1 = run only where nobody else wants to"},
    {.name = "cpu-rt-period", .value = "US", .help = "period of the realtime runtime (v1)"},
    {.name = "cpu-rt-runtime", .value = "US", .help = "realtime CPU time in a period (v1)"},
    {.name = "cpuset-cpus", .value = "LIST", .help = "CPUs to run on, as 0-3,7"},
    {.name = "cpuset-mems", .value = "LIST", .help = "memory nodes to use, as 0-1"},
    {.name = "memory", .value = "SIZE", .help = "memory, in bytes or as 64m; -1 = no limit"},
    {.name = "memory-reservation", .value = "SIZE", .help = "memory kept when others need some"},
    {.name = "memory-swap", .value = "SIZE", .help = "memory and swap together; -1 = no limit"},
    {.name = "pids-limit", .value = "N", .help = "number of processes; -1 = no limit"},
    {.name = "kernel-memory", .value = "SIZE", .kind = FlagKind::kIgnored},
    {.name = "kernel-memory-tcp", .value = "SIZE", .kind = FlagKind::kIgnored},
    {.name = "l3-cache-schema", .value = "SCHEMA", .help = "L3 cache of its class, as L3:0=ff;1=f"},
    {.name = "mem-bw-schema",
     .value = "SCHEMA",
     .help = "memory bandwidth of its class, as MB:0=20"},
};

// Checked as the config is. Flags besides --resources are ignored, as other runtimes do, with a
// warning. Reads the file.
absl::StatusOr<runtime::Change> ReadLimits(const Invocation& invocation);

// "512", "64k", "1.5g", "2GiB" in bytes, units of 1024; "-1" is -1. InvalidArgument names the flag.
absl::StatusOr<int64_t> ParseSize(std::string_view flag, std::string_view text);

}  // namespace hull::tools

#endif  // HULL_TOOLS_COMMANDS_LIMITS_H_
