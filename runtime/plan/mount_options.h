// The options of a mount (config.md#mounts, features of mount(8)) as the kernel's flags.
#ifndef HULL_RUNTIME_PLAN_MOUNT_OPTIONS_H_
#define HULL_RUNTIME_PLAN_MOUNT_OPTIONS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace hull::plan {

struct MountOptions {
  uint64_t mount_flags = 0;                                   // MS_*, for mount(2)
  uint64_t clear_flags = 0;                                   // MS_* that an option takes away
  uint64_t attr_set = 0, attr_clear = 0;                      // MOUNT_ATTR_*
  uint64_t recursive_attr_set = 0, recursive_attr_clear = 0;  // rro, rnosuid, …
  std::vector<uint64_t> propagation;  // in order, MS_SHARED …, with MS_REC: a slave may share too
  bool bind = false;
  bool recursive = false;  // rbind
  bool remount = false;
  bool copy_up = false;           // tmpcopyup
  bool copy_symlink = false;      // a source that is a symlink is made anew instead of followed
  bool source_no_follow = false;  // src-nofollow: a symlink itself is bound
  bool target_no_follow = false;  // dest-nofollow: a symlink itself is covered
  bool map_ids = false;           // idmap, ridmap; with which mappings: spec/mount_idmap.h
  bool map_ids_recursive = false;
  // What is the file system's own: key, value; a flag has an empty value and no '='.
  std::vector<std::pair<std::string, std::string>> data;
};

// Later options win over earlier ones. Never fails: what is unknown is the file system's.
MountOptions ParseMountOptions(const std::vector<std::string>& options);

// A tmpfs is filled before it becomes read-only: takes `ro` (or `rro`) out; whether it was there.
bool TakeReadOnly(MountOptions& options);

// How the files of a new file system get linux.mountLabel.
enum class Labelling {
  kNone,    // not: those of the kernel's own have what the policy says, some an option of their own
  kOption,  // context=
  kRoot,    // its root alone; the policy derives what is made in it
};
Labelling LabellingOf(absl::string_view type, const MountOptions& options, absl::string_view label);

// MS_* with MS_REC for "private", "rshared", …; 0 for anything else.
uint64_t ParsePropagation(absl::string_view name);

// Every option that ParseMountOptions knows, sorted: `hull features`.
std::vector<std::string> KnownMountOptions();

}  // namespace hull::plan

#endif  // HULL_RUNTIME_PLAN_MOUNT_OPTIONS_H_
