// The mounts that main makes for init, detached, before the first clone.
#ifndef HULL_RUNTIME_MOUNT_SOURCES_H_
#define HULL_RUNTIME_MOUNT_SOURCES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/plan/plan.h"
#include "runtime/sys/unique_fd.h"
#include "spec/spec.h"

namespace hull::runtime {

struct MountSourcesInput {
  const spec::Spec& spec;
  const std::string& bundle;  // its directory: relative sources begin there
  plan::MountApi api = plan::MountApi::kNew;
  int user_namespace_fd = -1;  // of the one that the container joins
};

// By index of Spec::mounts; invalid where init makes the mount itself, and empty where it makes all.
// Main makes the id-mapped ones, for which one must be root on the file system and in the mapping's
// namespace, and where there is a user namespace every bind: init may not be able to walk to the
// sources any more. The host's propagation is cut off, unless the container shares its mounts.
absl::StatusOr<std::vector<sys::UniqueFd>> MakeMountSources(const MountSourcesInput& input);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_MOUNT_SOURCES_H_
