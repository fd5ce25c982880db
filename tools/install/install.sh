#!/usr/bin/env bash
# Installs hull, its man page and its bash completion.
#
# usage: bazel run //tools:install -- [--prefix=DIR] [--uninstall]     (default prefix /usr/local)
#   DESTDIR=DIR in the environment is put in front of every path, as packagers expect of it.
set -euo pipefail

usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; }

# The first three arguments come from BUILD.bazel, relative to here; the caller's come after them.
program=$PWD/$1 man_page=$PWD/$2 completion=$PWD/$3
shift 3
prefix=/usr/local uninstall=false
while [ $# -gt 0 ]; do
  case $1 in
    --prefix=*) prefix=${1#*=} ;;
    --prefix) prefix=${2:?--prefix needs a directory}; shift ;;
    --uninstall) uninstall=true ;;
    -h | --help) usage; exit 0 ;;
    *) echo "install: unknown argument '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
[ -n "$prefix" ] || { echo "install: --prefix needs a directory" >&2; exit 2; }
# `bazel run` starts this elsewhere: what is relative is so to where the user stands.
cd "${BUILD_WORKING_DIRECTORY:-$PWD}"
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac

# install_file MODE SOURCE TARGET: by rename, so that a running program keeps its file.
install_file() {
  local target=${DESTDIR:-}$3
  if $uninstall; then
    rm -fv "$target"
    return
  fi
  mkdir -p "${target%/*}"
  install -m "$1" "$2" "$target.new"
  mv -f "$target.new" "$target"
  echo "installed '$target'"
}

install_file 755 "$program" "$prefix/bin/hull"
install_file 644 "$man_page" "$prefix/share/man/man8/hull.8"
install_file 644 "$completion" "$prefix/share/bash-completion/completions/hull"
