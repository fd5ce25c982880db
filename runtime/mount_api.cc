#include "runtime/mount_api.h"

#include <errno.h>
#include <stdlib.h>

#include "absl/strings/string_view.h"
#include "runtime/sys/raw.h"

namespace hull::runtime {
namespace {

// A struct of no size is refused before anything else is looked at: EINVAL is the answer of a call
// that is there. Where it is not, or a filter knows no such call, another comes.
bool HasMountSetattr() { return sys::RawCall(__NR_mount_setattr, -1, 0, 0, 0, 0) == -EINVAL; }
bool HasOpenat2() { return sys::RawCall(__NR_openat2, -1, 0, 0, 0) == -EINVAL; }

// For tests: both ways on one kernel.
bool OldIsForced() {
  const char* value = getenv("HULL_TEST_MOUNT_API");
  return value != nullptr && absl::string_view(value) == "old";
}

}  // namespace

absl::StatusOr<plan::MountApi> ProbeMountApi() {
  if (HasMountSetattr() && !OldIsForced()) return plan::MountApi::kNew;
  if (!HasOpenat2()) {
    return absl::UnimplementedError(
        "opening files beneath the rootfs needs openat2(2), which this kernel does not have or a "
        "seccomp filter denies; Linux 5.6 or newer is needed");
  }
  return plan::MountApi::kOld;
}

}  // namespace hull::runtime
