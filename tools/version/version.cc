#include "tools/version/version.h"

#include "tools/version/commit.h"

namespace hull::version {

const char* const kCommit = HULL_COMMIT;

}  // namespace hull::version
