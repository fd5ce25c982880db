// The label of a file system that has been made.
#ifndef HULL_RUNTIME_CHILD_LABEL_H_
#define HULL_RUNTIME_CHILD_LABEL_H_

#include "runtime/child/context.h"

namespace hull::child {

// SELinux's label of the root directory of `tree_fd`.
int LabelRoot(Context& context, int tree_fd, const char* label);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_LABEL_H_
