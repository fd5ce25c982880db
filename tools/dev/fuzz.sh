#!/usr/bin/env bash
# Runs every fuzz target (tag "fuzz") for some seconds, with clang's libFuzzer and sanitizers, which it
# installs by apt if they are missing (as root).
#
# usage: tools/dev/fuzz.sh [SECONDS [TARGET...]]     (default: 30 seconds each, all targets)
#   What a target learns is kept in ~/.cache/hull-fuzz/NAME; an input that breaks it is left there too.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/packages.sh
case ${1:-} in
  -*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac

seconds=${1:-30}
shift || true
need_packages "${BUILD_PACKAGES[@]}" "${FUZZ_PACKAGES[@]}"
configure_bazel
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <($BAZEL query 'attr(tags, "\bfuzz\b", //...)' 2>/dev/null)
[ "${#targets[@]}" -gt 0 ] || die "no target is tagged 'fuzz'"

show $BAZEL build --config=fuzz --noshow_progress "${targets[@]}" </dev/null
bin=$($BAZEL info --config=fuzz bazel-bin 2>/dev/null)
failed=()
for target in "${targets[@]}"; do
  path=${target#//}
  corpus=${XDG_CACHE_HOME:-$HOME/.cache}/hull-fuzz/${path//[\/:]/-}
  mkdir -p "$corpus/inputs"
  say "$target"
  show "$bin/${path/://}" -max_total_time="$seconds" -print_final_stats=1 \
    -artifact_prefix="$corpus/" "$corpus/inputs" </dev/null || failed+=("$target")
done
[ "${#failed[@]}" -eq 0 ] || die "broken: ${failed[*]}"
