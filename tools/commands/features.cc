#include "seccomp/features.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "spec/features_json.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"

namespace hull::tools {
namespace {

spec::SeccompFeatures SeccompOf(seccomp::Features known) {
  return {.enabled = known.enabled,
          .actions = std::move(known.actions),
          .operators = std::move(known.operators),
          .architectures = std::move(known.archs),
          .known_flags = std::move(known.known_flags),
          .supported_flags = std::move(known.supported_flags)};
}

absl::StatusOr<int> RunFeatures(const Invocation&) {
  seccomp::Features seccomp = seccomp::ProbeFeatures();
  spec::Features features = spec::ParsedFeatures();
  features.cgroup = {.v1 = true, .v2 = true, .systemd = true, .systemd_user = true};
  features.apparmor = true;
  features.selinux = true;
  // Engines read these names whatever the runtime is called.
  features.annotations = {{"io.github.seccomp.libseccomp.version", seccomp.libseccomp_version},
                          {"org.opencontainers.runc.checkpoint.enabled", "false"}};
  features.potentially_unsafe_config_annotations = {"org.systemd.property."};
  features.seccomp = SeccompOf(std::move(seccomp));
  RETURN_IF_ERROR(Print(absl::StrCat(spec::FeaturesJson(features), "\n")));
  return 0;
}

}  // namespace

const Command kFeatures = {.name = "features",
                           .usage = "features",
                           .summary = "print as JSON what this build and kernel support",
                           .run = &RunFeatures};

}  // namespace hull::tools
