// The disabled backend: the container stays in the cgroup it was started from.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cgroups/backends.h"
#include "cgroups/manager.h"
#include "cgroups/resources.h"

namespace hull::cgroups {
namespace {

absl::Status NoCgroup() {
  return absl::FailedPreconditionError(
      "the container has no cgroup (it was made with the cgroup manager 'disabled')");
}

class DisabledManager : public Manager {
 public:
  absl::StatusOr<sys::UniqueFd> Create() override { return sys::UniqueFd(); }
  absl::Status RestrictDevices() override { return absl::OkStatus(); }
  absl::Status Attach(pid_t) override { return absl::OkStatus(); }
  absl::Status Update(const spec::Resources&, const spec::Resources&) override {
    return NoCgroup();
  }
  absl::Status Freeze(bool) override { return NoCgroup(); }
  absl::StatusOr<bool> Frozen() override { return false; }
  absl::StatusOr<std::vector<pid_t>> Pids() override { return NoCgroup(); }
  absl::StatusOr<Stats> ReadStats() override { return NoCgroup(); }
  absl::Status Signal(int) override { return NoCgroup(); }
  absl::Status Destroy() override { return absl::OkStatus(); }
  Location location() const override {
    Location location;
    location.backend = std::string(kDisabledBackend.name);
    return location;
  }
  absl::StatusOr<sys::UniqueFd> OpenForClone() override { return sys::UniqueFd(); }
  absl::Status Narrow(absl::Span<const SubCgroup>) override { return NoCgroup(); }
};

absl::Status ProbeDisabled(const Host&) { return absl::OkStatus(); }

// Limits that nobody would enforce are refused. Device rules are not: every engine sends some, and
// who asks for no cgroup by name knows that they do not hold.
absl::StatusOr<std::unique_ptr<Manager>> MakeDisabled(const Host&, const Request& request) {
  if (request.resources != nullptr) {
    const std::vector<Need> needs = NeededControllers(*request.resources);
    if (!needs.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(
          needs.front().field, ": cannot be enforced by the cgroup manager 'disabled'"));
    }
  }
  return std::make_unique<DisabledManager>();
}

absl::StatusOr<std::unique_ptr<Manager>> OpenDisabled(const Host&, const Location&) {
  return std::make_unique<DisabledManager>();
}

}  // namespace

constexpr Backend kDisabledBackend = {
    .name = "disabled", .probe = &ProbeDisabled, .make = &MakeDisabled, .open = &OpenDisabled};

}  // namespace hull::cgroups
