// A systemd manager for tests of what speaks D-Bus to it: an sd-bus server on a socket, as systemd's
// own private one, in a thread.
#ifndef HULL_CGROUPS_SYSTEMD_FAKE_MANAGER_H_
#define HULL_CGROUPS_SYSTEMD_FAKE_MANAGER_H_

#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace hull::cgroups::systemd {

class FakeManager {
 public:
  explicit FakeManager(const std::string& path) {
    listen_fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    bind(listen_fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    listen(listen_fd_, 1);
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeManager() {
    stop_ = true;
    shutdown(listen_fd_, SHUT_RDWR);
    thread_.join();
    close(listen_fd_);
  }

  // How the next jobs end; "" = never.
  void set_job_result(const std::string& result) {
    const std::lock_guard<std::mutex> lock(mutex_);
    job_result_ = result;
  }
  // "StartTransientUnit x.scope replace", then a line for each property: "PIDs au 42".
  std::vector<std::string> calls() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return calls_;
  }

 private:
  void Note(const std::string& line) {
    const std::lock_guard<std::mutex> lock(mutex_);
    calls_.push_back(line);
  }

  void Serve() {
    const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    sd_bus* bus = nullptr;
    sd_id128_t id = {};
    id.bytes[0] = 1;
    sd_bus_new(&bus);
    sd_bus_set_fd(bus, fd, fd);
    sd_bus_set_server(bus, 1, id);
    sd_bus_set_anonymous(bus, 1);
    sd_bus_set_trusted(bus, 1);
    sd_bus_set_sender(bus, "org.freedesktop.systemd1");
    sd_bus_add_filter(bus, nullptr, &OnMessage, this);
    sd_bus_start(bus);
    while (!stop_) {
      const int result = sd_bus_process(bus, nullptr);
      if (result < 0) break;
      if (result == 0) sd_bus_wait(bus, 20000);
    }
    sd_bus_flush_close_unref(bus);
  }

  static int OnMessage(sd_bus_message* message, void* self, sd_bus_error* error) {
    return static_cast<FakeManager*>(self)->Answer(message, error);
  }

  int Answer(sd_bus_message* message, sd_bus_error*) {
    const char* const member = sd_bus_message_get_member(message);
    if (member == nullptr) return 0;
    const std::string name = member;
    if (name == "Subscribe") return Reply(message);
    if (name == "Get") return Get(message);
    if (name == "StartTransientUnit") return Start(message);
    if (name == "StopUnit") return Stop(message);
    if (name == "SetUnitProperties") return Set(message);
    if (name == "ResetFailedUnit") return Reset(message);
    return 0;
  }

  int Reply(sd_bus_message* message) { return Done(sd_bus_reply_method_return(message, "")); }
  static int Done(int result) { return result < 0 ? result : 1; }

  int Get(sd_bus_message* message) {
    const char *interface = nullptr, *property = nullptr;
    sd_bus_message_read(message, "ss", &interface, &property);
    const std::string name = property;
    if (name == "Version") return Done(sd_bus_reply_method_return(message, "v", "s", "252.1"));
    if (name == "ControlGroup") return Done(sd_bus_reply_method_return(message, "v", "s", "/x"));
    Note(std::string("Get ") + sd_bus_message_get_path(message) + " " + interface);
    if (name == "MemoryMax") {
      return Done(sd_bus_reply_method_return(message, "v", "t", UINT64_MAX));
    }
    if (name == "DeviceAllow") {
      return Done(sd_bus_reply_method_return(message, "v", "a(ss)", 2, "/dev/null", "rw",
                                             "/dev/zero", "r"));
    }
    if (name == "AllowedCPUs") {
      return Done(sd_bus_reply_method_return(message, "v", "ay", 2, 7, 2));
    }
    return Done(sd_bus_reply_method_errorf(message, "org.freedesktop.DBus.Error.UnknownProperty",
                                           "no %s here", property));
  }

  void ReadProperties(sd_bus_message* message) {
    sd_bus_message_enter_container(message, 'a', "(sv)");
    while (sd_bus_message_enter_container(message, 'r', "sv") > 0) {
      const char *name = nullptr, *contents = nullptr;
      char type = 0;
      sd_bus_message_read(message, "s", &name);
      sd_bus_message_peek_type(message, &type, &contents);
      std::string line = std::string(name) + " " + contents;
      sd_bus_message_enter_container(message, 'v', contents);
      ReadItems(message, line);
      sd_bus_message_exit_container(message);
      sd_bus_message_exit_container(message);
      Note(line);
    }
    sd_bus_message_exit_container(message);
  }

  void ReadItems(sd_bus_message* message, std::string& line) {
    char type = 0;
    const char* contents = nullptr;
    while (sd_bus_message_peek_type(message, &type, &contents) > 0) {
      if (type == 'a' || type == 'r') {
        sd_bus_message_enter_container(message, type, contents);
        ReadItems(message, line);
        sd_bus_message_exit_container(message);
        continue;
      }
      uint64_t value = 0;
      sd_bus_message_read_basic(message, type, &value);
      line += " ";
      if (type == 's') {
        line += reinterpret_cast<const char*>(value);
      } else {
        line += std::to_string(value);
      }
    }
  }

  int Job(sd_bus_message* message, const char* unit) {
    sd_bus* const bus = sd_bus_message_get_bus(message);
    const std::string job = "/org/freedesktop/systemd1/job/" + std::to_string(++jobs_);
    sd_bus_reply_method_return(message, "o", job.c_str());
    std::string result;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      result = job_result_;
    }
    if (result.empty()) return 1;
    const auto emit = [bus, unit](const char* path, const char* how) {
      sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                         "JobRemoved", "uoss", 1, path, unit, how);
    };
    emit("/org/freedesktop/systemd1/job/999", "canceled");  // somebody else's
    emit(job.c_str(), result.c_str());
    return 1;
  }

  int Start(sd_bus_message* message) {
    const char *unit = nullptr, *mode = nullptr;
    sd_bus_message_read(message, "ss", &unit, &mode);
    Note(std::string("StartTransientUnit ") + unit + " " + mode);
    ReadProperties(message);
    if (!units_.insert(unit).second) {
      return Done(sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.UnitExists",
                                             "Unit %s already exists.", unit));
    }
    return Job(message, unit);
  }

  int Stop(sd_bus_message* message) {
    const char *unit = nullptr, *mode = nullptr;
    sd_bus_message_read(message, "ss", &unit, &mode);
    Note(std::string("StopUnit ") + unit + " " + mode);
    if (units_.erase(unit) == 0) return NoSuchUnit(message, unit);
    return Job(message, unit);
  }

  int Set(sd_bus_message* message) {
    const char* unit = nullptr;
    int runtime = 0;
    sd_bus_message_read(message, "sb", &unit, &runtime);
    Note(std::string("SetUnitProperties ") + unit + (runtime != 0 ? " runtime" : ""));
    ReadProperties(message);
    return Reply(message);
  }

  int Reset(sd_bus_message* message) {
    const char* unit = nullptr;
    sd_bus_message_read(message, "s", &unit);
    Note(std::string("ResetFailedUnit ") + unit);
    if (units_.count(unit) == 0) return NoSuchUnit(message, unit);
    return Reply(message);
  }

  static int NoSuchUnit(sd_bus_message* message, const char* unit) {
    return Done(sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.NoSuchUnit",
                                           "Unit %s not loaded.", unit));
  }

  int listen_fd_ = -1;
  std::thread thread_;
  std::atomic<bool> stop_ = false;
  std::set<std::string> units_;  // of the thread
  int jobs_ = 0;                 // of the thread
  std::mutex mutex_;
  std::string job_result_ = "done";
  std::vector<std::string> calls_;
};

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_FAKE_MANAGER_H_
