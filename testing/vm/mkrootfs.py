#!/usr/bin/env python3
"""Makes the guests' root file system out of Debian packages, without root and without mounting.

usage: mkrootfs.py --tools TOOLS --conf DIRECTORY --out ROOTFS.ext4 PACKAGE.deb... FILE=PATH...

No maintainer script runs: what they would do, and this guest needs, is in conf/ and in the tables
below. A `FILE=PATH` puts a program of ours at PATH. The same inputs make the same bytes.
"""

import argparse
import io
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

import deb
import tools

MEGABYTES = 640  # of the file system; a sparse file

PRUNED = """
    usr/share/doc/ usr/share/man/ usr/share/locale/ usr/share/info/ usr/share/zoneinfo/
    usr/share/lintian/ usr/share/bash-completion/ usr/share/zsh/ usr/share/i18n/ usr/share/gdb/
    usr/share/bug/ usr/share/python3/ usr/share/perl5/ usr/lib/udev/hwdb.d/ usr/share/polkit-1/
    usr/lib/x86_64-linux-gnu/perl-base/ usr/lib/x86_64-linux-gnu/gconv/ usr/lib/systemd/catalog/
    usr/lib/python3.11/idlelib/ usr/lib/python3.11/lib2to3/ usr/lib/python3.11/pydoc_data/
    usr/lib/python3.11/test/ usr/lib/python3.11/ensurepip/ usr/lib/python3.11/tkinter/
    usr/lib/python3.11/distutils/ usr/lib/python3.11/turtledemo/
    usr/lib/systemd/system-generators/ usr/lib/systemd/user-generators/
""".split()  # the generators find nothing to make, and each reload of systemd runs them all

DIRECTORIES = {  # path: (mode, uid)
    **{path: (0o755, 0) for path in "boot dev etc home proc root run srv sys usr var mnt".split()},
    **{path: (0o1777, 0) for path in ("tmp", "var/tmp")},
    **{path: (0o755, 0) for path in ("var/lib", "var/log", "var/cache", "payload", "sysroot")},
    "home/user": (0o755, 1000),
    "home/other": (0o755, 1001),
    "var/lib/systemd/linger": (0o755, 0),
    "var/lib/dbus": (0o755, 0),
    "usr/lib/modules": (0o755, 0),
    "etc/systemd/system/vmtest.target.wants": (0o755, 0),
}

