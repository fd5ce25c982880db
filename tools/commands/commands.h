// Every command of hull, each in a file of its own name.
#ifndef HULL_TOOLS_COMMANDS_COMMANDS_H_
#define HULL_TOOLS_COMMANDS_COMMANDS_H_

#include "tools/cli/command.h"

namespace hull::tools {

extern const Command kCreate;
extern const Command kDelete;
extern const Command kEvents;
extern const Command kExec;
extern const Command kExplain;
extern const Command kFeatures;
extern const Command kKill;
extern const Command kList;
extern const Command kPause;
extern const Command kPs;
extern const Command kResume;
extern const Command kRun;
extern const Command kSpec;
extern const Command kStart;
extern const Command kState;
extern const Command kUpdate;

}  // namespace hull::tools

#endif  // HULL_TOOLS_COMMANDS_COMMANDS_H_
