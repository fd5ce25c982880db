#include "testing/bench/contestant.h"

namespace hull::bench {

std::vector<std::string> Argv(const Contestant& contestant, absl::string_view operation,
                              const Container& container) {
  if (contestant.name == kFloor) {
    return {contestant.path, std::string(operation), container.rootfs,
            container.root,  container.cgroup,       container.hierarchies};
  }
  if (operation == "version") return {contestant.path, "--version"};
  std::vector<std::string> argv = {contestant.path, "--root", container.root,
                                   std::string(operation)};
  if (operation == "run" || operation == "create") {
    argv.insert(argv.end(), {"--bundle", container.bundle});
  }
  argv.push_back(container.id);
  if (operation == "exec") argv.push_back("/bin/true");
  if (operation == "kill") argv.push_back("KILL");
  return argv;
}

std::vector<std::vector<std::string>> SleeperArgvs(const Contestant& contestant,
                                                   const Container& container) {
  if (contestant.name == kFloor) return {Argv(contestant, "sleep", container)};
  return {Argv(contestant, "create", container), Argv(contestant, "start", container)};
}

}  // namespace hull::bench
