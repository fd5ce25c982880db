// The cases of the bench and the figures that hull is to reach in them.
#ifndef HULL_TESTING_BENCH_CASES_H_
#define HULL_TESTING_BENCH_CASES_H_

#include <array>

#include "absl/strings/string_view.h"

namespace hull::bench {

enum class CaseKind { kRun, kCreateStartDelete, kExec, kState, kVersion };

// Upper bounds of hull's figures; 0 where there is none.
struct Targets {
  double crun_wall = 0;  // medians of paired ratios
  double runc_wall = 0;
  double floor_wall = 0;
  double crun_rss = 0;
  double cpu_us = 0;  // hull's own
};

struct Case {
  absl::string_view name;  // for --only and the JSON file
  absl::string_view title;
  CaseKind kind = CaseKind::kRun;
  bool podman_seccomp = false;
  bool cold_cache = false;  // the runtime's --root, where filter caches live, is emptied every time
  Targets targets;
};

constexpr std::array<Case, 7> kCases = {{
    {.name = "run",
     .title = "run /bin/true, default spec",
     .kind = CaseKind::kRun,
     .targets = {.crun_wall = 0.60, .runc_wall = 0.25, .floor_wall = 1.5, .crun_rss = 1.0}},
    {.name = "run-seccomp-cold",
     .title = "run /bin/true with Podman's seccomp profile, no filter cached (floor: no filter)",
     .kind = CaseKind::kRun,
     .podman_seccomp = true,
     .cold_cache = true,
     .targets = {}},
    {.name = "run-seccomp-warm",
     .title = "run /bin/true with Podman's seccomp profile, filter cached (floor: no filter)",
     .kind = CaseKind::kRun,
     .podman_seccomp = true,
     .targets = {.crun_wall = 0.60}},
    {.name = "create-start-delete",
     .title = "create, start, wait for the end of /bin/true, delete",
     .kind = CaseKind::kCreateStartDelete,
     .targets = {}},
    {.name = "exec",
     .title = "exec /bin/true in a running container",
     .kind = CaseKind::kExec,
     .targets = {.crun_wall = 0.60}},
    {.name = "state",
     .title = "state of a running container",
     .kind = CaseKind::kState,
     .targets = {}},
    {.name = "version",
     .title = "--version",
     .kind = CaseKind::kVersion,
     .targets = {.cpu_us = 1000}},
}};

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_CASES_H_
