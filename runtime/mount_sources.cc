#include "runtime/mount_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/id_namespace.h"
#include "runtime/plan/build.h"
#include "runtime/plan/mount_options.h"
#include "runtime/sys/file.h"
#include "spec/mount_idmap.h"

namespace hull::runtime {
namespace {

using sys::UniqueFd;

bool HasUserNamespace(const spec::Spec& spec) {
  const auto& namespaces = spec.linux_.namespaces;
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [](const spec::Namespace& ns) { return ns.type == "user"; });
}

// With the host, from the root on.
bool SharesMounts(const spec::Spec& spec) {
  return (plan::ParsePropagation(spec.linux_.rootfs_propagation) & MS_SHARED) != 0;
}

class Maker {
 public:
  explicit Maker(const MountSourcesInput& input)
      : input_(input),
        clones_binds_(geteuid() == 0 && HasUserNamespace(input.spec)),
        keeps_peers_(!HasUserNamespace(input.spec) && SharesMounts(input.spec)) {}

  absl::StatusOr<UniqueFd> Make(size_t index);

 private:
  absl::StatusOr<UniqueFd> Clone(const std::string& source, const plan::MountOptions& options,
                                 bool must);
  absl::StatusOr<UniqueFd> MakeTree(const spec::Mount& mount, const plan::MountOptions& options,
                                    bool must, absl::string_view where);
  absl::StatusOr<int> NamespaceFor(const spec::Mount& mount, const spec::IdMapWish& wish);
  absl::Status MapIds(const spec::Mount& mount, const spec::IdMapWish& wish, int tree_fd);

  const MountSourcesInput& input_;
  const bool clones_binds_;
  const bool keeps_peers_;
  IdNamespaces namespaces_;
};

int ChangeAttributes(int tree_fd, unsigned flags, mount_attr attributes) {
  return static_cast<int>(syscall(SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH | flags,
                                  &attributes, sizeof(attributes)));
}

// Over /proc, only a proc will do.
absl::Status CheckProcSource(const std::string& source) {
  struct statfs info;
  if (statfs(source.c_str(), &info) != 0) return sys::ErrnoStatus(errno);
  if (info.f_type == PROC_SUPER_MAGIC) return absl::OkStatus();
  return absl::InvalidArgumentError("only a proc file system may be bound at '/proc'");
}

// An invalid fd: init has to do it.
absl::StatusOr<UniqueFd> Maker::Clone(const std::string& source, const plan::MountOptions& options,
                                      bool must) {
  const bool follow = !options.source_no_follow && !options.copy_symlink;
  UniqueFd tree(static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, source.c_str(),
                                         OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                                             (options.recursive ? AT_RECURSIVE : 0) |
                                             (follow ? 0 : AT_SYMLINK_NOFOLLOW))));
  // Without the call, or behind a filter that denies it, init has to find the source itself.
  const bool absent = errno == ENOSYS || errno == EPERM;
  if (!tree.valid() && absent && input_.api == plan::MountApi::kOld && !must) return UniqueFd();
  if (!tree.valid()) return sys::ErrnoStatus(errno);
  if (keeps_peers_) return tree;
  // With the old API init cuts it off, before it attaches the clone.
  mount_attr slave = {};
  slave.propagation = MS_SLAVE;
  if (input_.api == plan::MountApi::kNew &&
      ChangeAttributes(tree.get(), AT_RECURSIVE, slave) != 0) {
    return sys::ErrnoStatus(errno, "mount_setattr");
  }
  return tree;
}

struct SuperblockFlag {
  uint64_t flag;
  const char* name;
};
constexpr SuperblockFlag kSuperblockFlags[] = {
    {MS_RDONLY, "ro"},       {MS_SYNCHRONOUS, "sync"},  {MS_MANDLOCK, "mand"},
    {MS_DIRSYNC, "dirsync"}, {MS_LAZYTIME, "lazytime"},
};

absl::Status Configure(int fs_fd, unsigned command, const char* key, const char* value) {
  if (syscall(SYS_fsconfig, fs_fd, command, key, value, 0) == 0) return absl::OkStatus();
  return sys::ErrnoStatus(errno, absl::StrCat("fsconfig '", key == nullptr ? "" : key, "'"));
}

