#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cgroups/resources.h"
#include "cgroups/resources_internal.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups {
namespace {

using internal::BadField;
using internal::kRoot;
using internal::Writer;
using When = Write::When;

constexpr uint64_t kMinShares = 2, kMaxShares = 262144, kMaxSwappiness = 100;

// Whether memory + swap has to move before memory: the kernel keeps limit <= memsw at every moment.
bool SwapGoesFirst(int64_t swap, Current current) {
  if (swap == -1) return true;
  uint64_t limit = 0;
  absl::StatusOr<std::string> text = current("memory.limit_in_bytes");
  return text.ok() && absl::SimpleAtoi(*text, &limit) && limit < static_cast<uint64_t>(swap);
}

void AddMemoryAndSwap(const spec::Memory& memory, Current current, Writer& writer) {
  const int64_t limit = memory.limit.value_or(0);
  int64_t swap = memory.swap.value_or(0);
  // No memory limit means no limit of the sum either, where the kernel counts swap at all.
  const bool implied = limit == -1 && swap == 0;
  if (implied) swap = -1;
  const auto add_limit = [&] {
    if (limit != 0) writer.Add("memory.limit_in_bytes", absl::StrCat(limit), "memory.limit");
  };
  const auto add_swap = [&] {
    if (swap == 0) return;
    writer.Add("memory.memsw.limit_in_bytes", absl::StrCat(swap),
               implied ? "memory.limit" : "memory.swap",
               implied ? When::kIfPresent : When::kAlways);
  };
  if (swap != 0 && SwapGoesFirst(swap, current)) {
    add_swap();
    add_limit();
  } else {
    add_limit();
    add_swap();
  }
}

absl::Status ConvertMemory(const spec::Memory& memory, Current current,
                           std::vector<Write>& writes) {
  Writer writer("memory", writes);
  const int64_t limit = memory.limit.value_or(0), swap = memory.swap.value_or(0);
  if (limit > 0 && swap > 0 && swap < limit) {
    return BadField("memory.swap", absl::StrCat(swap),
                    absl::StrCat("memory + swap is less than memory.limit (", limit, ")"));
  }
  if (memory.use_hierarchy) {  // gone since Linux 6.0, where it always holds
    writer.Add("memory.use_hierarchy", *memory.use_hierarchy ? "1" : "0", "memory.useHierarchy",
               *memory.use_hierarchy ? When::kIfPresent : When::kAlways);
  }
  AddMemoryAndSwap(memory, current, writer);
  if (const int64_t kernel = memory.kernel.value_or(0); kernel != 0) {
    // Later kernels first refused the file's limits (5.16), then ignored them (6.6, stable ones too).
    writer.Add("memory.kmem.limit_in_bytes", absl::StrCat(kernel), "memory.kernel",
               kernel > 0 ? When::kReadBack : When::kAlways);
  }
  if (const int64_t tcp = memory.kernel_tcp.value_or(0); tcp != 0) {
    writer.Add("memory.kmem.tcp.limit_in_bytes", absl::StrCat(tcp), "memory.kernelTCP");
  }
  if (const int64_t soft = memory.reservation.value_or(0); soft != 0) {
    writer.Add("memory.soft_limit_in_bytes", absl::StrCat(soft), "memory.reservation");
  }
  if (memory.disable_oom_killer.value_or(false)) {
    writer.Add("memory.oom_control", "1", "memory.disableOOMKiller");
  }
  if (!memory.swappiness) return absl::OkStatus();
  if (*memory.swappiness > kMaxSwappiness) {
    return BadField("memory.swappiness", absl::StrCat(*memory.swappiness), "not within 0..100");
  }
  writer.Add("memory.swappiness", absl::StrCat(*memory.swappiness), "memory.swappiness");
  return absl::OkStatus();
}

// A period and a quota whose ratio the kernel checks at each write: if the new period does not fit
// the old quota it is tried again after the new quota.
struct Pair {
  absl::string_view period_file, quota_file, period_field, quota_field;
};
constexpr Pair kCfs = {"cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.period", "cpu.quota"};
constexpr Pair kRealtime = {"cpu.rt_period_us", "cpu.rt_runtime_us", "cpu.realtimePeriod",
                            "cpu.realtimeRuntime"};

void AddPair(const Pair& files, uint64_t period, int64_t quota, Writer& writer) {
  const bool both = period != 0 && quota != 0;
  if (period != 0) {
    writer.Add(files.period_file, absl::StrCat(period), files.period_field,
               both ? When::kTry : When::kAlways);
  }
  if (quota != 0) writer.Add(files.quota_file, absl::StrCat(quota), files.quota_field);
  if (both) {
    writer.Add(files.period_file, absl::StrCat(period), files.period_field, When::kIfRefused);
  }
}

absl::Status ConvertCpu(const spec::Cpu& cpu, std::vector<Write>& writes) {
  Writer writer("cpu", writes);
  const uint64_t shares = cpu.shares.value_or(0);
  if (cpu.idle.value_or(0) == 1 && shares != 0) {
    return BadField("cpu.shares", absl::StrCat(shares),
                    "an idle cgroup (cpu.idle 1) has no shares");
  }
  if (shares != 0 && shares < kMinShares) {  // the kernel would round without a word
    return BadField("cpu.shares", absl::StrCat(shares),
                    absl::StrCat("the minimum allowed cpu-shares is ", kMinShares));
  }
  if (shares > kMaxShares) {
    return BadField("cpu.shares", absl::StrCat(shares),
                    absl::StrCat("the maximum allowed cpu-shares is ", kMaxShares));
  }
  AddPair(kRealtime, cpu.realtime_period_us.value_or(0), cpu.realtime_runtime_us.value_or(0),
          writer);
  if (cpu.idle) writer.Add("cpu.idle", absl::StrCat(*cpu.idle), "cpu.idle");
  if (shares != 0) writer.Add("cpu.shares", absl::StrCat(shares), "cpu.shares");
  const uint64_t period = cpu.period_us.value_or(0);
  const int64_t quota = cpu.quota_us.value_or(0);
  const bool retry = cpu.burst_us && (period != 0 || quota != 0);
  if (cpu.burst_us) {
    writer.Add("cpu.cfs_burst_us", absl::StrCat(*cpu.burst_us), "cpu.burst",
               retry ? When::kTry : When::kAlways);
  }
  AddPair(kCfs, period, quota, writer);
  if (retry) {
    writer.Add("cpu.cfs_burst_us", absl::StrCat(*cpu.burst_us), "cpu.burst", When::kIfRefused);
  }
  return absl::OkStatus();
}

void ConvertCpuset(const spec::Cpu& cpu, std::vector<Write>& writes) {
  Writer writer("cpuset", writes);
  if (!cpu.cpus.empty()) writer.Add("cpuset.cpus", cpu.cpus, "cpu.cpus");
  if (!cpu.mems.empty()) writer.Add("cpuset.mems", cpu.mems, "cpu.mems");
}

// CFQ's file (until Linux 5.0), else BFQ's.
void AddWeight(Writer& writer, absl::string_view suffix, absl::string_view value,
               absl::string_view field) {
  writer.Add(absl::StrCat("blkio.weight", suffix), value, field, When::kElseNext);
  writer.Add(absl::StrCat("blkio.bfq.weight", suffix), value, field);
}

absl::Status AddThrottle(Writer& writer, const std::vector<spec::ThrottleDevice>& devices,
                         absl::string_view file, absl::string_view name) {
  for (size_t i = 0; i < devices.size(); ++i) {
    const spec::ThrottleDevice& device = devices[i];
    const std::string field = absl::StrCat("blockIO.", name, "[", i, "]");
    RETURN_IF_ERROR(internal::CheckDevice(device.major, device.minor, field));
    writer.Add(file, absl::StrCat(device.major, ":", device.minor, " ", device.rate), field);
  }
  return absl::OkStatus();
}

absl::Status ConvertWeights(const spec::BlockIo& io, Writer& writer) {
  if (const uint64_t weight = io.weight.value_or(0); weight != 0) {
    AddWeight(writer, "", absl::StrCat(weight), "blockIO.weight");
  }
  if (const uint64_t leaf = io.leaf_weight.value_or(0); leaf != 0) {
    writer.Add("blkio.leaf_weight", absl::StrCat(leaf), "blockIO.leafWeight");
  }
  for (size_t i = 0; i < io.weight_device.size(); ++i) {
    const spec::WeightDevice& device = io.weight_device[i];
    const std::string field = absl::StrCat("blockIO.weightDevice[", i, "]");
    RETURN_IF_ERROR(internal::CheckDevice(device.major, device.minor, field));
    const std::string prefix = absl::StrCat(device.major, ":", device.minor, " ");
    if (device.weight.value_or(0) != 0) {
      AddWeight(writer, "_device", absl::StrCat(prefix, *device.weight), field);
    }
    if (device.leaf_weight.value_or(0) != 0) {
      writer.Add("blkio.leaf_weight_device", absl::StrCat(prefix, *device.leaf_weight),
                 absl::StrCat(field, ".leafWeight"));
    }
  }
  return absl::OkStatus();
}

absl::Status ConvertBlkio(const spec::BlockIo& io, std::vector<Write>& writes) {
  Writer writer("blkio", writes);
  RETURN_IF_ERROR(ConvertWeights(io, writer));
  RETURN_IF_ERROR(AddThrottle(writer, io.throttle_read_bps_device, "blkio.throttle.read_bps_device",
                              "throttleReadBpsDevice"));
  RETURN_IF_ERROR(AddThrottle(writer, io.throttle_write_bps_device,
                              "blkio.throttle.write_bps_device", "throttleWriteBpsDevice"));
  RETURN_IF_ERROR(AddThrottle(writer, io.throttle_read_iops_device,
                              "blkio.throttle.read_iops_device", "throttleReadIOPSDevice"));
  return AddThrottle(writer, io.throttle_write_iops_device, "blkio.throttle.write_iops_device",
                     "throttleWriteIOPSDevice");
}

absl::Status ConvertHugetlb(const spec::Resources& resources, std::vector<Write>& writes) {
  Writer writer("hugetlb", writes);
  for (size_t i = 0; i < resources.hugepage_limits.size(); ++i) {
    const spec::HugepageLimit& page = resources.hugepage_limits[i];
    const std::string field = absl::StrCat("hugepageLimits[", i, "]");
    RETURN_IF_ERROR(internal::CheckPageSize(page.page_size, absl::StrCat(field, ".pageSize")));
    const std::string prefix = absl::StrCat("hugetlb.", page.page_size);
    writer.Add(absl::StrCat(prefix, ".limit_in_bytes"), absl::StrCat(page.limit), field);
    writer.Add(absl::StrCat(prefix, ".rsvd.limit_in_bytes"), absl::StrCat(page.limit), field,
               When::kIfPresent);  // Linux 5.7
  }
  return absl::OkStatus();
}

void ConvertClassId(const spec::Network& network, std::vector<Write>& writes) {
  if (network.class_id.value_or(0) == 0) return;
  Writer("net_cls", writes)
      .Add("net_cls.classid", absl::StrCat(*network.class_id), "network.classID");
}

absl::Status ConvertPriorities(const spec::Network& network, std::vector<Write>& writes) {
  Writer writer("net_prio", writes);
  for (size_t i = 0; i < network.priorities.size(); ++i) {
    const spec::InterfacePriority& priority = network.priorities[i];
    const std::string field = absl::StrCat("network.priorities[", i, "]");
    RETURN_IF_ERROR(internal::CheckName(priority.name, absl::StrCat(field, ".name")));
    writer.Add("net_prio.ifpriomap", absl::StrCat(priority.name, " ", priority.priority), field);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Write>> ConvertV1(const spec::Resources& resources, Serves serves,
                                             Current current) {
  std::vector<Write> writes;
  if (resources.memory && serves("memory")) {
    RETURN_IF_ERROR(ConvertMemory(*resources.memory, current, writes));
  }
  if (resources.cpu && serves("cpu")) RETURN_IF_ERROR(ConvertCpu(*resources.cpu, writes));
  if (resources.cpu && serves("cpuset")) ConvertCpuset(*resources.cpu, writes);
  if (serves("pids")) internal::ConvertPids(resources, writes);
  if (resources.block_io && serves("blkio")) {
    RETURN_IF_ERROR(ConvertBlkio(*resources.block_io, writes));
  }
  if (serves("hugetlb")) RETURN_IF_ERROR(ConvertHugetlb(resources, writes));
  if (resources.network && serves("net_cls")) ConvertClassId(*resources.network, writes);
  if (resources.network && serves("net_prio")) {
    RETURN_IF_ERROR(ConvertPriorities(*resources.network, writes));
  }
  if (serves("rdma")) RETURN_IF_ERROR(internal::ConvertRdma(resources, writes));
  return writes;
}

}  // namespace hull::cgroups
