#include "runtime/intel_rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

constexpr size_t kMaxBytes = 64 << 10;

std::vector<std::string> LinesOf(absl::string_view text) {
  std::vector<std::string> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

// What the config asks for, in the order of writing: l3CacheSchema without lines of the memory
// bandwidth where memBwSchema has them, then memBwSchema; `schemata` comes after, on its own, for
// the kernel takes each resource once in a write.
std::vector<std::string> FirstLines(const spec::IntelRdt& wanted) {
  std::vector<std::string> lines = LinesOf(wanted.l3_cache_schema);
  if (wanted.mem_bw_schema.empty()) return lines;
  std::erase_if(lines, [](const std::string& line) { return absl::StartsWith(line, "MB:"); });
  for (std::string& line : LinesOf(wanted.mem_bw_schema)) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> LastLines(const spec::IntelRdt& wanted) {
  return wanted.schemata.has_value() ? *wanted.schemata : std::vector<std::string>();
}

// "L3:0=00ff;1=F" as {"L3": {"0": "ff", "1": "f"}}; later lines win.
using Schemata = std::map<std::string, std::map<std::string, std::string>>;
Schemata ParseSchemata(const std::vector<std::string>& lines) {
  Schemata schemata;
  for (const std::string& line : lines) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    auto& resource = schemata[std::string(absl::StripAsciiWhitespace(parts.first))];
    for (const absl::string_view entry :
         absl::StrSplit(parts.second, ';', absl::SkipWhitespace())) {
      const std::pair<absl::string_view, absl::string_view> pair =
          absl::StrSplit(entry, absl::MaxSplits('=', 1));
      std::string value = absl::AsciiStrToLower(absl::StripAsciiWhitespace(pair.second));
      value.erase(0, std::min(value.find_first_not_of('0'), value.size() - 1));
      resource[std::string(absl::StripAsciiWhitespace(pair.first))] = value;
    }
  }
  return schemata;
}

bool Exists(int root_fd, const std::string& path) {
  struct stat info;
  return fstatat(root_fd, path.empty() ? "." : path.c_str(), &info, 0) == 0 &&
         S_ISDIR(info.st_mode);
}

}  // namespace

absl::StatusOr<std::string> FindResctrl() {
  ASSIGN_OR_RETURN(const std::string mounts, sys::ReadFileAt(AT_FDCWD, "/proc/self/mountinfo"));
  for (const absl::string_view line : absl::StrSplit(mounts, '\n')) {
    if (!absl::StrContains(line, " - resctrl ")) continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    if (fields.size() > 4) return std::string(fields[4]);
  }
  return absl::FailedPreconditionError(
      "/linux/intelRdt: this host has no resctrl mounted, through which the kernel shares caches "
      "and memory bandwidth; remove it, or mount resctrl where the CPU has it");
}

std::string SchemaLine(const std::vector<std::string>& schemata, absl::string_view resource) {
  const std::string prefix = absl::StrCat(resource, ":");
  for (const std::string& line : schemata) {
    if (absl::StartsWith(line, prefix)) return line;
  }
  return "";
}

std::string IntelRdt::Below(absl::string_view file) const {
  return location_.clos.empty() ? std::string(file) : absl::StrCat(location_.clos, "/", file);
}

absl::StatusOr<IntelRdt> IntelRdt::Plan(const spec::IntelRdt& wanted,
                                        absl::string_view container_id, const std::string& root) {
  RdtLocation location;
  location.root = root;
  location.own = wanted.clos_id.empty();
  if (location.own) {
    location.clos = std::string(container_id);
  } else if (wanted.clos_id != "/") {
    location.clos = wanted.clos_id;
  }
  ASSIGN_OR_RETURN(IntelRdt rdt, Open(location));
  const bool monitors = wanted.enable_monitoring.value_or(false);
  if (monitors && !Exists(rdt.root_.get(), "info/L3_MON")) {
    return absl::FailedPreconditionError(
        absl::StrCat("/linux/intelRdt/enableMonitoring: the resctrl of this host at '", root,
                     "' cannot monitor, it has no info/L3_MON; remove it"));
  }
  if (monitors) rdt.location_.monitor = std::string(container_id);
  if (Exists(rdt.root_.get(), location.clos)) {
    RETURN_IF_ERROR(rdt.Compare(wanted));
    return rdt;
  }
  if (!location.own && FirstLines(wanted).empty() && LastLines(wanted).empty()) {
    return absl::NotFoundError(
        absl::StrCat("/linux/intelRdt/closID: '", location.clos, "' is no class of '", root,
                     "', and there is nothing to make one of; give it schemata, or make it"));
  }
  rdt.location_.made = true;
  return rdt;
}

absl::StatusOr<IntelRdt> IntelRdt::Open(const RdtLocation& location) {
  ASSIGN_OR_RETURN(sys::UniqueFd root, sys::OpenAt(AT_FDCWD, location.root, O_PATH | O_DIRECTORY),
                   "/linux/intelRdt: opening resctrl at '", location.root, "'");
  return IntelRdt(location, std::move(root));
}

absl::Status IntelRdt::Compare(const spec::IntelRdt& wanted) const {
  std::vector<std::string> asked = FirstLines(wanted);
  for (std::string& line : LastLines(wanted)) asked.push_back(std::move(line));
  if (asked.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string text,
                   sys::ReadFileAt(root_.get(), Below("schemata"), kMaxBytes),
                   "/linux/intelRdt: reading the schemata of class '", wanted.clos_id, "'");
  Schemata found = ParseSchemata(LinesOf(text));
  for (const auto& [resource, domains] : ParseSchemata(asked)) {
    for (const auto& [domain, value] : domains) {
      const std::string& other = found[resource][domain];
      if (other == value) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "/linux/intelRdt: class '", location_.clos.empty() ? "/" : location_.clos,
          "' exists and has ", other.empty() ? "nothing" : absl::StrCat("'", other, "'"), " for '",
          resource, ":", domain, "', not '", value,
          "'; ask for what it has, for nothing, or name another closID"));
    }
  }
  return absl::OkStatus();
}

