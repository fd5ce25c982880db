// What `events` prints: runc's shape, one object on a line. CPU times are nanoseconds, sizes bytes.
#ifndef HULL_RUNTIME_EVENTS_JSON_H_
#define HULL_RUNTIME_EVENTS_JSON_H_

#include <string>

#include "absl/strings/string_view.h"
#include "cgroups/stats.h"
#include "runtime/intel_rdt.h"

namespace hull::runtime {

// {"type":"stats","id":…,"data":{…}}. What is zero or absent is left out where runc leaves it out,
// and there where it does not.
// `rdt` may be null: the container has no linux.intelRdt.
std::string StatsEventJson(absl::string_view id, const cgroups::Stats& stats, const RdtStats* rdt);
// {"type":"oom","id":…}
std::string OomEventJson(absl::string_view id);

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_EVENTS_JSON_H_