LINKS = {
    **{name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")},
    "usr/bin/awk": "mawk",
    "usr/bin/sh": "dash",
    "usr/bin/tar": "busybox",
    "usr/sbin/init": "/lib/systemd/systemd",
    "var/run": "/run",
    "var/lock": "/run/lock",
    "etc/mtab": "/proc/self/mounts",
    "etc/systemd/system/default.target": "vmtest.target",
    **{
        f"usr/sbin/{ip}{verb}": f"xtables-nft-multi"
        for ip in ("iptables", "ip6tables")
        for verb in ("", "-save", "-restore")
    },
}

# They cost seconds under emulation (coldplug 3 s), wait for what never comes, or set up what conf/
# has set up.
MASKED = """
    dev-hugepages.mount getty.target proc-sys-fs-binfmt_misc.automount systemd-ask-password-console.path
    systemd-ask-password-wall.path systemd-binfmt.service systemd-boot-system-token.service
    systemd-firstboot.service systemd-hwdb-update.service systemd-journal-catalog-update.service
    systemd-journal-flush.service systemd-machine-id-commit.service systemd-pcrphase.service
    systemd-pcrphase-initrd.service systemd-pcrphase-sysinit.service systemd-random-seed.service
    systemd-repart.service systemd-sysusers.service systemd-udev-settle.service
    systemd-udev-trigger.service systemd-update-done.service systemd-update-utmp.service
    systemd-update-utmp-runlevel.service udev-load-credentials.service systemd-networkd.service
    systemd-timesyncd.service apparmor.service e2scrub_reap.service podman.service podman.socket
    podman-auto-update.timer podman-restart.service
""".split()

MODES = {"etc/shadow": (0o640, 42)}  # path: (mode, gid)


def read_packages(paths):
    """{path: (TarInfo, content)} of all packages, the later name winning."""
    tree = {}
    for path in sorted(paths, key=os.path.basename):
        for info, content in deb.members(path):
            if not any((info.name + "/").startswith(p) for p in PRUNED):
                tree[info.name] = (info, content)
    return tree


def entry(name, kind, mode, uid=0, gid=0, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.linkname = kind, mode, uid, gid, link
    return info


def put_file(tree, name, content, mode):
    mode, gid = MODES.get(name, (mode, 0))
    info = entry(name, tarfile.REGTYPE, mode, gid=gid)
    info.size = len(content)
    tree[name] = (info, content)


def add_configuration(tree, conf, programs):
    for name, (mode, uid) in DIRECTORIES.items():
        tree[name] = (entry(name, tarfile.DIRTYPE, mode, uid, uid), None)
    links = {**LINKS, **{f"etc/systemd/system/{unit}": "/dev/null" for unit in MASKED}}
    for name, target in links.items():
        tree[name] = (entry(name, tarfile.SYMTYPE, 0o777, link=target), None)
    for path in sorted(p for p in conf.rglob("*") if p.is_file()):
        put_file(tree, str(path.relative_to(conf)), path.read_bytes(), 0o644)
    for program in programs:
        source, target = program.split("=")
        put_file(tree, target.lstrip("/"), pathlib.Path(source).read_bytes(), 0o755)


def add_parents(tree):
    for name in list(tree):
        parts = name.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            parent = "/".join(parts[:depth])
            if parent not in tree:
                tree[parent] = (entry(parent, tarfile.DIRTYPE, 0o755), None)


def write_tar(tree, path):
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        # A hard link comes after what it names.
        for name in sorted(tree, key=lambda n: (tree[n][0].islnk(), n)):
            info, content = tree[name]
            info.name, info.mtime, info.uname, info.gname, info.pax_headers = name, 1, "", "", {}
            tar.addfile(info, io.BytesIO(content) if content is not None else None)


def compile_python(tree, scratch):
    """Adds the standard library's byte code: to compile it takes the guest seconds.

    The guest's own Python does it, through its own loader, so the host's version does not matter.
    """
    library = [n for n in tree if n.startswith("usr/lib/python3.11/") and tree[n][0].isreg()]
    shared = [n for n in tree if n.startswith("usr/lib/x86_64-linux-gnu/lib") and ".so" in n]
    programs = ["usr/bin/python3.11", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"]
    for name in (*library, *shared, *programs):
        info, content = tree[name]
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if info.issym():
            if not info.linkname.startswith("/"):
                path.symlink_to(info.linkname)
        elif content is not None:
            path.write_bytes(content)
            path.chmod(0o755)
    subprocess.run(
        [scratch / programs[1], "--library-path", scratch / "usr/lib/x86_64-linux-gnu"]
        + [
            scratch / programs[0],
            "-I",
            "-S",
            "-B",
            "-c",
            COMPILE,
            str(scratch),
            "usr/lib/python3.11",
        ],
        env={"PYTHONHASHSEED": "0"},
        check=True,
    )
    for path in sorted((scratch / "usr/lib/python3.11").rglob("*.pyc")):
        put_file(tree, str(path.relative_to(scratch)), path.read_bytes(), 0o644)


# What this Python imports itself is not to be written down (-B) with the time of day in it.
COMPILE = """
import sys
top, library = sys.argv[1:]
sys.path[:] = [f"{top}/{library}", f"{top}/{library}/lib-dynload"]
import compileall, py_compile
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
compileall.compile_dir(f"{top}/{library}", stripdir=top, quiet=2, invalidation_mode=mode)
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", required=True)
    parser.add_argument("--conf", type=pathlib.Path, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("inputs", nargs="+")
    args = parser.parse_args()
    tree = read_packages(i for i in args.inputs if "=" not in i)
    add_configuration(tree, args.conf, [i for i in args.inputs if "=" in i])
    with tempfile.TemporaryDirectory(prefix="rootfs-") as scratch:
        scratch = pathlib.Path(scratch)
        compile_python(tree, scratch)
        add_parents(tree)
        write_tar(tree, scratch / "root.tar")
        tools.Tools(args.tools).make_ext4(scratch / "root.tar", args.out, MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
