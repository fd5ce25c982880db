// Carries out lists of writes (cgroups/resources.h), and takes them back.
#ifndef HULL_CGROUPS_APPLY_H_
#define HULL_CGROUPS_APPLY_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cgroups/resources.h"

namespace hull::cgroups {

// The directory fd where a controller's files are, or -1.
using DirectoryOf = absl::FunctionRef<int(absl::string_view controller)>;

// The write that brings back what a file said before, newest last. The fds are the caller's.
struct Undo {
  int dir_fd;
  std::string file;
  std::string value;
};

// Writes in order and stops at the first failure, whose Status names the JSON path, the file, the
// kernel's answer and its likely cause. Where `undo` is given each file is read before it changes.
absl::Status ApplyWrites(absl::Span<const Write> writes, DirectoryOf directory_of,
                         std::vector<Undo>* undo);

// Newest first; what cannot be brought back is left.
void RollBack(absl::Span<const Undo> undo);

// What to write into `file`, whose text was `before`, to take `written` back. Files with a line per
// device take one line: the device's own, or the one that means "no limit".
std::string UndoValue(absl::string_view file, absl::string_view written, absl::string_view before);

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_APPLY_H_
