#!/usr/bin/env bash
# Installs what is missing by apt (as root) and runs every test. The last line counts the test cases:
#   N passed, N failed, N skipped
#
# usage: tools/test.sh [BAZEL-OPTION | TARGET]...     (default: //...)
#   tools/test.sh //spec/...        one part
#   tools/test.sh //... -//testing/vm/...   all but the virtual machines
#   tools/test.sh --config=asan     all of it with the address and undefined behaviour sanitizers
#   tools/test.sh --config=tsan     with the thread sanitizer
# Fuzz targets are run by tools/dev/fuzz.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/dev/packages.sh

targets=() options=()
for word in "$@"; do
  case $word in
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    -//*) targets+=("$word") ;;
    -*) options+=("$word") ;;
    *) targets+=("$word") ;;
  esac
done
[ "${#targets[@]}" -gt 0 ] || targets=(//...)

need_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}"
configure_bazel

events=$(mktemp /tmp/hull-test-events.XXXXXX)
trap 'rm -f "$events"' EXIT
bazel_exit=0
show $BAZEL test --keep_going --noshow_progress --build_event_json_file="$events" \
  "${options[@]}" -- "${targets[@]}" </dev/null || bazel_exit=$?
[ -s "$events" ] || die "bazel ended with $bazel_exit before it ran any test"

count_exit=0
say "test cases"
[ "$bazel_exit" -eq 0 ] || echo "bazel test ended with $bazel_exit"
python3 tools/dev/count_tests.py "$events" testing/skips.txt || count_exit=$?
exit $((bazel_exit ? bazel_exit : count_exit))
