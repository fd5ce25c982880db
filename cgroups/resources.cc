#include "cgroups/resources.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cgroups/resources_internal.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups {
namespace {

using internal::kRoot;
using internal::Writer;

constexpr uint64_t kMinShares = 2, kMaxShares = 262144, kMaxWeight = 10000;
constexpr uint64_t kMinBlkioWeight = 10;

bool HasCpuset(const spec::Cpu& cpu) { return !cpu.cpus.empty() || !cpu.mems.empty(); }

// Which cpu field needs the cpu controller, "" for none.
absl::string_view FirstCpuField(const spec::Cpu& cpu) {
  if (cpu.shares.value_or(0) != 0) return "cpu.shares";
  if (cpu.quota_us.value_or(0) != 0) return "cpu.quota";
  if (cpu.period_us.value_or(0) != 0) return "cpu.period";
  if (cpu.burst_us.has_value()) return "cpu.burst";
  if (cpu.idle.has_value()) return "cpu.idle";
  if (cpu.realtime_runtime_us.value_or(0) != 0) return "cpu.realtimeRuntime";
  if (cpu.realtime_period_us.value_or(0) != 0) return "cpu.realtimePeriod";
  return "";
}

absl::string_view FirstMemoryField(const spec::Memory& memory) {
  if (memory.limit.value_or(0) != 0) return "memory.limit";
  if (memory.reservation.value_or(0) != 0) return "memory.reservation";
  if (memory.swap.value_or(0) != 0) return "memory.swap";
  if (memory.kernel.value_or(0) != 0) return "memory.kernel";
  if (memory.kernel_tcp.value_or(0) != 0) return "memory.kernelTCP";
  if (memory.swappiness.has_value()) return "memory.swappiness";
  if (memory.disable_oom_killer.value_or(false)) return "memory.disableOOMKiller";
  return "";
}

absl::string_view FirstBlockIoField(const spec::BlockIo& io) {
  if (io.weight.value_or(0) != 0) return "blockIO.weight";
  if (io.leaf_weight.value_or(0) != 0) return "blockIO.leafWeight";
  if (!io.weight_device.empty()) return "blockIO.weightDevice[0]";
  if (!io.throttle_read_bps_device.empty()) return "blockIO.throttleReadBpsDevice[0]";
  if (!io.throttle_write_bps_device.empty()) return "blockIO.throttleWriteBpsDevice[0]";
  if (!io.throttle_read_iops_device.empty()) return "blockIO.throttleReadIOPSDevice[0]";
  if (!io.throttle_write_iops_device.empty()) return "blockIO.throttleWriteIOPSDevice[0]";
  return "";
}

}  // namespace

namespace internal {

absl::Status BadField(absl::string_view field, absl::string_view value, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(kRoot, field, ": '", value, "': ", why));
}

absl::Status CheckPageSize(absl::string_view page_size, absl::string_view field) {
  absl::string_view rest = page_size;
  while (!rest.empty() && absl::ascii_isdigit(rest.front())) rest.remove_prefix(1);
  const bool digits = rest.size() < page_size.size() && page_size.front() != '0';
  if (digits && (rest == "KB" || rest == "MB" || rest == "GB")) return absl::OkStatus();
  return BadField(field, page_size, "a huge page size is a number and KB, MB or GB, as '2MB'");
}

absl::Status CheckName(absl::string_view name, absl::string_view field) {
  const bool plain =
      absl::c_all_of(name, [](unsigned char c) { return absl::ascii_isgraph(c) && c != '/'; });
  if (plain && !name.empty() && name != "." && name != "..") return absl::OkStatus();
  return BadField(field, name, "a name has no spaces, no '/' and no control characters");
}

absl::Status CheckDevice(int64_t major, int64_t minor, absl::string_view field) {
  constexpr int64_t kMax = UINT32_MAX;
  if (major >= 0 && minor >= 0 && major <= kMax && minor <= kMax) return absl::OkStatus();
  return BadField(field, absl::StrCat(major, ":", minor), "not a device number");
}

