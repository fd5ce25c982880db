// What this build of the runtime does on this kernel: the features document (features.md and
// features-linux.md of the runtime-spec).
#ifndef HULL_RUNTIME_FEATURES_H_
#define HULL_RUNTIME_FEATURES_H_

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "runtime/memory_policies.h"
#include "seccomp/features.h"
#include "spec/features_json.h"
#include "spec/supported.h"

namespace hull::runtime {

// What of a host the document depends on.
struct FeatureHost {
  std::vector<std::string> namespaces;  // files of /proc/self/ns
  int last_capability = 0;              // the number of the newest one
  bool mount_attributes = false;        // mount_setattr(2), Linux 5.12
  MemoryPolicies memory_policies;
  seccomp::Features seccomp;
};

// Asks the kernel, changes nothing. What cannot be read is not there.
FeatureHost ProbeFeatureHost();

// The document. Lists hold what a config may say and the runtime acts on: `not_yet` are the settings
// that it parses and refuses. What the build does where a host has it (cgroup managers, LSMs, resctrl)
// is true wherever it runs, as the specification has it.
spec::Features FeaturesOf(const FeatureHost& host, absl::Span<const spec::Unsupported> not_yet);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_FEATURES_H_
