#!/usr/bin/env bash
# install.sh puts three files where they belong, with DESTDIR and without, and takes them away again.
set -euo pipefail
script=$1 man_page=$2 completion=$3

fail() { echo "FAIL: $*" >&2; exit 1; }
expect_file() { # MODE SOURCE TARGET
  [ "$(stat -c %a "$3")" = "$1" ] || fail "mode of $3"
  cmp "$2" "$3" || fail "content of $3"
}

printf '#!/bin/sh\necho hull version 0\n' >"$TEST_TMPDIR/program"
program=$(realpath --relative-to=. "$TEST_TMPDIR/program")
run_install() { "$script" "$program" "$man_page" "$completion" "$@"; }

root=$TEST_TMPDIR/destdir
for _ in first again; do DESTDIR=$root run_install --prefix=/usr >/dev/null; done
expect_file 755 "$program" "$root/usr/bin/hull"
expect_file 644 "$man_page" "$root/usr/share/man/man8/hull.8"
expect_file 644 "$completion" "$root/usr/share/bash-completion/completions/hull"
[ "$(find "$root" -type f | wc -l)" -eq 3 ] || fail "more than three files"

DESTDIR=$root run_install --prefix=/usr --uninstall >/dev/null
[ "$(find "$root" -type f | wc -l)" -eq 0 ] || fail "--uninstall left files"

mkdir "$TEST_TMPDIR/elsewhere"
BUILD_WORKING_DIRECTORY=$TEST_TMPDIR/elsewhere run_install --prefix relative >/dev/null
expect_file 755 "$program" "$TEST_TMPDIR/elsewhere/relative/bin/hull"

code=0
run_install --prefx=/usr >/dev/null 2>&1 || code=$?
[ "$code" -eq 2 ] || fail "a misspelt flag was taken ($code)"

# The completion at least loads, and completes a fixed list.
bash --norc -euc '
  source "$1"
  COMP_WORDS=(hull --log-format j) COMP_CWORD=2
  _hull
  [ "${COMPREPLY[*]}" = json ]' completion "$completion" || fail "completion of --log-format"

# A fake hull answers as the real one does.
cat >"$TEST_TMPDIR/fake" <<'FAKE'
#!/bin/sh
case "$*" in
  "--help") printf 'usage\n\nCommands:\n  create  make\n  start   go\n\nGlobal flags:\n  --root DIR\n' ;;
  "create --help") printf 'Flags:\n  -b, --bundle DIR  the bundle\n' ;;
  "--root /r list --quiet") printf 'one\ntwo\n' ;;
esac
FAKE
chmod +x "$TEST_TMPDIR/fake"
complete_words() { # prints what completes the last of the words
  bash --norc -uc 'source "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _hull; echo "${COMPREPLY[*]}"' \
    completion "$completion" "$TEST_TMPDIR/fake" "$@"
}
[ "$(complete_words '')" = "create start" ] || fail "commands: $(complete_words '')"
[ "$(complete_words create --b)" = "--bundle" ] || fail "flags: $(complete_words create --b)"
[ "$(complete_words --root /r start '')" = "one two" ] || fail "ids: $(complete_words --root /r start '')"
[ "$(complete_words kill one K)" = "KILL" ] || fail "signals: $(complete_words kill one K)"
echo PASS
