// User namespaces that hold nothing but id mappings, for id-mapped mounts (mount_setattr(2)).
#ifndef HULL_RUNTIME_ID_NAMESPACE_H_
#define HULL_RUNTIME_ID_NAMESPACE_H_

#include <vector>

#include "absl/status/statusor.h"
#include "runtime/sys/unique_fd.h"
#include "spec/mount_idmap.h"

namespace hull::runtime {

class IdNamespaces {
 public:
  // A namespace with these mappings, made at the first call; the fd stays ours. Costs a short-lived
  // process each, in which nothing but raw system calls run.
  absl::StatusOr<int> For(const spec::IdMaps& maps);

 private:
  struct Entry {
    spec::IdMaps maps;
    sys::UniqueFd fd;
  };
  std::vector<Entry> made_;
};

}  // namespace hull::runtime

#endif  // HULL_RUNTIME_ID_NAMESPACE_H_
