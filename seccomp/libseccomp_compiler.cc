// The backend "libseccomp": the library generates the program, everything else (flags,
// no_new_privs, loading) stays with the runtime, which loads the program by seccomp(2) itself.
#include <fcntl.h>
#include <linux/bpf_common.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "runtime/sys/unique_fd.h"
#include "seccomp/compiler.h"
#include "seccomp/enosys_stub.h"
#include "seccomp/words.h"

namespace hull::seccomp {
namespace {

constexpr uint32_t kLargestErrno = 4094;  // the kernel takes 4095 too, the library does not
constexpr uint32_t kLargestTraceData = 0xffff;
constexpr size_t kLongestProgram = BPF_MAXINSNS;
constexpr uint32_t kArgumentCount = 6;

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

std::string RulePath(size_t rule) { return absl::StrCat("/linux/seccomp/syscalls/", rule); }

// ---- words to numbers ---------------------------------------------------------------------------

// `action_path` and `errno_path` are where the two values stand in config.json.
absl::StatusOr<uint32_t> ActionOf(absl::string_view action,
                                  const std::optional<uint32_t>& errno_ret,
                                  absl::string_view action_path, absl::string_view errno_path) {
  const Word* word = FindWord(kActions, action);
  if (word == nullptr) return UnknownWord(action_path, action, "seccomp action", kActions);
  const bool is_errno = word->value == SECCOMP_RET_ERRNO;
  if (!is_errno && word->value != SECCOMP_RET_TRACE) {
    if (!errno_ret.has_value()) return word->value;
    return BadValue(
        errno_path,
        absl::StrCat(*errno_ret, " has no meaning with ", action,
                     ", expected only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE; remove it"));
  }
  const uint32_t largest = is_errno ? kLargestErrno : kLargestTraceData;
  const uint32_t data = errno_ret.value_or(EPERM);
  if (data <= largest) return word->value | data;
  return BadValue(errno_path, absl::StrCat(data, " is out of range, expected 0..", largest,
                                           "; use a number of errno(3)"));
}

// TSYNC is taken and means nothing: the filter is loaded in a process of one thread.
absl::StatusOr<uint32_t> FlagsOf(const spec::Seccomp& seccomp, bool notifies) {
  uint32_t flags = notifies ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  if (!seccomp.flags.has_value()) return flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  for (size_t i = 0; i < seccomp.flags->size(); ++i) {
    const std::string& name = (*seccomp.flags)[i];
    const Word* word = FindWord(kFlags, name);
    if (word == nullptr) {
      return UnknownWord(absl::StrCat("/linux/seccomp/flags/", i), name, "seccomp flag", kFlags);
    }
    if (word->value == SECCOMP_FILTER_FLAG_TSYNC) continue;
    // The kernel refuses this one where nothing notifies, though it then means nothing.
    if (word->value == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV && !notifies) continue;
    flags |= word->value;
  }
  return flags;
}

absl::Status CheckListener(const spec::Seccomp& seccomp, absl::string_view action_path) {
  if (!seccomp.listener_path.empty()) return absl::OkStatus();
  return BadValue(
      "/linux/seccomp/listenerPath",
      absl::StrCat("'' is no socket's path, expected one because ", action_path,
                   " is SCMP_ACT_NOTIFY; name the agent's socket or use another action"));
}

// ---- the library's context ----------------------------------------------------------------------

absl::Status AddArchitecture(void* context, absl::string_view name, absl::string_view path) {
  absl::string_view bare = name;
  const bool known =
      absl::ConsumePrefix(&bare, kArchitecturePrefix) && FindWord(kArchitectures, bare) != nullptr;
  if (!known) {
    return UnknownWord(path, name, "seccomp architecture", kArchitectures, kArchitecturePrefix);
  }
  const uint32_t token = seccomp_arch_resolve_name(absl::AsciiStrToLower(bare).c_str());
  if (token == 0) {
    return BadValue(path,
                    absl::StrCat("'", name, "' is not known to ", kLibseccompBackend.version(),
                                 ", expected an older architecture; remove it"));
  }
  const int result = seccomp_arch_add(context, token);
  if (result == 0 || result == -EEXIST) return absl::OkStatus();
  if (result == -EDOM) {
    return BadValue(path, absl::StrCat("'", name,
                                       "' has another byte order than this machine, "
                                       "expected only architectures it can run; remove it"));
  }
  return LibraryError(result, absl::StrCat(path, ": adding '", name, "'"));
}

absl::StatusOr<Context> MakeContext(const spec::Seccomp& seccomp, uint32_t default_action) {
  Context context(seccomp_init(default_action));
  if (context == nullptr) {
    return absl::UnimplementedError(absl::StrCat(
        "/linux/seccomp/defaultAction: this kernel lacks '", seccomp.default_action, "'"));
  }
  // no_new_privs is the process's own business: the spec says when it is set, not the filter.
  int result = seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_NNP, 0);
  if (result == 0) result = seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  if (result != 0) return LibraryError(result, "preparing the seccomp filter");
  for (size_t i = 0; i < seccomp.architectures.size(); ++i) {
    RETURN_IF_ERROR(AddArchitecture(context.get(), seccomp.architectures[i],
                                    absl::StrCat("/linux/seccomp/architectures/", i)));
  }
  return context;
}

// ---- rules --------------------------------------------------------------------------------------

using Conditions = std::vector<scmp_arg_cmp>;

absl::StatusOr<scmp_arg_cmp> ConditionOf(const spec::SeccompArg& arg, absl::string_view path) {
  if (arg.index >= kArgumentCount) {
    return BadValue(absl::StrCat(path, "/index"),
                    absl::StrCat(arg.index, " is no argument of a system call, expected 0..5"));
  }
  const Word* word = FindWord(kOperators, arg.op);
  if (word == nullptr) {
    return UnknownWord(absl::StrCat(path, "/op"), arg.op, "comparison", kOperators);
  }
  return scmp_arg_cmp{.arg = arg.index,
                      .op = static_cast<scmp_compare>(word->value),
                      .datum_a = arg.value,
                      .datum_b = arg.value_two};
}

// The library leaves out a comparison whose mask and value disagree, so that it would always hold.
bool CanHold(const scmp_arg_cmp& condition) {
  return condition.op != SCMP_CMP_MASKED_EQ || (condition.datum_b & ~condition.datum_a) == 0;
}

// All of one inner list must hold (AND), any of the outer ones will do (OR). The library takes each
// argument once in a list, so where an index comes twice each condition is a rule of its own: what
// runc does and profiles therefore mean.
absl::StatusOr<std::vector<Conditions>> AlternativesOf(const std::vector<spec::SeccompArg>& args,
                                                       absl::string_view rule_path) {
  Conditions all;
  uint32_t seen = 0;
  bool repeated = false;
  for (size_t i = 0; i < args.size(); ++i) {
    ASSIGN_OR_RETURN(const scmp_arg_cmp condition,
                     ConditionOf(args[i], absl::StrCat(rule_path, "/args/", i)));
    repeated |= (seen & (1U << condition.arg)) != 0;
    seen |= 1U << condition.arg;
    all.push_back(condition);
  }
  std::vector<Conditions> alternatives;
  if (!repeated) {
    if (std::all_of(all.begin(), all.end(), CanHold)) alternatives.push_back(std::move(all));
    return alternatives;
  }
  for (const scmp_arg_cmp& condition : all) {
    if (CanHold(condition)) alternatives.push_back({condition});
  }
  return alternatives;
}

bool KernelLacks(uint32_t action) {
  uint32_t bare = action & SECCOMP_RET_ACTION_FULL;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &bare) != 0 && errno == EOPNOTSUPP;
}

