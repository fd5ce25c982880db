#include "cgroups/systemd/properties.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "runtime/base/status_macros.h"

namespace hull::cgroups::systemd {
namespace {

constexpr int kCpuQuotaPeriod = 242, kCpuset = 244, kCpuIdle = 252, kOomPolicy = 253, kZswap = 253;
constexpr uint64_t kDefaultPeriodUs = 100000, kQuotaStepUs = 10000, kSecondUs = 1000000;
constexpr uint64_t kMaxCpus = 8192;  // CONFIG_NR_CPUS at its largest

// A file with one number, or "max", or -1 for it.
struct Plain {
  absl::string_view file;
  absl::string_view property;
  int version = 0;
};
constexpr Plain kPlain[] = {
    {"memory.max", "MemoryMax"},
    {"memory.high", "MemoryHigh"},
    {"memory.low", "MemoryLow"},
    {"memory.min", "MemoryMin"},
    {"memory.swap.max", "MemorySwapMax"},
    {"memory.zswap.max", "MemoryZSwapMax", kZswap},
    {"pids.max", "TasksMax"},
    {"cpu.weight", "CPUWeight"},
    // v1
    {"memory.limit_in_bytes", "MemoryLimit"},
    {"cpu.shares", "CPUShares"},
    {"blkio.weight", "BlockIOWeight"},
    {"blkio.bfq.weight", "BlockIOWeight"},
};

// A line per device: v2's io.max has the four in one file, v1 a file each.
struct PerDevice {
  absl::string_view file_or_key;
  absl::string_view property;
};
constexpr PerDevice kPerDevice[] = {
    {"rbps", "IOReadBandwidthMax"},
    {"wbps", "IOWriteBandwidthMax"},
    {"riops", "IOReadIOPSMax"},
    {"wiops", "IOWriteIOPSMax"},
    {"blkio.throttle.read_bps_device", "BlockIOReadBandwidth"},
    {"blkio.throttle.write_bps_device", "BlockIOWriteBandwidth"},
    {"blkio.weight_device", "BlockIODeviceWeight"},
    {"blkio.bfq.weight_device", "BlockIODeviceWeight"},
};

std::optional<uint64_t> ParseLimit(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  if (text == "max" || text == "-1") return kInfinity;
  uint64_t unit = 1, number = 0;
  const size_t at = text.empty() ? absl::string_view::npos
                                 : absl::string_view("kmgtpe").find(absl::ascii_tolower(
                                       static_cast<unsigned char>(text.back())));
  if (at != absl::string_view::npos) {
    unit = uint64_t{1} << (10 * (at + 1));
    text.remove_suffix(1);
  }
  if (!absl::SimpleAtoi(text, &number) || number > UINT64_MAX / unit) return std::nullopt;
  return number * unit;
}

// systemd's map from its weights (1..100..10000) to BFQ's (1..100..1000), backwards.
uint64_t IoWeightFromBfq(uint64_t weight) {
  return weight <= 100 ? weight : 100 + (weight - 100) * 11;
}

class Collector {
 public:
  Collector(int version, Current current) : version_(version), current_(current) {}

  absl::Status Add(const Write& write);
  std::vector<Property> Take();

 private:
  void Set(absl::string_view name, Value value);
  void AddDevice(absl::string_view name, absl::string_view device, absl::string_view value);
  bool AddPlain(const Write& write);
  void AddIoMax(const Write& write);
  void AddWeight(absl::string_view value, bool bfq);
  void AddCpuMax(absl::string_view value);
  bool AddPerDevice(const Write& write);
  bool AddSpecial(const Write& write);
  absl::StatusOr<std::string> Now(absl::string_view file) { return current_(file); }

