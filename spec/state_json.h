// The state of a container as JSON, in the shapes that engines, hooks and agents read.
#ifndef HULL_SPEC_STATE_JSON_H_
#define HULL_SPEC_STATE_JSON_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "spec/spec.h"

namespace hull::spec {

struct ContainerState {
  std::string oci_version = kOciVersion;
  std::string id = {};
  std::string status = {};  // "creating", "created", "running", "paused" or "stopped"
  int64_t pid = 0;          // of init, in the runtime's pid namespace; 0 when stopped
  std::string bundle = {};  // absolute
  std::string rootfs = {};  // absolute
  int64_t created_ns = 0;   // since 1970, UTC
  std::map<std::string, std::string> annotations = {};
  std::string owner = {};  // a user's name, or "#uid"
};

// What `state` prints: runc's shape, indented, no line break at the end.
std::string StateJson(const ContainerState& state);

// What `list -f json` prints: an array of the same on one line.
std::string StateListJson(absl::Span<const ContainerState> states);

// What hooks get on stdin: runtime.md#state, on one line. `pid` is left out where there is none.
std::string HookStateJson(const ContainerState& state);

// What the seccomp agent gets with the listener's fd: config-linux.md#containerprocessstate, on one
// line. `pid` is the process that has loaded the filter.
std::string SeccompAgentStateJson(const ContainerState& state, int64_t pid,
                                  absl::string_view metadata);

// RFC 3339 in UTC with as many digits of the nanoseconds as there are, as Go's RFC3339Nano.
std::string FormatTime(int64_t since_1970_ns);

}  // namespace hull::spec

#endif  // HULL_SPEC_STATE_JSON_H_