absl::Status AddRule(void* context, uint32_t action, int number, const Conditions& conditions,
                     absl::string_view path, absl::string_view name) {
  const int result =
      seccomp_rule_add_array(context, action, number, static_cast<unsigned>(conditions.size()),
                             conditions.empty() ? nullptr : conditions.data());
  // EEXIST: an earlier rule says the same, or all of it and more.
  if (result == 0 || result == -EEXIST) return absl::OkStatus();
  if (KernelLacks(action)) {
    return absl::UnimplementedError(absl::StrCat(path, "/action: this kernel lacks it"));
  }
  return LibraryError(result, absl::StrCat(path, ": adding '", name, "'"));
}

class Builder {
 public:
  explicit Builder(Context context) : context_(std::move(context)) {}

  absl::Status Add(const spec::SeccompRule& rule, uint32_t action, absl::string_view path,
                   bool is_default) {
    ASSIGN_OR_RETURN(const std::vector<Conditions> alternatives, AlternativesOf(rule.args, path));
    for (const std::string& name : rule.names) {
      const int number = seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR) {
        if (reported_.insert(name).second) unknown_.push_back(name);
        continue;
      }
      if (is_default) continue;  // the library refuses what already holds
      for (const Conditions& conditions : alternatives) {
        RETURN_IF_ERROR(AddRule(context_.get(), action, number, conditions, path, name));
      }
    }
    return absl::OkStatus();
  }

  void* context() const { return context_.get(); }
  std::vector<std::string> TakeUnknown() { return std::move(unknown_); }

 private:
  Context context_;
  std::vector<std::string> unknown_;
  std::set<std::string> reported_;
};

// ---- the program --------------------------------------------------------------------------------