  int version_;
  Current current_;
  std::vector<Property> properties_;
  std::optional<uint64_t> quota_us_, period_us_;
  bool unified_cpu_ = false;
};

// A later write wins, as it does in the files.
void Collector::Set(absl::string_view name, Value value) {
  const auto found =
      absl::c_find_if(properties_, [name](const Property& p) { return p.name == name; });
  if (found != properties_.end()) {
    found->value = std::move(value);
  } else {
    properties_.push_back({std::string(name), std::move(value)});
  }
}

void Collector::AddDevice(absl::string_view name, absl::string_view device,
                          absl::string_view value) {
  const std::optional<uint64_t> number = ParseLimit(value);
  if (!number) return;
  auto found = absl::c_find_if(properties_, [name](const Property& p) { return p.name == name; });
  if (found == properties_.end()) {
    properties_.push_back({std::string(name), {"a(st)", {}}});
    found = properties_.end() - 1;
  }
  found->value.items.emplace_back(absl::StrCat("/dev/block/", device));
  // v1 has 0 for "no limit".
  found->value.items.emplace_back(*number == 0 ? kInfinity : *number);
}

bool Collector::AddPlain(const Write& write) {
  const auto plain =
      absl::c_find_if(kPlain, [&write](const Plain& p) { return p.file == write.file; });
  if (plain == std::end(kPlain)) return false;
  const std::optional<uint64_t> value = ParseLimit(write.value);
  if (value && version_ >= plain->version) Set(plain->property, Uint64(*value));
  return true;
}

void Collector::AddIoMax(const Write& write) {
  const std::vector<absl::string_view> words = absl::StrSplit(write.value, ' ', absl::SkipEmpty());
  for (size_t i = 1; i < words.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> limit = absl::StrSplit(words[i], '=');
    for (const PerDevice& row : kPerDevice) {
      if (row.file_or_key == limit.first) AddDevice(row.property, words[0], limit.second);
    }
  }
}

void Collector::AddWeight(absl::string_view value, bool bfq) {
  absl::ConsumePrefix(&value, "default ");
  const std::vector<absl::string_view> words = absl::StrSplit(value, ' ', absl::SkipEmpty());
  uint64_t weight = 0;
  if (words.empty() || !absl::SimpleAtoi(words.back(), &weight)) return;
  if (bfq) weight = IoWeightFromBfq(weight);
  if (words.size() == 1) {
    Set("IOWeight", Uint64(weight));
  } else {
    AddDevice("IODeviceWeight", words[0], absl::StrCat(weight));
  }
}

void Collector::AddCpuMax(absl::string_view value) {
  unified_cpu_ = true;
  const std::vector<absl::string_view> words = absl::StrSplit(value, ' ', absl::SkipEmpty());
  if (!words.empty()) quota_us_ = ParseLimit(words[0]);
  if (words.size() > 1) period_us_ = ParseLimit(words[1]);
}

bool Collector::AddPerDevice(const Write& write) {
  for (const PerDevice& row : kPerDevice) {
    if (row.file_or_key != write.file) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(write.value, ' ', absl::SkipEmpty());
    if (words.size() == 2) AddDevice(row.property, words[0], words[1]);
    return true;
  }
  return false;
}

// Files that are not one number as it is.
bool Collector::AddSpecial(const Write& write) {
  if (write.file == "io.max") {
    AddIoMax(write);
  } else if (write.file == "io.weight" || write.file == "io.bfq.weight") {
    AddWeight(write.value, write.file == "io.bfq.weight");
  } else if (write.file == "cpu.max") {
    AddCpuMax(write.value);
  } else if (write.file == "cpu.cfs_quota_us") {
    quota_us_ = ParseLimit(write.value);
  } else if (write.file == "cpu.cfs_period_us") {
    period_us_ = ParseLimit(write.value);
  } else if (write.file == "cpu.idle") {
    if (write.value == "1" && version_ >= kCpuIdle) Set("CPUWeight", Uint64(0));
  } else if (write.file == "memory.oom.group") {
    if (version_ >= kOomPolicy) Set("OOMPolicy", String(write.value == "1" ? "kill" : "continue"));
  } else {
    return false;
  }
  return true;
}

absl::Status Collector::Add(const Write& write) {
  if (AddPlain(write) || AddSpecial(write) || AddPerDevice(write)) return absl::OkStatus();
  const bool cpus = write.file == "cpuset.cpus";
  if ((!cpus && write.file != "cpuset.mems") || version_ < kCpuset) return absl::OkStatus();
  ASSIGN_OR_RETURN(Value mask, CpuMask(write.value), write.field);
  Set(cpus ? "AllowedCPUs" : "AllowedMemoryNodes", std::move(mask));
  return absl::OkStatus();
}

// The half of quota and period that was not written is the one in force.
std::vector<Property> Collector::Take() {
  if (!quota_us_ && !period_us_) return std::move(properties_);
  if (unified_cpu_) {
    const std::string now = Now("cpu.max").value_or("");
    if (!period_us_) period_us_ = ParseLimit(now.substr(now.find(' ') + 1));
  } else {
    if (!quota_us_) quota_us_ = ParseLimit(Now("cpu.cfs_quota_us").value_or("-1"));
    if (!period_us_) period_us_ = ParseLimit(Now("cpu.cfs_period_us").value_or(""));
  }
  const uint64_t quota = quota_us_.value_or(kInfinity);
  uint64_t period = period_us_.value_or(kDefaultPeriodUs);
  if (period == 0 || period == kInfinity) period = kDefaultPeriodUs;
  uint64_t per_second = kInfinity;
  if (quota <= UINT64_MAX / kSecondUs) {
    per_second = quota * kSecondUs / period;
    per_second = (per_second + kQuotaStepUs - 1) / kQuotaStepUs * kQuotaStepUs;
  }
  if (version_ >= kCpuQuotaPeriod) Set("CPUQuotaPeriodUSec", Uint64(period));
  Set("CPUQuotaPerSecUSec", Uint64(per_second));
  return std::move(properties_);
}

// --- devices -------------------------------------------------------------------------------------

using Rule = DeviceRuleSet::Rule;

// The driver of a major: "pts" for 136 among the character devices, "" if it has none.
std::string DriverOf(const Rule& rule, absl::string_view proc_devices) {
  const absl::string_view section =
      rule.type == DeviceRuleSet::Type::kBlock ? "Block devices:" : "Character devices:";
  bool inside = false;
  for (absl::string_view line : absl::StrSplit(proc_devices, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.ends_with(':')) inside = line == section;
    const std::pair<absl::string_view, absl::string_view> entry =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    uint32_t major = 0;
    if (inside && absl::SimpleAtoi(entry.first, &major) && major == *rule.major) {
      return std::string(entry.second);
    }
  }
  return "";
}

// systemd's name for the devices of a rule, "" if it has none.
std::string DeviceName(const Rule& rule, absl::string_view proc_devices, bool wider) {
  const absl::string_view type = rule.type == DeviceRuleSet::Type::kBlock ? "block" : "char";
  if (rule.major && rule.minor)
    return absl::StrCat("/dev/", type, "/", *rule.major, ":", *rule.minor);
  if (rule.major) {
    const std::string driver = DriverOf(rule, proc_devices);
    if (!driver.empty()) return absl::StrCat(type, "-", driver);
  }
  if ((!rule.major && !rule.minor) || wider) return absl::StrCat(type, "-*");
  return "";
}

std::string AccessLetters(uint8_t access) {
  const std::string rule = FormatRule({.access = access});
  return rule.substr(rule.rfind(' ') + 1);
}

}  // namespace

absl::StatusOr<std::vector<Property>> PropertiesFromWrites(absl::Span<const Write> writes,
                                                           int version, Current current) {
  Collector collector(version, current);
  for (size_t i = 0; i < writes.size(); ++i) {
    const Write& write = writes[i];
    // Of the two files for a weight, the one that is there.
    if (write.when == Write::When::kElseNext) {
      if (!current(write.file).ok()) continue;
      ++i;
    }
    RETURN_IF_ERROR(collector.Add(write));
  }
  return collector.Take();
}

std::vector<Property> DeviceProperties(const DeviceRuleSet& rules, absl::string_view proc_devices,
                                       bool wider) {
  const Property none = {"DeviceAllow", {"a(ss)", {}}};  // an empty list takes the earlier one away
  if (rules.default_allow) return {{"DevicePolicy", String("auto")}, none};
  std::vector<std::pair<std::string, uint8_t>> devices;
  for (const Rule& rule : rules.rules) {
    const std::string name = rule.allow ? DeviceName(rule, proc_devices, wider) : "";
    if (name.empty()) continue;
    const auto same = absl::c_find_if(devices, [&name](const auto& d) { return d.first == name; });
    if (same != devices.end()) {
      same->second |= rule.access;
    } else {
      devices.emplace_back(name, rule.access);
    }
  }
  Property allow = none;
  for (const auto& [name, access] : devices) {
    allow.value.items.emplace_back(name);
    allow.value.items.emplace_back(AccessLetters(access));
  }
  return {{"DevicePolicy", String("strict")}, none, std::move(allow)};
}

absl::StatusOr<Value> CpuMask(absl::string_view list) {
  const absl::Status wrong = absl::InvalidArgumentError(
      absl::StrCat("'", list, "' is no list of CPUs or memory nodes, as '0-2,7'"));
  std::vector<uint8_t> bytes;
  for (absl::string_view part : absl::StrSplit(list, ',', absl::SkipWhitespace())) {
    const std::vector<absl::string_view> ends =
        absl::StrSplit(absl::StripAsciiWhitespace(part), '-');
    uint64_t first = 0, last = 0;
    if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &first) ||
        !absl::SimpleAtoi(ends.back(), &last) || first > last || last >= kMaxCpus) {
      return wrong;
    }
    if (bytes.size() <= last / 8) bytes.resize(last / 8 + 1);
    for (uint64_t bit = first; bit <= last; ++bit) {
      bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] | (1U << (bit % 8)));
    }
  }
  if (bytes.empty()) return wrong;
  Value mask = {"ay", {}};
  for (const uint8_t byte : bytes) mask.items.emplace_back(uint64_t{byte});
  return mask;
}

}  // namespace hull::cgroups::systemd
