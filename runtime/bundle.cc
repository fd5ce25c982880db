#include "runtime/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "runtime/trace.h"
#include "spec/diagnostic.h"
#include "spec/not_yet.h"
#include "spec/supported.h"
#include "spec/validate.h"

namespace hull::runtime {
namespace {

absl::StatusOr<std::string> RealPath(const std::string& path) {
  char resolved[PATH_MAX];
  if (realpath(path.c_str(), resolved) == nullptr) return sys::ErrnoStatus(errno);
  return std::string(resolved);
}

absl::StatusOr<std::string> FindRootfs(const std::string& bundle, const std::string& path) {
  const std::string named = absl::StartsWith(path, "/") ? path : absl::StrCat(bundle, "/", path);
  ASSIGN_OR_RETURN(std::string rootfs, RealPath(named), "/root/path: '", named, "'");
  struct stat info;
  if (stat(rootfs.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("/root/path: '", named, "' is not a directory; name the container's root"));
  }
  if (rootfs == "/") {
    return absl::InvalidArgumentError(
        "/root/path: '/' would be the host's own root; name a directory below it");
  }
  return rootfs;
}

absl::Status Warn(const std::vector<spec::Diagnostic>& warnings, const Config& config) {
  for (const spec::Diagnostic& warning : warnings) {
    const std::string text = spec::Render(warning);
    if (config.strict) return absl::InvalidArgumentError(text);
    if (config.warn) config.warn(text);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<spec::Parsed> ParseConfig(std::string text, const std::string& name,
                                         const Config& config) {
  ASSIGN_OR_RETURN(spec::Parsed parsed, spec::Parse(std::move(text), name));
  Trace("parse");
  std::vector<spec::Diagnostic> warnings = parsed.warnings;
  RETURN_IF_ERROR(spec::Validate(parsed, &warnings));
  RETURN_IF_ERROR(spec::CheckSupported(parsed, spec::kNotYet));
  if (!parsed.spec.process.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": /process: missing; a container is started for its process"));
  }
  RETURN_IF_ERROR(Warn(warnings, config));
  Trace("validate");
  return parsed;
}

absl::StatusOr<Bundle> LoadBundle(const CreateOptions& options, const Config& config) {
  Bundle bundle;
  ASSIGN_OR_RETURN(bundle.directory, RealPath(options.bundle), "bundle '", options.bundle, "'");
  const std::string path =
      options.config.empty() ? absl::StrCat(bundle.directory, "/config.json") : options.config;
  ASSIGN_OR_RETURN(bundle.config_json, sys::ReadFileAt(AT_FDCWD, path), "reading '", path, "'");
  ASSIGN_OR_RETURN(bundle.parsed, ParseConfig(bundle.config_json, path, config));
  ASSIGN_OR_RETURN(bundle.rootfs, FindRootfs(bundle.directory, bundle.spec().root.path));
  return bundle;
}

}  // namespace hull::runtime
