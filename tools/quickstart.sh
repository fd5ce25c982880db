#!/usr/bin/env bash
# Shows hull at work on a fresh Debian 12 machine, as root: installs what is missing by apt, builds
# hull, makes a bundle out of busybox and runs containers in it. Every command is printed before it
# runs. Run it as often as you like.
#
# usage: tools/quickstart.sh [DIR]     the bundle goes to DIR (default /tmp/hull-quickstart)
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/dev/packages.sh
case ${1:-} in
  -*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
[ "$(id -u)" -eq 0 ] || die "run it as root"

bundle=${1:-/tmp/hull-quickstart}
need_packages "${BUILD_PACKAGES[@]}" "${QUICKSTART_PACKAGES[@]}"
configure_bazel

say "building hull"
show $BAZEL build -c opt --noshow_progress //tools:runtime </dev/null
show mkdir -p "$bundle"/rootfs/{bin,dev,etc,proc,sys,tmp}
show install -m 755 "$($BAZEL info -c opt bazel-bin 2>/dev/null)/tools/runtime" "$bundle/hull"

say "a root filesystem out of busybox, and the default config.json"
show install -m 755 /bin/busybox "$bundle/rootfs/bin/busybox"
for applet in $(/bin/busybox --list); do
  [ "$applet" = busybox ] || ln -sf busybox "$bundle/rootfs/bin/$applet"
done
cd "$bundle"
show rm -f config.json
show ./hull spec

# Makes the container's command that of the arguments, without a terminal.
set_command() {
  echo "$bold# process.args in config.json:$plain$(quoted "$@")"
  python3 - "$@" <<'PYTHON'
import json, sys
with open("config.json") as file:
    config = json.load(file)
config["process"].update(terminal=False, args=sys.argv[1:])
with open("config.json", "w") as file:
    json.dump(config, file, indent=2)
PYTHON
}

# What this run, or one before it that was interrupted, left behind.
remove_containers() {
  for id in quickstart-run quickstart-steps; do
    ./hull delete --force "$id" >/dev/null 2>&1 || true
  done
}
remove_containers
trap remove_containers EXIT

say "a container from beginning to end"
set_command sh -c 'echo "pid $$ on $(hostname)"; ps; ls; exit 7'
code=0
show ./hull run quickstart-run </dev/null || code=$?
echo "(exit code $code: that of the container's command)"
[ "$code" -eq 7 ] || die "expected 7"

say "the same, step by step, as an engine does it"
set_command sleep 1000
show ./hull create quickstart-steps </dev/null
show ./hull state quickstart-steps
show ./hull start quickstart-steps
show ./hull list
show ./hull exec quickstart-steps ps </dev/null
show ./hull kill quickstart-steps KILL
until ./hull state quickstart-steps | grep -q '"stopped"'; do sleep 0.05; done
show ./hull delete quickstart-steps
show ./hull list

say "done: the program is $bundle/hull, the bundle $bundle"
