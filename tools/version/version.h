// What `hull --version` says of itself.
#ifndef HULL_TOOLS_VERSION_VERSION_H_
#define HULL_TOOLS_VERSION_VERSION_H_

namespace hull::version {

// Follows semver.org; MODULE.bazel names the same.
inline constexpr char kVersion[] = "0.1.0";

// The commit an optimised build was made of, as `git describe --always --dirty` words it: "unknown"
// outside of a checkout, "unstamped" in other builds.
extern const char* const kCommit;

}  // namespace hull::version

#endif  // HULL_TOOLS_VERSION_VERSION_H_
