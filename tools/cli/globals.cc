#include "tools/cli/globals.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "tools/cli/nearest.h"

namespace hull::tools {
namespace {

constexpr Flag kGlobalFlags[] = {
    {.name = "root",
     .value = "DIR",
     .help = "where containers are kept (default /run/hull, or $XDG_RUNTIME_DIR/hull)"},
    {.name = "log", .value = "FILE", .help = "append errors to this file as well as to stderr"},
    {.name = "log-format", .value = "FORMAT", .help = "text or json (default text)"},
    {.name = "log-level",
     .value = "LEVEL",
     .help = "least level in the log: error, warning or debug (default error)"},
    {.name = "debug", .help = "short for --log-level debug"},
    {.name = "cgroup-manager",
     .value = "NAME",
     .help = "cgroupfs, systemd, disabled, or one backend's name (default cgroupfs)"},
    {.name = "systemd-cgroup", .help = "short for --cgroup-manager systemd"},
    {.name = "strict", .help = "treat warnings about config.json as errors"},
    {.name = "version", .letter = 'v', .help = "print the version"},
    {.name = "V", .kind = FlagKind::kIgnored},  // crun's letter for --version
    {.name = "rootless", .value = "BOOL", .kind = FlagKind::kIgnored},
    {.name = "criu", .value = "PATH", .kind = FlagKind::kIgnored},
};

constexpr std::string_view kFormats[] = {"text", "json"};
constexpr std::string_view kLevels[] = {"debug", "warning", "error"};
static_assert(static_cast<int>(LogLevel::kError) == 2 && static_cast<int>(LogFormat::kJson) == 1);

// The place of `word` in `words`.
absl::StatusOr<int> ReadWord(std::string_view flag, std::string_view word,
                             absl::Span<const std::string_view> words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (word == words[i]) return static_cast<int>(i);
  }
  std::string known;
  for (std::string_view w : words) absl::StrAppend(&known, known.empty() ? "" : ", ", w);
  const std::string_view nearest = Nearest(word, words);
  return absl::InvalidArgumentError(
      absl::StrCat("flag --", flag, ": '", word, "' is not one of ", known,
                   nearest.empty() ? "" : absl::StrCat("; did you mean '", nearest, "'?")));
}

// Without "//", "/./" and "/../"; absolute.
std::string CleanAbsolute(std::string_view path) {
  std::string absolute(path);
  if (!absl::StartsWith(absolute, "/")) {
    char buffer[4096];
    if (getcwd(buffer, sizeof(buffer)) != nullptr) absolute = absl::StrCat(buffer, "/", path);
  }
  std::vector<std::string_view> parts;
  for (std::string_view part : absl::StrSplit(absolute, '/', absl::SkipEmpty())) {
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (part != ".") {
      parts.push_back(part);
    }
  }
  std::string clean;
  for (std::string_view part : parts) absl::StrAppend(&clean, "/", part);
  return clean.empty() ? "/" : clean;
}

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

// "cgroupfs" is whichever of its backends this host has.
absl::StatusOr<std::string> CgroupManager(const Arguments& arguments) {
  if (arguments.Switch("systemd-cgroup")) return "systemd";
  const std::string_view name = arguments.Last("cgroup-manager", "cgroupfs");
  if (name.empty()) {
    return absl::InvalidArgumentError("flag --cgroup-manager: the name is empty");
  }
  return std::string(name == "cgroupfs" ? "auto" : name);
}

}  // namespace

absl::Span<const Flag> GlobalFlags() { return kGlobalFlags; }

Caller ThisCaller() {
  Caller caller = {
      .euid = geteuid(), .user = Variable("USER"), .runtime_dir = Variable("XDG_RUNTIME_DIR")};
  if (caller.runtime_dir.empty() || caller.euid != 0) return caller;  // the map decides nothing
  const absl::StatusOr<std::string> map = sys::ReadFileAt(AT_FDCWD, "/proc/self/uid_map");
  if (!map.ok()) return caller;
  const std::vector<std::string_view> words =
      absl::StrSplit(*map, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  caller.in_user_namespace = words != std::vector<std::string_view>{"0", "0", "4294967295"};
  return caller;
}

std::string DefaultRoot(const Caller& caller) {
  const bool rootless = caller.euid != 0 || (caller.in_user_namespace && caller.user != "root");
  if (!rootless || caller.runtime_dir.empty()) return "/run/hull";
  return absl::StrCat(absl::StripSuffix(caller.runtime_dir, "/"), "/hull");
}

absl::StatusOr<Globals> ReadGlobals(const Arguments& arguments, const Caller& caller) {
  Globals globals;
  const std::string_view root = arguments.Last("root");
  if (arguments.Has("root") && root.empty()) {
    return absl::InvalidArgumentError("flag --root: the directory is empty");
  }
  globals.root = CleanAbsolute(root.empty() ? DefaultRoot(caller) : std::string(root));
  if (globals.root == "/") {
    return absl::InvalidArgumentError("flag --root: '/' cannot hold containers");
  }
  ASSIGN_OR_RETURN(globals.cgroup_manager, CgroupManager(arguments));
  globals.strict = arguments.Switch("strict");
  return globals;
}

absl::StatusOr<LogOptions> ReadLogOptions(const Arguments& arguments) {
  LogOptions options;
  options.path = absl::StripPrefix(arguments.Last("log"), "file:");
  for (std::string_view prefix : {"journald:", "syslog:"}) {
    if (absl::StartsWith(options.path, prefix)) {
      return absl::UnimplementedError(
          absl::StrCat("flag --log: '", options.path, "': hull logs to files only"));
    }
  }
  ASSIGN_OR_RETURN(const int format,
                   ReadWord("log-format", arguments.Last("log-format", "text"), kFormats));
  ASSIGN_OR_RETURN(const int level,
                   ReadWord("log-level", arguments.Last("log-level", "error"), kLevels));
  options.format = static_cast<LogFormat>(format);
  options.level = arguments.Switch("debug") ? LogLevel::kDebug : static_cast<LogLevel>(level);
  return options;
}

absl::Status PrepareDefaultRoot(const Arguments& arguments, const Globals& globals) {
  if (arguments.Has("root") || globals.root == "/run/hull") return absl::OkStatus();
  if (mkdir(globals.root.c_str(), 01700) == 0) {
    // mkdir(2) drops the sticky bit on some file systems.
    if (chmod(globals.root.c_str(), 01700) == 0) return absl::OkStatus();
  } else if (errno == EEXIST) {
    return absl::OkStatus();
  }
  return sys::ErrnoStatus(errno, absl::StrCat("making '", globals.root, "'"));
}

}  // namespace hull::tools