absl::StatusOr<UniqueFd> MakeFileSystem(const spec::Mount& mount, const plan::MountOptions& options,
                                        const std::string& label) {
  const UniqueFd fs(static_cast<int>(syscall(SYS_fsopen, mount.type.c_str(), FSOPEN_CLOEXEC)));
  if (!fs.valid()) return sys::ErrnoStatus(errno, absl::StrCat("fsopen '", mount.type, "'"));
  for (const auto& [flag, name] : kSuperblockFlags) {
    if ((options.mount_flags & flag) == 0) continue;
    RETURN_IF_ERROR(Configure(fs.get(), FSCONFIG_SET_FLAG, name, nullptr));
  }
  if (!mount.source.empty()) {
    RETURN_IF_ERROR(Configure(fs.get(), FSCONFIG_SET_STRING, "source", mount.source.c_str()));
  }
  for (const auto& [key, value] : options.data) {
    RETURN_IF_ERROR(Configure(fs.get(), value.empty() ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING,
                              key.c_str(), value.empty() ? nullptr : value.c_str()));
  }
  if (plan::LabellingOf(mount.type, options, label) == plan::Labelling::kOption) {
    RETURN_IF_ERROR(Configure(fs.get(), FSCONFIG_SET_STRING, "context", label.c_str()));
  }
  if (syscall(SYS_fsconfig, fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return sys::ErrnoStatus(errno, "fsconfig");
  }
  UniqueFd tree(
      static_cast<int>(syscall(SYS_fsmount, fs.get(), FSMOUNT_CLOEXEC, options.attr_set)));
  if (!tree.valid()) return sys::ErrnoStatus(errno, "fsmount");
  return tree;
}

// The option's own mappings, the mount's, or those of the container's user namespace.
absl::StatusOr<int> Maker::NamespaceFor(const spec::Mount& mount, const spec::IdMapWish& wish) {
  if (!wish.own_words.empty()) {
    ASSIGN_OR_RETURN(const spec::IdMaps maps,
                     spec::ParseIdMapWords(wish.own_words, input_.spec.linux_));
    return namespaces_.For(maps);
  }
  if (!mount.uid_mappings.empty()) {
    return namespaces_.For({mount.uid_mappings, mount.gid_mappings});
  }
  if (input_.user_namespace_fd >= 0) return input_.user_namespace_fd;
  return namespaces_.For({input_.spec.linux_.uid_mappings, input_.spec.linux_.gid_mappings});
}

absl::Status Maker::MapIds(const spec::Mount& mount, const spec::IdMapWish& wish, int tree_fd) {
  ASSIGN_OR_RETURN(const int fd, NamespaceFor(mount, wish),
                   "making a user namespace for the id mapping");
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(fd);
  if (ChangeAttributes(tree_fd, wish.recursive ? AT_RECURSIVE : 0, attributes) == 0) {
    return absl::OkStatus();
  }
  const absl::string_view why =
      errno == EINVAL  ? "; a file system there has no id-mapped mounts on this kernel"
      : errno == EPERM ? "; it is id-mapped already, or belongs to another user namespace than ours"
                       : "";
  const absl::Status status = sys::ErrnoStatus(errno, "mapping its ids: mount_setattr");
  return absl::Status(status.code(), absl::StrCat(status.message(), why));
}

absl::Status CheckCanMap(plan::MountApi api) {
  if (geteuid() != 0) {
    return absl::PermissionDeniedError(
        "id-mapped mounts can be made by root alone; leave the mapping out");
  }
  if (api == plan::MountApi::kOld) {
    return absl::UnimplementedError(
        "id-mapped mounts need mount_setattr(2) of Linux 5.12; leave the mapping out");
  }
  return absl::OkStatus();
}

bool IsOverProc(const spec::Mount& mount) {
  return absl::StrContains(mount.destination, "proc") &&
         plan::CleanPath(mount.destination) == "/proc";
}

absl::StatusOr<UniqueFd> Maker::MakeTree(const spec::Mount& mount,
                                         const plan::MountOptions& options, bool must,
                                         absl::string_view where) {
  if (!options.bind && mount.type != "bind") {
    ASSIGN_OR_RETURN(UniqueFd tree, MakeFileSystem(mount, options, input_.spec.linux_.mount_label),
                     where);
    return tree;
  }
  const std::string source = absl::StartsWith(mount.source, "/")
                                 ? mount.source
                                 : absl::StrCat(input_.bundle, "/", mount.source);
  const std::string named = absl::StrCat(where, "/source: '", source, "'");
  if (IsOverProc(mount)) RETURN_IF_ERROR(CheckProcSource(source), named);
  if (!must && !clones_binds_) return UniqueFd();
  ASSIGN_OR_RETURN(UniqueFd tree, Clone(source, options, must), named);
  return tree;
}

absl::StatusOr<UniqueFd> Maker::Make(size_t index) {
  const spec::Mount& mount = input_.spec.mounts[index];
  const spec::IdMapWish wish = spec::IdMapOf(mount);
  if (!wish.asked && !clones_binds_ && !IsOverProc(mount)) return UniqueFd();
  plan::MountOptions options = plan::ParseMountOptions(mount.options);
  if (mount.type == "tmpfs") plan::TakeReadOnly(options);
  const bool bind = options.bind || mount.type == "bind";
  if (options.remount || (!bind && !wish.asked)) return UniqueFd();
  const std::string where = absl::StrCat("/mounts/", index);
  if (wish.asked) RETURN_IF_ERROR(CheckCanMap(input_.api), where);
  ASSIGN_OR_RETURN(UniqueFd tree, MakeTree(mount, options, wish.asked, where));
  if (wish.asked) RETURN_IF_ERROR(MapIds(mount, wish, tree.get()), where);
  return tree;
}

}  // namespace

absl::StatusOr<std::vector<UniqueFd>> MakeMountSources(const MountSourcesInput& input) {
  Maker maker(input);
  std::vector<UniqueFd> sources;
  for (size_t i = 0; i < input.spec.mounts.size(); ++i) {
    ASSIGN_OR_RETURN(UniqueFd source, maker.Make(i));
    if (!source.valid()) continue;
    sources.resize(input.spec.mounts.size());
    sources[i] = std::move(source);
  }
  return sources;
}

}  // namespace hull::runtime
