#include "cgroups/systemd/target.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "runtime/sys/file.h"

namespace hull::cgroups::systemd {
namespace {

uint32_t OwnUid() {
  const std::string map = sys::ReadFileAt(AT_FDCWD, "/proc/self/uid_map", 65536).value_or("");
  return OuterUid(map, geteuid());
}

Target TargetOfUser(uint32_t uid) {
  Target target = {.user = true, .uid = uid, .runtime_dir = ""};
  const char* const runtime_dir = getenv("XDG_RUNTIME_DIR");
  if (runtime_dir != nullptr && uid == OwnUid()) target.runtime_dir = runtime_dir;
  return target;
}

}  // namespace

Target OwnTarget(const Host& host) {
  return IsUnprivileged(host) ? TargetOfUser(OwnUid()) : Target();
}

Target TargetOf(absl::string_view directory) {
  const std::optional<uint32_t> uid = UserManagerOf(directory);
  return uid.has_value() ? TargetOfUser(*uid) : Target();
}

std::optional<uint32_t> UserManagerOf(absl::string_view path) {
  for (absl::string_view component : absl::StrSplit(path, '/')) {
    uint32_t uid = 0;
    if (absl::ConsumePrefix(&component, "user@") && absl::ConsumeSuffix(&component, ".service") &&
        absl::SimpleAtoi(component, &uid)) {
      return uid;
    }
  }
  return std::nullopt;
}

std::string UsualControlGroup(const Target& target) {
  if (!target.user) return "";
  return absl::StrCat("/user.slice/user-", target.uid, ".slice/user@", target.uid, ".service");
}

uint32_t OuterUid(absl::string_view uid_map, uint32_t uid) {
  for (absl::string_view line : absl::StrSplit(uid_map, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
    uint32_t inside = 0, outside = 0, count = 0;
    if (fields.size() != 3 || !absl::SimpleAtoi(fields[0], &inside) ||
        !absl::SimpleAtoi(fields[1], &outside) || !absl::SimpleAtoi(fields[2], &count)) {
      continue;
    }
    if (uid >= inside && uid - inside < count) return outside + (uid - inside);
  }
  return uid;
}

}  // namespace hull::cgroups::systemd
