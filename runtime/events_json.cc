#include "runtime/events_json.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spec/json_writer.h"

namespace hull::runtime {
namespace {

using spec::JsonWriter;

// Keys that are left out where there is nothing to say.
void AddNumber(JsonWriter& json, absl::string_view key, uint64_t value) {
  if (value != 0) json.Key(key).Integer(value);
}

template <typename T>
void AddNumbers(JsonWriter& json, absl::string_view key, const std::vector<T>& values) {
  if (values.empty()) return;
  json.Key(key).BeginArray();
  for (const T value : values) json.Integer(uint64_t{value});
  json.End();
}

void WritePressureLine(JsonWriter& json, absl::string_view key,
                       const cgroups::Pressure::Line& line) {
  json.Key(key).BeginObject();
  json.Key("avg10").Integer(line.avg10);
  json.Key("avg60").Integer(line.avg60);
  json.Key("avg300").Integer(line.avg300);
  json.Key("total").Integer(line.total_us);
  json.End();
}

void AddPressure(JsonWriter& json, const std::optional<cgroups::Pressure>& pressure) {
  if (!pressure.has_value()) return;
  json.Key("psi").BeginObject();
  WritePressureLine(json, "some", pressure->some);
  WritePressureLine(json, "full", pressure->full);
  json.End();
}

void WriteCpu(JsonWriter& json, const cgroups::CpuStats& cpu) {
  json.BeginObject();
  json.Key("usage").BeginObject();
  AddNumber(json, "total", cpu.total_ns);
  AddNumbers(json, "percpu", cpu.percpu_ns);
  AddNumbers(json, "percpu_kernel", cpu.percpu_kernel_ns);
  AddNumbers(json, "percpu_user", cpu.percpu_user_ns);
  json.Key("kernel").Integer(cpu.kernel_ns);
  json.Key("user").Integer(cpu.user_ns);
  json.End();
  json.Key("throttling").BeginObject();
  AddNumber(json, "periods", cpu.periods);
  AddNumber(json, "throttledPeriods", cpu.throttled_periods);
  AddNumber(json, "throttledTime", cpu.throttled_ns);
  json.End();
  AddPressure(json, cpu.pressure);
  json.End();
}

void WriteCpuset(JsonWriter& json, const cgroups::CpusetStats& cpuset) {
  json.BeginObject();
  AddNumbers(json, "cpus", cpuset.cpus);
  json.Key("cpu_exclusive").Integer(cpuset.cpu_exclusive);
  AddNumbers(json, "mems", cpuset.mems);
  json.Key("mem_hardwall").Integer(cpuset.mem_hardwall);
  json.Key("mem_exclusive").Integer(cpuset.mem_exclusive);
  json.Key("memory_migrate").Integer(cpuset.memory_migrate);
  json.Key("memory_spread_page").Integer(cpuset.memory_spread_page);
  json.Key("memory_spread_slab").Integer(cpuset.memory_spread_slab);
  json.Key("memory_pressure").Integer(cpuset.memory_pressure);
  json.Key("sched_load_balance").Integer(cpuset.sched_load_balance);
  json.Key("sched_relax_domain_level").Integer(cpuset.sched_relax_domain_level);
  json.End();
}

void WriteCounter(JsonWriter& json, absl::string_view key, const cgroups::MemoryCounter& counter) {
  json.Key(key).BeginObject();
  json.Key("limit").Integer(counter.limit);
  AddNumber(json, "usage", counter.usage);
  AddNumber(json, "max", counter.max_usage);
  json.Key("failcnt").Integer(counter.failcnt);
  json.End();
}

void WriteMemory(JsonWriter& json, const cgroups::MemoryStats& memory) {
  json.BeginObject();
  AddNumber(json, "cache", memory.cache);
  WriteCounter(json, "usage", memory.usage);
  WriteCounter(json, "swap", memory.swap);
  WriteCounter(json, "kernel", memory.kernel);
  WriteCounter(json, "kernelTCP", memory.kernel_tcp);
  if (!memory.raw.empty()) {
    json.Key("raw").BeginObject();
    for (const auto& [key, value] : memory.raw) json.Key(key).Integer(value);
    json.End();
  }
  AddPressure(json, memory.pressure);
  json.End();
}

void AddBlkioTable(JsonWriter& json, absl::string_view key,
                   const std::vector<cgroups::BlkioEntry>& entries) {
  if (entries.empty()) return;
  json.Key(key).BeginArray();
  for (const cgroups::BlkioEntry& entry : entries) {
    json.BeginObject();
    AddNumber(json, "major", entry.major);
    AddNumber(json, "minor", entry.minor);
    if (!entry.op.empty()) json.Key("op").String(entry.op);
    AddNumber(json, "value", entry.value);
    json.End();
  }
  json.End();
}

void WriteBlkio(JsonWriter& json, const cgroups::BlkioStats& blkio) {
  json.BeginObject();
  AddBlkioTable(json, "ioServiceBytesRecursive", blkio.service_bytes);
  AddBlkioTable(json, "ioServicedRecursive", blkio.serviced);
  AddBlkioTable(json, "ioQueueRecursive", blkio.queued);
  AddBlkioTable(json, "ioServiceTimeRecursive", blkio.service_time);
  AddBlkioTable(json, "ioWaitTimeRecursive", blkio.wait_time);
  AddBlkioTable(json, "ioMergedRecursive", blkio.merged);
  AddBlkioTable(json, "ioTimeRecursive", blkio.time);
  AddBlkioTable(json, "sectorsRecursive", blkio.sectors);
  AddPressure(json, blkio.pressure);
  json.End();
}

void AddText(JsonWriter& json, absl::string_view key, absl::string_view value) {
  if (!value.empty()) json.Key(key).String(value);
}

void WriteRdtInfo(JsonWriter& json, const RdtStats& rdt) {
  if (rdt.cache.has_value()) {
    json.Key("l3_cache_info").BeginObject();
    AddText(json, "cbm_mask", rdt.cache->cbm_mask);
    AddNumber(json, "min_cbm_bits", rdt.cache->min_cbm_bits);
    AddNumber(json, "num_closids", rdt.cache->num_closids);
    json.End();
  }
  AddText(json, "l3_cache_schema_root", SchemaLine(rdt.root_schemata, "L3"));
  AddText(json, "l3_cache_schema", SchemaLine(rdt.schemata, "L3"));
  if (rdt.bandwidth.has_value()) {
    json.Key("mem_bw_info").BeginObject();
    AddNumber(json, "bandwidth_gran", rdt.bandwidth->granularity);
    AddNumber(json, "delay_linear", rdt.bandwidth->delay_linear);
    AddNumber(json, "min_bandwidth", rdt.bandwidth->minimum);
    AddNumber(json, "num_closids", rdt.bandwidth->num_closids);
    json.End();
  }
  AddText(json, "mem_bw_schema_root", SchemaLine(rdt.root_schemata, "MB"));
  AddText(json, "mem_bw_schema", SchemaLine(rdt.schemata, "MB"));
}

bool HasBandwidth(const RdtStats::Node& node) {
  return node.total_bytes.has_value() || node.local_bytes.has_value();
}

void WriteRdt(JsonWriter& json, const RdtStats& rdt) {
  json.BeginObject();
  WriteRdtInfo(json, rdt);
  if (!rdt.schemata.empty()) {
    json.Key("schemata").BeginArray();
    for (const std::string& line : rdt.schemata) json.String(line);
    json.End();
  }
  if (std::any_of(rdt.nodes.begin(), rdt.nodes.end(), HasBandwidth)) {
    json.Key("mbm_stats").BeginArray();
    for (const RdtStats::Node& node : rdt.nodes) {
      json.BeginObject();
      AddNumber(json, "mbm_total_bytes", node.total_bytes.value_or(0));
      AddNumber(json, "mbm_local_bytes", node.local_bytes.value_or(0));
      json.End();
    }
    json.End();
  }
  const auto occupied = [](const RdtStats::Node& node) { return node.occupancy_bytes.has_value(); };
  if (std::any_of(rdt.nodes.begin(), rdt.nodes.end(), occupied)) {
    json.Key("cmt_stats").BeginArray();
    for (const RdtStats::Node& node : rdt.nodes) {
      json.BeginObject();
      AddNumber(json, "llc_occupancy", node.occupancy_bytes.value_or(0));
      json.End();
    }
    json.End();
  }
  json.End();
}

void WriteStats(JsonWriter& json, const cgroups::Stats& stats, const RdtStats* rdt) {
  json.BeginObject();
  WriteCpu(json.Key("cpu"), stats.cpu);
  WriteCpuset(json.Key("cpuset"), stats.cpuset);
  WriteMemory(json.Key("memory"), stats.memory);
  json.Key("pids").BeginObject();
  AddNumber(json, "current", stats.pids.current);
  AddNumber(json, "limit", stats.pids.limit);
  json.End();
  WriteBlkio(json.Key("blkio"), stats.blkio);
  json.Key("hugetlb").BeginObject();
  for (const auto& [size, pages] : stats.hugetlb) {
    json.Key(size).BeginObject();
    AddNumber(json, "usage", pages.usage);
    AddNumber(json, "max", pages.max_usage);
    json.Key("failcnt").Integer(pages.failcnt);
    json.End();
  }
  json.End();
  json.Key("intel_rdt");
  rdt != nullptr ? WriteRdt(json, *rdt) : static_cast<void>(json.BeginObject().End());
  // runc counts those that it has made itself: none, for a container of the specification.
  json.Key("network_interfaces").Null();
  json.End();
}

}  // namespace

std::string StatsEventJson(absl::string_view id, const cgroups::Stats& stats, const RdtStats* rdt) {
  JsonWriter json(JsonWriter::kOneLine);
  json.BeginObject();
  json.Key("type").String("stats");
  json.Key("id").String(id);
  WriteStats(json.Key("data"), stats, rdt);
  json.End();
  return std::move(json).Take();
}

std::string OomEventJson(absl::string_view id) {
  JsonWriter json(JsonWriter::kOneLine);
  json.BeginObject();
  json.Key("type").String("oom");
  json.Key("id").String(id);
  json.End();
  return std::move(json).Take();
}

}  // namespace hull::runtime
