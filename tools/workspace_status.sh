#!/bin/sh
# For --workspace_status_command: the commit that //tools/version builds in. Never fails: an archive
# of the sources has no git.
commit=$(git describe --always --dirty --abbrev=12 2>/dev/null)
echo "STABLE_HULL_COMMIT ${commit:-unknown}"
