// What strings of the configuration must look like, each on its own.
#ifndef HULL_SPEC_FORMS_H_
#define HULL_SPEC_FORMS_H_

#include "absl/strings/string_view.h"

namespace hull::spec {

bool IsNotEmpty(absl::string_view text);
bool IsAbsolutePath(absl::string_view path);
bool IsAbsolutePathWithoutDotDot(absl::string_view path);
bool HasDotDot(absl::string_view path);            // a ".." component
bool IsEnvironmentEntry(absl::string_view entry);  // NAME=value
// A name that is one path component of a cgroup file, interface or CLOS: no '/', blank, "." or
// "..".
bool IsComponent(absl::string_view name);
// IsComponent, at most 15 bytes, and none of ':' and '%', which the kernel reads as patterns.
bool IsInterfaceName(absl::string_view name);
bool IsCpuList(absl::string_view list);         // "0-3,7": ascending ranges, as cpuset reads it
bool IsDeviceAccess(absl::string_view access);  // letters of "rwm", each at most once
bool IsPageSize(absl::string_view size);        // "64KB", "2MB", "1GB"
bool IsVersion(absl::string_view version);      // semver 2.0.0
bool IsHostName(absl::string_view name);        // at most 64 bytes, one line

}  // namespace hull::spec

#endif  // HULL_SPEC_FORMS_H_
