#!/bin/sh
# The example does what its first lines and the README say.
set -u
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
fail() {
  echo "FAILED: $*" >&2
  exit 1
}
output=$("$1" mkdir,mkdirat mkdir "$dir/x" 2>&1) && fail "mkdir was not refused"
echo "$output" | grep -q 'Permission denied' || fail "said: $output"
[ ! -e "$dir/x" ] || fail "the directory was made"
output=$("$1" rmdir,no_such_call mkdir "$dir/x" 2>&1) || fail "mkdir was refused: $output"
echo "$output" | grep -q "'no_such_call'" || fail "an unknown name was not reported: $output"
[ -d "$dir/x" ] || fail "the directory was not made"