absl::Status ConvertRdma(const spec::Resources& resources, std::vector<Write>& writes) {
  Writer writer("rdma", writes);
  for (const auto& [device, limit] : resources.rdma) {
    const std::string field = absl::StrCat("rdma.", device);
    RETURN_IF_ERROR(CheckName(device, field));
    std::string value = device;
    if (limit.hca_handles) absl::StrAppend(&value, " hca_handle=", *limit.hca_handles);
    if (limit.hca_objects) absl::StrAppend(&value, " hca_object=", *limit.hca_objects);
    if (value != device) writer.Add("rdma.max", value, field);
  }
  return absl::OkStatus();
}

void ConvertPids(const spec::Resources& resources, std::vector<Write>& writes) {
  if (!resources.pids || !resources.pids->limit) return;
  const int64_t limit = *resources.pids->limit;
  const std::string value = limit < 0 ? "max" : absl::StrCat(limit == 0 ? 1 : limit);
  Writer("pids", writes).Add("pids.max", value, "pids.limit");
}

}  // namespace internal

std::vector<Need> NeededControllers(const spec::Resources& resources) {
  std::vector<Need> needs;
  const auto add = [&needs](absl::string_view controller, absl::string_view field) {
    if (!field.empty()) needs.push_back({std::string(controller), absl::StrCat(kRoot, field)});
  };
  if (resources.memory) add("memory", FirstMemoryField(*resources.memory));
  if (resources.cpu) {
    add("cpu", FirstCpuField(*resources.cpu));
    if (HasCpuset(*resources.cpu)) {
      add("cpuset", resources.cpu->cpus.empty() ? "cpu.mems" : "cpu.cpus");
    }
  }
  if (resources.pids && resources.pids->limit) add("pids", "pids.limit");
  if (resources.block_io) add("io", FirstBlockIoField(*resources.block_io));
  if (!resources.hugepage_limits.empty()) add("hugetlb", "hugepageLimits[0]");
  if (resources.network && resources.network->class_id.value_or(0) != 0) {
    add("net_cls", "network.classID");
  }
  if (resources.network && !resources.network->priorities.empty()) {
    add("net_prio", "network.priorities");
  }
  if (!resources.rdma.empty()) add("rdma", absl::StrCat("rdma.", resources.rdma.begin()->first));
  for (const auto& [file, value] : resources.unified) {
    const std::string controller = file.substr(0, file.find('.'));
    if (controller != "cgroup") add(controller, absl::StrCat("unified.", file));
  }
  return needs;
}

uint64_t CpuWeightFromShares(uint64_t shares) {
  if (shares == 0) return 0;
  if (shares <= kMinShares) return 1;
  if (shares >= kMaxShares) return kMaxWeight;
  const double l = std::log2(static_cast<double>(shares));
  const double exponent = (l * l + 125 * l) / 612.0 - 7.0 / 34.0;
  return static_cast<uint64_t>(std::ceil(std::pow(10, exponent)));
}

uint64_t IoWeightFromBlkio(uint64_t weight) {
  if (weight == 0) return 0;
  return 1 + (std::max(weight, kMinBlkioWeight) - kMinBlkioWeight) * 9999 / 990;
}

absl::StatusOr<std::string> SwapMaxFromTotal(int64_t swap_bytes, int64_t memory_bytes) {
  if (swap_bytes == -1 || (memory_bytes == -1 && swap_bytes == 0)) return "max";
  if (swap_bytes == 0) return "";
  if (memory_bytes == -1) return absl::StrCat(swap_bytes);
  if (memory_bytes == 0) {
    return internal::BadField("memory.swap", absl::StrCat(swap_bytes),
                              "memory + swap can be limited only together with memory.limit");
  }
  if (swap_bytes < memory_bytes) {
    return internal::BadField(
        "memory.swap", absl::StrCat(swap_bytes),
        absl::StrCat("memory + swap is less than memory.limit (", memory_bytes, ")"));
  }
  return absl::StrCat(swap_bytes - memory_bytes);
}

}  // namespace hull::cgroups
