#include "cgroups/merge.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace hull::cgroups {
namespace {

template <typename T>
void Set(std::optional<T>& into, const std::optional<T>& from) {
  if (from.has_value()) into = from;
}

// Where 0 means that nothing is said.
template <typename T>
void SetNonZero(std::optional<T>& into, const std::optional<T>& from) {
  if (from.value_or(0) != 0) into = from;
}

void SetText(std::string& into, const std::string& from) {
  if (!from.empty()) into = from;
}

// Entries about the same thing take the place of each other; new ones go to the end.
template <typename T, typename Same>
void SetEntries(std::vector<T>& into, const std::vector<T>& from, Same same) {
  for (const T& entry : from) {
    const auto old = std::find_if(into.begin(), into.end(),
                                  [&](const T& candidate) { return same(candidate, entry); });
    if (old == into.end()) {
      into.push_back(entry);
    } else {
      *old = entry;
    }
  }
}

constexpr auto kSameDevice = [](const auto& a, const auto& b) {
  return a.major == b.major && a.minor == b.minor;
};

void MergeMemory(spec::Memory& into, const spec::Memory& from) {
  // No memory limit means no limit of the sum either.
  if (from.limit == -1 && from.swap.value_or(0) == 0 && into.swap.has_value()) into.swap = -1;
  SetNonZero(into.limit, from.limit);
  SetNonZero(into.reservation, from.reservation);
  SetNonZero(into.swap, from.swap);
  SetNonZero(into.kernel, from.kernel);
  SetNonZero(into.kernel_tcp, from.kernel_tcp);
  Set(into.swappiness, from.swappiness);
  Set(into.disable_oom_killer, from.disable_oom_killer);
  Set(into.use_hierarchy, from.use_hierarchy);
  Set(into.check_before_update, from.check_before_update);
}

void MergeCpu(spec::Cpu& into, const spec::Cpu& from) {
  if (from.idle == 1) into.shares.reset();
  SetNonZero(into.shares, from.shares);
  SetNonZero(into.quota_us, from.quota_us);
  Set(into.burst_us, from.burst_us);
  SetNonZero(into.period_us, from.period_us);
  SetNonZero(into.realtime_runtime_us, from.realtime_runtime_us);
  SetNonZero(into.realtime_period_us, from.realtime_period_us);
  SetText(into.cpus, from.cpus);
  SetText(into.mems, from.mems);
  Set(into.idle, from.idle);
}

void MergeBlockIo(spec::BlockIo& into, const spec::BlockIo& from) {
  SetNonZero(into.weight, from.weight);
  SetNonZero(into.leaf_weight, from.leaf_weight);
  SetEntries(into.weight_device, from.weight_device, kSameDevice);
  SetEntries(into.throttle_read_bps_device, from.throttle_read_bps_device, kSameDevice);
  SetEntries(into.throttle_write_bps_device, from.throttle_write_bps_device, kSameDevice);
  SetEntries(into.throttle_read_iops_device, from.throttle_read_iops_device, kSameDevice);
  SetEntries(into.throttle_write_iops_device, from.throttle_write_iops_device, kSameDevice);
}

void MergeNetwork(spec::Network& into, const spec::Network& from) {
  Set(into.class_id, from.class_id);
  SetEntries(into.priorities, from.priorities,
             [](const auto& a, const auto& b) { return a.name == b.name; });
}

// Both in place, so that each merge above has something to merge into.
template <typename T, typename Merge>
void MergeBlock(std::optional<T>& into, const std::optional<T>& from, Merge merge) {
  if (!from.has_value()) return;
  if (!into.has_value()) into.emplace();
  merge(*into, *from);
}

}  // namespace

spec::Resources MergeResources(spec::Resources before, const spec::Resources& change) {
  spec::Resources& merged = before;
  if (!change.devices.empty()) merged.devices = change.devices;
  MergeBlock(merged.memory, change.memory, MergeMemory);
  MergeBlock(merged.cpu, change.cpu, MergeCpu);
  MergeBlock(merged.pids, change.pids,
             [](spec::Pids& into, const spec::Pids& from) { Set(into.limit, from.limit); });
  MergeBlock(merged.block_io, change.block_io, MergeBlockIo);
  SetEntries(merged.hugepage_limits, change.hugepage_limits,
             [](const auto& a, const auto& b) { return a.page_size == b.page_size; });
  MergeBlock(merged.network, change.network, MergeNetwork);
  for (const auto& [device, limit] : change.rdma) {
    Set(merged.rdma[device].hca_handles, limit.hca_handles);
    Set(merged.rdma[device].hca_objects, limit.hca_objects);
  }
  for (const auto& [file, value] : change.unified) merged.unified[file] = value;
  return before;
}

spec::Resources CompleteChange(spec::Resources change, const spec::Resources& before) {
  if (change.devices == before.devices) change.devices.clear();
  if (change.memory.has_value() && before.memory.has_value() &&
      change.memory->limit.value_or(0) > 0 && change.memory->swap.value_or(0) == 0) {
    SetNonZero(change.memory->swap, before.memory->swap);
  }
  if (change.cpu.has_value() && before.cpu.has_value() && change.cpu->shares.value_or(0) != 0 &&
      !change.cpu->idle.has_value()) {
    change.cpu->idle = before.cpu->idle;
  }
  return change;
}

}  // namespace hull::cgroups
