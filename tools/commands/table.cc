#include "tools/commands/table.h"

#include "tools/commands/commands.h"

namespace hull::tools {

absl::Span<const Command* const> Commands() {
  static constexpr const Command* kCommands[] = {
      &kCreate, &kStart, &kRun,    &kExec,   &kState,  &kList, &kPs,       &kKill,
      &kDelete, &kPause, &kResume, &kUpdate, &kEvents, &kSpec, &kFeatures, &kExplain,
  };
  return kCommands;
}

}  // namespace hull::tools
