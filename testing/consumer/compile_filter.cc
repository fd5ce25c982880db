// //seccomp alone: compiles a profile that refuses one system call, and prints the filter's size.
#include <cerrno>
#include <iostream>

#include "absl/status/statusor.h"
#include "seccomp/compiler.h"
#include "spec/spec.h"

int main() {
  hull::spec::Seccomp profile;
  profile.default_action = "SCMP_ACT_ALLOW";
  hull::spec::SeccompRule refuse;
  refuse.names = {"ptrace"};
  refuse.action = "SCMP_ACT_ERRNO";
  refuse.errno_ret = EPERM;
  profile.syscalls.push_back(refuse);

  const hull::seccomp::Backend& backend = hull::seccomp::kLibseccompBackend;
  const absl::StatusOr<hull::seccomp::Compiled> compiled = backend.compile(profile);
  if (!compiled.ok()) {
    std::cout << compiled.status().message() << "\n";
    return 1;
  }
  std::cout << "filter ok: " << compiled->filter.instructions.size() << " instructions by "
            << backend.version() << "\n";
}
