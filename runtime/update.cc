// Update: other limits for a container that lives.
#include <string>

#include "cgroups/merge.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/lifecycle.h"
#include "spec/to_json.h"

namespace hull::runtime {

// What is saved lies ready before the kernel is told and takes its place afterwards, which a full
// disk cannot keep it from: the two never disagree.
absl::Status Runtime::Update(absl::string_view id, const spec::Resources& change) {
  ASSIGN_OR_RETURN(Container container, Container::Open(config_, id, /*lock=*/true));
  ASSIGN_OR_RETURN(const ContainerStatus status, container.Status());
  if (status == ContainerStatus::kStopped || status == ContainerStatus::kCreating) {
    return WrongStatus(container, "update", status);
  }
  ASSIGN_OR_RETURN(const spec::Spec spec, container.LoadSpec());
  const spec::Resources& before = spec.linux_.resources;
  runtime::State updated = container.state();
  updated.set_resources_json(
      spec::ToJson(cgroups::MergeResources(before, change), spec::JsonWriter::kOneLine));
  RETURN_IF_ERROR(container.dir().Stage(updated));
  ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
  const absl::Status changed = manager->Update(change, before);
  if (changed.ok()) return container.dir().CommitStaged();
  container.dir().DropStaged();
  return changed;
}

}  // namespace hull::runtime
