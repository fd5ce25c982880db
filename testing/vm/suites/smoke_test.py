#!/usr/bin/env python3
"""That the machine is what its row asks for, and that hull starts in it."""

import json
import os
import pathlib
import platform
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))
import harness
from harness import CGROUPS, Case

ROW = json.loads(os.environ["VM_ROW"])  # the options of vm_test
DEVICES = ROW["devices"]


def read(path):
    return pathlib.Path(path).read_text().strip()


def run(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout


def mounts():
    """{mount point: file system's type}."""
    lines = [line.split() for line in read("/proc/self/mounts").splitlines()]
    return {line[1]: line[2] for line in lines}


class Machine(unittest.TestCase):
    def test_kernel(self):
        self.assertRegex(platform.release(), rf"^{ROW['kernel']}[.]")

    def test_init(self):
        self.assertEqual(read("/proc/1/comm"), "systemd" if ROW["init"] == "systemd" else "preinit")

    def test_cgroups(self):
        types = mounts()
        top, unified = types[str(CGROUPS)], types.get(str(CGROUPS / "unified"))
        v1 = "cgroup" in types.values()
        found = "v2" if top == "cgroup2" else "hybrid" if unified == "cgroup2" else "v1"
        self.assertEqual(found, ROW["cgroups"])
        self.assertEqual(v1, ROW["cgroups"] != "v2")

    def test_controllers(self):
        names = {"cpu", "memory", "pids", "cpuset", "hugetlb", "io"}
        if ROW["cgroups"] == "v2":
            self.assertLessEqual(names, set(read(CGROUPS / "cgroup.controllers").split()))
        else:
            types = mounts()
            for name in names - {"io"} | {"blkio", "devices", "freezer", "cpuacct"}:
                self.assertEqual(types[str((CGROUPS / name).resolve())], "cgroup")

    def test_user(self):
        self.assertEqual(os.getuid(), 1000 if ROW["user"] == "unprivileged" else 0)

    def test_systemd(self):
        """No unit failed, and the unprivileged user has a manager."""
        if ROW["init"] == "systemd":
            self.assertEqual(
                run("systemctl", "list-units", "--failed", "--plain", "--no-legend"), ""
            )
            if ROW["user"] == "unprivileged":
                version = run("systemctl", "--user", "show", "--property=Version", "--value")
                self.assertRegex(version, "^[0-9]+")

    def test_devices(self):
        nodes = len(list(pathlib.Path("/sys/devices/system/node").glob("node[0-9]*")))
        self.assertEqual(nodes, 2 if "numa" in DEVICES else 1)
        pages = read("/proc/sys/vm/nr_hugepages")
        self.assertEqual(pages, "64" if "hugepages" in DEVICES else "0")
        self.assertEqual(len(read("/proc/swaps").splitlines()), 2 if "swap" in DEVICES else 1)
        disks = len(list(pathlib.Path("/dev/vm").glob("scratch*")))
        self.assertEqual(disks, 2 if "scratch" in DEVICES else 0)
        apparmor = read("/sys/module/apparmor/parameters/enabled")
        self.assertEqual(apparmor, "Y" if "apparmor" in DEVICES else "N")
        self.assertEqual(pathlib.Path("/sys/fs/selinux").is_dir(), "selinux" in DEVICES)


class Hull(Case):
    def test_version(self):
        self.assertIn("hull", self.ok("--version"))

    def test_features(self):
        features = json.loads(self.ok("features"))
        self.assertIn("cgroup", features["linux"])


if __name__ == "__main__":
    harness.main()
