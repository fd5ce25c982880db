#include "cgroups/apply.h"

#include <errno.h>

#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/directory.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using When = Write::When;

// Files that hold a line per device or interface, and what stands for "no line".
struct Keyed {
  absl::string_view file;
  absl::string_view neutral;
};
constexpr Keyed kKeyedFiles[] = {
    {"io.max", "rbps=max wbps=max riops=max wiops=max"},
    {"io.weight", "default"},
    {"io.bfq.weight", "default"},
    {"io.latency", "target=0"},
    {"rdma.max", "hca_handle=max hca_object=max"},
    {"net_prio.ifpriomap", "0"},
    {"blkio.throttle.read_bps_device", "0"},
    {"blkio.throttle.write_bps_device", "0"},
    {"blkio.throttle.read_iops_device", "0"},
    {"blkio.throttle.write_iops_device", "0"},
    {"blkio.weight_device", "default"},
    {"blkio.leaf_weight_device", "default"},
    {"blkio.bfq.weight_device", "default"},
};

absl::string_view FirstWord(absl::string_view text) { return text.substr(0, text.find(' ')); }

std::string MemoryBusy(int dir_fd, const Write& write) {
  const std::string usage = ReadValue(dir_fd, "memory.usage_in_bytes").value_or("unknown");
  const std::string peak = ReadValue(dir_fd, "memory.max_usage_in_bytes").value_or("unknown");
  return absl::StrCat("unable to set memory limit to ", write.value, " (current usage: ", usage,
                      ", peak usage: ", peak, ")");
}

absl::string_view MissingFileCause(const Write& write) {
  const absl::string_view file = write.file;
  if (absl::StrContains(file, "swap") || absl::StrContains(file, "memsw")) {
    return "the kernel does not count swap (CONFIG_SWAP, swapaccount=1)";
  }
  if (absl::StrContains(file, "weight") || absl::StrContains(file, "leaf")) {
    return "neither the BFQ scheduler nor another one with weights is in the kernel";
  }
  if (file.starts_with("cpu.rt_")) return "the kernel has no CONFIG_RT_GROUP_SCHED";
  if (file.starts_with("hugetlb.")) return "the machine has no huge pages of this size";
  return "this kernel has no such file";
}

// What the kernel's short answer usually means for this file; "" if it says all there is.
std::string LikelyCause(int dir_fd, const Write& write, int error) {
  const absl::string_view file = write.file;
  if (error == ENOENT) return std::string(MissingFileCause(write));
  if (error == EBUSY && file == "memory.limit_in_bytes") return MemoryBusy(dir_fd, write);
  if (error == ENODEV && (write.controller == "io" || write.controller == "blkio")) {
    return "there is no block device with this number";
  }
  if (file.starts_with("cpuset.") && (error == EINVAL || error == EACCES || error == ERANGE)) {
    return "not within the CPUs or memory nodes of the machine or of the parent cgroup";
  }
  if (error == EINVAL && file == "cpu.cfs_quota_us") {
    return "below 1 ms, or more than the parent cgroup has";
  }
  if (error == EINVAL && file.starts_with("cpu.rt_")) {
    return "the parent cgroup has no realtime time left to give";
  }
  if (error == EACCES || error == EPERM || error == EROFS) {
    return "this cgroup is not ours to limit: it was not delegated, or is mounted read-only";
  }
  return "";
}

absl::Status Describe(int dir_fd, const Write& write, const absl::Status& status) {
  const std::string cause = LikelyCause(dir_fd, write, sys::StatusErrno(status));
  const absl::Status named =
      base::Annotate(status, write.field, ": writing '", write.value, "' to '", write.file, "'");
  if (cause.empty()) return named;
  absl::Status full(named.code(), absl::StrCat(named.message(), " (", cause, ")"));
  named.ForEachPayload([&full](absl::string_view type, const absl::Cord& payload) {
    full.SetPayload(type, payload);
  });
  return full;
}

absl::Status Remember(int dir_fd, const Write& write, std::vector<Undo>* undo) {
  if (undo == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string before, ReadValue(dir_fd, write.file));
  undo->push_back({dir_fd, write.file, UndoValue(write.file, write.value, before)});
  return absl::OkStatus();
}

absl::Status WriteOne(int dir_fd, const Write& write, std::vector<Undo>* undo) {
  RETURN_IF_ERROR(Remember(dir_fd, write, undo));
  return WriteValue(dir_fd, write.file, write.value);
}

absl::Status ReadBack(int dir_fd, const Write& write) {
  ASSIGN_OR_RETURN(const std::string kept, ReadValue(dir_fd, write.file));
  int64_t asked = 0, number = 0;  // the kernel rounds down to whole pages
  if (absl::SimpleAtoi(write.value, &asked) && absl::SimpleAtoi(kept, &number) && number <= asked) {
    return absl::OkStatus();
  }
  return absl::UnimplementedError(
      absl::StrCat(write.field, ": the kernel has no such limit any more: of '", write.value,
                   "' written to '", write.file, "' it keeps '", kept, "'; remove the field"));
}

}  // namespace

absl::Status ApplyWrites(absl::Span<const Write> writes, DirectoryOf directory_of,
                         std::vector<Undo>* undo) {
  std::vector<absl::string_view> refused;
  for (size_t i = 0; i < writes.size(); ++i) {
    const Write& write = writes[i];
    if (write.when == When::kIfRefused && !absl::c_linear_search(refused, write.file)) continue;
    const int dir_fd = directory_of(write.controller);
    if (dir_fd < 0) {
      return absl::UnavailableError(
          absl::StrCat(write.field, ": the cgroup has no controller '", write.controller, "'"));
    }
    const absl::Status status = WriteOne(dir_fd, write, undo);
    const int error = sys::StatusErrno(status);
    if (status.ok() && write.when == When::kReadBack) RETURN_IF_ERROR(ReadBack(dir_fd, write));
    if (status.ok() && write.when == When::kElseNext) ++i;
    if (status.ok()) continue;
    if (error == ENOENT && (write.when == When::kIfPresent || write.when == When::kElseNext)) {
      continue;
    }
    if (error == EINVAL && write.when == When::kTry) {
      refused.push_back(write.file);
      continue;
    }
    return Describe(dir_fd, write, status);
  }
  return absl::OkStatus();
}

void RollBack(absl::Span<const Undo> undo) {
  for (auto step = undo.rbegin(); step != undo.rend(); ++step) {
    WriteValue(step->dir_fd, step->file, step->value).IgnoreError();
  }
}

std::string UndoValue(absl::string_view file, absl::string_view written, absl::string_view before) {
  const auto keyed =
      absl::c_find_if(kKeyedFiles, [file](const Keyed& k) { return k.file == file; });
  if (file == "memory.oom_control") {  // reads "oom_kill_disable 0" and more, takes the number
    return absl::StrContains(before, "oom_kill_disable 1") ? "1" : "0";
  }
  if (keyed == std::end(kKeyedFiles)) return before.empty() ? "\n" : std::string(before);
  // A weight without a device is the default's.
  const bool of_device = absl::StrContains(written, ' ') && !written.starts_with("default");
  const absl::string_view key = of_device ? FirstWord(written) : "default";
  for (absl::string_view line : absl::StrSplit(before, '\n')) {
    if (FirstWord(line) == key) return std::string(line);
    if (!of_device && !absl::StrContains(line, ' ')) return std::string(line);
  }
  return absl::StrCat(key, " ", of_device ? keyed->neutral : "100");
}

}  // namespace hull::cgroups
