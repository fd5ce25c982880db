// Update: other limits for a container that lives.
#include <optional>
#include <string>

#include "cgroups/merge.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/lifecycle.h"
#include "spec/to_json.h"

namespace hull::runtime {
namespace {

// The class first: what it had can be written back, if the cgroup then refuses.
absl::Status UpdateBoth(const Change& change, const spec::Resources& before,
                        cgroups::Manager& manager, std::optional<IntelRdt>& rdt) {
  const bool asks_rdt = !change.l3_cache_schema.empty() || !change.mem_bw_schema.empty();
  if (!asks_rdt) return manager.Update(change.resources, before);
  if (!rdt.has_value()) {
    return absl::FailedPreconditionError(
        "the container has no linux.intelRdt, so that there is no schema to change");
  }
  ASSIGN_OR_RETURN(const RdtStats had, rdt->ReadStats());
  RETURN_IF_ERROR(rdt->Update(change.l3_cache_schema, change.mem_bw_schema));
  const absl::Status changed = manager.Update(change.resources, before);
  if (!changed.ok()) {
    rdt->Update(SchemaLine(had.schemata, "L3"), SchemaLine(had.schemata, "MB")).IgnoreError();
  }
  return changed;
}

}  // namespace

// What is saved lies ready before the kernel is told and takes its place afterwards, which a full
// disk cannot keep it from: the two never disagree.
absl::Status Runtime::Update(absl::string_view id, const Change& change) {
  ASSIGN_OR_RETURN(Container container, Container::Open(config_, id, /*lock=*/true));
  ASSIGN_OR_RETURN(const ContainerStatus status, container.Status());
  if (status == ContainerStatus::kStopped || status == ContainerStatus::kCreating) {
    return WrongStatus(container, "update", status);
  }
  ASSIGN_OR_RETURN(const spec::Spec spec, container.LoadSpec());
  const spec::Resources& before = spec.linux_.resources;
  runtime::State updated = container.state();
  updated.set_resources_json(
      spec::ToJson(cgroups::MergeResources(before, change.resources), spec::JsonWriter::kOneLine));
  RETURN_IF_ERROR(container.dir().Stage(updated));
  ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
  ASSIGN_OR_RETURN(std::optional<IntelRdt> rdt, OpenRdt(container.state()));
  const absl::Status changed = UpdateBoth(change, before, *manager, rdt);
  if (changed.ok()) return container.dir().CommitStaged();
  container.dir().DropStaged();
  return changed;
}

}  // namespace hull::runtime
