// The two processes of the init program.
#ifndef HULL_RUNTIME_CHILD_INIT_H_
#define HULL_RUNTIME_CHILD_INIT_H_

#include "runtime/child/context.h"

namespace hull::child {

[[noreturn]] void RunIntermediate(Context& context);
[[noreturn]] void RunInit(Context& context);

// The intermediate's last step: clones init as its sibling, tells main its pid, exits. Returns only
// on failure.
int SpawnInit(Context& context, const Step& step);

}  // namespace hull::child

#endif  // HULL_RUNTIME_CHILD_INIT_H_
