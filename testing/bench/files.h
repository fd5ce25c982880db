// The bench's few operations on files, each with its Status.
#ifndef HULL_TESTING_BENCH_FILES_H_
#define HULL_TESTING_BENCH_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace hull::bench {

// Makes `path` and what is missing above it.
absl::Status MakeDirectory(const std::string& path);

// Removes what is in `path`, not `path` itself.
absl::Status EmptyDirectory(const std::string& path);

absl::Status WriteFile(const std::string& path, absl::string_view text);

// NotFound: there is none.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// The first executable file `name` of PATH; empty if there is none.
std::string FindProgram(absl::string_view name);

// Whether `path` is a file that we may execute.
bool IsProgram(const std::string& path);

// The directory of the running program.
std::string OwnDirectory();

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_FILES_H_
