// The systemd backend of a static binary: through the helper program.
#ifndef HULL_CGROUPS_SYSTEMD_BACKEND_H_
#define HULL_CGROUPS_SYSTEMD_BACKEND_H_

#include "cgroups/manager.h"

namespace hull::cgroups {

extern const Backend kSystemdBackend;  // "systemd"

}  // namespace hull::cgroups

#endif  // HULL_CGROUPS_SYSTEMD_BACKEND_H_
