#include "tools/commands/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/base/status_macros.h"
#include "runtime/sys/file.h"
#include "tools/cli/table.h"

namespace hull::tools {

absl::Status Print(std::string_view text) {
  RETURN_IF_ERROR(sys::WriteAll(STDOUT_FILENO, text), "writing to standard output");
  return absl::OkStatus();
}

std::string UserName(std::string_view passwd, uint32_t uid) {
  const std::string wanted = absl::StrCat(uid);
  for (std::string_view line : absl::StrSplit(passwd, '\n')) {
    const std::vector<std::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 3));
    if (fields.size() > 2 && fields[2] == wanted) return std::string(fields[0]);
  }
  return absl::StrCat("#", wanted);
}

spec::ContainerState ShownState(const runtime::ContainerInfo& info, std::string_view passwd) {
  return {.id = info.id,
          .status = std::string(runtime::StatusName(info.status)),
          .pid = info.pid,
          .bundle = info.bundle,
          .rootfs = info.rootfs,
          .created_ns = info.created_ns,
          .annotations = info.annotations,
          .owner = UserName(passwd, info.owner_uid)};
}

std::string ReadPasswd() { return sys::ReadFileAt(AT_FDCWD, "/etc/passwd").value_or(""); }

std::string ListTable(absl::Span<const spec::ContainerState> states) {
  std::vector<std::vector<std::string>> rows = {
      {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const spec::ContainerState& state : states) {
    rows.push_back({state.id, absl::StrCat(state.pid), state.status, state.bundle,
                    spec::FormatTime(state.created_ns), state.owner});
  }
  return FormatTable(rows);
}

std::string ListIds(absl::Span<const spec::ContainerState> states) {
  std::string ids;
  for (const spec::ContainerState& state : states) absl::StrAppend(&ids, state.id, "\n");
  return ids;
}

}  // namespace hull::tools
