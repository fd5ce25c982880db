#!/usr/bin/env bash
# Checks what no compiler checks: format, clang-tidy, the arrows of DESIGN.md, and what must not be
# written into the repository. Installs its tools by apt if they are missing (as root).
#
# usage: tools/dev/check.sh [--fix] [format|text|arrows|scripts|tidy]...     (default: all of them)
#   --fix   lets clang-format rewrite the files instead of complaining
set -euo pipefail
cd "$(dirname "$0")/../.."
. tools/dev/packages.sh

fix=false
checks=()
for word in "$@"; do
  case $word in
    --fix) fix=true ;;
    format | text | arrows | scripts | tidy) checks+=("$word") ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
  esac
done
[ "${#checks[@]}" -gt 0 ] || checks=(format text scripts arrows tidy)

# Files of the repository, new ones included, that still exist. Whoever owns the checkout.
files() {
  git -c safe.directory="$PWD" ls-files --cached --others --exclude-standard -- "$@" | sort -u |
    while read -r file; do
      [ ! -f "$file" ] || echo "$file"
    done
}
[ -n "$(files .)" ] || die "no files: this needs a git checkout"

check_format() {
  if $fix; then
    files '*.cc' '*.h' | xargs clang-format-14 -i
  else
    files '*.cc' '*.h' | xargs clang-format-14 --dry-run --Werror
  fi
}

# The hosts that this machine's apt, pip and npm are set to: none belongs in the repository.
registry_hosts() {
  {
    apt-get indextargets --format '$(REPO_URI)'
    cat /etc/pip.conf ~/.config/pip/pip.conf ~/.npmrc 2>/dev/null
    env | grep -iE '^(pip_|npm_config_|goproxy)'
  } | grep -oE 'https?://[^/@ ]+' | sed 's,.*://,,; s,:.*,,' | sort -u
}

# Prints what `grep` finds, which is a finding; nothing found is success.
refuse() {
  local why=$1
  shift
  ! grep -nHE "$@" || { echo "check: $why"; return 1; }
}

check_text() {
  local bad=0 all code hosts child here=$HOME/.cache
  case $PWD in /*/*) here="$PWD" ;; esac
  mapfile -t all < <(files . ':!:*/testdata/*')
  mapfile -t code < <(files '*.cc' '*.h' '*.bzl' '*.py' '*.proto')
  hosts=$(registry_hosts | sed 's/\./\\./g' | paste -sd'|')
  refuse "a package registry's host is written down; ask apt for it" \
    "(${hosts:-no host})" "${all[@]}" || bad=1
  refuse "a path of somebody's machine is written down" \
    "(^|[^[:alnum:]_./<>-])(/work|/home/[a-z]+|/Users/[a-z]+|$here|$HOME/\.[a-z]+)(/|$)" "${all[@]}" || bad=1
  refuse "finish it or say in the closing note what is missing" '\b(TODO|FIXME|XXX)\b' \
    "${code[@]}" || bad=1
  mapfile -t child < <(files 'runtime/child/*.cc' 'runtime/child/*.h' runtime/sys/raw.h runtime/sys/unique_fd.h |
    grep -v _test.cc)
  if [ "${#child[@]}" -gt 0 ]; then
    refuse "the child process has no heap, no stdio, no Abseil" \
      '^ *# *include ("(absl|google|glog|spec|cgroups)/|<(string|vector|map|set|memory|functional|iostream|[a-z]*stream|cstdio|stdio\.h|cstdlib|stdlib\.h|regex|thread|mutex|optional\.h|pwd\.h|grp\.h|seccomp\.h)>)' \
      "${child[@]}" || bad=1
  fi
  return $bad
}

check_scripts() {
  files '*.sh' .ci/run | xargs shellcheck --severity=warning --external-sources
}

check_arrows() {
  BAZEL=$BAZEL python3 tools/dev/arrows.py
}

check_tidy() {
  # Headers that the build makes (protocol buffers, glog's) must be there.
  $BAZEL build --noshow_progress //... </dev/null || return
  BAZEL=$BAZEL python3 tools/dev/tidy.py
}

need_packages "${BUILD_PACKAGES[@]}" "${CHECK_PACKAGES[@]}"
configure_bazel
failed=()
for check in "${checks[@]}"; do
  started=$SECONDS
  say "$check"
  "check_$check" || failed+=("$check")
  echo "($((SECONDS - started)) s)"
done
[ "${#failed[@]}" -eq 0 ] || die "findings in: ${failed[*]}"
say "all clean: ${checks[*]}"
