#!/usr/bin/env python3
"""Pins the newest packages that the machines are made of: writes locks/*.json.

usage: bazel run //testing/vm:relock [-- NAME...]      (default: every lock)

apt itself fetches and verifies the package lists of each suite, from the mirror that this machine is
set to, into a directory of its own. A lock names package, version, pool path, sha256 and size of
every archive, and no host: debs.bzl asks apt again for the mirror when it fetches.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# What the guest's user land needs; the rest comes by dependency. Debian's own maintainer scripts
# never run (mkrootfs.py), so what only they need stays out.
ROOTFS = """
    acl apparmor attr busybox-static catatonit conmon criu crun dbus dbus-user-session
    fuse-overlayfs iproute2 iptables kmod libcap2-bin libpam-runtime libpam-systemd login mawk mount
    netavark aardvark-dns numactl passwd podman procps python3 runc secilc slirp4netns strace
    systemd systemd-sysv udev uidmap usr-is-merged util-linux
"""
NOT_IN_ROOTFS = """
    adduser cdebconf debconf dpkg gawk golang-github-containers-image gnupg gpg gpgv gpgconf perl
    perl-base tar usrmerge e2fsprogs init-system-helpers debianutils sysvinit-utils media-types
    python3-protobuf python3-pkg-resources libpython3.11 ca-certificates openssl
"""

# name: suites, wanted packages, packages kept out
LOCKS = {
    "rootfs": (["bookworm", "bookworm-security"], ROOTFS, NOT_IN_ROOTFS),
    # mke2fs takes a tar since 1.47.1, so that owners need no root.
    "tools": (
        ["trixie", "trixie-security"],
        "qemu-system-x86 seabios e2fsprogs kmod libarchive13t64",
        "debconf perl dpkg adduser systemd udev init-system-helpers acl passwd",
    ),
    "linux-5.10": (["bullseye-security"], r"~linux-image-5\.10\.\d+-\d+-cloud-amd64", None),
    "linux-6.1": (["bookworm-security"], r"~linux-image-6\.1\.\d+-\d+-cloud-amd64", None),
    "linux-6.12": (
        ["trixie-security"],
        r"~linux-image-6\.12\.\d+\+deb13(\.\d+)?-cloud-amd64",
        None,
    ),
    "linux-7": (["trixie-backports"], r"~linux-binary-7\.\d+\.\d+\+deb13-cloud-amd64", None),
}


def mirrors():
    """(main, security): what this machine's apt is set to."""
    uris = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split()
    debian = [u.rstrip("/") for u in uris if "debian" in u]
    main = next(u for u in debian if "security" not in u)
    return main, next((u for u in debian if "security" in u), main + "-security")


