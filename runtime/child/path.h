// Paths of the container, resolved beneath its root by openat2 and nothing else: whatever symlinks,
// ".." and races the image or another container has prepared, the result lies inside.
#ifndef HULL_RUNTIME_CHILD_PATH_H_
#define HULL_RUNTIME_CHILD_PATH_H_

#include "runtime/child/context.h"

namespace hull::child {

enum class NodeType { kDirectory, kFile };

// fd or -errno. `resolve` is added to RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS. Linux 5.6.
int OpenInRoot(int root_fd, const char* path, uint64_t flags, uint64_t resolve = 0);

// An O_PATH fd of `path`; what is missing is made: directories 0755, the last one as `type` says.
int OpenOrMakeInRoot(Context& context, const char* path, NodeType type, uint64_t resolve);

// The directory that holds `path` (made when missing), and its last component in `name`.
int OpenParentInRoot(Context& context, const char* path, uint64_t resolve, const char** name);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_PATH_H_
