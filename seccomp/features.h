// What this build and this kernel know of seccomp, for the runtime's `features` document.
#ifndef HULL_SECCOMP_FEATURES_H_
#define HULL_SECCOMP_FEATURES_H_

#include <string>
#include <vector>

namespace hull::seccomp {

// Spec: features-linux.md#seccomp. Every list is sorted by name.
struct Features {
  bool enabled = false;                        // the kernel takes filters
  std::vector<std::string> actions;            // what the compiler knows, SCMP_ACT_*
  std::vector<std::string> supported_actions;  // those of them that the kernel has too
  std::vector<std::string> operators;          // SCMP_CMP_*
  std::vector<std::string> archs;            // SCMP_ARCH_* that libseccomp knows, of our byte order
  std::vector<std::string> known_flags;      // SECCOMP_FILTER_FLAG_*
  std::vector<std::string> supported_flags;  // those of them that the kernel has too
  std::string libseccomp_version;            // "2.5.4"
};

// Asks the kernel, loads nothing. A process whose own filter forbids seccomp(2) learns of no
// support.
Features ProbeFeatures();

}  // namespace hull::seccomp

#endif  // HULL_SECCOMP_FEATURES_H_
