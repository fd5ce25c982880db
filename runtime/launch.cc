#include "runtime/launch.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/child/attributes.h"
#include "runtime/listener.h"
#include "runtime/plan/describe.h"
#include "runtime/plan_file.h"
#include "runtime/sys/file.h"
#include "runtime/trace.h"

namespace hull::runtime {
namespace {

using sync::Message;
using sync::MessageType;

// False where the status is lost: our caller ignores SIGCHLD, or reaps our children itself.
bool Reap(pid_t pid, int* status) {
  pid_t reaped = 0;
  do {
    reaped = waitpid(pid, status, 0);
  } while (reaped < 0 && errno == EINTR);
  return reaped == pid;
}

void KillAndReap(pid_t pid, int pidfd) {
  syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
  Reap(pid, nullptr);
}

}  // namespace

Launch::Launch(LaunchOrder order)
    : order_(std::move(order)), channel_(std::move(order_.main_end)) {}

Launch::~Launch() {
  if (!released_) KillAll();
}

void Launch::KillAll() {
  if (init_pid_ != 0 && init_pid_ != first_.pid) KillAndReap(init_pid_, init_pidfd_.get());
  if (first_.pid != 0 && !first_reaped_) KillAndReap(first_.pid, first_.pidfd.get());
  init_pid_ = 0;
  first_reaped_ = true;
}

absl::Status Launch::SpawnFirst() {
  ASSIGN_OR_RETURN(first_, Spawn(order_.plan, order_.cgroup_fd));
  order_.child_end.reset();  // so that the end of the children is the end of the file
  Trace("clone");
  if (order_.attach) {
    RETURN_IF_ERROR(order_.cgroup->Attach(first_.pid));
    RETURN_IF_ERROR(channel_.Send(MessageType::kGo));
    Trace("attach");
  }
  return order_.plan.launch == plan::Launch::kDirect ? TakeInit(first_.pid) : absl::OkStatus();
}

absl::Status Launch::TakeInit(pid_t pid) {
  init_pid_ = pid;
  if (pid == first_.pid) {
    init_pidfd_ = std::move(first_.pidfd);
    first_reaped_ = true;  // it is init, and init_pid_ stands for it
    first_.pid = 0;
  } else {
    // Our child and not reaped yet, so the pid is still its own.
    init_pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!init_pidfd_.valid()) return sys::ErrnoStatus(errno, "opening a pidfd of init");
    Reap(first_.pid, nullptr);
    first_reaped_ = true;
  }
  if (order_.actions.on_init) RETURN_IF_ERROR(order_.actions.on_init(pid));
  return order_.start_early ? channel_.Send(MessageType::kStart) : absl::OkStatus();
}

absl::Status Launch::Answer(const Message& message) {
  switch (message.type) {
    case MessageType::kMapIds:
      RETURN_IF_ERROR(order_.actions.map_ids(init_pid_ != 0 ? init_pid_ : first_.pid));
      return channel_.Send(MessageType::kMapped);
    case MessageType::kInitPid: return TakeInit(static_cast<pid_t>(message.value));
    case MessageType::kMoveDevices:
      RETURN_IF_ERROR(order_.actions.move_devices(init_pid_));
      return channel_.Send(MessageType::kDevicesMoved);
    case MessageType::kRunHooks:
      RETURN_IF_ERROR(order_.actions.run_hooks(init_pid_));
      return channel_.Send(MessageType::kHooksDone);
    case MessageType::kFailed: return plan::FailureStatus(order_.plan, message);
    default:
      return absl::InternalError(absl::StrCat(
          "unexpected message ", static_cast<uint32_t>(message.type), " on the sync channel"));
  }
}

