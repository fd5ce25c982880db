// //cgroups alone: says how this machine's cgroups are set up and which backends can serve it.
#include <iostream>

#include "absl/status/statusor.h"
#include "cgroups/backends.h"
#include "cgroups/host.h"
#include "cgroups/manager.h"

int main() {
  const absl::StatusOr<hull::cgroups::Host> host = hull::cgroups::ProbeHost();
  if (!host.ok()) {
    std::cout << host.status().message() << "\n";
    return 1;
  }
  std::cout << "cgroups ok: " << hull::cgroups::ModeName(host->mode) << "\n";
  for (const hull::cgroups::Backend* backend :
       {&hull::cgroups::kV2Backend, &hull::cgroups::kV1Backend}) {
    const absl::Status usable = backend->probe(*host);
    std::cout << backend->name << ": " << (usable.ok() ? "usable" : usable.message()) << "\n";
  }
}
