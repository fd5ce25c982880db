// tmpcopyup: a tmpfs that starts with the files of the directory it covers.
#ifndef HULL_RUNTIME_CHILD_COPY_UP_H_
#define HULL_RUNTIME_CHILD_COPY_UP_H_

#include "runtime/child/context.h"

namespace hull::child {

// Copies the tree at `from_fd` (an O_PATH directory of the container) into the directory `to_fd`:
// directories, files, symlinks, nodes and fifos, with their mode and owner; no times, no extended
// attributes. At most 64 levels (-ELOOP). No symlink is followed.
int CopyUp(Context& context, int from_fd, int to_fd);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_COPY_UP_H_
