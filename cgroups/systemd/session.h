// One connection to a systemd manager, and the requests of message.h carried out on it: all that
// hull does with libsystemd. No C++ library, so that the helper program needs none.
#ifndef HULL_CGROUPS_SYSTEMD_SESSION_H_
#define HULL_CGROUPS_SYSTEMD_SESSION_H_

#include <systemd/sd-bus.h>

#include <cstddef>
#include <cstdint>

#include "cgroups/systemd/message.h"

namespace hull::cgroups::systemd {

class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  // Connects to the first of `addresses` (null-terminated) that answers, when the first request
  // comes: "system", "user" (the buses), "unix:path=…" (a manager's own socket).
  void set_addresses(const char* const* addresses) { addresses_ = addresses; }

  // Carries out one request and writes the reply; returns its size.
  size_t Handle(const char* request, size_t request_size, char* reply, size_t reply_size);

 private:
  // A failure on its way into a reply.
  struct Failure {
    Answer answer = Answer::kOk;
    char text[1024] = {};
  };

  static int OnJobRemoved(sd_bus_message* message, void* session, sd_bus_error* error);

  bool Connect(Failure& failure);
  bool TryConnect(const char* address, Failure& failure);
  bool Run(Operation operation, Reader& request, Writer& reply, Failure& failure);
  bool Hello(Writer& reply, Failure& failure);
  bool StartOrStop(Operation operation, const char* unit, Reader& request, Failure& failure);
  bool SetProperties(const char* unit, Reader& request, Failure& failure);
  bool GetProperties(const char* unit, Reader& request, Writer& reply, Failure& failure);
  bool ResetFailed(const char* unit, Failure& failure);
  bool Attach(const char* unit, Reader& request, Failure& failure);
  bool NewCall(const char* member, sd_bus_message** call, Failure& failure);
  bool Call(sd_bus_message* call, sd_bus_message** reply, Failure& failure);
  bool WaitForJob(const char* unit, Failure& failure);
  // The time that is left for this request.
  uint64_t left_us() const;

  const char* const* addresses_ = nullptr;
  sd_bus* bus_ = nullptr;
  uint64_t deadline_us_ = 0;  // CLOCK_MONOTONIC
  char job_[256] = {};        // the one that is waited for
  char job_result_[32] = {};
};

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_SESSION_H_
