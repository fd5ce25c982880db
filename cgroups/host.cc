#include "cgroups/host.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

// The inode of the initial user namespace (PROC_USER_INIT_INO): the same on every kernel since 3.8.
constexpr ino_t kInitialUserNamespace = 0xEFFFFFFD;

std::vector<std::string> SplitControllers(absl::string_view list) {
  return absl::StrSplit(list, ',', absl::SkipEmpty());
}

// The directory of the v1 mount whose super options hold every one of `controllers`, "" if none
// lies directly below the mount point.
std::string FindMount(absl::string_view mountinfo, absl::string_view mount_point,
                      const std::vector<std::string>& controllers) {
  for (absl::string_view line : absl::StrSplit(mountinfo, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> halves = absl::StrSplit(line, absl::MaxSplits(" - ", 1));
    if (halves.size() != 2 || !halves[1].starts_with("cgroup ")) continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(halves[0], ' ');
    const std::vector<absl::string_view> super = absl::StrSplit(halves[1], ' ');
    if (fields.size() < 5 || super.size() < 3) continue;
    absl::string_view directory = fields[4];
    if (!absl::ConsumePrefix(&directory, mount_point) || !absl::ConsumePrefix(&directory, "/")) {
      continue;
    }
    const std::vector<absl::string_view> options = absl::StrSplit(super[2], ',');
    const bool all = absl::c_all_of(controllers, [&options](const std::string& c) {
      return absl::c_linear_search(options, c);
    });
    if (all && !absl::StrContains(directory, '/')) return std::string(directory);
  }
  return "";
}

unsigned long FsMagic(const std::string& path) {
  struct statfs info;
  return statfs(path.c_str(), &info) == 0 ? static_cast<unsigned long>(info.f_type) : 0;
}

absl::StatusOr<std::string> ReadProcSelf(absl::string_view name) {
  ASSIGN_OR_RETURN(std::string text, sys::ReadFileAt(AT_FDCWD, absl::StrCat("/proc/self/", name)),
                   "reading '/proc/self/", name, "'");
  return text;
}

}  // namespace

absl::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kUnified: return "unified";
    case Mode::kHybrid: return "hybrid";
    case Mode::kLegacy: return "legacy";
    case Mode::kNone: break;
  }
  return "none";
}

// The path itself may hold colons.
std::vector<std::pair<std::string, std::string>> ParseProcCgroup(absl::string_view text) {
  std::vector<std::pair<std::string, std::string>> cgroups;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3 || !fields[2].starts_with('/')) continue;
    // The kernel appends this to a cgroup that was removed under its processes.
    cgroups.emplace_back(fields[1], absl::StripSuffix(fields[2], " (deleted)"));
  }
  return cgroups;
}

absl::StatusOr<std::string> OwnCgroup(const Host& host, absl::string_view controller) {
  std::vector<std::pair<std::string, std::string>> asked;
  if (host.own_cgroups.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadProcSelf("cgroup"));
    asked = ParseProcCgroup(text);
  }
  for (const auto& [controllers, path] : host.own_cgroups.empty() ? asked : host.own_cgroups) {
    if (controllers == controller) return path;
    const std::vector<absl::string_view> names = absl::StrSplit(controllers, ',');
    if (!controller.empty() && absl::c_linear_search(names, controller)) return path;
  }
  return std::string("/");
}

bool InUserNamespace(const Host& host) {
  struct stat info;
  if (host.in_user_namespace) return *host.in_user_namespace;
  return stat("/proc/self/ns/user", &info) == 0 && info.st_ino != kInitialUserNamespace;
}

bool IsUnprivileged(const Host& host) { return host.euid != 0 || InUserNamespace(host); }

absl::StatusOr<Host> DescribeHost(absl::string_view mount_point, const HostSource& source) {
  Host host;
  host.mount_point = std::string(mount_point);
  if (source.fs_magic(host.mount_point) == CGROUP2_SUPER_MAGIC) {
    host.mode = Mode::kUnified;
    return host;
  }
  ASSIGN_OR_RETURN(const std::string own, source.proc_self("cgroup"));
  host.own_cgroups = ParseProcCgroup(own);
  std::string mounts;
  for (const auto& [controllers, path] : host.own_cgroups) {
    if (controllers.empty()) continue;
    std::string directory(absl::StripPrefix(controllers, "name="));
    if (source.fs_magic(absl::StrCat(mount_point, "/", directory)) != CGROUP_SUPER_MAGIC) {
      if (mounts.empty()) mounts = source.proc_self("mountinfo").value_or("");
      directory = FindMount(mounts, mount_point, SplitControllers(controllers));
    }
    if (directory.empty()) continue;  // bound to a hierarchy that nobody mounted here
    host.hierarchies.push_back({directory, SplitControllers(controllers)});
  }
  if (host.hierarchies.empty()) return host;
  const bool unified =
      source.fs_magic(absl::StrCat(mount_point, "/unified")) == CGROUP2_SUPER_MAGIC;
  host.mode = unified ? Mode::kHybrid : Mode::kLegacy;
  return host;
}

absl::StatusOr<Host> ProbeHost(absl::string_view mount_point) {
  ASSIGN_OR_RETURN(Host host, DescribeHost(mount_point, {&FsMagic, &ReadProcSelf}));
  host.systemd = access("/run/systemd/system", F_OK) == 0;
  host.euid = geteuid();
  return host;
}

}  // namespace hull::cgroups
