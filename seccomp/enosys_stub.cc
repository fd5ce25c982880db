#include "seccomp/enosys_stub.h"

#include <linux/bpf_common.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <cstddef>

namespace hull::seccomp {

std::vector<sock_filter> EnosysStub(absl::Span<const NumberRange> ranges) {
  constexpr uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
  std::vector<sock_filter> program;
  for (const NumberRange& range : ranges) {
    const sock_filter section[] = {
        BPF_STMT(kLoad, offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, range.audit_arch, 0, 4),
        BPF_STMT(kLoad, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, range.first, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, range.last, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };
    program.insert(program.end(), std::begin(section), std::end(section));
  }
  return program;
}

}  // namespace hull::seccomp
