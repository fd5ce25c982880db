// What can be seen of a container from outside: its processes, its statistics, its lack of memory.
#include <errno.h>
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cgroups/oom.h"
#include "runtime/base/status_macros.h"
#include "runtime/container.h"
#include "runtime/lifecycle.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

absl::StatusOr<Container> OpenLive(const Config& config, absl::string_view id,
                                   absl::string_view verb) {
  ASSIGN_OR_RETURN(Container container, Container::Open(config, id, /*lock=*/false));
  ASSIGN_OR_RETURN(const ContainerStatus status, container.Status());
  if (status == ContainerStatus::kStopped || status == ContainerStatus::kCreating) {
    return WrongStatus(container, verb, status);
  }
  return container;
}

absl::StatusOr<ContainerStats> ReadStats(Container& container) {
  ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
  ContainerStats stats;
  ASSIGN_OR_RETURN(static_cast<cgroups::Stats&>(stats), manager->ReadStats());
  ASSIGN_OR_RETURN(const std::optional<IntelRdt> rdt, OpenRdt(container.state()));
  if (!rdt.has_value()) return stats;
  ASSIGN_OR_RETURN(stats.intel_rdt, rdt->ReadStats());
  return stats;
}

// Which of the two are ready; neither after `timeout`.
struct Ready {
  bool ended = false, oom = false;
};
absl::StatusOr<Ready> Await(int pidfd, const cgroups::OomWatch& watch, absl::Duration timeout) {
  pollfd entries[] = {{pidfd, POLLIN, 0}, watch.entry()};
  const timespec limit = absl::ToTimespec(std::max(timeout, absl::ZeroDuration()));
  if (ppoll(entries, 2, &limit, nullptr) < 0 && errno != EINTR) {
    return sys::ErrnoStatus(errno, "waiting for events");
  }
  return Ready{.ended = entries[0].revents != 0, .oom = entries[1].revents != 0};
}

}  // namespace

absl::StatusOr<std::vector<pid_t>> Runtime::Pids(absl::string_view id) {
  ASSIGN_OR_RETURN(Container container, Container::Open(config_, id, /*lock=*/false));
  ASSIGN_OR_RETURN(const ContainerStatus status, container.Status());
  ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
  absl::StatusOr<std::vector<pid_t>> pids = manager->Pids();
  if (pids.ok() || status != ContainerStatus::kStopped) return pids;
  return std::vector<pid_t>();  // its cgroup may be gone before it
}

absl::StatusOr<ContainerStats> Runtime::Stats(absl::string_view id) {
  ASSIGN_OR_RETURN(Container container, OpenLive(config_, id, "show statistics of"));
  return ReadStats(container);
}

absl::Status Runtime::Watch(absl::string_view id, absl::Duration interval,
                            absl::FunctionRef<absl::Status(const ContainerStats*)> on_event) {
  if (interval <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("the interval of events must be greater than 0");
  }
  ASSIGN_OR_RETURN(Container container, OpenLive(config_, id, "watch"));
  ASSIGN_OR_RETURN(cgroups::Manager * manager, container.cgroup());
  ASSIGN_OR_RETURN(cgroups::OomWatch watch,
                   cgroups::OomWatch::Open(cgroups::Host(), manager->location()));
  absl::Time next = absl::Now() + interval;
  for (;;) {
    ASSIGN_OR_RETURN(const Ready ready, Await(container.init_pidfd(), watch, next - absl::Now()));
    // Lack of memory first: it may be what init has ended of.
    if (ready.oom && watch.Take()) RETURN_IF_ERROR(on_event(nullptr));
    if (ready.ended) return absl::OkStatus();
    if (absl::Now() < next) continue;
    next = std::max(next, absl::Now() - interval) + interval;
    const absl::StatusOr<ContainerStats> stats = ReadStats(container);
    if (stats.ok()) {
      RETURN_IF_ERROR(on_event(&*stats));
    } else if (config_.warn) {
      config_.warn(stats.status().message());
    }
  }
}

}  // namespace hull::runtime
