#include "cgroups/device_filter.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "cgroups/device_program.h"
#include "cgroups/devices.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "runtime/sys/unique_fd.h"

namespace hull::cgroups {
namespace {

using sys::UniqueFd;

constexpr uint32_t kMaxPrograms = 64;  // the kernel's own limit per cgroup (BPF_CGROUP_MAX_PROGS)

int Bpf(int command, bpf_attr& attr) {
  return static_cast<int>(syscall(SYS_bpf, command, &attr, sizeof(attr)));
}

// Until Linux 5.11 programs counted against RLIMIT_MEMLOCK; who may not raise it keeps it.
void RaiseMemlock() {
  const rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

absl::StatusOr<UniqueFd> LoadProgram(const std::vector<bpf_insn>& program) {
  bpf_attr attr = {};
  attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attr.insns = reinterpret_cast<uintptr_t>(program.data());
  attr.insn_cnt = static_cast<uint32_t>(program.size());
  attr.license = reinterpret_cast<uintptr_t>("Apache-2.0");
  memcpy(attr.prog_name, "hull_devices", sizeof("hull_devices"));
  int fd = Bpf(BPF_PROG_LOAD, attr);
  if (fd < 0 && errno == EPERM) {
    RaiseMemlock();
    fd = Bpf(BPF_PROG_LOAD, attr);
  }
  if (fd < 0) return sys::ErrnoStatus(errno, "loading the device filter");
  return UniqueFd(fd);
}

// The programs that are on the cgroup itself, in order.
absl::StatusOr<std::vector<UniqueFd>> AttachedPrograms(int dir_fd) {
  std::vector<uint32_t> ids(kMaxPrograms);
  bpf_attr attr = {};
  attr.query.target_fd = static_cast<uint32_t>(dir_fd);
  attr.query.attach_type = BPF_CGROUP_DEVICE;
  attr.query.prog_ids = reinterpret_cast<uintptr_t>(ids.data());
  attr.query.prog_cnt = kMaxPrograms;
  if (Bpf(BPF_PROG_QUERY, attr) < 0) return sys::ErrnoStatus(errno, "listing the device filters");
  std::vector<UniqueFd> programs;
  for (uint32_t i = 0; i < attr.query.prog_cnt; ++i) {
    bpf_attr by_id = {};
    by_id.prog_id = ids[i];
    UniqueFd fd(Bpf(BPF_PROG_GET_FD_BY_ID, by_id));
    if (!fd.valid() && errno == ENOENT) continue;  // taken off since the query
    if (!fd.valid()) return sys::ErrnoStatus(errno, "opening an attached device filter");
    programs.push_back(std::move(fd));
  }
  return programs;
}

absl::Status Attach(int dir_fd, int program_fd, int replaced_fd) {
  bpf_attr attr = {};
  attr.target_fd = static_cast<uint32_t>(dir_fd);
  attr.attach_bpf_fd = static_cast<uint32_t>(program_fd);
  attr.attach_type = BPF_CGROUP_DEVICE;
  attr.attach_flags = BPF_F_ALLOW_MULTI;
  if (replaced_fd >= 0) {
    attr.attach_flags |= BPF_F_REPLACE;
    attr.replace_bpf_fd = static_cast<uint32_t>(replaced_fd);
  }
  if (Bpf(BPF_PROG_ATTACH, attr) == 0) return absl::OkStatus();
  return sys::ErrnoStatus(errno, "attaching the device filter");
}

absl::Status Detach(int dir_fd, int program_fd) {
  bpf_attr attr = {};
  attr.target_fd = static_cast<uint32_t>(dir_fd);
  attr.attach_bpf_fd = static_cast<uint32_t>(program_fd);
  attr.attach_type = BPF_CGROUP_DEVICE;
  if (Bpf(BPF_PROG_DETACH, attr) == 0 || errno == ENOENT) return absl::OkStatus();
  return sys::ErrnoStatus(errno, "taking the old device filter off");
}

// There is never a moment without a filter: one old program is replaced in place (Linux 5.6), else
// ours goes on before the old ones come off.
absl::Status ReplacePrograms(int dir_fd, int program_fd) {
  ASSIGN_OR_RETURN(const std::vector<UniqueFd> old, AttachedPrograms(dir_fd));
  if (old.size() == 1 && Attach(dir_fd, program_fd, old[0].get()).ok()) return absl::OkStatus();
  RETURN_IF_ERROR(Attach(dir_fd, program_fd, -1));
  for (size_t i = 0; i < old.size(); ++i) {
    const absl::Status detached = Detach(dir_fd, old[i].get());
    if (detached.ok()) continue;
    for (size_t j = 0; j < i; ++j) Attach(dir_fd, old[j].get(), -1).IgnoreError();
    Detach(dir_fd, program_fd).IgnoreError();
    return detached;
  }
  return absl::OkStatus();
}

absl::Status Filter(int dir_fd, const DeviceRuleSet& set, bool replace) {
  ASSIGN_OR_RETURN(const UniqueFd program_fd, LoadProgram(GenerateDeviceProgram(set)));
  return replace ? ReplacePrograms(dir_fd, program_fd.get()) : Attach(dir_fd, program_fd.get(), -1);
}

}  // namespace

absl::Status FilterDevices(int dir_fd, const std::vector<spec::DeviceRule>& rules, bool replace,
                           absl::FunctionRef<bool()> unprivileged) {
  ASSIGN_OR_RETURN(const DeviceRuleSet set, ParseDeviceRules(rules));
  const bool everything = set.AllowsEverything();
  if (everything && !replace) return absl::OkStatus();
  const absl::Status status = Filter(dir_fd, set, replace);
  if (everything) return absl::OkStatus();
  if (absl::IsPermissionDenied(status) && unprivileged()) return absl::OkStatus();
  RETURN_IF_ERROR(status, "linux.resources.devices");
  return absl::OkStatus();
}

// Who allows everything now gets a program that does: unlike none at all it can be put in the place
// of the old one.
absl::Status ReplaceDeviceFilter(int dir_fd, const std::vector<spec::DeviceRule>& rules) {
  ASSIGN_OR_RETURN(const DeviceRuleSet set, ParseDeviceRules(rules));
  RETURN_IF_ERROR(Filter(dir_fd, set, /*replace=*/true), "linux.resources.devices");
  return absl::OkStatus();
}

}  // namespace hull::cgroups