// The children ended without a word.
absl::Status Launch::ExplainEnd() {
  if (const int error = first_.early_error(); error != 0) {
    return sys::ErrnoStatus(error, "executing the init program");
  }
  int status = 0;
  const pid_t pid = init_pid_ != 0 ? init_pid_ : first_.pid;
  const bool known = Reap(pid, &status);
  init_pid_ = 0;
  first_reaped_ = true;
  if (!known) return absl::InternalError("the container's init ended before its time");
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    return absl::ResourceExhaustedError(
        "the container's init was killed during its creation (memory limit too low?)");
  }
  if (WIFSIGNALED(status)) {
    return absl::InternalError(
        absl::StrCat("the container's init died of signal ", WTERMSIG(status)));
  }
  return absl::InternalError(
      absl::StrCat("the container's init exited with status ", WEXITSTATUS(status)));
}

// Init is a process of its own and may be faster than the intermediate that reports its pid: what it
// says before that (it says one thing, then waits) is kept until then.
absl::StatusOr<std::optional<Message>> Launch::NextMessage() {
  for (;;) {
    if (init_pid_ != 0 && early_.has_value()) return std::exchange(early_, std::nullopt);
    ASSIGN_OR_RETURN(std::optional<Message> message, channel_.Receive());
    if (!message.has_value()) return std::exchange(early_, std::nullopt);
    if (init_pid_ != 0 || message->role != sync::ProcessRole::kInit) return message;
    early_ = message;
  }
}

// By pid: init is our child and not reaped yet.
absl::Status Launch::ServeInit() {
  const plan::Plan& plan = order_.plan;
  Message failure;
  failure.role = sync::ProcessRole::kMain;
  for (uint32_t i = 0; i < plan.main.count; ++i) {
    const plan::Step& step = plan.at(plan.main, i);
    long result = -ENOSYS;
    switch (step.kind) {
      case plan::StepKind::kRlimit:
        failure.operation = sync::Operation::kLimit;
        result = child::SetLimit(init_pid_, step.rlimit);
        break;
      case plan::StepKind::kScheduler:
        failure.operation = sync::Operation::kScheduler;
        result = child::SetScheduler(init_pid_, step.scheduler);
        break;
      case plan::StepKind::kIoPriority:
        failure.operation = sync::Operation::kIoPriority;
        result = child::SetIoPriority(init_pid_, step.io_priority);
        break;
      default: break;
    }
    if (result >= 0) continue;
    failure.step = plan.main.count - 1 - i;
    failure.error = static_cast<int32_t>(-result);
    return plan::FailureStatus(plan, failure);
  }
  return absl::OkStatus();
}

absl::Status Launch::Prepare() {
  RETURN_IF_ERROR(SpawnFirst());
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<Message> message, NextMessage());
    if (!message.has_value()) return ExplainEnd();
    if (message->type == MessageType::kReady) break;
    RETURN_IF_ERROR(Answer(*message));
  }
  Trace("init");
  return ServeInit();
}

absl::Status Launch::Start() {
  if (!order_.start_early) RETURN_IF_ERROR(channel_.Send(MessageType::kStart));
  RETURN_IF_ERROR(AwaitExecute(
      channel_, {.init_pidfd = init_pidfd_.get(),
                 .plan_file = first_.plan_file.get(),
                 .fail = [this](const Message& m) { return plan::FailureStatus(order_.plan, m); },
                 .ended = [this] { return ExplainEnd(); },
                 .hand_over_listener =
                     [this](int notify_fd) {
                       return order_.actions.hand_over_listener(init_pid_, notify_fd);
                     }}));
  Trace("execute");
  return absl::OkStatus();
}

sys::UniqueFd Launch::Release() {
  released_ = true;
  channel_.Close();
  return std::move(init_pidfd_);
}

absl::Status AwaitExecute(sync::Channel& channel, const ExecuteWatch& watch) {
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<Message> message, channel.Receive());
    if (!message.has_value())
      return HasExecuted(watch.plan_file) ? absl::OkStatus() : watch.ended();
    if (message->type != MessageType::kSeccomp) return watch.fail(*message);
    RETURN_IF_ERROR(HandOverListener(watch.init_pidfd, *message, watch.hand_over_listener));
  }
}

}  // namespace hull::runtime
