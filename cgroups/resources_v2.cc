#include <optional>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/resources.h"
#include "cgroups/resources_internal.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups {
namespace {

using internal::BadField;
using internal::kRoot;
using internal::Writer;
using When = Write::When;

std::string MaxOr(int64_t value) { return value < 0 ? "max" : absl::StrCat(value); }

absl::Status NoCounterpart(absl::string_view field) {
  return absl::UnimplementedError(
      absl::StrCat(kRoot, field, ": cgroup v2 has nothing like it; remove the field"));
}

absl::Status RefuseMemoryFields(const spec::Memory& memory) {
  if (memory.kernel.value_or(0) > 0) return NoCounterpart("memory.kernel");
  if (memory.kernel_tcp.value_or(0) > 0) return NoCounterpart("memory.kernelTCP");
  if (memory.swappiness.has_value()) return NoCounterpart("memory.swappiness");
  if (memory.disable_oom_killer.value_or(false)) return NoCounterpart("memory.disableOOMKiller");
  if (!memory.use_hierarchy.value_or(true)) return NoCounterpart("memory.useHierarchy");
  return absl::OkStatus();
}

// memory.checkBeforeUpdate: no limit below what is in use, since the kernel would kill.
absl::Status CheckUsage(int64_t limit, Current current) {
  absl::StatusOr<std::string> text = current("memory.current");
  int64_t usage = 0;
  if (!text.ok() || !absl::SimpleAtoi(*text, &usage) || usage < limit) return absl::OkStatus();
  return BadField("memory.limit", absl::StrCat(limit),
                  absl::StrCat("not above the current usage (", usage,
                               "), and memory.checkBeforeUpdate forbids that"));
}

// memory.max in bytes, -1 for "max", 0 if unknown.
int64_t LimitInForce(Current current) {
  const std::string text = current("memory.max").value_or("");
  int64_t limit = 0;
  if (text == "max") return -1;
  return absl::SimpleAtoi(text, &limit) ? limit : 0;
}

absl::Status ConvertMemory(const spec::Memory& memory, Current current,
                           std::vector<Write>& writes) {
  RETURN_IF_ERROR(RefuseMemoryFields(memory));
  Writer writer("memory", writes);
  const int64_t limit = memory.limit.value_or(0);
  if (limit > 0 && memory.check_before_update.value_or(false)) {
    RETURN_IF_ERROR(CheckUsage(limit, current));
  }
  const int64_t total = memory.swap.value_or(0);
  // An update of the sum alone is less the memory limit that holds already.
  const int64_t base = limit == 0 && total > 0 ? LimitInForce(current) : limit;
  ASSIGN_OR_RETURN(const std::string swap, SwapMaxFromTotal(total, base));
  if (!swap.empty()) {
    // A kernel without swap accounting has no such file; "no limit" holds there anyway.
    writer.Add("memory.swap.max", swap, memory.swap ? "memory.swap" : "memory.limit",
               swap == "max" ? When::kIfPresent : When::kAlways);
  }
  if (limit != 0) writer.Add("memory.max", MaxOr(limit), "memory.limit");
  if (const int64_t low = memory.reservation.value_or(0); low != 0) {
    writer.Add("memory.low", MaxOr(low), "memory.reservation");
  }
  return absl::OkStatus();
}

// cpu.max holds both: what is not given keeps its present value. The kernel does that for the
// period by itself.
std::string CpuMax(const spec::Cpu& cpu, Current current) {
  const int64_t quota = cpu.quota_us.value_or(0);
  const uint64_t period = cpu.period_us.value_or(0);
  std::string value = quota > 0 ? absl::StrCat(quota) : "max";
  if (quota == 0) {
    const std::string now = current("cpu.max").value_or("max");
    value = now.substr(0, now.find(' '));
  }
  if (period != 0) absl::StrAppend(&value, " ", period);
  return value;
}

absl::Status ConvertCpu(const spec::Cpu& cpu, Current current, std::vector<Write>& writes) {
  if (cpu.realtime_runtime_us.value_or(0) != 0) return NoCounterpart("cpu.realtimeRuntime");
  if (cpu.realtime_period_us.value_or(0) != 0) return NoCounterpart("cpu.realtimePeriod");
  Writer writer("cpu", writes);
  const uint64_t shares = cpu.shares.value_or(0);
  if (cpu.idle.value_or(0) == 1 && shares != 0) {
    return BadField("cpu.shares", absl::StrCat(shares),
                    "an idle cgroup (cpu.idle 1) has no shares");
  }
  if (cpu.idle) writer.Add("cpu.idle", absl::StrCat(*cpu.idle), "cpu.idle");
  if (shares != 0) {
    writer.Add("cpu.weight", absl::StrCat(CpuWeightFromShares(shares)), "cpu.shares");
  }
  const bool max = cpu.quota_us.value_or(0) != 0 || cpu.period_us.value_or(0) != 0;
  // The kernel wants burst <= quota at every moment: one of the two orders fits.
  if (cpu.burst_us) {
    writer.Add("cpu.max.burst", absl::StrCat(*cpu.burst_us), "cpu.burst",
               max ? When::kTry : When::kAlways);
  }
  if (max) {
    writer.Add("cpu.max", CpuMax(cpu, current),
               cpu.quota_us.value_or(0) != 0 ? "cpu.quota" : "cpu.period");
  }
  if (max && cpu.burst_us) {
    writer.Add("cpu.max.burst", absl::StrCat(*cpu.burst_us), "cpu.burst", When::kIfRefused);
  }
  return absl::OkStatus();
}

void ConvertCpuset(const spec::Cpu& cpu, std::vector<Write>& writes) {
  Writer writer("cpuset", writes);
  if (!cpu.cpus.empty()) writer.Add("cpuset.cpus", cpu.cpus, "cpu.cpus");
  if (!cpu.mems.empty()) writer.Add("cpuset.mems", cpu.mems, "cpu.mems");
}

// BFQ takes v1's weights; without it the io controller's own scale, which is another one.
void AddIoWeight(Writer& writer, absl::string_view prefix, uint64_t weight,
                 absl::string_view field) {
  writer.Add("io.bfq.weight", absl::StrCat(prefix, weight), field, When::kElseNext);
  writer.Add("io.weight", absl::StrCat(prefix, IoWeightFromBlkio(weight)), field);
}

absl::Status AddThrottle(Writer& writer, const std::vector<spec::ThrottleDevice>& devices,
                         absl::string_view key, absl::string_view name) {
  for (size_t i = 0; i < devices.size(); ++i) {
    const spec::ThrottleDevice& device = devices[i];
    const std::string field = absl::StrCat("blockIO.", name, "[", i, "]");
    RETURN_IF_ERROR(internal::CheckDevice(device.major, device.minor, field));
    // 0 takes the limit away, as on v1; io.max itself refuses 0.
    const std::string rate = device.rate == 0 ? "max" : absl::StrCat(device.rate);
    writer.Add("io.max", absl::StrCat(device.major, ":", device.minor, " ", key, "=", rate), field);
  }
  return absl::OkStatus();
}

absl::Status ConvertIo(const spec::BlockIo& io, std::vector<Write>& writes) {
  if (io.leaf_weight.value_or(0) != 0) return NoCounterpart("blockIO.leafWeight");
  Writer writer("io", writes);
  if (const uint64_t weight = io.weight.value_or(0); weight != 0) {
    AddIoWeight(writer, "", weight, "blockIO.weight");
  }
  for (size_t i = 0; i < io.weight_device.size(); ++i) {
    const spec::WeightDevice& device = io.weight_device[i];
    const std::string field = absl::StrCat("blockIO.weightDevice[", i, "]");
    RETURN_IF_ERROR(internal::CheckDevice(device.major, device.minor, field));
    if (device.leaf_weight.value_or(0) != 0)
      return NoCounterpart(absl::StrCat(field, ".leafWeight"));
    if (device.weight.value_or(0) == 0) continue;
    AddIoWeight(writer, absl::StrCat(device.major, ":", device.minor, " "), *device.weight, field);
  }
  RETURN_IF_ERROR(
      AddThrottle(writer, io.throttle_read_bps_device, "rbps", "throttleReadBpsDevice"));
  RETURN_IF_ERROR(
      AddThrottle(writer, io.throttle_write_bps_device, "wbps", "throttleWriteBpsDevice"));
  RETURN_IF_ERROR(
      AddThrottle(writer, io.throttle_read_iops_device, "riops", "throttleReadIOPSDevice"));
  return AddThrottle(writer, io.throttle_write_iops_device, "wiops", "throttleWriteIOPSDevice");
}

absl::Status ConvertHugetlb(const spec::Resources& resources, std::vector<Write>& writes) {
  Writer writer("hugetlb", writes);
  for (size_t i = 0; i < resources.hugepage_limits.size(); ++i) {
    const spec::HugepageLimit& page = resources.hugepage_limits[i];
    const std::string field = absl::StrCat("hugepageLimits[", i, "]");
    RETURN_IF_ERROR(internal::CheckPageSize(page.page_size, absl::StrCat(field, ".pageSize")));
    const std::string prefix = absl::StrCat("hugetlb.", page.page_size);
    writer.Add(absl::StrCat(prefix, ".max"), absl::StrCat(page.limit), field);
    writer.Add(absl::StrCat(prefix, ".rsvd.max"), absl::StrCat(page.limit), field,
               When::kIfPresent);  // Linux 5.7
  }
  return absl::OkStatus();
}

// Files of the core that set a limit; the others move, freeze or kill processes.
constexpr absl::string_view kCoreLimits[] = {"cgroup.max.depth", "cgroup.max.descendants",
                                             "cgroup.pressure"};
constexpr absl::string_view kUnifiedControllers[] = {"cpu",    "cpuset", "dmem", "hugetlb", "io",
                                                     "memory", "misc",   "pids", "rdma"};

absl::StatusOr<std::string> UnifiedController(absl::string_view file) {
  const std::string controller(file.substr(0, file.find('.')));
  const bool plain = absl::c_all_of(file, [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
  });
  const std::string field = absl::StrCat("unified.", file);
  if (!plain || controller.size() + 1 >= file.size()) {
    return BadField(field, file, "not the name of a cgroup v2 file");
  }
  if (absl::c_linear_search(kCoreLimits, file)) return std::string("cgroup");
  if (!absl::c_linear_search(kUnifiedControllers, controller)) {
    return BadField(field, file, "not a file that sets a limit of a cgroup v2 controller");
  }
  return controller;
}

// Last, so that they win; a value of several lines is one write per line, as the kernel reads them.
absl::Status ConvertUnified(const spec::Resources& resources, Serves serves,
                            std::vector<Write>& writes) {
  for (const auto& [file, value] : resources.unified) {
    ASSIGN_OR_RETURN(const std::string controller, UnifiedController(file));
    if (controller != "cgroup" && !serves(controller)) {
      return absl::UnavailableError(absl::StrCat(kRoot, "unified.", file, ": controller '",
                                                 controller,
                                                 "' is not available on the cgroup v2 hierarchy"));
    }
    Writer writer(controller, writes);
    for (absl::string_view line : absl::StrSplit(value, '\n', absl::SkipEmpty())) {
      writer.Add(file, line, absl::StrCat("unified.", file));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Write>> ConvertV2(const spec::Resources& resources, Serves serves,
                                             Current current) {
  std::vector<Write> writes;
  if (resources.memory && serves("memory")) {
    RETURN_IF_ERROR(ConvertMemory(*resources.memory, current, writes));
  }
  if (resources.cpu && serves("cpu")) RETURN_IF_ERROR(ConvertCpu(*resources.cpu, current, writes));
  if (resources.cpu && serves("cpuset")) ConvertCpuset(*resources.cpu, writes);
  if (serves("pids")) internal::ConvertPids(resources, writes);
  if (resources.block_io && serves("io")) {
    RETURN_IF_ERROR(ConvertIo(*resources.block_io, writes));
  }
  if (serves("hugetlb")) RETURN_IF_ERROR(ConvertHugetlb(resources, writes));
  if (serves("rdma")) RETURN_IF_ERROR(internal::ConvertRdma(resources, writes));
  RETURN_IF_ERROR(ConvertUnified(resources, serves, writes));
  return writes;
}

}  // namespace hull::cgroups
