// A systemd for tests: its units, and the ways in which it can misbehave. Its Bus is made by a plain
// function, so there is one at a time.
#ifndef HULL_CGROUPS_SYSTEMD_FAKE_BUS_H_
#define HULL_CGROUPS_SYSTEMD_FAKE_BUS_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cgroups/systemd/bus.h"

namespace hull::cgroups::systemd {

struct FakeSystemd {
  struct Unit {
    bool failed = false;
    std::vector<Property> properties;  // every one that was ever set, in order
  };

  FakeSystemd() { current = this; }
  ~FakeSystemd() { current = nullptr; }

  static inline FakeSystemd* current = nullptr;
  static std::unique_ptr<Bus> MakeBus(const Target& target);

  ManagerFacts facts = {.version = 252, .control_group = ""};
  std::map<std::string, Unit> units;
  std::vector<std::string> calls;  // "start x.scope", in order
  int buses = 0;                   // connections made
  Target target;                   // of the last of them
  // What a call answers instead of doing anything: by its word ("hello", "start", …).
  std::map<std::string, absl::Status> answers;
  // The same, for the first such call alone.
  std::map<std::string, absl::Status> first_answers;
  // Called when a unit has been started, or has got properties: makes its cgroup, writes to it.
  std::function<void(const std::string& unit)> on_start = [](const std::string&) {};
  std::function<void(const std::vector<Property>&)> on_set = [](const std::vector<Property>&) {};
  std::function<void(const std::string& unit)> on_stop = [](const std::string&) {};
};

class FakeBus : public Bus {
 public:
  explicit FakeBus(FakeSystemd* systemd) : systemd_(*systemd) {}

  absl::StatusOr<ManagerFacts> Hello() override {
    if (absl::Status status = Note("hello", ""); !status.ok()) return status;
    return systemd_.facts;
  }
  absl::Status StartUnit(const std::string& unit,
                         const std::vector<Property>& properties) override {
    if (absl::Status status = Note("start", unit); !status.ok()) return status;
    if (systemd_.units.count(unit) != 0) return absl::AlreadyExistsError("UnitExists");
    systemd_.units[unit].properties = properties;
    systemd_.on_start(unit);
    return absl::OkStatus();
  }
  absl::Status SetProperties(const std::string& unit,
                             const std::vector<Property>& properties) override {
    if (absl::Status status = Note("set", unit); !status.ok()) return status;
    std::vector<Property>& all = systemd_.units.at(unit).properties;
    all.insert(all.end(), properties.begin(), properties.end());
    systemd_.on_set(properties);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<Property>> GetProperties(
      const std::string& unit, const std::vector<Property>& wanted) override {
    if (absl::Status status = Note("get", unit); !status.ok()) return status;
    std::vector<Property> found;
    for (Property property : wanted) {
      property.value.items.clear();
      if (!property.value.signature.starts_with('a')) property.value.items = {kInfinity};
      for (const Property& own : systemd_.units.at(unit).properties) {
        if (own.name == property.name) property = own;
      }
      found.push_back(property);
    }
    return found;
  }
  absl::Status StopUnit(const std::string& unit) override {
    if (absl::Status status = Note("stop", unit); !status.ok()) return status;
    if (systemd_.units.erase(unit) == 0) return absl::NotFoundError("NoSuchUnit");
    systemd_.on_stop(unit);
    return absl::OkStatus();
  }
  absl::Status ResetFailedUnit(const std::string& unit) override {
    if (absl::Status status = Note("reset", unit); !status.ok()) return status;
    const auto found = systemd_.units.find(unit);
    if (found == systemd_.units.end()) return absl::NotFoundError("NoSuchUnit");
    if (found->second.failed) systemd_.units.erase(found);
    return absl::OkStatus();
  }
  absl::Status AttachProcess(const std::string& unit, pid_t pid) override {
    return Note("attach", absl::StrCat(unit, " ", pid));
  }

 private:
  absl::Status Note(const std::string& word, const std::string& unit) {
    systemd_.calls.push_back(unit.empty() ? word : absl::StrCat(word, " ", unit));
    if (const auto first = systemd_.first_answers.extract(word)) return first.mapped();
    const auto answer = systemd_.answers.find(word);
    return answer == systemd_.answers.end() ? absl::OkStatus() : answer->second;
  }

  FakeSystemd& systemd_;
};

inline std::unique_ptr<Bus> FakeSystemd::MakeBus(const Target& target) {
  ++current->buses;
  current->target = target;
  return std::make_unique<FakeBus>(current);
}

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_FAKE_BUS_H_
