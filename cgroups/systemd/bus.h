// Bus: what the systemd backend asks of a systemd manager. The one interface here whose other side
// is a service: tests fake it.
#ifndef HULL_CGROUPS_SYSTEMD_BUS_H_
#define HULL_CGROUPS_SYSTEMD_BUS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace hull::cgroups::systemd {

// A D-Bus value: one basic type ("t"), an array of one ("as") or of structs of them ("a(st)"), and
// the items of all elements one after the other. Negative numbers in two's complement, doubles by
// their bits.
struct Value {
  using Item = std::variant<uint64_t, std::string>;

  std::string signature;
  std::vector<Item> items;

  bool operator==(const Value&) const = default;
};

Value Bool(bool value);
Value String(absl::string_view value);
Value Uint64(uint64_t value);
Value Strings(const std::vector<std::string>& values);
Value Pids(pid_t pid);
inline constexpr uint64_t kInfinity = UINT64_MAX;  // systemd's "infinity"

struct Property {
  std::string name;
  Value value;

  bool operator==(const Property&) const = default;
};

// `MemoryMax=t 67108864`, `DeviceAllow=a(ss) /dev/char/1:3 rwm`: for messages and tests.
std::string FormatProperty(const Property& property);

// Which manager: the system's, or that of a user.
struct Target {
  bool user = false;
  uint32_t uid = 0;         // of the user
  std::string runtime_dir;  // the user's $XDG_RUNTIME_DIR if we are that user; else ""

  bool operator==(const Target&) const = default;
};

// A systemd manager as it introduces itself.
struct ManagerFacts {
  int version = 0;  // 252; 0 if it does not say
  std::string
      control_group;  // its root, without a last '/': "" or "/user.slice/…/user@1000.service"
};

// Every call blocks until systemd has done what it asks, or until the deadline given at the making
// of the Bus: then DeadlineExceeded. Unavailable: there is no connection. The first call connects.
class Bus {
 public:
  virtual ~Bus() = default;

  virtual absl::StatusOr<ManagerFacts> Hello() = 0;
  // StartTransientUnit, mode "replace", and its job. AlreadyExists: a unit of this name is loaded.
  // Aborted: the job failed. InvalidArgument: a property that this systemd does not take.
  virtual absl::Status StartUnit(const std::string& unit,
                                 const std::vector<Property>& properties) = 0;
  // SetUnitProperties: all of them or none. They are in force when it returns.
  virtual absl::Status SetProperties(const std::string& unit,
                                     const std::vector<Property>& properties) = 0;
  // The present values of the properties whose names and signatures are given.
  virtual absl::StatusOr<std::vector<Property>> GetProperties(
      const std::string& unit, const std::vector<Property>& wanted) = 0;
  // StopUnit, mode "replace", and its job. NotFound: there is no such unit.
  virtual absl::Status StopUnit(const std::string& unit) = 0;
  // NotFound: there is no such unit.
  virtual absl::Status ResetFailedUnit(const std::string& unit) = 0;
  // AttachProcessesToUnit: where the cgroup's files do not let us move a process ourselves.
  virtual absl::Status AttachProcess(const std::string& unit, pid_t pid) = 0;
};

// How long a call may take; runc's figure.
inline constexpr absl::Duration kDeadline = absl::Seconds(30);

// Makes a Bus; connects at the first call. A plain function pointer: part of a constexpr Backend.
using BusFactory = std::unique_ptr<Bus> (*)(const Target& target);

// Where a manager listens, in the order to try: its own socket, which needs no message bus between
// and is there before one runs, then the bus. As sd-bus addresses, or "system" and "user".
std::vector<std::string> AddressesOf(const Target& target);

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_BUS_H_
