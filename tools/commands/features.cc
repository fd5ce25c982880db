#include "runtime/features.h"

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "spec/features_json.h"
#include "spec/not_yet.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/version/version.h"

namespace hull::tools {
namespace {

absl::StatusOr<int> RunFeatures(const Invocation&) {
  spec::Features features = runtime::FeaturesOf(runtime::ProbeFeatureHost(), spec::kNotYet);
  // Engines show what these names have, whatever the runtime is called.
  features.annotations["org.opencontainers.runc.version"] = version::kVersion;
  features.annotations["org.opencontainers.runc.commit"] = version::kCommit;
  RETURN_IF_ERROR(Print(absl::StrCat(spec::FeaturesJson(features), "\n")));
  return 0;
}

}  // namespace

const Command kFeatures = {.name = "features",
                           .usage = "features",
                           .summary = "print as JSON what this build and kernel support",
                           .run = &RunFeatures};

}  // namespace hull::tools
