// How a mount asks for its ids to be mapped (config.md#mounts, `idmap`, `ridmap`).
#ifndef HULL_SPEC_MOUNT_IDMAP_H_
#define HULL_SPEC_MOUNT_IDMAP_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "spec/spec.h"

namespace hull::spec {

struct IdMapWish {
  bool asked = false;
  bool recursive = false;       // ridmap: what is mounted beneath a recursive bind, too
  bool by_option = false;       // an option asks, not the mappings alone
  size_t option = 0;            // its index
  absl::string_view own_words;  // what crun's form "idmap=uids=…;gids=…" says after the first '='
};
// The last of several options counts.
IdMapWish IdMapOf(const Mount& mount);

struct IdMaps {
  std::vector<IdMapping> uids, gids;
  bool operator==(const IdMaps&) const = default;
};
// "uids=0-1000-10#10-2000-5;gids=0-1000-10": from ids of the file system to ids of the host. With '@'
// before a triplet its second number is an id of the container, which `linux`'s mappings must cover.
absl::StatusOr<IdMaps> ParseIdMapWords(absl::string_view words, const Linux& linux_block);

}  // namespace hull::spec

#endif  // HULL_SPEC_MOUNT_IDMAP_H_
