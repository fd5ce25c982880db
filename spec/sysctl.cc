#include "spec/sysctl.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "spec/forms.h"

namespace hull::spec {
namespace {

struct Owner {
  absl::string_view file;  // ends in '/' for all below it
  absl::string_view namespace_type;
};

constexpr Owner kOwners[] = {
    {"fs/mqueue/", "ipc"},
    {"kernel/domainname", "uts"},
    {"kernel/msgmax", "ipc"},
    {"kernel/msgmnb", "ipc"},
    {"kernel/msgmni", "ipc"},
    {"kernel/msg_next_id", "ipc"},
    {"kernel/sem", "ipc"},
    {"kernel/sem_next_id", "ipc"},
    {"kernel/shmall", "ipc"},
    {"kernel/shmmax", "ipc"},
    {"kernel/shmmni", "ipc"},
    {"kernel/shm_next_id", "ipc"},
    {"kernel/shm_rmid_forced", "ipc"},
    {"net/", "network"},
    {"user/", "user"},
};

}  // namespace

std::string SysctlFile(absl::string_view key) {
  std::string file(key);
  const size_t first = key.find_first_of("./");
  if (first != absl::string_view::npos && key[first] == '.') {
    for (char& c : file) c = c == '.' ? '/' : c == '/' ? '.' : c;
  }
  for (const absl::string_view part : absl::StrSplit(file, '/')) {
    if (!IsComponent(part)) return "";
  }
  return file;
}

absl::string_view SysctlNamespace(absl::string_view file) {
  for (const Owner& owner : kOwners) {
    const bool subtree = absl::EndsWith(owner.file, "/");
    if (subtree ? absl::StartsWith(file, owner.file) : file == owner.file) {
      return owner.namespace_type;
    }
  }
  return "";
}

}  // namespace hull::spec
