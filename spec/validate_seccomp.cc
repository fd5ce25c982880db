#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "spec/report.h"
#include "spec/validate_internal.h"

namespace hull::spec {
namespace {

constexpr absl::string_view kNotify = "SCMP_ACT_NOTIFY";

}  // namespace

void CheckSeccomp(const Seccomp& seccomp, const Path& path, Report* report) {
  if (seccomp.default_action == kNotify) {
    report->Error(path / "defaultAction",
                  "expected another action, for the runtime's own last calls would wait for ever",
                  "name the system calls to notify of in /linux/seccomp/syscalls");
  }
  for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    const SeccompRule& rule = seccomp.syscalls[i];
    const Path syscalls = path / "syscalls";
    if (rule.names.empty()) {
      report->Warn(syscalls / i / "names", "expected a system call, the rule has no effect");
    }
    if (rule.action == kNotify && seccomp.listener_path.empty()) {
      report->Error(syscalls / i / "action", "expected a listener for it",
                    "set /linux/seccomp/listenerPath to the agent's socket");
    }
  }
  if (!seccomp.listener_metadata.empty() && seccomp.listener_path.empty()) {
    report->Error(path / "listenerMetadata", "expected listenerPath beside it",
                  "set /linux/seccomp/listenerPath to the agent's socket, or remove this");
  }
}

}  // namespace hull::spec
