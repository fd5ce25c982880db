// Runs a program that may not make the system calls named first:
//   bazel run //seccomp/example -- mkdir,mkdirat mkdir /tmp/x
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "seccomp/compiler.h"
#include "spec/spec.h"

namespace {

// What config.json would say below /linux/seccomp. A whole config is read by //spec.
hull::spec::Seccomp Forbidding(const std::string& names) {
  hull::spec::SeccompRule rule;
  rule.names = absl::StrSplit(names, ',');
  rule.action = "SCMP_ACT_ERRNO";
  rule.errno_ret = EACCES;
  hull::spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ALLOW";
  seccomp.syscalls.push_back(rule);
  return seccomp;
}

absl::Status Load(const hull::seccomp::Filter& filter) {
  const sock_fprog program = {.len = static_cast<uint16_t>(filter.instructions.size()),
                              .filter = const_cast<sock_filter*>(filter.instructions.data())};
  // Without CAP_SYS_ADMIN the kernel takes filters only from those who can gain no privileges.
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter.flags, &program) < 0) {
    return absl::InternalError(absl::StrCat("loading the filter: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

absl::Status Run(const std::string& names, char** argv) {
  // CompileCached() of seccomp/cache.h does the same through a directory of compiled filters.
  const absl::StatusOr<hull::seccomp::Compiled> compiled =
      hull::seccomp::kDirectBackend.compile(Forbidding(names));
  if (!compiled.ok()) return compiled.status();
  for (const std::string& name : compiled->unknown_syscalls) {
    std::fprintf(stderr, "warning: no system call is called '%s'\n", name.c_str());
  }
  if (absl::Status status = Load(compiled->filter); !status.ok()) return status;
  execvp(argv[0], argv);
  return absl::NotFoundError(absl::StrCat("running '", argv[0], "': ", std::strerror(errno)));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s CALL[,CALL...] PROGRAM [ARGUMENT...]\n", argv[0]);
    return 2;
  }
  const absl::Status status = Run(argv[1], argv + 2);
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return 1;
}