absl::Status CheckLength(size_t count) {
  if (count <= kLongestProgram) return absl::OkStatus();
  return BadValue("/linux/seccomp/syscalls",
                  absl::StrCat("the rules need ", count, " instructions, expected at most ",
                               kLongestProgram, "; name fewer architectures or arguments"));
}

// ENOSYS for what came after the profile is kinder than any refusal and no weaker. Where the
// default lets calls through, or asks somebody who can say ENOSYS too, it stands.
bool NeedsEnosysStub(uint32_t default_action) {
  switch (default_action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ERRNO:
      return default_action != (SECCOMP_RET_ERRNO | ENOSYS);
    case SECCOMP_RET_KILL_PROCESS:
    case SECCOMP_RET_KILL_THREAD:
    case SECCOMP_RET_TRAP:
      return true;
    default:
      return false;
  }
}

constexpr int64_t kX32Bit = 0x40000000;
constexpr int64_t kArmPrivate = 0x0f0000;  // set_tls and the like, far above the table

// Where system calls of an architecture lie, with room to grow.
struct Table {
  int64_t first;
  int64_t last;
};

std::vector<Table> TablesOf(uint32_t token) {
  switch (token) {
    case SCMP_ARCH_X86_64:
      return {{0, kX32Bit - 1}};
    case SCMP_ARCH_X32:  // those it shares with x86_64, then its own
      return {{kX32Bit, kX32Bit + 511}, {kX32Bit + 512, 2 * kX32Bit - 1}};
    case SCMP_ARCH_ARM:
      return {{0, kArmPrivate - 1}};
    default:
      return {{0, INT32_MAX}};
  }
}

// Everything in the table above the largest number that the profile has a rule for.
std::optional<NumberRange> NewerThan(const spec::Seccomp& seccomp, uint32_t token,
                                     const Table& table) {
  int64_t newest = -1;
  for (const spec::SeccompRule& rule : seccomp.syscalls) {
    for (const std::string& name : rule.names) {
      const int64_t number = seccomp_syscall_resolve_name_arch(token, name.c_str());
      if (number >= table.first && number <= table.last) newest = std::max(newest, number);
    }
  }
  if (newest < 0 || newest == table.last) return std::nullopt;  // nothing said, or nothing left
  return NumberRange{.audit_arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token,
                     .first = static_cast<uint32_t>(newest + 1),
                     .last = static_cast<uint32_t>(table.last)};
}

std::vector<sock_filter> StubFor(const spec::Seccomp& seccomp) {
  std::set<uint32_t> tokens = {seccomp_arch_native()};
  for (const std::string& name : seccomp.architectures) {
    const absl::string_view bare = absl::StripPrefix(name, kArchitecturePrefix);
    tokens.insert(seccomp_arch_resolve_name(absl::AsciiStrToLower(bare).c_str()));
  }
  std::vector<NumberRange> ranges;
  for (const uint32_t token : tokens) {
    for (const Table& table : TablesOf(token)) {
      const std::optional<NumberRange> range = NewerThan(seccomp, token, table);
      if (range.has_value()) ranges.push_back(*range);
    }
  }
  return EnosysStub(ranges);
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
  ASSIGN_OR_RETURN(const uint32_t default_action,
                   ActionOf(seccomp.default_action, seccomp.default_errno_ret,
                            "/linux/seccomp/defaultAction", "/linux/seccomp/defaultErrnoRet"));
  bool notifies = default_action == SECCOMP_RET_USER_NOTIF;
  if (notifies) RETURN_IF_ERROR(CheckListener(seccomp, "/linux/seccomp/defaultAction"));
  ASSIGN_OR_RETURN(Context context, MakeContext(seccomp, default_action));
  Builder builder(std::move(context));
  for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    const spec::SeccompRule& rule = seccomp.syscalls[i];
    const std::string path = RulePath(i);
    const std::string action_path = path + "/action";
    ASSIGN_OR_RETURN(const uint32_t action,
                     ActionOf(rule.action, rule.errno_ret, action_path, path + "/errnoRet"));
    if (action == SECCOMP_RET_USER_NOTIF) {
      RETURN_IF_ERROR(CheckListener(seccomp, action_path));
      notifies = true;
    }
    RETURN_IF_ERROR(builder.Add(rule, action, path, action == default_action));
  }
  Compiled compiled;
  compiled.filter.notifies = notifies;
  ASSIGN_OR_RETURN(compiled.filter.flags, FlagsOf(seccomp, notifies));
  std::vector<sock_filter>& program = compiled.filter.instructions;
  if (NeedsEnosysStub(default_action)) program = StubFor(seccomp);
  ASSIGN_OR_RETURN(const std::vector<sock_filter> rules, Export(builder.context()));
  program.insert(program.end(), rules.begin(), rules.end());
  RETURN_IF_ERROR(CheckLength(program.size()));
  compiled.unknown_syscalls = builder.TakeUnknown();
  return compiled;
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
