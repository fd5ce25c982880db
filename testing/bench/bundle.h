// The bundles of the bench: one rootfs of busybox-static for all, one config.json per contestant
// and case. The config is what `runc spec` prints, made by hand, with the cgroup namespace, without
// a terminal, and with a limit of open files that any root may set.
#ifndef HULL_TESTING_BENCH_BUNDLE_H_
#define HULL_TESTING_BENCH_BUNDLE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace hull::bench {

struct BundleOptions {
  std::string rootfs;           // absolute
  std::string cgroups_path;     // absolute, as in linux.cgroupsPath
  std::string args;             // a JSON array
  bool podman_seccomp = false;  // with the profile that Podman gives a container by default
};

// Makes `rootfs` with busybox's `true`, `sh` and `sleep` and every directory a mount needs.
// NotFound: no static busybox on this machine.
absl::Status MakeRootfs(const std::string& rootfs);

std::string ConfigJson(const BundleOptions& options);

// Makes the directory `bundle` with its config.json.
absl::Status MakeBundle(const std::string& bundle, const BundleOptions& options);

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_BUNDLE_H_
