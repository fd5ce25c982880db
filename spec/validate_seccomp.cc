#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "spec/report.h"
#include "spec/validate_internal.h"

namespace hull::spec {
namespace {

constexpr absl::string_view kNotify = "SCMP_ACT_NOTIFY";

// A tracer is told any 16 bits. What a system call can return ends at the kernel's MAX_ERRNO.
void CheckErrno(const std::optional<uint32_t>& value, absl::string_view action, const Path& path,
                Report* report) {
  if (action == "SCMP_ACT_TRACE" || value.value_or(0) <= 4095 || *value > 65535) return;
  report->Error(path, absl::StrCat("expected an integer in 0..4095 with ", action));
}

}  // namespace

void CheckSeccomp(const Seccomp& seccomp, const Path& path, Report* report) {
  if (seccomp.default_action == kNotify) {
    report->Error(path / "defaultAction",
                  "expected another action, for the runtime's own last calls would wait for ever",
                  "name the system calls to notify of in /linux/seccomp/syscalls");
  }
  CheckErrno(seccomp.default_errno_ret, seccomp.default_action, path / "defaultErrnoRet", report);
  for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    const SeccompRule& rule = seccomp.syscalls[i];
    const Path syscalls = path / "syscalls";
    if (rule.names.empty()) {
      report->Warn(syscalls / i / "names", "expected a system call, the rule has no effect");
    }
    CheckErrno(rule.errno_ret, rule.action, syscalls / i / "errnoRet", report);
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
