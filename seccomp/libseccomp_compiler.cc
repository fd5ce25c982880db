// The backend "libseccomp": the library generates the program, everything else (flags,
// no_new_privs, loading) stays with the runtime, which loads the program by seccomp(2) itself.
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "runtime/sys/unique_fd.h"
#include "seccomp/compiler.h"
#include "seccomp/policy.h"
#include "seccomp/words.h"

namespace hull::seccomp {
namespace {

static_assert(static_cast<int>(Comparison::kNe) == SCMP_CMP_NE);
static_assert(static_cast<int>(Comparison::kMaskedEq) == SCMP_CMP_MASKED_EQ);

struct ContextDeleter {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, ContextDeleter>;

// The library's errors are kernel errors collapsed to a few codes; ours say what they mean here.
absl::Status LibraryError(int result, absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": libseccomp says ", sys::ErrnoName(-result)));
}

// The policy has checked everything else.
absl::Status RefusedAction(absl::string_view path) {
  return BadValue(path, "libseccomp does not take the action, expected an errno below 4095");
}

absl::StatusOr<Context> MakeContext(const Policy& policy) {
  Context context(seccomp_init(policy.default_action));
  if (context == nullptr) {
    return RefusedAction("/linux/seccomp/defaultAction");
  }
  // no_new_privs is the process's own business: the spec says when it is set, not the filter. The
  // binary tree costs a few milliseconds here and saves hundreds of comparisons in every call.
  int result = seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_NNP, 0);
  if (result == 0) result = seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (result != 0) return LibraryError(result, "preparing the seccomp filter");
  for (const uint32_t token : policy.architectures) {
    result = seccomp_arch_add(context.get(), token);
    if (result != 0 && result != -EEXIST) return LibraryError(result, "adding an architecture");
  }
  return context;
}

std::vector<scmp_arg_cmp> ComparisonsOf(const Conditions& conditions) {
  std::vector<scmp_arg_cmp> comparisons;
  for (const Condition& condition : conditions) {
    comparisons.push_back({.arg = condition.index,
                           .op = static_cast<scmp_compare>(condition.comparison),
                           .datum_a = condition.value,
                           .datum_b = condition.value_two});
  }
  return comparisons;
}

absl::Status AddRule(void* context, const PolicyRule& rule, const std::string& name) {
  const int number = seccomp_syscall_resolve_name(name.c_str());
  if (number == __NR_SCMP_ERROR) return absl::OkStatus();  // the policy has reported it
  for (const Conditions& conditions : rule.alternatives) {
    const std::vector<scmp_arg_cmp> comparisons = ComparisonsOf(conditions);
    const int result =
        seccomp_rule_add_array(context, rule.action, number,
                               static_cast<unsigned>(comparisons.size()), comparisons.data());
    // EEXIST: an earlier rule says the same, or all of it and more.
    if (result == 0 || result == -EEXIST) continue;
    const std::string path = RulePath(rule.position);
    if (result == -EINVAL) return RefusedAction(path + "/action");
    return LibraryError(result, absl::StrCat(path, ": adding '", name, "'"));
  }
  return absl::OkStatus();
}

#if SCMP_VER_MAJOR > 2 || (SCMP_VER_MAJOR == 2 && SCMP_VER_MINOR >= 6)

absl::StatusOr<std::vector<sock_filter>> Export(void* context) {
  size_t size_bytes = 0;
  int result = seccomp_export_bpf_mem(context, nullptr, &size_bytes);
  if (result != 0) return LibraryError(result, "generating the seccomp program");
  const size_t count = size_bytes / sizeof(sock_filter);
  std::vector<sock_filter> program(count);
  result = seccomp_export_bpf_mem(context, program.data(), &size_bytes);
  if (result != 0) return LibraryError(result, "generating the seccomp program");
  return program;
}

#else  // before 2.6 the library writes to a file only

absl::StatusOr<std::vector<sock_filter>> Export(void* context) {
  const sys::UniqueFd fd(memfd_create("hull-seccomp", MFD_CLOEXEC));
  if (!fd.valid()) return sys::ErrnoStatus(errno, "making a memfd for the seccomp program");
  const int result = seccomp_export_bpf(context, fd.get());
  if (result != 0) return LibraryError(result, "generating the seccomp program");
  const off_t size_bytes = lseek(fd.get(), 0, SEEK_END);
  if (size_bytes < 0) return sys::ErrnoStatus(errno, "measuring the seccomp program");
  const size_t count = static_cast<size_t>(size_bytes) / sizeof(sock_filter);
  std::vector<sock_filter> program(count);
  if (pread(fd.get(), program.data(), count * sizeof(sock_filter), 0) != size_bytes) {
    return absl::InternalError("reading the seccomp program back: short read");
  }
  return program;
}

#endif

absl::StatusOr<Compiled> Compile(const spec::Seccomp& seccomp) {
  ASSIGN_OR_RETURN(Policy policy, MakePolicy(seccomp));
  ASSIGN_OR_RETURN(const Context context, MakeContext(policy));
  for (const PolicyRule& rule : policy.rules) {
    for (const std::string& name : rule.names) {
      RETURN_IF_ERROR(AddRule(context.get(), rule, name));
    }
  }
  std::vector<sock_filter> program = StubFor(policy, seccomp);
  ASSIGN_OR_RETURN(const std::vector<sock_filter> rules, Export(context.get()));
  program.insert(program.end(), rules.begin(), rules.end());
  RETURN_IF_ERROR(CheckLength(program.size()));
  return Compiled{.filter = {.instructions = std::move(program),
                             .flags = policy.flags,
                             .notifies = policy.notifies},
                  .unknown_syscalls = std::move(policy.unknown_syscalls)};
}

absl::Status Probe(const Host& host) {
  if (host.filter_supported) return absl::OkStatus();
  return absl::UnavailableError("the kernel is built without CONFIG_SECCOMP_FILTER");
}

std::string Version() {
  const scmp_version* version = seccomp_version();
  return absl::StrCat("libseccomp ", version->major, ".", version->minor, ".", version->micro);
}

}  // namespace

const constinit Backend kLibseccompBackend = {
    .name = "libseccomp", .probe = &Probe, .compile = &Compile, .version = &Version, .revision = 2};

// A null program: a kernel that knows the operation looks at it and faults.
Host ProbeHost() {
  const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, nullptr);
  return Host{.filter_supported = result == -1 && errno == EFAULT};
}

}  // namespace hull::seccomp
