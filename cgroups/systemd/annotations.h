// org.systemd.property.*: properties that a container's config may set on its own unit.
#ifndef HULL_CGROUPS_SYSTEMD_ANNOTATIONS_H_
#define HULL_CGROUPS_SYSTEMD_ANNOTATIONS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/systemd/bus.h"

namespace hull::cgroups::systemd {

inline constexpr absl::string_view kPropertyPrefix = "org.systemd.property.";

// The properties of the annotations that begin with the prefix, in their order. A name ends in "Sec"
// for seconds, which become the microseconds that D-Bus has ("TimeoutStopSec" → "TimeoutStopUSec").
//
// Only names on a list of ours, each with its type: a config often comes from whoever wrote an
// image or a pod. What starts or stops other units (Requires, OnFailure, …), moves processes (PIDs,
// Slice) or widens rights (DeviceAllow, Delegate) is not on it, nor is what linux.resources sets.
// InvalidArgument names the annotation.
absl::StatusOr<std::vector<Property>> PropertiesFromAnnotations(
    const std::map<std::string, std::string>& annotations);

}  // namespace hull::cgroups::systemd

#endif  // HULL_CGROUPS_SYSTEMD_ANNOTATIONS_H_
