#!/usr/bin/env python3
"""Makes the initramfs that finds the root file system: busybox and one script.

usage: mkinitrd.py BUSYBOX-STATIC.deb INIT OUT
"""

import gzip
import pathlib
import sys

import deb


def member(number, name, mode, content=b""):
    """One member of a cpio archive in the kernel's format (newc)."""
    fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
    header = b"070701" + b"".join(b"%08X" % f for f in fields) + name.encode() + b"\0"
    return header + b"\0" * (-len(header) % 4) + content + b"\0" * (-len(content) % 4)


def main():
    package, script, out = sys.argv[1:]
    busybox = next(c for info, c in deb.members(package) if info.name == "usr/bin/busybox")
    entries = [(name, 0o40755, b"") for name in ("bin", "dev", "proc", "sys", "sysroot")]
    entries.append(("bin/busybox", 0o100755, busybox))
    entries += [(f"bin/{name}", 0o120777, b"busybox") for name in ("sh", "mount", "cat")]
    entries.append(("init", 0o100755, pathlib.Path(script).read_bytes()))
    cpio = b"".join(member(i + 1, *e) for i, e in enumerate(entries)) + member(0, "TRAILER!!!", 0)
    pathlib.Path(out).write_bytes(gzip.compress(cpio, 6, mtime=0))


if __name__ == "__main__":
    main()
