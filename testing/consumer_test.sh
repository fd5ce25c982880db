#!/usr/bin/env bash
# Builds the second workspace, testing/consumer, with a Bazel and an output tree of its own, and runs
# the programs in it: each of hull's libraries can be embedded without the others.
set -euo pipefail
# Bazel starts its tests without HOME; the disk cache and the output tree live there.
HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
export HOME
consumer=$(dirname "$(realpath "$1")")
output_base=${XDG_CACHE_HOME:-$HOME/.cache}/hull-consumer-test
mkdir -p "$output_base"

fail() { echo "FAIL: $*" >&2; exit 1; }
# It ends itself soon after the test: no second server stays in memory.
bazel() {
  env -u TEST_TMPDIR bazel --output_base="$output_base" --max_idle_secs=5 "$@" </dev/null
}

cd "$consumer"
bazel build --noshow_progress --symlink_prefix=/ //...
bin=$(bazel info bazel-bin 2>/dev/null)

cat >"$TEST_TMPDIR/good.json" <<'JSON'
{"ociVersion": "1.2.0", "hostname": "embedded", "root": {"path": "rootfs"},
 "process": {"args": ["true"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
 "linux": {"namespaces": [{"type": "uts"}, {"type": "mount"}]}}
JSON
echo '{"ociVersion": 1}' >"$TEST_TMPDIR/bad.json"

expect() { # WANTED-WORDS COMMAND...
  local said wanted=$1
  shift
  said=$("$@" 2>&1) || true
  echo "$said"
  [[ $said == *"$wanted"* ]] || fail "$* did not say '$wanted'"
}
expect "config ok: host name 'embedded'" "$bin/check_config" "$TEST_TMPDIR/good.json"
expect "ociVersion" "$bin/check_config" "$TEST_TMPDIR/bad.json"
expect "filter ok: " "$bin/compile_filter"
expect "cgroups ok: " "$bin/probe_cgroups"
expect "runtime ok: 0 containers" "$bin/list_containers" "$TEST_TMPDIR/state"

# One library does not pull in another.
for pair in spec:seccomp spec:cgroups spec:runtime/plan seccomp:cgroups cgroups:seccomp \
  seccomp:runtime/plan cgroups:runtime/plan; do
  path=$(bazel query --noshow_progress "somepath(@hull//${pair%:*}, @hull//${pair#*:}/...)" 2>/dev/null)
  [ -z "$path" ] || fail "embedding //${pair%:*} brings //${pair#*:}: $path"
done
echo PASS
