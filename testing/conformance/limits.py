"""Where the kernel keeps a container's limits: on v1, on v2, and on both at once."""

import os
import pathlib
import unittest

import harness
from harness import CGROUPS, V1, Case, PureV2

SLEEP = ("/bin/probe", "sleep", "1000")
KIB, MIB = 1 << 10, 1 << 20
TEST_DISK = os.environ.get("HULL_TEST_DISK")
ALL = "9223372036854771712"  # what v1 shows for no limit of memory


class Limit:
    """One file that a field of linux.resources is written to, as v1 and as v2 have it.

    Each of `v1` and `v2` is (file, text it must show); a tuple of texts where runtimes may differ,
    a function of the text where one line of several counts. None: that version has no such limit.
    """

    def __init__(self, controller, v1=None, v2=None):
        self.controller, self.v1, self.v2 = controller, v1, v2


def line(expected):
    """The file must have this line among others."""
    return lambda text: expected in text.splitlines()


def holds(expected):
    """The file must have these words."""
    return lambda text: expected in text


class Limits(Case):
    """Cases on the machine's own hierarchies; with PureV2 before it, on a tree of v2 alone."""

    @property
    def pure(self):
        return isinstance(self, PureV2) or not V1

    def unified(self):
        """Where the v2 tree is mounted for us, if anywhere."""
        return CGROUPS / "unified" if V1 else CGROUPS

    def on_v1(self, controller):
        return not self.pure and (CGROUPS / self.v1_name(controller)).is_dir()

    @staticmethod
    def v1_name(controller):
        return "blkio" if controller == "io" else controller

    def directory(self, container, controller):
        """The container's cgroup that has the files of `controller`; skips where nothing has."""
        paths = {}
        for entry in self.proc(container, "cgroup").splitlines():
            _, names, path = entry.split(":", 2)
            paths.update({name: path for name in names.split(",")})
        if self.on_v1(controller):
            name = self.v1_name(controller)
            return CGROUPS / name / paths[name][1:]
        controllers = (self.unified() / "cgroup.controllers").read_text().split()
        if controller not in controllers:
            self.skipTest(f"no {controller} controller in this tree")
        return self.unified() / paths[""][1:]

    def place(self, container, limit):
        """(path, expected) of a Limit; skips where this version or this kernel has no such file."""
        directory = self.directory(container, limit.controller)
        row = limit.v1 if self.on_v1(limit.controller) else limit.v2
        if row is None:
            self.skipTest(f"cgroup v{2 - self.on_v1(limit.controller)} has no such limit")
        for name in [row[0]] if isinstance(row[0], str) else row[0]:
            if (directory / name).exists():
                return directory / name, row[1]
        self.skipTest(f"the kernel has no {row[0]}")

    def require(self, limit):
        """Skips where a container of this machine has no such file, without making the limit."""
        container = self.create(*SLEEP)
        place = self.place(container, limit)
        self.ok("delete", "--force", container)
        return place

    def assert_limit(self, container, limit):
        path, expected = self.place(container, limit)
        text = path.read_text().strip()
        if callable(expected):
            self.assertTrue(expected(text), f"{path.name}: {text}")
        elif isinstance(expected, tuple):
            self.assertIn(text, expected, path.name)
        else:
            self.assertEqual(text, str(expected), path.name)

    def text(self, container, limit):
        return self.place(container, limit)[0].read_text()

    def limited(self, *args, start=False, **resources):
        def edit(spec):
            spec["linux"]["resources"].update(resources)

        return (self.start if start else self.create)(*(args or SLEEP), edit=edit)


# crun takes no cgroup v1 any more.
needs_its_tree = unittest.skipIf(harness.NAME == "crun" and V1, "this runtime knows v2 alone")


def disk():
    """(path, "MAJOR:MINOR") of a block device that can be named in limits, or None."""
    if TEST_DISK is not None:
        number = os.stat(TEST_DISK).st_rdev
        return TEST_DISK, f"{os.major(number)}:{os.minor(number)}"
    for entry in sorted(pathlib.Path("/sys/block").iterdir()):
        if entry.name.startswith(("vd", "sd", "nvme")) and (entry / "dev").exists():
            return f"/dev/{entry.name}", (entry / "dev").read_text().strip()
    return None
