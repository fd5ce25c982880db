// The container's /etc/passwd, read in the container, by uid.
#ifndef HULL_RUNTIME_CHILD_PASSWD_H_
#define HULL_RUNTIME_CHILD_PASSWD_H_

#include <cstdint>

namespace hull::child {

// Writes the home directory of `uid` to `out`. False where the file, the user or an absolute home is
// missing, or the file is no regular one. Reads 1 MiB at most.
bool FindHomeDirectory(uint32_t uid, char* out, const char* end);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_PASSWD_H_
