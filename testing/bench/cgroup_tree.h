// The one cgroup, in every hierarchy under /sys/fs/cgroup, below which all containers of a bench
// table live: made before, removed after, so that no contestant pays for it and nothing stays.
#ifndef HULL_TESTING_BENCH_CGROUP_TREE_H_
#define HULL_TESTING_BENCH_CGROUP_TREE_H_

#include <string>
#include <vector>

namespace hull::bench {

// Whether /sys/fs/cgroup is a cgroup2 mount, as the caller sees it.
bool IsPureV2();

// The names of the v1 hierarchies mounted under /sys/fs/cgroup ("cpu", "memory", "systemd", ...).
std::vector<std::string> V1Hierarchies();

class CgroupTree {
 public:
  explicit CgroupTree(std::string name) : name_(std::move(name)) {}

  // Makes the cgroup everywhere; on v2 hands it all controllers, on v1 gives its cpuset CPUs and
  // memory nodes. Returns false, with errno set, on failure.
  bool Make();

  // Kills every process in and below it.
  void KillAll();

  // Removes it and all below; takes back the controllers that Make() switched on in the v2 root.
  void Remove();

 private:
  std::vector<std::string> Roots() const;

  const std::string name_;
  std::string enabled_;  // in the v2 root, as "-cpu -memory"
};

}  // namespace hull::bench

#endif  // HULL_TESTING_BENCH_CGROUP_TREE_H_
