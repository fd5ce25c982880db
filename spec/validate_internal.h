// The parts of Validate(): relations between the values of one object each.
#ifndef HULL_SPEC_VALIDATE_INTERNAL_H_
#define HULL_SPEC_VALIDATE_INTERNAL_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "spec/document.h"
#include "spec/report.h"
#include "spec/spec.h"

namespace hull::spec {

// The first namespace of `type` in the configuration, or null. Looks at the first 64; there are
// eight types.
const Namespace* FindNamespace(const Linux& linux, absl::string_view type);
// Whether the container gets a namespace of `type` of its own (not one joined by path).
bool HasNewNamespace(const Linux& linux, absl::string_view type);

void CheckProcess(const Process& process, const Path& path, Report* report);
// Scheduler and CPU affinity: what CheckProcess() leaves to a file of its own.
void CheckScheduling(const Process& process, const Path& path, Report* report);
void CheckMemoryPolicy(const MemoryPolicy& policy, const Path& path, Report* report);
void CheckPersonality(const Personality& personality, const Path& path, Report* report);
void CheckMounts(const Spec& spec, const Path& path, Report* report);
// `document` tells which keys of a device are there; it may be empty.
void CheckLinux(const Spec& spec, const Path& path, const Document& document, Report* report);
// For a namespace or a mount: order, overlap, number and size of the lines.
void CheckMappings(const std::vector<IdMapping>& mappings, const Path& path, Report* report);
void CheckSeccomp(const Seccomp& seccomp, const Path& path, Report* report);
// With `update`, what is absent stays as it is.
void CheckResources(const Resources& resources, bool update, const Path& path, Report* report);

}  // namespace hull::spec

#endif  // HULL_SPEC_VALIDATE_INTERNAL_H_
