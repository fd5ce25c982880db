#include "seccomp/features.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "seccomp/compiler.h"
#include "seccomp/policy.h"
#include "seccomp/words.h"

namespace hull::seccomp {
namespace {

bool KernelHasAction(uint32_t action) {
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

// A filter of ours, native as it is, can only be for those of its own byte order.
bool LibraryHasArchitecture(absl::string_view bare_name) {
  const uint32_t token = seccomp_arch_resolve_name(absl::AsciiStrToLower(bare_name).c_str());
  return token != 0 && ((token ^ seccomp_arch_native()) & __AUDIT_ARCH_LE) == 0;
}

}  // namespace

Features ProbeFeatures() {
  Features features;
  features.enabled = ProbeHost().filter_supported;
  for (const Word& word : kActions) {
    features.actions.emplace_back(word.name);
    if (KernelHasAction(word.value)) features.supported_actions.emplace_back(word.name);
  }
  for (const Word& word : kOperators) features.operators.emplace_back(word.name);
  for (const Word& word : kArchitectures) {
    if (!LibraryHasArchitecture(word.name)) continue;
    features.archs.push_back(absl::StrCat(kArchitecturePrefix, word.name));
  }
  for (const Word& word : kFlags) {
    features.known_flags.emplace_back(word.name);
    if (ErrnoOfFlag(word.value) == EFAULT) features.supported_flags.emplace_back(word.name);
  }
  const scmp_version* version = seccomp_version();
  features.libseccomp_version =
      absl::StrCat(version->major, ".", version->minor, ".", version->micro);
  return features;
}

}  // namespace hull::seccomp
