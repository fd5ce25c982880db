#include "cgroups/systemd/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

namespace hull::cgroups::systemd {
namespace {

constexpr char kDestination[] = "org.freedesktop.systemd1";
constexpr char kPath[] = "/org/freedesktop/systemd1";
constexpr char kManager[] = "org.freedesktop.systemd1.Manager";
constexpr char kUnitPath[] = "/org/freedesktop/systemd1/unit";

uint64_t NowUs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

// Frees what libsystemd hands out, at the end of the block.
struct Message {
  sd_bus_message* get = nullptr;
  ~Message() { sd_bus_message_unref(get); }
};
struct Error {
  sd_bus_error get = SD_BUS_ERROR_NULL;
  ~Error() { sd_bus_error_free(&get); }
};

struct KnownError {
  const char* name;
  Answer answer;
};
constexpr KnownError kKnownErrors[] = {
    {"org.freedesktop.systemd1.UnitExists", Answer::kUnitExists},
    {"org.freedesktop.systemd1.NoSuchUnit", Answer::kNoSuchUnit},
    {"org.freedesktop.DBus.Error.AccessDenied", Answer::kDenied},
    {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", Answer::kDenied},
    {"org.freedesktop.DBus.Error.InvalidArgs", Answer::kBadProperty},
    {"org.freedesktop.DBus.Error.PropertyReadOnly", Answer::kBadProperty},
    {"org.freedesktop.DBus.Error.UnknownProperty", Answer::kBadProperty},
    {"org.freedesktop.DBus.Error.Timeout", Answer::kTimeout},
    {"org.freedesktop.DBus.Error.NoReply", Answer::kTimeout},
    {"org.freedesktop.DBus.Error.Disconnected", Answer::kUnreachable},
    {"org.freedesktop.DBus.Error.NameHasNoOwner", Answer::kUnreachable},
    {"org.freedesktop.DBus.Error.ServiceUnknown", Answer::kUnreachable},
};

Answer AnswerFor(const sd_bus_error& error, int code) {
  for (const KnownError& known : kKnownErrors) {
    if (sd_bus_error_has_name(&error, known.name)) return known.answer;
  }
  if (code == -ETIMEDOUT) return Answer::kTimeout;
  if (code == -ECONNRESET || code == -ENOTCONN || code == -EPIPE) return Answer::kUnreachable;
  if (code == -EACCES || code == -EPERM) return Answer::kDenied;
  return Answer::kOther;
}

// --- values --------------------------------------------------------------------------------------

int AppendItem(sd_bus_message* message, char type, Reader& in) {
  if (IsTextType(type)) return sd_bus_message_append_basic(message, type, in.String());
  const uint64_t number = in.U64();
  const auto byte = static_cast<uint8_t>(number);
  const auto two = static_cast<uint16_t>(number);
  const auto four = static_cast<uint32_t>(number);
  const int boolean = number != 0;
  switch (type) {
    case 'b': return sd_bus_message_append_basic(message, type, &boolean);
    case 'y': return sd_bus_message_append_basic(message, type, &byte);
    case 'n':
    case 'q': return sd_bus_message_append_basic(message, type, &two);
    case 'i':
    case 'u': return sd_bus_message_append_basic(message, type, &four);
    default: return sd_bus_message_append_basic(message, type, &number);
  }
}

int AppendElement(sd_bus_message* message, const Shape& shape, Reader& in) {
  int result = 0;
  if (shape.structs) result = sd_bus_message_open_container(message, 'r', shape.types);
  for (size_t i = 0; i < shape.count && result >= 0; ++i) {
    result = AppendItem(message, shape.types[i], in);
  }
  if (shape.structs && result >= 0) result = sd_bus_message_close_container(message);
  return result;
}

// A variant of `signature`, whose items come next.
int AppendVariant(sd_bus_message* message, const char* signature, Reader& in) {
  const Shape shape = ShapeOf(signature);
  const uint32_t items = in.U32();
  if (!in.ok() || shape.count == 0 || items % shape.count != 0) return -EINVAL;
  if (!shape.array && items != 1) return -EINVAL;
  int result = sd_bus_message_open_container(message, 'v', signature);
  if (shape.array && result >= 0) {
    result = sd_bus_message_open_container(message, 'a', signature + 1);
  }
  for (uint32_t i = 0; i < items && result >= 0 && in.ok(); i += shape.count) {
    result = AppendElement(message, shape, in);
  }
  if (shape.array && result >= 0) result = sd_bus_message_close_container(message);
  return result < 0 ? result : sd_bus_message_close_container(message);
}

// a(sv), as StartTransientUnit and SetUnitProperties want it.
int AppendProperties(sd_bus_message* message, Reader& in) {
  int result = sd_bus_message_open_container(message, 'a', "(sv)");
  const uint32_t count = in.U32();
  for (uint32_t i = 0; i < count && result >= 0 && in.ok(); ++i) {
    const char* name = in.String();
    const char* signature = in.String();
    result = sd_bus_message_open_container(message, 'r', "sv");
    if (result >= 0) result = sd_bus_message_append_basic(message, 's', name);
    if (result >= 0) result = AppendVariant(message, signature, in);
    if (result >= 0) result = sd_bus_message_close_container(message);
  }
  if (result >= 0 && !in.done()) return -EINVAL;
  return result < 0 ? result : sd_bus_message_close_container(message);
}

int ReadItem(sd_bus_message* message, char type, Writer& out) {
  union {
    const char* text;
    int boolean;
    uint8_t byte;
    int16_t i16;
    uint16_t u16;
    int32_t i32;
    uint32_t u32;
    uint64_t u64;
  } value = {};
  const int result = sd_bus_message_read_basic(message, type, &value);
  if (result <= 0) return result;
  switch (type) {
    case 's':
    case 'o':
    case 'g': out.String(value.text); break;
    case 'b': out.U64(value.boolean != 0); break;
    case 'y': out.U64(value.byte); break;
    case 'n': out.U64(static_cast<uint64_t>(value.i16)); break;
    case 'q': out.U64(value.u16); break;
    case 'i': out.U64(static_cast<uint64_t>(value.i32)); break;
    case 'u': out.U64(value.u32); break;
    default: out.U64(value.u64); break;
  }
  return result;
}

// > 0 while there are elements.
int ReadElement(sd_bus_message* message, const Shape& shape, Writer& out) {
  int result = shape.structs ? sd_bus_message_enter_container(message, 'r', shape.types) : 1;
  for (size_t i = 0; i < shape.count && result > 0; ++i) {
    result = ReadItem(message, shape.types[i], out);
  }
  if (shape.structs && result > 0)
    result = sd_bus_message_exit_container(message) < 0 ? -EBADMSG : 1;
  return result;
}

// The items of a value and their number in front.
int ReadValue(sd_bus_message* message, const char* signature, Writer& out) {
  const Shape shape = ShapeOf(signature);
  if (shape.count == 0) return -EINVAL;
  const size_t count_at = out.size();
  out.U32(0);
  uint32_t items = 0;
  int result = shape.array ? sd_bus_message_enter_container(message, 'a', signature + 1) : 1;
  while (result > 0) {
    result = ReadElement(message, shape, out);
    if (result > 0) items += static_cast<uint32_t>(shape.count);
    if (!shape.array) break;
  }
  if (shape.array && result >= 0) result = sd_bus_message_exit_container(message);
  out.Patch(count_at, items);
  return result;
}

}  // namespace

// --- connection ----------------------------------------------------------------------------------

Session::~Session() { sd_bus_flush_close_unref(bus_); }

uint64_t Session::left_us() const {
  const uint64_t now = NowUs();
  return now < deadline_us_ ? deadline_us_ - now : 1;  // 0 would be the library's own default
}

int Session::OnJobRemoved(sd_bus_message* message, void* session, sd_bus_error*) {
  auto* const self = static_cast<Session*>(session);
  uint32_t id = 0;
  const char *job = nullptr, *unit = nullptr, *result = nullptr;
  if (sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) < 0) return 0;
  if (strcmp(job, self->job_) == 0) {
    snprintf(self->job_result_, sizeof(self->job_result_), "%s", result);
  }
  return 0;
}

bool Session::TryConnect(const char* address, Failure& failure) {
  sd_bus* bus = nullptr;
  int result = 0;
  if (strcmp(address, "system") == 0) {
    result = sd_bus_open_system(&bus);
  } else if (strcmp(address, "user") == 0) {
    result = sd_bus_open_user(&bus);
  } else {
    result = sd_bus_new(&bus);
    if (result >= 0) result = sd_bus_set_address(bus, address);
    if (result >= 0) result = sd_bus_start(bus);
  }
  // The match on a bus is a call, which waits until the connection is there.
  if (result >= 0) {
    result = sd_bus_match_signal(bus, nullptr, kDestination, kPath, kManager, "JobRemoved",
                                 &OnJobRemoved, this);
  }
  Error error;
  if (result >= 0) {
    result = sd_bus_call_method(bus, kDestination, kPath, kManager, "Subscribe", &error.get,
                                nullptr, "");
  }
  if (result >= 0) {
    bus_ = bus;
    return true;
  }
  const size_t used = strlen(failure.text);
  snprintf(failure.text + used, sizeof(failure.text) - used, "%s%s: %s", used == 0 ? "" : "; ",
           address, error.get.message != nullptr ? error.get.message : strerror(-result));
  sd_bus_flush_close_unref(bus);
  return false;
}

bool Session::Connect(Failure& failure) {
  if (bus_ != nullptr) return true;
  for (const char* const* address = addresses_; *address != nullptr; ++address) {
    if (TryConnect(*address, failure)) {
      failure = Failure();
      return true;
    }
  }
  failure.answer = Answer::kUnreachable;
  return false;
}

// --- calls ---------------------------------------------------------------------------------------

bool Session::NewCall(const char* member, sd_bus_message** call, Failure& failure) {
  if (sd_bus_message_new_method_call(bus_, call, kDestination, kPath, kManager, member) >= 0) {
    return true;
  }
  failure.answer = Answer::kOther;
  snprintf(failure.text, sizeof(failure.text), "%s: out of memory", member);
  return false;
}

bool Session::Call(sd_bus_message* call, sd_bus_message** reply, Failure& failure) {
  Error error;
  const int result = sd_bus_call(bus_, call, left_us(), &error.get, reply);
  if (result >= 0) return true;
  failure.answer = AnswerFor(error.get, result);
  snprintf(failure.text, sizeof(failure.text), "%s: %s", sd_bus_message_get_member(call),
           error.get.message != nullptr ? error.get.message : strerror(-result));
  return false;
}

bool Session::WaitForJob(const char* unit, Failure& failure) {
  while (job_result_[0] == '\0') {
    int result = sd_bus_process(bus_, nullptr);
    const bool idle = result == 0;
    if (idle && NowUs() >= deadline_us_) {
      failure.answer = Answer::kTimeout;
      snprintf(failure.text, sizeof(failure.text), "the job of '%s' does not end", unit);
      return false;
    }
    if (idle) result = sd_bus_wait(bus_, left_us());
    if (result < 0 && result != -EINTR) {
      failure.answer = Answer::kUnreachable;
      snprintf(failure.text, sizeof(failure.text), "waiting for the job of '%s': %s", unit,
               strerror(-result));
      return false;
    }
  }
  if (strcmp(job_result_, "done") == 0) return true;
  failure.answer = Answer::kJobFailed;
  snprintf(failure.text, sizeof(failure.text), "%s", job_result_);
  return false;
}

bool Session::StartOrStop(Operation operation, const char* unit, Reader& request,
                          Failure& failure) {
  const bool start = operation == Operation::kStart;
  Message call, reply;
  if (!NewCall(start ? "StartTransientUnit" : "StopUnit", &call.get, failure)) return false;
  int result = sd_bus_message_append(call.get, "ss", unit, "replace");
  if (start && result >= 0) result = AppendProperties(call.get, request);
  if (start && result >= 0) result = sd_bus_message_append(call.get, "a(sa(sv))", 0);
  if (result < 0) {
    failure.answer = Answer::kBadRequest;
    return false;
  }
  if (!Call(call.get, &reply.get, failure)) return false;
  // Its end cannot have been seen yet: signals wait in line until sd_bus_process.
  const char* job = nullptr;
  if (sd_bus_message_read(reply.get, "o", &job) < 0) job = "";
  snprintf(job_, sizeof(job_), "%s", job);
  job_result_[0] = '\0';
  return WaitForJob(unit, failure);
}

bool Session::SetProperties(const char* unit, Reader& request, Failure& failure) {
  Message call;
  if (!NewCall("SetUnitProperties", &call.get, failure)) return false;
  int result = sd_bus_message_append(call.get, "sb", unit, 1);
  if (result >= 0) result = AppendProperties(call.get, request);
  if (result < 0) {
    failure.answer = Answer::kBadRequest;
    return false;
  }
  if (!Call(call.get, nullptr, failure)) return false;
  // systemd answers first and writes to the cgroup before it reads its next message: once that one
  // is answered, the files are written.
  Message barrier;
  Error ignored;
  sd_bus_get_property(bus_, kDestination, kPath, kManager, "Version", &ignored.get, &barrier.get,
                      "s");
  return true;
}

bool Session::ResetFailed(const char* unit, Failure& failure) {
  Message call;
  if (!NewCall("ResetFailedUnit", &call.get, failure)) return false;
  sd_bus_message_append(call.get, "s", unit);
  return Call(call.get, nullptr, failure);
}

bool Session::Attach(const char* unit, Reader& request, Failure& failure) {
  request.U32();     // one property,
  request.String();  // PIDs,
  request.String();  // au,
  request.U32();     // of one item
  const auto pid = static_cast<uint32_t>(request.U64());
  Message call;
  if (!NewCall("AttachProcessesToUnit", &call.get, failure)) return false;
  if (!request.done() || sd_bus_message_append(call.get, "ssau", unit, "/", 1, pid) < 0) {
    failure.answer = Answer::kBadRequest;
    return false;
  }
  return Call(call.get, nullptr, failure);
}

bool Session::Hello(Writer& reply, Failure& failure) {
  const char* const names[] = {"Version", "ControlGroup"};
  reply.U32(2);
  for (const char* name : names) {
    Error error;
    Message value;
    const int result =
        sd_bus_get_property(bus_, kDestination, kPath, kManager, name, &error.get, &value.get, "s");
    reply.String(name);
    reply.String("s");
    if (result >= 0 && ReadValue(value.get, "s", reply) > 0) continue;
    failure.answer = AnswerFor(error.get, result);
    snprintf(failure.text, sizeof(failure.text), "%s: %s", name,
             error.get.message != nullptr ? error.get.message : strerror(-result));
    return false;
  }
  return true;
}

bool Session::GetProperties(const char* unit, Reader& request, Writer& reply, Failure& failure) {
  const uint32_t count = request.U32();
  const char* const dot = strrchr(unit, '.');
  const bool slice = dot != nullptr && strcmp(dot, ".slice") == 0;
  const char* const interface =
      slice ? "org.freedesktop.systemd1.Slice" : "org.freedesktop.systemd1.Scope";
  char* path = nullptr;
  int result = sd_bus_path_encode(kUnitPath, unit, &path);
  reply.U32(count);
  for (uint32_t i = 0; i < count && request.ok() && result >= 0; ++i) {
    const char* name = request.String();
    const char* signature = request.String();
    request.U32();
    Error error;
    Message value;
    result = sd_bus_get_property(bus_, kDestination, path, interface, name, &error.get, &value.get,
                                 signature);
    reply.String(name);
    reply.String(signature);
    if (result >= 0) result = ReadValue(value.get, signature, reply);
    if (result >= 0) continue;
    failure.answer = AnswerFor(error.get, result);
    snprintf(failure.text, sizeof(failure.text), "%s: %s", name,
             error.get.message != nullptr ? error.get.message : strerror(-result));
  }
  free(path);
  return result >= 0 && request.ok();
}

// --- requests ------------------------------------------------------------------------------------

bool Session::Run(Operation operation, Reader& request, Writer& reply, Failure& failure) {
  deadline_us_ = NowUs() + static_cast<uint64_t>(request.U32()) * 1000;
  const char* const unit = request.String();
  if (!request.ok()) {
    failure.answer = Answer::kBadRequest;
    return false;
  }
  if (!Connect(failure)) return false;
  switch (operation) {
    case Operation::kHello: return Hello(reply, failure);
    case Operation::kGet: return GetProperties(unit, request, reply, failure);
    default: break;
  }
  reply.U32(0);
  switch (operation) {
    case Operation::kStart:
    case Operation::kStop: return StartOrStop(operation, unit, request, failure);
    case Operation::kSet: return SetProperties(unit, request, failure);
    case Operation::kResetFailed: return ResetFailed(unit, failure);
    case Operation::kAttach: return Attach(unit, request, failure);
    default: failure.answer = Answer::kBadRequest; return false;
  }
}

size_t Session::Handle(const char* request, size_t request_size, char* reply, size_t reply_size) {
  Reader in(request, request_size);
  const auto operation = static_cast<Operation>(in.U32());
  Failure failure;
  Writer out(reply, reply_size);
  out.U32(static_cast<uint32_t>(Answer::kOk));
  out.String("");
  if (Run(operation, in, out, failure) && out.ok()) return out.size();
  if (failure.answer == Answer::kOk) failure.answer = Answer::kBadRequest;
  Writer failed(reply, reply_size);
  failed.U32(static_cast<uint32_t>(failure.answer));
  failed.String(failure.text);
  failed.U32(0);
  return failed.size();
}

}  // namespace hull::cgroups::systemd
