#!/usr/bin/env python3
"""Takes a kernel out of its packages: the kernel itself, and its modules as an ext4 image.

usage: mkkernel.py --tools TOOLS --vmlinuz OUT --modules OUT.ext4 PACKAGE.deb...
"""

import argparse
import io
import pathlib
import sys
import tarfile
import tempfile

import deb
import tools

# Hardware that the machines do not have.
PRUNED = ("drivers/gpu/", "drivers/scsi/", "drivers/usb/", "drivers/infiniband/", "drivers/hid/")


def read_kernel(paths):
    """(vmlinuz, version, {path below the modules' directory: content})."""
    vmlinuz, version, files = None, None, {}
    for path in paths:
        for info, content in deb.members(path):
            if content is None:
                continue
            if info.name.rsplit("/", 1)[-1].startswith("vmlinuz"):
                vmlinuz = content
            elif info.name.startswith("usr/lib/modules/"):
                version, name = info.name.split("/", 4)[3:]
                if not name.removeprefix("kernel/").startswith(PRUNED):
                    files[name] = content
    return vmlinuz, version, files


def write_tar(top, path):
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for file in sorted(top.rglob("*")):
            info = tarfile.TarInfo(str(file.relative_to(top)))
            info.mtime = 1
            if file.is_dir():
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
            else:
                content = file.read_bytes()
                info.size, info.mode = len(content), 0o644
                tar.addfile(info, io.BytesIO(content))


def main():
    parser = argparse.ArgumentParser()
    for option in ("tools", "vmlinuz", "modules"):
        parser.add_argument("--" + option, required=True)
    parser.add_argument("debs", nargs="+")
    args = parser.parse_args()
    vmlinuz, version, files = read_kernel(args.debs)
    pathlib.Path(args.vmlinuz).write_bytes(vmlinuz)
    tool = tools.Tools(args.tools)
    with tempfile.TemporaryDirectory(prefix="kernel-") as scratch:
        top = pathlib.Path(scratch) / "lib/modules"
        for name, content in files.items():
            path = top / version / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        tool.depmod(scratch, version)
        write_tar(top, pathlib.Path(scratch) / "modules.tar")
        size = sum(len(content) for content in files.values())
        tool.make_ext4(f"{scratch}/modules.tar", args.modules, size * 5 // 4 // 2**20 + 16)


if __name__ == "__main__":
    sys.exit(main())
