// The init program's first instruction: `hull init FD`, where FD is the memfd that holds the mailbox
// page and then the Plan. In whatever namespaces the clone gave it.
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>

#include "runtime/child/init.h"
#include "runtime/child/text.h"

namespace hull::child {
namespace {

constexpr long kPage = 4096;  // of the mailbox; a multiple of no consequence on larger pages

// Maps the mailbox shared and the Plan privately: pointer vectors are completed in place.
bool MapPlan(int fd, Context& context) {
  plan::Plan head;
  if (RawCall(__NR_pread64, fd, AsArg(&head), sizeof(head), kPage) != sizeof(head)) return false;
  if (head.magic != plan::kMagic || head.size_bytes < sizeof(head)) return false;
  const long size = kPage + static_cast<long>(head.size_bytes);
  const long whole =
      RawCall(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  const long mailbox = RawCall(__NR_mmap, 0, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if ((whole < 0 && whole > -4096) || (mailbox < 0 && mailbox > -4096)) return false;
  context.plan_fd = fd;
  context.block = reinterpret_cast<char*>(whole) + kPage;
  context.plan = reinterpret_cast<const plan::Plan*>(context.block);
  context.mailbox = reinterpret_cast<sync::Mailbox*>(mailbox);
  return true;
}

// Nothing that the caller of the runtime left open may be seen by a hook or by the container.
void CloseOnExec() {
  if (RawCall(__NR_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int fd = 3; fd < 65536; ++fd) RawCall(__NR_fcntl, fd, F_SETFD, FD_CLOEXEC);  // before 5.11
}

// The container's process starts with the default signal dispositions and an empty mask, whatever
// the runtime's caller had.
void ResetSignals() {
  struct {
    void* handler;
    unsigned long flags;
    void* restorer;
    uint64_t mask;
  } const act = {};
  for (int signal = 1; signal <= 64; ++signal) {
    RawCall(__NR_rt_sigaction, signal, AsArg(&act), 0, sizeof(uint64_t));
  }
  const uint64_t none = 0;
  RawCall(__NR_rt_sigprocmask, SIG_SETMASK, AsArg(&none), 0, sizeof(none));
}

}  // namespace

extern "C" [[noreturn, gnu::used]] void HullInitMain(const long* stack) {
  const long argc = stack[0];
  const auto* argv = reinterpret_cast<const char* const*>(stack + 1);
  const int64_t fd = argc == 3 ? ParseNumber(argv[2]) : -1;
  Context context;
  if (fd < 0 || !MapPlan(static_cast<int>(fd), context)) sys::RawExit(127);
  CloseOnExec();
  ResetSignals();
  context.report_fd = context.plan->sync_fd;
  if (context.plan->launch == plan::Launch::kStaged) RunIntermediate(context);
  RunInit(context);
}

}  // namespace hull::child

#if defined(__x86_64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  xor %ebp, %ebp\n"
    "  mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call HullInitMain\n");
#elif defined(__aarch64__)
__asm__(
    ".globl _start\n"
    "_start:\n"
    "  mov x29, #0\n"
    "  mov x30, #0\n"
    "  mov x0, sp\n"
    "  bl HullInitMain\n");
#endif
