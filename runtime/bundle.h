// A bundle (bundle.md): its directory, its config.json parsed and found good, its root filesystem.
#ifndef HULL_RUNTIME_BUNDLE_H_
#define HULL_RUNTIME_BUNDLE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/lifecycle.h"
#include "spec/parse.h"

namespace hull::runtime {

struct Bundle {
  std::string directory;    // absolute, without symlinks
  std::string rootfs;       // the same
  std::string config_json;  // the text
  spec::Parsed parsed;

  const spec::Spec& spec() const { return parsed.spec; }
};

// Parses and checks: shape, sense, and that hull acts on all of it. Warnings go to config.warn.
absl::StatusOr<spec::Parsed> ParseConfig(std::string text, const std::string& name,
                                         const Config& config);
absl::StatusOr<Bundle> LoadBundle(const CreateOptions& options, const Config& config);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_BUNDLE_H_
