// Steps that speak with main, and the start gate.
#include <errno.h>
#include <sys/socket.h>

#include "runtime/child/channel.h"
#include "runtime/child/steps.h"

namespace hull::child {

using sync::Message;
using sync::MessageType;

int FailOnPurpose(Context& context, const Step& step) {
  return context.Fail(Operation::kNone, -step.fail.error);
}

int AwaitMessage(Context& context, const Step& step) {
  Message message;
  HULL_TRY(
      context, kReceive,
      ReceiveMessage(context.report_fd, static_cast<MessageType>(step.message.message), message));
  return 0;
}

namespace {

MessageType AnswerTo(MessageType request) {
  switch (request) {
    case MessageType::kMapIds: return MessageType::kMapped;
    case MessageType::kMoveDevices: return MessageType::kDevicesMoved;
    default: return MessageType::kHooksDone;
  }
}

}  // namespace

int RequestMain(Context& context, const Step& step) {
  Message message;
  message.type = static_cast<MessageType>(step.message.message);
  message.role = context.role;
  HULL_TRY(context, kSend, SendMessage(context.report_fd, message));
  const MessageType answer = AnswerTo(message.type);
  HULL_TRY(context, kReceive, ReceiveMessage(context.report_fd, answer, message));
  return 0;
}

int ReportReady(Context& context, const Step&) {
  Message message;
  message.type = MessageType::kReady;
  HULL_TRY(context, kSend, SendMessage(context.report_fd, message));
  return 0;
}

// A starter connects and sends kStart; one that goes away first is nobody. From then on failures go
// to it: main is long gone.
int PassStartGate(Context& context, const Step& step) {
  Message message;
  if (step.gate.listen_fd < 0) {
    HULL_TRY(context, kReceive, ReceiveMessage(context.report_fd, MessageType::kStart, message));
    return 0;
  }
  sys::RawClose(context.plan->sync_fd);
  context.report_fd = -1;
  for (;;) {
    const long starter = RawCall(__NR_accept4, step.gate.listen_fd, 0, 0, SOCK_CLOEXEC);
    if (starter == -EINTR || starter == -ECONNABORTED) continue;
    HULL_TRY(context, kAccept, starter);
    if (ReceiveMessage(static_cast<int>(starter), MessageType::kStart, message) == 0) {
      context.report_fd = static_cast<int>(starter);
      sys::RawClose(step.gate.listen_fd);
      return 0;
    }
    sys::RawClose(static_cast<int>(starter));
  }
}

}  // namespace hull::child
