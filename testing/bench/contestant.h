// Who takes part: OCI runtimes, which share one command line, and the floor.
#ifndef HULL_TESTING_BENCH_CONTESTANT_H_
#define HULL_TESTING_BENCH_CONTESTANT_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hull::bench {

constexpr char kHull[] = "hull";
constexpr char kFloor[] = "floor";

struct Contestant {
  std::string name;
  std::string path;
};

// Where one contestant's container of one case lives.
struct Container {
  std::string root;  // the runtime's --root, the floor's state directory
  std::string bundle;
  std::string rootfs;
  std::string cgroup;       // below each hierarchy, "bench/crun-run"
  std::string hierarchies;  // for the floor: "v2" or the v1 names with commas
  std::string id;
};

// The command line of `operation`: run, create, start, delete, exec, state, kill or version;
// exec runs /bin/true.
std::vector<std::string> Argv(const Contestant& contestant, absl::string_view operation,
                              const Container& container);

// What leaves a container behind in which only `sleep` runs.
std::vector<std::vector<std::string>> SleeperArgvs(const Contestant& contestant,
                                                   const Container& container);

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_CONTESTANT_H_