class Apt:
    """apt with a state of its own, set to the suites of one lock."""

    def __init__(self, directory, suites):
        for name in ("lists/partial", "cache/archives/partial"):
            (directory / name).mkdir(parents=True)
        main, security = mirrors()
        sources = directory / "sources.list"
        sources.write_text(
            "".join(
                f"deb [signed-by={KEYRING} arch=amd64] "
                f"{security if s.endswith('-security') else main} {s} main\n"
                for s in suites
            )
        )
        self.options = [
            f"-oDir::Etc::sourcelist={sources}",
            "-oDir::Etc::sourceparts=-",
            f"-oDir::State::lists={directory}/lists",
            f"-oDir::Cache={directory}/cache",
            "-oAPT::Sandbox::User=root",
            "-oAcquire::Languages=none",
            "-oAcquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
        ]

    def update(self):
        subprocess.run(["apt-get", "-qq", *self.options, "update"], check=True)

    def stanzas(self):
        """Every package of every list, as {field: value}."""
        targets = subprocess.run(
            ["apt-get", *self.options]
            + ["indextargets", "--format", "$(FILENAME)", "Created-By: Packages"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        for path in targets.stdout.split():
            text = subprocess.run(
                ["/usr/lib/apt/apt-helper", "cat-file", path], stdout=subprocess.PIPE, check=True
            ).stdout.decode()
            for block in text.split("\n\n"):
                fields = dict(re.findall(r"^(\S+): (.*)$", block, re.MULTILINE))
                if fields:
                    yield fields


def newer(a, b):
    """Whether Debian's version `a` is greater than `b`."""
    return subprocess.run(["dpkg", "--compare-versions", a, "gt", b]).returncode == 0


def read_packages(stanzas):
    """({name: newest stanza}, {virtual name: names that provide it})."""
    packages, providers = {}, {}
    for fields in stanzas:
        name = fields["Package"]
        known = packages.get(name)
        if known is None or newer(fields["Version"], known["Version"]):
            packages[name] = fields
    for name, fields in sorted(packages.items()):
        for word in re.split(r",\s*", fields.get("Provides", "")):
            if word:
                providers.setdefault(word.split()[0].split(":")[0], []).append(name)
    return packages, providers


def dependencies(fields):
    """Lists of alternatives."""
    for key in ("Pre-Depends", "Depends"):
        for clause in re.split(r",\s*", fields.get(key, "")):
            if clause:
                yield [re.split(r"[\s(:]", word.strip())[0] for word in clause.split("|")]


def close(packages, providers, wanted, kept_out):
    """`wanted` and all it depends on. Of alternatives, what is in already, else the first."""
    chosen, queue = set(), list(wanted)
    while queue:
        name = queue.pop(0)
        if name in chosen:
            continue
        chosen.add(name)
        for names in dependencies(packages[name]):
            real = [
                n
                for word in names
                for n in ([word] if word in packages else providers.get(word, []))
            ]
            if not real:
                sys.exit(f"{name}: nothing provides any of {names}")
            if not any(n in chosen or n in kept_out or n in queue for n in real):
                queue.append(real[0])
    return chosen


def newest_kernel(packages, pattern):
    """The packages of the newest kernel; since 7.0 an image comes in three."""
    best = None
    for name in packages:
        if re.fullmatch(pattern, name) and (
            best is None or newer(packages[name]["Version"], packages[best]["Version"])
        ):
            best = name
    if best is None:
        sys.exit(f"no package is called {pattern}")
    parts = [best.replace("linux-binary-", f"linux-{part}-") for part in ("base", "modules")]
    return {best, *parts} if best.startswith("linux-binary-") else {best}


def resolve(name):
    suites, wanted, kept_out = LOCKS[name]
    with tempfile.TemporaryDirectory(prefix="hull-relock-") as directory:
        apt = Apt(pathlib.Path(directory), suites)
        apt.update()
        packages, providers = read_packages(apt.stanzas())
    if wanted.startswith("~"):
        chosen = newest_kernel(packages, wanted[1:])
    else:
        essential = [n for n, f in packages.items() if f.get("Essential") == "yes"]
        out = set(kept_out.split())
        roots = wanted.split() + (sorted(set(essential) - out) if name == "rootfs" else [])
        chosen = close(packages, providers, roots, out)
    return [
        {
            "package": n,
            "version": packages[n]["Version"],
            "path": packages[n]["Filename"],
            "sha256": packages[n]["SHA256"],
            "size": int(packages[n]["Size"]),
        }
        for n in sorted(chosen)
    ]


def main():
    locks = pathlib.Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY", ".")) / "testing/vm/locks"
    for name in sys.argv[1:] or LOCKS:
        if name not in LOCKS:
            sys.exit(f"no lock is called '{name}': {' '.join(LOCKS)}")
        entries = resolve(name)
        rows = ",\n".join("  " + json.dumps(e) for e in entries)
        (locks / f"{name}.json").write_text(f"[\n{rows}\n]\n")
        megabytes = sum(e["size"] for e in entries) / 1e6
        print(f"{name}: {len(entries)} packages, {megabytes:.1f} MB")


if __name__ == "__main__":
    main()