// The kernel says why it refuses in a file of its own.
absl::Status IntelRdt::Write(absl::string_view file, absl::string_view text) const {
  ASSIGN_OR_RETURN(const sys::UniqueFd fd,
                   sys::OpenBeneath(root_.get(), Below(file), O_WRONLY | O_APPEND | O_CREAT, 0600),
                   "/linux/intelRdt: opening '", location_.root, "/", Below(file), "'");
  const absl::Status written = sys::WriteAll(fd.get(), text);
  if (written.ok()) return written;
  const std::string reason(absl::StripAsciiWhitespace(
      sys::ReadFileAt(root_.get(), "info/last_cmd_status", kMaxBytes).value_or("")));
  return base::Annotate(written, "/linux/intelRdt: writing '", absl::StripAsciiWhitespace(text),
                        "' to '", location_.root, "/", Below(file), "'",
                        reason.empty() || reason == "ok" ? "" : absl::StrCat(" (", reason, ")"));
}

absl::Status IntelRdt::Make(const spec::IntelRdt& wanted) {
  if (location_.made) {
    if (mkdirat(root_.get(), location_.clos.c_str(), 0755) != 0) {
      const int error = errno;
      if (error == EEXIST) location_.made = false;  // not by us, and not ours to remove
      return sys::ErrnoStatus(error, absl::StrCat("/linux/intelRdt: making class '", location_.clos,
                                                  "' in '", location_.root, "'"));
    }
    for (const std::vector<std::string>& lines : {FirstLines(wanted), LastLines(wanted)}) {
      if (lines.empty()) continue;
      RETURN_IF_ERROR(Write("schemata", absl::StrCat(absl::StrJoin(lines, "\n"), "\n")));
    }
  }
  return location_.monitor.empty() ? absl::OkStatus() : MakeMonitor();
}

absl::Status IntelRdt::MakeMonitor() {
  // The kernel has made it with the class.
  if (mkdirat(root_.get(), Below("mon_groups").c_str(), 0755) != 0 && errno != EEXIST) {
    return sys::ErrnoStatus(errno, "/linux/intelRdt/enableMonitoring: making 'mon_groups'");
  }
  const std::string path = Below(absl::StrCat("mon_groups/", location_.monitor));
  if (mkdirat(root_.get(), path.c_str(), 0755) == 0) return absl::OkStatus();
  const int error = errno;
  if (error == EEXIST) location_.monitor.clear();
  return sys::ErrnoStatus(error, absl::StrCat("/linux/intelRdt/enableMonitoring: making '",
                                              location_.root, "/", path, "'"));
}

absl::Status IntelRdt::Attach(pid_t pid) {
  const std::string text = absl::StrCat(pid, "\n");
  RETURN_IF_ERROR(Write("tasks", text));
  if (location_.monitor.empty()) return absl::OkStatus();
  return Write(absl::StrCat("mon_groups/", location_.monitor, "/tasks"), text);
}

absl::Status IntelRdt::Update(absl::string_view l3_cache_schema, absl::string_view mem_bw_schema) {
  spec::IntelRdt wanted;
  wanted.l3_cache_schema = std::string(l3_cache_schema);
  wanted.mem_bw_schema = std::string(mem_bw_schema);
  const std::vector<std::string> lines = FirstLines(wanted);
  if (lines.empty()) return absl::OkStatus();
  return Write("schemata", absl::StrCat(absl::StrJoin(lines, "\n"), "\n"));
}

// A class that others have joined by its name is theirs as well.
absl::Status IntelRdt::Destroy() {
  if (!location_.monitor.empty()) {
    RETURN_IF_ERROR(RemoveDirectory(Below(absl::StrCat("mon_groups/", location_.monitor))));
  }
  if (!location_.made) return absl::OkStatus();
  if (!location_.own) {
    const std::string tasks = sys::ReadFileAt(root_.get(), Below("tasks"), kMaxBytes).value_or("");
    if (!absl::StripAsciiWhitespace(tasks).empty()) return absl::OkStatus();
  }
  return RemoveDirectory(location_.clos);
}

absl::Status IntelRdt::RemoveDirectory(const std::string& path) const {
  if (unlinkat(root_.get(), path.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
    return absl::OkStatus();
  }
  int error = errno;
  if (error == ENOTEMPTY) {
    // Not the kernel's, which takes its files away with the directory: a stand-in of plain files.
    ASSIGN_OR_RETURN(const sys::UniqueFd dir,
                     sys::OpenBeneath(root_.get(), path, O_RDONLY | O_DIRECTORY));
    ASSIGN_OR_RETURN(const std::vector<std::string> names, sys::ListDir(dir.get()));
    for (const std::string& name : names) {
      if (unlinkat(dir.get(), name.c_str(), 0) != 0)
        unlinkat(dir.get(), name.c_str(), AT_REMOVEDIR);
    }
    if (unlinkat(root_.get(), path.c_str(), AT_REMOVEDIR) == 0) return absl::OkStatus();
    error = errno;
  }
  return sys::ErrnoStatus(
      error, absl::StrCat("/linux/intelRdt: removing '", location_.root, "/", path, "'"));
}

}  // namespace hull::runtime
