#include "cgroups/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cgroups/directory.h"
#include "cgroups/parse.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

constexpr absl::string_view kLegacyFile = "memory.oom_control", kUnifiedFile = "memory.events";

// The file from its start, through the fd that is polled: reading is what arms it again.
std::optional<std::string> ReadFromStart(int fd) {
  char text[1024];
  const ssize_t size = pread(fd, text, sizeof(text), 0);
  if (size < 0) return std::nullopt;  // ENODEV: the cgroup is gone
  return std::string(text, static_cast<size_t>(size));
}

}  // namespace

absl::StatusOr<OomWatch> OomWatch::Open(const Host& host, const Location& location) {
  ASSIGN_OR_RETURN(const sys::UniqueFd mount_fd, OpenMount(host.mount_point));
  OomWatch watch;
  for (const std::string& directory : location.directories) {
    const absl::StatusOr<sys::UniqueFd> dir = OpenDirectory(mount_fd.get(), directory);
    if (absl::IsNotFound(dir.status())) continue;  // a v1 host may lack some of them
    RETURN_IF_ERROR(dir.status(), "cgroup '/", directory, "'");
    const bool legacy = HasFile(dir->get(), kLegacyFile);
    if (!legacy && !HasFile(dir->get(), kUnifiedFile)) continue;
    RETURN_IF_ERROR(legacy ? watch.OpenLegacy(dir->get()) : watch.OpenUnified(dir->get()),
                    "watching '/", directory, "' for lack of memory");
    break;
  }
  return watch;
}

absl::Status OomWatch::OpenLegacy(int dir_fd) {
  event_fd_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event_fd_.valid()) return sys::ErrnoStatus(errno, "eventfd");
  ASSIGN_OR_RETURN(file_fd_, sys::OpenBeneath(dir_fd, kLegacyFile, O_RDONLY));
  return WriteValue(dir_fd, "cgroup.event_control",
                    absl::StrCat(event_fd_.get(), " ", file_fd_.get()));
}

absl::Status OomWatch::OpenUnified(int dir_fd) {
  ASSIGN_OR_RETURN(file_fd_, sys::OpenBeneath(dir_fd, kUnifiedFile, O_RDONLY));
  Take();
  return absl::OkStatus();
}

pollfd OomWatch::entry() const {
  if (event_fd_.valid()) return {event_fd_.get(), POLLIN, 0};
  return {file_fd_.get(), POLLPRI, 0};
}

bool OomWatch::Take() {
  const std::optional<std::string> text = ReadFromStart(file_fd_.get());
  if (event_fd_.valid()) {
    uint64_t count = 0;
    return read(event_fd_.get(), &count, sizeof(count)) == sizeof(count) && text.has_value();
  }
  if (!text.has_value()) return false;
  const uint64_t kills = ParseFlatKeyed(*text)["oom_kill"];
  return kills > std::exchange(kills_, kills);
}

}  // namespace hull::cgroups
