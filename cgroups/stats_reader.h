// Reads Stats from the files of a cgroup.
#ifndef HULL_CGROUPS_STATS_READER_H_
#define HULL_CGROUPS_STATS_READER_H_

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/stats.h"

namespace hull::cgroups {

// A file that the cgroup does not have leaves its part of the Stats at zero; NotFound if the cgroup
// itself is gone.
absl::StatusOr<Stats> ReadStatsV2(int dir_fd);
// `directory_of` gives the directory of a v1 controller, or -1.
absl::StatusOr<Stats> ReadStatsV1(
    absl::FunctionRef<int(absl::string_view controller)> directory_of);
// The huge page part alone, for a hybrid host whose hugetlb is on the v2 side.
void ReadHugetlbV2(int dir_fd, Stats& stats);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_STATS_READER_H_
