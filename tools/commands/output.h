// What commands print.
#ifndef HULL_TOOLS_COMMANDS_OUTPUT_H_
#define HULL_TOOLS_COMMANDS_OUTPUT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "runtime/lifecycle.h"
#include "spec/state_json.h"

namespace hull::tools {

// To stdout, all of it or an error.
absl::Status Print(std::string_view text);

// Of `passwd` in the form of /etc/passwd: the name of `uid`, or "#1000" where it has none.
std::string UserName(std::string_view passwd, uint32_t uid);

// What `state` and `list` show of a container; `passwd` names its owner.
spec::ContainerState ShownState(const runtime::ContainerInfo& info, std::string_view passwd);

// The machine's users, "" where it keeps no such file. By hand: a static program has no NSS.
std::string ReadPasswd();

// `hull list`: ID PID STATUS BUNDLE CREATED OWNER.
std::string ListTable(absl::Span<const spec::ContainerState> states);
// `hull list --quiet`: ids, one in a line.
std::string ListIds(absl::Span<const spec::ContainerState> states);

}  // namespace hull::tools

#endif  // HULL_TOOLS_COMMANDS_OUTPUT_H_
