// A Bus over the messages of message.h, wherever they are carried out.
#ifndef HULL_CGROUPS_SYSTEMD_MESSAGE_BUS_H_
#define HULL_CGROUPS_SYSTEMD_MESSAGE_BUS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cgroups/systemd/bus.h"
#include "cgroups/systemd/message.h"

namespace hull::cgroups::systemd {

class MessageBus : public Bus {
 public:
  explicit MessageBus(absl::Duration deadline) : deadline_(deadline) {}

  absl::StatusOr<ManagerFacts> Hello() final;
  absl::Status StartUnit(const std::string& unit, const std::vector<Property>& properties) final;
  absl::Status SetProperties(const std::string& unit,
                             const std::vector<Property>& properties) final;
  absl::StatusOr<std::vector<Property>> GetProperties(const std::string& unit,
                                                      const std::vector<Property>& wanted) final;
  absl::Status StopUnit(const std::string& unit) final;
  absl::Status ResetFailedUnit(const std::string& unit) final;
  absl::Status AttachProcess(const std::string& unit, pid_t pid) final;

 protected:
  // Carries a request to where libsystemd is, and brings the reply back.
  virtual absl::StatusOr<std::string> Exchange(const std::string& request) = 0;
  absl::Duration deadline() const { return deadline_; }

 private:
  absl::StatusOr<std::vector<Property>> Ask(Operation operation, const std::string& unit,
                                            const std::vector<Property>& properties);

  absl::Duration deadline_;
};

// The bytes of a request; ResourceExhausted if they are too many.
absl::StatusOr<std::string> EncodeRequest(Operation operation, absl::Duration deadline,
                                          const std::string& unit,
                                          const std::vector<Property>& properties);
// What a reply says: its properties, or its failure as a Status. Internal: no reply at all.
absl::StatusOr<std::vector<Property>> DecodeReply(absl::string_view reply);
// "252.38-1~deb12u1" or "v252" → 252, 0 where there is no number.
int ParseVersion(absl::string_view version);

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_MESSAGE_BUS_H_
