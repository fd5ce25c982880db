// //runtime: the lifecycle as a library. Lists the containers kept under a state directory.
#include <iostream>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/lifecycle.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  hull::runtime::Config config;
  config.root = argv[1];
  const absl::StatusOr<std::vector<hull::runtime::ContainerInfo>> containers =
      hull::runtime::Runtime(config).List();
  if (!containers.ok()) {
    std::cout << containers.status().message() << "\n";
    return 1;
  }
  std::cout << "runtime ok: " << containers->size() << " containers\n";
  for (const hull::runtime::ContainerInfo& container : *containers) {
    std::cout << container.id << " " << hull::runtime::StatusName(container.status) << "\n";
  }
}
