#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "spec/forms.h"
#include "spec/report.h"
#include "spec/validate_internal.h"

namespace hull::spec {
namespace {

// The least bandwidth that the kernel's scheduler hands out.
constexpr int64_t kMinQuotaUs = 1000;

void CheckMemory(const Memory& memory, bool update, const Path& path, Report* report) {
  const int64_t limit = memory.limit.value_or(0);  // 0 = unset
  const int64_t swap = memory.swap.value_or(0);
  if (swap <= 0 || limit < 0) return;
  if (limit == 0 && !update) {
    report->Error(path / "swap", "expected a memory limit beside it, for it counts memory and swap",
                  "set /linux/resources/memory/limit");
  } else if (limit > 0 && swap < limit) {
    report->Error(path / "swap",
                  absl::StrCat("expected at least the memory limit, ", limit,
                               ", for it counts memory and swap together"),
                  "use the limit for no swap, or -1 for unlimited swap");
  }
}

void CheckCpu(const Cpu& cpu, const Path& path, Report* report) {
  const int64_t quota = cpu.quota_us.value_or(0);
  if (quota > 0 && quota < kMinQuotaUs) {
    report->Error(path / "quota", "expected at least 1000, or -1 for no limit",
                  "the unit is microseconds");
  }
  if (quota > 0 && cpu.burst_us.value_or(0) > static_cast<uint64_t>(quota)) {
    report->Error(path / "burst", absl::StrCat("expected at most the quota, ", quota));
  }
  const uint64_t period = cpu.realtime_period_us.value_or(0);
  const int64_t runtime = cpu.realtime_runtime_us.value_or(0);
  if (period > 0 && runtime > 0 && static_cast<uint64_t>(runtime) > period) {
    report->Error(path / "realtimeRuntime",
                  absl::StrCat("expected at most the realtimePeriod, ", period));
  }
}

void CheckHugepages(const std::vector<HugepageLimit>& limits, const Path& path, Report* report) {
  absl::flat_hash_set<absl::string_view> sizes;
  for (size_t i = 0; i < limits.size(); ++i) {
    if (sizes.insert(limits[i].page_size).second) continue;
    report->Error(path / i / "pageSize", "expected each page size once");
  }
}

// Files of the cgroup itself would move processes, freeze them or break the runtime's own set-up.
void CheckUnified(const Resources& resources, const Path& path, Report* report) {
  for (const auto& [file, value] : resources.unified) {
    const size_t dot = file.find('.');
    const bool limit = file == "cgroup.max.depth" || file == "cgroup.max.descendants";
    if (!IsComponent(file) || dot == std::string::npos || dot == 0) {
      report->Error(path / file,
                    "expected a file of a controller such as 'memory.high' as the key");
    } else if (absl::StartsWith(file, "cgroup.") && !limit) {
      report->Error(path / file, "expected a file of a controller, not of the cgroup itself");
    }
  }
}

}  // namespace

void CheckResources(const Resources& resources, bool update, const Path& path, Report* report) {
  if (resources.memory.has_value()) {
    CheckMemory(*resources.memory, update, path / "memory", report);
  }
  if (resources.cpu.has_value()) CheckCpu(*resources.cpu, path / "cpu", report);
  CheckHugepages(resources.hugepage_limits, path / "hugepageLimits", report);
  CheckUnified(resources, path / "unified", report);
  for (const auto& [device, limits] : resources.rdma) {
    if (!IsComponent(device)) {
      report->Error(path / "rdma" / device, "expected the name of an RDMA device as the key");
    }
  }
}

}  // namespace hull::spec
