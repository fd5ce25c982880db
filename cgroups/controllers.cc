#include "cgroups/controllers.h"

#include <errno.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cgroups/directory.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::cgroups {
namespace {

using sys::UniqueFd;
using Names = std::vector<std::string>;

constexpr absl::string_view kSubtreeControl = "cgroup.subtree_control";

Names Without(const Names& names, const Names& present) {
  Names rest;
  absl::c_copy_if(names, std::back_inserter(rest),
                  [&](const std::string& name) { return !absl::c_linear_search(present, name); });
  return rest;
}

// Why a cgroup does not hand a controller down.
std::string Reason(int dir_fd, absl::string_view path, const absl::Status& status) {
  const std::string type = ReadValue(dir_fd, "cgroup.type").value_or("domain");
  const int error = sys::StatusErrno(status);
  if (type != "domain") {
    return absl::StrCat("cgroup '/", path, "' is of type '", type,
                        "', and a threaded subtree serves only cpu, cpuset, pids and perf_event");
  }
  if (error == EBUSY) {
    return absl::StrCat("cgroup '/", path,
                        "' has processes of its own, so it cannot hand controllers down (cgroup "
                        "v2 allows no internal processes); choose a linux.cgroupsPath elsewhere");
  }
  if (error == ENOENT) return absl::StrCat("cgroup '/", path, "' does not have it");
  return absl::StrCat("cgroup '/", path, "': ", status.message());
}

bool IsNeeded(absl::Span<const Need> needs, const std::string& name) {
  return absl::c_any_of(needs, [&name](const Need& need) { return need.controller == name; });
}

// Handing down cpu, cpuset or pids makes a domain with processes a threaded one, for good, in which
// its other children are of no use: nothing for which no limit asks.
bool WouldBecomeThreaded(int dir_fd) {
  return ReadValue(dir_fd, "cgroup.type").value_or("") == "domain" &&
         !ReadValue(dir_fd, "cgroup.procs").value_or("").empty();
}

// Enables `names` in one cgroup: together, or one by one where the kernel refuses the lot.
// Remembers in `reasons` what it could not.
void EnableHere(int dir_fd, absl::string_view path, const Names& names,
                absl::Span<const Need> needs, std::map<std::string, std::string>& reasons) {
  const absl::StatusOr<Names> present = ReadControllers(dir_fd, kSubtreeControl);
  Names missing = present.ok() ? Without(names, *present) : names;
  if (!missing.empty() && WouldBecomeThreaded(dir_fd)) {
    std::erase_if(missing, [needs](const std::string& name) { return !IsNeeded(needs, name); });
  }
  if (missing.empty()) return;
  const std::string all = absl::StrCat("+", absl::StrJoin(missing, " +"));
  absl::Status status = WriteValue(dir_fd, kSubtreeControl, all);
  if (status.ok()) return;
  for (const std::string& name : missing) {
    if (missing.size() > 1) {
      status = WriteValue(dir_fd, kSubtreeControl, absl::StrCat("+", name));
    }
    if (!status.ok()) reasons.emplace(name, Reason(dir_fd, path, status));
  }
}

// From the root down to the parent of `path`.
std::map<std::string, std::string> EnableDown(int root_fd, absl::string_view path,
                                              const Names& names, absl::Span<const Need> needs) {
  std::map<std::string, std::string> reasons;
  EnableHere(root_fd, "", names, needs, reasons);
  for (size_t slash = path.find('/'); slash != absl::string_view::npos;
       slash = path.find('/', slash + 1)) {
    const absl::string_view level = path.substr(0, slash);
    absl::StatusOr<UniqueFd> fd = OpenDirectory(root_fd, level);
    if (!fd.ok()) break;
    EnableHere(fd->get(), level, names, needs, reasons);
  }
  return reasons;
}

absl::Status CheckNeeds(absl::Span<const Need> needs, const Names& available, const Names& served,
                        const std::map<std::string, std::string>& reasons) {
  for (const Need& need : needs) {
    if (absl::c_linear_search(served, need.controller)) continue;
    if (!absl::c_linear_search(available, need.controller)) {
      return absl::UnavailableError(absl::StrCat(
          need.field, ": this host's cgroup v2 hierarchy has no '", need.controller,
          "' controller (not in the kernel, disabled at boot, or bound to a v1 hierarchy)"));
    }
    const auto reason = reasons.find(need.controller);
    return absl::UnavailableError(absl::StrCat(
        need.field, ": controller '", need.controller, "' cannot be enabled: ",
        reason == reasons.end() ? "a cgroup above does not hand it down" : reason->second));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Names> ReadControllers(int dir_fd, absl::string_view file) {
  absl::StatusOr<std::string> text = ReadValue(dir_fd, file);
  if (absl::IsNotFound(text.status())) return Names();
  if (!text.ok()) return base::Annotate(text.status(), "reading '", file, "'");
  return Names(absl::StrSplit(*text, absl::ByAnyChar(" \n"), absl::SkipEmpty()));
}

absl::StatusOr<bool> EnableControllers(int root_fd, absl::string_view path, int parent_fd,
                                       absl::Span<const absl::string_view> wanted,
                                       absl::Span<const Need> needs) {
  ASSIGN_OR_RETURN(const Names available, ReadControllers(root_fd, "cgroup.controllers"));
  Names names;
  for (const std::string& name : available) {
    if (IsNeeded(needs, name) || absl::c_linear_search(wanted, name)) names.push_back(name);
  }
  ASSIGN_OR_RETURN(Names served, ReadControllers(parent_fd, kSubtreeControl));
  std::map<std::string, std::string> reasons;
  if (!Without(names, served).empty()) {
    reasons = EnableDown(root_fd, path, names, needs);
    ASSIGN_OR_RETURN(served, ReadControllers(parent_fd, kSubtreeControl));
  }
  RETURN_IF_ERROR(CheckNeeds(needs, available, served, reasons));
  return Without(names, served).empty();
}

absl::Status MakeThreadedWhereNeeded(int dir_fd) {
  if (ReadValue(dir_fd, "cgroup.type").value_or("domain") != "domain invalid") {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(WriteValue(dir_fd, "cgroup.type", "threaded"), "making the cgroup threaded");
  return absl::OkStatus();
}

}  // namespace hull::cgroups
