#include "runtime/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/memfd.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "runtime/base/status_macros.h"
#include "runtime/child/image.h"
#include "runtime/plan_file.h"
#include "runtime/sys/file.h"
#include "runtime/sys/raw.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U  // Linux 6.3
#endif

namespace hull::runtime {

using sys::AsArg;
using sys::RawCall;
using sys::UniqueFd;

namespace {

constexpr size_t kStackBytes = 64 << 10;
constexpr int kLastCapability = 63;

// What the child needs on its way; lives on its own stack's far end.
struct Order {
  const plan::Plan* plan;
  int image_fd;
  int plan_fd;
  char plan_fd_text[12];
  int error;
};

}  // namespace

class SpawnStack {
 public:
  SpawnStack() {
    memory_ =
        mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ok()) mprotect(memory_, 4096, PROT_NONE);  // the guard page
  }
  ~SpawnStack() {
    if (ok()) munmap(memory_, kStackBytes);
  }
  bool ok() const { return memory_ != MAP_FAILED; }
  char* low() const { return static_cast<char*>(memory_); }
  Order* order() const {
    return reinterpret_cast<Order*>(low() + kStackBytes - sizeof(Order) - 64);
  }
  size_t usable_bytes() const { return (kStackBytes - sizeof(Order) - 64) & ~size_t{15}; }

 private:
  void* memory_;
};

Spawned::Spawned() = default;
Spawned::Spawned(Spawned&&) noexcept = default;
Spawned& Spawned::operator=(Spawned&&) noexcept = default;
Spawned::~Spawned() = default;

int Spawned::early_error() const { return stack == nullptr ? 0 : stack->order()->error; }

namespace {

// ---- in the child, in our memory: raw system calls only -------------------------------------------

long KeepCapabilities() {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {};
  long result = RawCall(__NR_capget, AsArg(&header), AsArg(data));
  for (auto& half : data) half.inheritable = half.permitted;
  if (result == 0) result = RawCall(__NR_capset, AsArg(&header), AsArg(data));
  for (int i = 0; result == 0 && i <= kLastCapability; ++i) {
    if ((data[i / 32].permitted >> (i % 32) & 1) == 0) continue;
    result = RawCall(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0);
  }
  return result;
}

int BecomeInit(void* argument) {
  auto* order = static_cast<Order*>(argument);
  const plan::Plan& plan = *order->plan;
  long result = plan.keeps_capabilities != 0 ? KeepCapabilities() : 0;
  for (uint32_t i = 0; result >= 0 && i < plan.inherited_fds.count; ++i) {
    result = RawCall(__NR_fcntl, plan.at(plan.inherited_fds, i), F_SETFD, 0);
  }
  if (result >= 0) result = RawCall(__NR_fcntl, order->plan_fd, F_SETFD, 0);
  if (result >= 0) {
    const char* const argv[] = {"hull", "init", order->plan_fd_text, nullptr};
    const char* const envp[] = {nullptr};
    result =
        RawCall(__NR_execveat, order->image_fd, AsArg(""), AsArg(argv), AsArg(envp), AT_EMPTY_PATH);
  }
  order->error = static_cast<int>(-result);
  sys::RawExit(1);
}

// ---- in main ---------------------------------------------------------------------------------------

#if defined(__x86_64__)
// clone3 on another stack: the child calls fn(argument) and never returns here.
extern "C" long HullClone3(struct clone_args* args, size_t size, int (*fn)(void*), void* argument);
__asm__(
    ".pushsection .text\n"
    ".type HullClone3, @function\n"
    "HullClone3:\n"
    "  mov %rcx, %r8\n"  // the call clobbers rcx
    "  mov $435, %eax\n"
    "  syscall\n"
    "  test %rax, %rax\n"
    "  je 1f\n"
    "  ret\n"
    "1: xor %ebp, %ebp\n"
    "  mov %r8, %rdi\n"
    "  call *%rdx\n"
    "  hlt\n"
    ".size HullClone3, . - HullClone3\n"
    ".popsection\n");
#elif defined(__aarch64__)
extern "C" long HullClone3(struct clone_args* args, size_t size, int (*fn)(void*), void* argument);
__asm__(
    ".pushsection .text\n"
    ".type HullClone3, %function\n"
    "HullClone3:\n"
    "  mov x8, #435\n"
    "  mov x4, x2\n"
    "  mov x5, x3\n"
    "  svc 0\n"
    "  cbz x0, 1f\n"
    "  ret\n"
    "1: mov x29, #0\n"
    "  mov x30, #0\n"
    "  mov x0, x5\n"
    "  blr x4\n"
    "  brk #0\n"
    ".size HullClone3, . - HullClone3\n"
    ".popsection\n");
#endif

long CloneChild(uint64_t flags, int cgroup_fd, SpawnStack& stack, int* pidfd) {
  struct clone_args args = {};
  args.flags = flags | CLONE_VM | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uint64_t>(pidfd);
  args.exit_signal = SIGCHLD;
  args.stack = reinterpret_cast<uint64_t>(stack.low());
  args.stack_size = stack.usable_bytes();
  if (cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(cgroup_fd);
  }
  const long pid = HullClone3(&args, sizeof(args), &BecomeInit, stack.order());
  // For clone(2) CLONE_NEWTIME would be part of the signal: such a plan is staged, see BuildCreate.
  if (pid != -ENOSYS || cgroup_fd >= 0 || (flags & CLONE_NEWTIME) != 0) return pid;
  const int old_flags = static_cast<int>(flags | CLONE_VM | CLONE_PIDFD | SIGCHLD);
  const int child =
      clone(&BecomeInit, stack.low() + stack.usable_bytes(), old_flags, stack.order(), pidfd);
  return child < 0 ? -errno : child;
}

absl::StatusOr<UniqueFd> SealedImage() {
  const auto image = child::InitImage();
  // Before 6.3 there is no MFD_EXEC, after it a memfd without it may not be executable.
  int fd = memfd_create("hull-init", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (fd < 0 && errno == EINVAL) fd = memfd_create("hull-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return sys::ErrnoStatus(errno, "making a memfd for the init program");
  UniqueFd owned(fd);
  RETURN_IF_ERROR(sys::WriteAll(fd, absl::string_view(image.data(), image.size())));
  const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fcntl(fd, F_ADD_SEALS, seals) != 0) {
    return sys::ErrnoStatus(errno, "sealing the init program");
  }
  return owned;
}

// Init passes on what it has below 3, without a look at it.
absl::Status CheckStandardDescriptors(const plan::Plan& plan, int plan_fd) {
  bool taken = plan_fd <= STDERR_FILENO;
  for (uint32_t i = 0; i < plan.inherited_fds.count; ++i) {
    taken = taken || plan.at(plan.inherited_fds, i) <= STDERR_FILENO;
  }
  if (!taken) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "one of the caller's descriptors 0 to 2 is closed, and what the runtime opened in its place "
      "would be the container's; open /dev/null there");
}

}  // namespace

