// New file systems by fsopen(2), fsconfig(2) and fsmount(2), Linux 5.2; used by mount_calls.cc alone.
#ifndef HULL_RUNTIME_CHILD_FILE_SYSTEM_H_
#define HULL_RUNTIME_CHILD_FILE_SYSTEM_H_

#include "runtime/child/context.h"

namespace hull::child {

// See MakeFileSystem and MakeEmptyDirectory in mount_calls.h.
int ConfigureFileSystem(Context& context, const plan::MountStep& mount, int mode);
int ConfigureEmptyDirectory(Context& context, const char* label);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_FILE_SYSTEM_H_
