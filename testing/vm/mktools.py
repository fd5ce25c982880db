#!/usr/bin/env python3
"""Unpacks the programs that make and run the machines: QEMU, mke2fs, depmod and their libraries.

usage: mktools.py DIRECTORY PACKAGE.deb...

They run through their own dynamic loader (see run() in tools.py), so the host's libraries do not
matter. Links become copies: Bazel's caches may not keep them.
"""

import fnmatch
import pathlib
import posixpath
import sys

import deb

WANTED = [
    "etc/mke2fs.conf",
    "usr/bin/qemu-system-x86_64",
    "usr/bin/kmod",
    "usr/sbin/mke2fs",
    "usr/lib64/ld-linux-x86-64.so.2",
    "usr/lib/x86_64-linux-gnu/*.so*",
    "usr/lib/x86_64-linux-gnu/qemu/accel-tcg-x86_64.so",
    "usr/share/qemu/linuxboot_dma.bin",
    "usr/share/qemu/kvmvapic.bin",
    "usr/share/seabios/bios-256k.bin",
]


def wanted(name):
    # fnmatch's star matches slashes too; these are one folder deep.
    return any(fnmatch.fnmatchcase(name, w) and name.count("/") == w.count("/") for w in WANTED)


def main():
    top, files, links = pathlib.Path(sys.argv[1]), {}, {}
    for path in sorted(sys.argv[2:]):
        for info, content in deb.members(path):
            if info.isreg():
                files[info.name] = (info.mode, content)
            elif info.issym():
                target = posixpath.normpath(
                    posixpath.join(posixpath.dirname(info.name), info.linkname)
                )
                links[info.name] = deb.merged(target)
    for name in sorted(n for n in (*files, *links) if wanted(n)):
        source = name
        while source in links:
            source = links[source]
        if source not in files:
            continue  # into a package that is not here
        mode, content = files[source]
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(content)
        (top / name).chmod(mode)


if __name__ == "__main__":
    main()