bool HasClone3() { return RawCall(__NR_clone3, 0, 0) != -ENOSYS; }

absl::StatusOr<Spawned> Spawn(const plan::Plan& plan, int cgroup_fd) {
  ASSIGN_OR_RETURN(const UniqueFd image, SealedImage());
  Spawned spawned;
  ASSIGN_OR_RETURN(spawned.plan_file, MakePlanFile(plan));
  RETURN_IF_ERROR(CheckStandardDescriptors(plan, spawned.plan_file.get()));
  spawned.stack = std::make_unique<SpawnStack>();
  if (!spawned.stack->ok()) return sys::ErrnoStatus(errno, "making a stack for the child");
  Order* order = spawned.stack->order();
  *order = {&plan, image.get(), spawned.plan_file.get(), {}, 0};
  absl::SNPrintF(order->plan_fd_text, sizeof(order->plan_fd_text), "%d", spawned.plan_file.get());

  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  const long pid = CloneChild(plan.clone_flags, cgroup_fd, *spawned.stack, &pidfd);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid == -EBUSY && cgroup_fd >= 0) {
    return absl::FailedPreconditionError(
        "the cgroup takes no process: it hands controllers down to others beneath it; name one of "
        "those");
  }
  if (pid == -EPERM && (plan.clone_flags & CLONE_NEWUSER) == 0 && geteuid() != 0) {
    return absl::PermissionDeniedError(
        "/linux/namespaces: the kernel gives new namespaces to root alone, or inside of a user "
        "namespace; add {\"type\": \"user\"} with uidMappings and gidMappings of your own ids");
  }
  if (pid < 0) return sys::ErrnoStatus(static_cast<int>(-pid), "cloning the container's process");
  spawned.pid = static_cast<pid_t>(pid);
  spawned.pidfd.reset(pidfd);
  return spawned;
}

}  // namespace hull::runtime
