// Security labels, as far as the host decides: asked and answered before the first clone, so that a
// label which the kernel would refuse at the very end fails while nothing is made.
#ifndef HULL_RUNTIME_LABELS_H_
#define HULL_RUNTIME_LABELS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "runtime/sys/unique_fd.h"
#include "spec/spec.h"

namespace hull::runtime {

// Where the kernel says which security modules it has, and of what kind a file is; other directories
// in tests.
struct LabelRoots {
  std::string sys = "/sys";
  std::string proc = "/proc";
};

// Who asks, for the errors: a JSON pointer or a flag.
struct LabelNames {
  absl::string_view apparmor = "/process/apparmorProfile";
  absl::string_view selinux = "/process/selinuxLabel";
};

// Checks the labels of `process`, and `mount_label` ("" = none). Returns the root of the host's proc,
// beneath which the process will open its label files; an invalid fd where it needs none. On a host
// without AppArmor every process is unconfined: a profile of that name goes from `process`.
//
// Unavailable: the host lacks the module. NotFound, InvalidArgument: it does not know the label.
absl::StatusOr<sys::UniqueFd> PrepareLabels(spec::Process& process, absl::string_view mount_label,
                                            const LabelNames& names, const LabelRoots& roots = {});

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_LABELS_H_
