"""Runs the pinned programs of mktools.py through their own dynamic loader."""

import os
import pathlib
import subprocess


class Tools:
    def __init__(self, top):
        self.top = pathlib.Path(top).resolve()
        self.libraries = self.top / "usr/lib/x86_64-linux-gnu"

    def command(self, program, *arguments, name=None):
        """The words that run `program`; some look at the name they are called by."""
        loader = str(self.top / "usr/lib64/ld-linux-x86-64.so.2")
        as_name = ["--argv0", name] if name else []
        words = [loader, "--library-path", self.libraries, *as_name, self.top / program]
        return [str(w) for w in (*words, *arguments)]

    def run(self, program, *arguments, name=None, **environment):
        subprocess.run(
            self.command(program, *arguments, name=name),
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), **environment},
            check=True,
        )

    def make_ext4(self, tar, image, megabytes):
        """An ext4 file system of a tar's members with their owners; the same bytes every time."""
        pathlib.Path(image).unlink(missing_ok=True)
        identity = "8a4ee7ac-29e6-4d4c-9e3f-5a9d3b1f7c21"
        self.run(
            "usr/sbin/mke2fs",
            *("-q", "-F", "-t", "ext4", "-O", "^has_journal,^metadata_csum_seed", "-m", "0"),
            *("-U", identity, "-E", f"hash_seed={identity},root_owner=0:0"),
            *("-d", tar, image, f"{megabytes}M"),
            name="mke2fs",
            SOURCE_DATE_EPOCH="1",
            E2FSPROGS_FAKE_TIME="1",
            MKE2FS_CONFIG=str(self.top / "etc/mke2fs.conf"),
        )

    def depmod(self, top, version):
        self.run("usr/bin/kmod", "-b", top, version, name="depmod")
