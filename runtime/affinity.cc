#include "runtime/affinity.h"

#include <errno.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "runtime/sys/raw.h"
#include "spec/number_list.h"

namespace hull::runtime {

using sys::AsArg;
using sys::RawCall;

namespace {

long SetCpus(const std::vector<uint64_t>& cpus) {
  return RawCall(__NR_sched_setaffinity, 0, static_cast<long>(cpus.size() * sizeof(uint64_t)),
                 AsArg(cpus.data()));
}

// The kernel tells a mask of its own size, and EINVAL where that is larger than ours.
std::vector<uint64_t> GetCpus() {
  std::vector<uint64_t> cpus(1024 / 64);
  for (;;) {
    const long bytes =
        RawCall(__NR_sched_getaffinity, 0, static_cast<long>(cpus.size() * sizeof(uint64_t)),
                AsArg(cpus.data()));
    if (bytes == -EINVAL && cpus.size() < spec::kMaxCpu / 64) {
      cpus.resize(cpus.size() * 2);
      continue;
    }
    cpus.resize(bytes < 0 ? 0 : static_cast<size_t>(bytes) / sizeof(uint64_t));
    return cpus;
  }
}

}  // namespace

absl::Status ThreadAffinity::Pin(absl::string_view cpus, absl::string_view where) {
  if (cpus.empty()) return absl::OkStatus();
  const std::optional<std::vector<uint64_t>> mask = spec::ParseNumberList(cpus, spec::kMaxCpu);
  std::vector<uint64_t> before = GetCpus();
  const long result = mask.has_value() ? SetCpus(*mask) : -EINVAL;
  if (result == -EINVAL) {
    return absl::InvalidArgumentError(absl::StrCat(
        where, ": '", cpus, "': none of these CPUs is online and in the runtime's own cpuset"));
  }
  if (result < 0) {
    return absl::ErrnoToStatus(static_cast<int>(-result),
                               absl::StrCat(where, ": '", cpus, "': sched_setaffinity"));
  }
  before_ = std::move(before);
  return absl::OkStatus();
}

ThreadAffinity::~ThreadAffinity() {
  if (!before_.empty()) SetCpus(before_);
}

}  // namespace hull::runtime
