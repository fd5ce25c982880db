# shellcheck shell=bash disable=SC2034
# Sourced by the scripts here: what hull needs of apt, and how it is installed.
#
#   need_packages NAME...   installs those that are missing; root only if any is
#
# BAZEL, if set, is the bazel command with its start-up options.

BUILD_PACKAGES=(bazel-bootstrap g++ pkg-config libprotobuf-dev libseccomp-dev libsystemd-dev
  protobuf-compiler python3 git ca-certificates)
# The gold linker, which lays out the program, is a package of its own since Debian 13.
! grep -qs 'VERSION_ID="13"' /etc/os-release || BUILD_PACKAGES+=(binutils-gold)
CHECK_PACKAGES=(clang-format-14 clang-tidy-14 shellcheck)
QUICKSTART_PACKAGES=(busybox-static)
TEST_PACKAGES=(busybox-static podman buildah conmon crun runc uidmap iproute2 procps util-linux)
FUZZ_PACKAGES=(clang-14 libclang-rt-14-dev)

BAZEL=${BAZEL:-bazel}

bold='' plain=''
[ ! -t 1 ] || bold=$'\033[1m' plain=$'\033[0m'

say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# The arguments as they could be typed.
quoted() {
  local word
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./:=@,+-]* | '') printf ' %s' "${word@Q}" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
}

# Prints a command, then runs it.
show() {
  echo "$bold\$$(quoted "$@")$plain"
  "$@"
}

missing_packages() {
  local name
  for name in "$@"; do
    case $(dpkg-query -W -f '${Status}' "$name" 2>/dev/null) in
      "install ok installed") ;;
      *) echo "$name" ;;
    esac
  done
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# A package's service must not start because somebody tries out a container runtime.
keep_services_stopped() {
  [ ! -e /usr/sbin/policy-rc.d ] || return 0
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

need_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "installing ${missing[*]}"
  [ "$(id -u)" -eq 0 ] || die "not root: apt-get install --no-install-recommends ${missing[*]}"
  (
    keep_services_stopped
    # Lists that are missing or out of date show as a name or a file that apt cannot get.
    apt_install "${missing[@]}" || { apt-get update -q </dev/null || true; apt_install "${missing[@]}"; }
  ) || die "apt could not install ${missing[*]}"
}

# third_party/repositories.bzl asks apt for its mirror, and apt knows none before its first update.
need_mirror() {
  [ -z "$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages')" ] || return 0
  apt-get update -q </dev/null || true # that some other source fails is no matter here
}

# Debian's Bazel 4 and 7 want different files; 7 is told so in the git-ignored user.bazelrc.
configure_bazel() {
  need_mirror
  : "${HOME:=/root}"
  export HOME
  case $($BAZEL --version 2>/dev/null) in
    *" 7."*) grep -qs config=debian7 user.bazelrc || echo "common --config=debian7" >>user.bazelrc ;;
  esac
}
