// The registry: pluggable backends as one constexpr table, chosen by name at run time.
//
// A backend type has at least
//   absl::string_view name;
//   absl::Status (*probe)(const Host&);   // a pure function of Host: OK, or why it cannot serve
//   here
// and whatever factory its contract needs (usually `make`). The table is in order of preference.
// There are no static registrars: an embedder passes a table of its own.
#ifndef HULL_RUNTIME_BASE_SELECT_H_
#define HULL_RUNTIME_BASE_SELECT_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hull::base {

// Returns the backend called `name`, which must pass its probe, or for "auto" the first that
// passes. NotFound: no such name (lists the known ones). Unavailable: the probe's reason, or every
// reason.
template <typename Backend, typename Host>
absl::StatusOr<const Backend*> Select(absl::Span<const Backend> table, absl::string_view kind,
                                      absl::string_view name, const Host& host) {
  std::string reasons;
  std::string names;
  for (const Backend& backend : table) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", backend.name);
    if (name != "auto" && name != backend.name) continue;
    const absl::Status status = backend.probe(host);
    if (status.ok()) return &backend;
    absl::StrAppend(&reasons, reasons.empty() ? "" : "; ", backend.name, ": ", status.message());
  }
  if (reasons.empty()) {
    return absl::NotFoundError(
        absl::StrCat("unknown ", kind, " '", name, "' (known: auto, ", names, ")"));
  }
  return absl::UnavailableError(absl::StrCat("no usable ", kind, ": ", reasons));
}

}  // namespace hull::base

#endif  // HULL_RUNTIME_BASE_SELECT_H_
