// The command line as data: what parsing, checks and help derive from.
#ifndef HULL_TOOLS_CLI_COMMAND_H_
#define HULL_TOOLS_CLI_COMMAND_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace hull::tools {

class Log;

enum class FlagKind {
  kOffered,
  kIgnored,  // peers have it and clients send it; it changes nothing here, so help leaves it out
};

struct Flag {
  std::string_view name;        // "bundle", for --bundle and -bundle
  char letter = '\0';           // 'b', for -b
  std::string_view value = "";  // what the help calls its value, "DIR"; empty = a switch
  std::string_view help = "";
  FlagKind kind = FlagKind::kOffered;
};

// What the user gave, by the flags' names.
struct Arguments {
  // A switch is "true" or "false". Flags given more than once keep every value, in order.
  std::map<std::string_view, std::vector<std::string_view>> flags;
  std::vector<std::string_view> positional;

  bool Has(std::string_view name) const { return flags.count(name) > 0; }
  bool Switch(std::string_view name) const { return Last(name) == "true"; }
  // The last value, or `otherwise`.
  std::string_view Last(std::string_view name, std::string_view otherwise = "") const;
  std::vector<std::string> All(std::string_view name) const;
};

// The global flags, read.
struct Globals {
  std::string root;                     // absolute
  std::string cgroup_manager = "auto";  // or a backend's name
  bool strict = false;
};

// How many descriptors, from 3 on, the container's process gets: those of socket activation first.
struct PreservedFds {
  int listening = 0;  // sd_listen_fds(3)
  int asked = 0;      // --preserve-fds
};

struct Invocation {
  const Globals& globals;
  const Arguments& arguments;
  Log& log;
  PreservedFds preserved_fds = {};
};

inline constexpr int kAnyNumber = -1;

struct Command {
  std::string_view name;
  std::string_view usage = "";    // "kill <container-id> [signal]"
  std::string_view summary = "";  // one line, no full stop
  absl::Span<const Flag> flags = {};
  int min_args = 0;
  int max_args = 0;  // or kAnyNumber
  // The first positional argument ends the flags: what follows belongs to the command it names.
  bool flags_end_at_argument = false;
  int failure_status = 1;  // exit status when it fails, or cannot be begun
  // Returns the exit status.
  absl::StatusOr<int> (*run)(const Invocation& invocation) = nullptr;
};

}  // namespace hull::tools

#endif  // HULL_TOOLS_CLI_COMMAND_H_
