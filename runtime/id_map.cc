#include "runtime/id_map.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"

namespace hull::runtime {
namespace {

std::string MapText(const std::vector<spec::IdMapping>& mappings) {
  std::string text;
  for (const spec::IdMapping& mapping : mappings) {
    absl::StrAppend(&text, mapping.container_id, " ", mapping.host_id, " ", mapping.size, "\n");
  }
  return text;
}

// newuidmap PID CONTAINER HOST SIZE …: setuid programs that check /etc/subuid. By absolute path and
// with no environment: they run with somebody else's rights.
absl::Status RunMapProgram(const char* program, pid_t pid,
                           const std::vector<spec::IdMapping>& mappings) {
  std::vector<std::string> words = {program, absl::StrCat(pid)};
  for (const spec::IdMapping& mapping : mappings) {
    for (const uint32_t number : {mapping.container_id, mapping.host_id, mapping.size}) {
      words.push_back(absl::StrCat(number));
    }
  }
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char* const no_environment[] = {nullptr};
  pid_t helper = 0;
  if (const int error =
          posix_spawn(&helper, program, nullptr, nullptr, argv.data(), no_environment);
      error != 0) {
    return sys::ErrnoStatus(error, absl::StrCat("running '", program, "' (package uidmap)"));
  }
  int status = 0;
  while (waitpid(helper, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("'", program, "' refused the mapping: see /etc/subuid and /etc/subgid"));
}

absl::Status WriteProcFile(pid_t pid, absl::string_view name, absl::string_view text) {
  const std::string path = absl::StrCat("/proc/", pid, "/", name);
  RETURN_IF_ERROR(sys::WriteFileAt(AT_FDCWD, path, text), "writing '", path, "'");
  return absl::OkStatus();
}

absl::Status WriteMap(pid_t pid, absl::string_view name, const char* program,
                      const std::vector<spec::IdMapping>& mappings) {
  if (mappings.empty()) return absl::OkStatus();
  const absl::Status status = WriteProcFile(pid, name, MapText(mappings));
  if (status.ok() || sys::StatusErrno(status) != EPERM || geteuid() == 0) return status;
  return RunMapProgram(program, pid, mappings);
}

}  // namespace

bool IsSingleOwnId(const spec::Linux& linux_block, unsigned uid, unsigned gid) {
  const auto own = [](const std::vector<spec::IdMapping>& mappings, unsigned id) {
    return mappings.size() == 1 && mappings[0].size == 1 && mappings[0].host_id == id;
  };
  return own(linux_block.uid_mappings, uid) && own(linux_block.gid_mappings, gid);
}

absl::Status WriteIdMaps(pid_t pid, const spec::Linux& linux_block, bool setgroups_denied) {
  if (setgroups_denied) RETURN_IF_ERROR(WriteProcFile(pid, "setgroups", "deny"));
  RETURN_IF_ERROR(WriteMap(pid, "gid_map", "/usr/bin/newgidmap", linux_block.gid_mappings),
                  "/linux/gidMappings");
  RETURN_IF_ERROR(WriteMap(pid, "uid_map", "/usr/bin/newuidmap", linux_block.uid_mappings),
                  "/linux/uidMappings");
  return absl::OkStatus();
}

absl::Status WriteMaps(pid_t pid, const std::vector<spec::IdMapping>& uids,
                       const std::vector<spec::IdMapping>& gids) {
  RETURN_IF_ERROR(WriteProcFile(pid, "gid_map", MapText(gids)));
  return WriteProcFile(pid, "uid_map", MapText(uids));
}

absl::Status WriteTimeOffsets(pid_t pid, const std::map<std::string, spec::TimeOffset>& offsets) {
  std::string text;
  for (const auto& [clock, offset] : offsets) {
    absl::StrAppend(&text, clock, " ", offset.secs, " ", offset.nanosecs, "\n");
  }
  if (text.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(WriteProcFile(pid, "timens_offsets", text), "/linux/timeOffsets");
  return absl::OkStatus();
}

}  // namespace hull::runtime
