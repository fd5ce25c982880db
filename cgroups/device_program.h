// Device rules as an eBPF program: generation only, no system call.
#ifndef HULL_CGROUPS_DEVICE_PROGRAM_H_
#define HULL_CGROUPS_DEVICE_PROGRAM_H_

#include <linux/bpf.h>

#include <vector>

#include "cgroups/devices.h"

namespace hull::cgroups {

// A BPF_PROG_TYPE_CGROUP_DEVICE program that returns 1 where Allows() is true, else 0. It has no
// jump and calls no helper: about seven instructions per rule.
std::vector<bpf_insn> GenerateDeviceProgram(const DeviceRuleSet& set);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_DEVICE_PROGRAM_H_
