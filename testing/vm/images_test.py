#!/usr/bin/env python3
"""That the images are the same bytes whoever makes them, wherever and whenever.

usage: images_test.py TOOLS CONF IMAGE PACKAGE.deb... FILE=PATH...      (mkrootfs.py's inputs)
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
TOOLS, CONF, IMAGE, *INPUTS = sys.argv[1:]


def digest(path):
    hasher = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            hasher.update(piece)
    return hasher.hexdigest()


class Images(unittest.TestCase):
    def test_the_root_file_system_is_reproducible(self):
        with tempfile.TemporaryDirectory() as directory:
            out = pathlib.Path(directory) / "elsewhere.ext4"
            environment = {"PATH": os.environ["PATH"], "TZ": "Asia/Kathmandu", "HOME": "/nowhere"}
            environment.update(LC_ALL="C", PYTHONHASHSEED="4711", TMPDIR=directory)
            subprocess.run(
                [HERE / "mkrootfs.py", "--tools", TOOLS, "--conf", CONF, "--out", out]
                + list(reversed(INPUTS)),
                env=environment,
                umask=0o077,
                check=True,
            )
            self.assertEqual(digest(out), digest(IMAGE))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
