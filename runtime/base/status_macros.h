// RETURN_IF_ERROR and ASSIGN_OR_RETURN: pass a Status on, with what only this layer knows in front.
//
//   RETURN_IF_ERROR(WriteAll(fd.get(), value), "writing '", value, "'");
//   ASSIGN_OR_RETURN(UniqueFd fd, OpenBeneath(dir_fd, name, O_RDONLY), "opening '", name, "'");
//
// The words after the expression are joined by StrCat and put before the message: "opening 'x': …".
// They are evaluated on failure only.
#ifndef HULL_RUNTIME_BASE_STATUS_MACROS_H_
#define HULL_RUNTIME_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace hull::base {

inline absl::Status Annotate(absl::Status status) { return status; }

template <typename... Words>
absl::Status Annotate(const absl::Status& status, const Words&... words) {
  absl::Status annotated(status.code(), absl::StrCat(words..., ": ", status.message()));
  status.ForEachPayload([&annotated](absl::string_view type, const absl::Cord& payload) {
    annotated.SetPayload(type, payload);
  });
  return annotated;
}

}  // namespace hull::base

#define HULL_CONCAT_INNER_(a, b) a##b
#define HULL_CONCAT_(a, b) HULL_CONCAT_INNER_(a, b)

#define RETURN_IF_ERROR(expression, ...)                                                 \
  do {                                                                                   \
    if (absl::Status hull_status_ = (expression); !hull_status_.ok()) {                  \
      return ::hull::base::Annotate(std::move(hull_status_) __VA_OPT__(, ) __VA_ARGS__); \
    }                                                                                    \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression, ...)                                          \
  auto HULL_CONCAT_(hull_statusor_, __LINE__) = (expression);                                   \
  if (!HULL_CONCAT_(hull_statusor_, __LINE__).ok()) {                                           \
    return ::hull::base::Annotate(                                                              \
        std::move(HULL_CONCAT_(hull_statusor_, __LINE__)).status() __VA_OPT__(, ) __VA_ARGS__); \
  }                                                                                             \
  declaration = *std::move(HULL_CONCAT_(hull_statusor_, __LINE__))

#endif  // HULL_RUNTIME_BASE_STATUS_MACROS_H_
