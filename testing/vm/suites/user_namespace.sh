#!/bin/sh
# usage: user_namespace.sh PROGRAM [ARGUMENT]...
# Runs a program as root of a user namespace of the caller's, as rootless Podman runs a runtime: with
# the subordinate ids, mounts of its own, and a cgroup that the user manager delegates as all that is seen.
exec systemd-run --user --scope --quiet --collect -p Delegate=yes -- \
  unshare --user --map-root-user --map-auto --mount --cgroup -- sh -ec '
    mount -t tmpfs none /sys/fs  # the kernel mounts no cgroup2 on a cgroup2
    mkdir /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
    mkdir /sys/fs/cgroup/caller
    echo $$ >/sys/fs/cgroup/caller/cgroup.procs
    exec "$@"
  ' sh "$@"
