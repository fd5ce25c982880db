#!/usr/bin/env python3
"""Containers as units of a user's systemd: `hull --systemd-cgroup` without privileges.

The machine's `user` is 1000, may use the ids from 100000 on, and has a user manager.
"""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))
import harness
from harness import CGROUPS, Case

UID = os.getuid()
MAPPINGS = [
    {"containerID": 0, "hostID": UID, "size": 1},
    {"containerID": 1, "hostID": 100000, "size": 65536},
]
SLEEP = ("/bin/probe", "sleep", "1000")
SYSTEMD = ("--systemd-cgroup",)
MIB = 1 << 20


def systemctl(*words):
    run = subprocess.run(
        ["systemctl", "--user", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if run.returncode:
        raise AssertionError(f"systemctl {words}: {run.stdout}")
    return run.stdout


def show(unit, name):
    return systemctl("show", "--value", "--property", name, unit).strip()


class UserSystemd(Case):
    def setUp(self):
        super().setUp()
        self.unit = f"t-{self.dir.name}.scope"

    def tearDown(self):
        super().tearDown()
        self.assertEqual(show(self.unit, "LoadState"), "not-found", "the unit is left")

    def edit(self, **resources):
        def change(spec):
            harness.add_namespace(spec, "user")
            spec["linux"].update(uidMappings=MAPPINGS, gidMappings=MAPPINGS)
            spec["linux"]["cgroupsPath"] = f":t:{self.dir.name}"
            spec["linux"]["resources"].update(resources)

        return change

    def unit_of(self, flags=SYSTEMD, **resources):
        container = self.create(*SLEEP, edit=self.edit(**resources), flags=flags)
        self.ok("start", container)
        return container

    def file(self, name):
        path = show(self.unit, "ControlGroup").lstrip("/")
        return (CGROUPS / path / name).read_text().strip()

    def test_a_scope_of_the_users_manager(self):
        container = self.unit_of()
        self.assertEqual(show(self.unit, "ActiveState"), "active")
        self.assertEqual(
            show(self.unit, "ControlGroup"),
            f"/user.slice/user-{UID}.slice/user@{UID}.service/user.slice/{self.unit}",
        )
        self.assertEqual(self.file("cgroup.procs"), str(self.pid(container)))

    def test_limits(self):
        self.unit_of(memory={"limit": 64 * MIB}, pids={"limit": 33}, cpu={"quota": 12000})
        for _ in range(2):
            self.assertEqual(show(self.unit, "MemoryMax"), str(64 * MIB))
            self.assertEqual(self.file("memory.max"), str(64 * MIB))
            self.assertEqual(show(self.unit, "TasksMax"), "33")
            self.assertEqual(self.file("pids.max"), "33")
            self.assertEqual(show(self.unit, "CPUQuotaPerSecUSec"), "120ms")
            self.assertEqual(self.file("cpu.max"), "12000 100000")
            systemctl("daemon-reload")

    def test_update(self):
        container = self.unit_of(memory={"limit": 64 * MIB})
        self.ok("update", "--memory", str(96 * MIB), container)
        self.assertEqual(show(self.unit, "MemoryMax"), str(96 * MIB))
        self.assertEqual(self.file("memory.max"), str(96 * MIB))

    def test_exec(self):
        """Also where this process is in no cgroup of the user's manager."""
        container = self.unit_of()
        self.assertIn(self.unit, self.exec(container, "/bin/cat", "/proc/self/cgroup"))

    def test_pause_resume_delete(self):
        container = self.unit_of()
        self.ok("pause", container)
        self.assertEqual(self.status(container), "paused")
        self.ok("resume", container)
        self.ok("delete", "--force", container)
        self.assertEqual(show(self.unit, "LoadState"), "not-found")

    def test_the_bus_by_its_address_alone(self):
        """Without XDG_RUNTIME_DIR the usual place is tried, and the address of the environment."""
        env = {k: v for k, v in os.environ.items() if k != "XDG_RUNTIME_DIR"}
        out = self.run_args("/bin/cat", "/proc/self/cgroup", edit=self.edit(), flags=SYSTEMD, env=env)
        self.assertIn(self.unit, out.out, out)

    def test_no_manager_is_said(self):
        env = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": "/nowhere"}
        bundle = self.bundle(self.spec(*SLEEP, edit=self.edit()))
        self.fails(
            "create",
            "--bundle",
            bundle.path,
            self.new_id(),
            flags=SYSTEMD,
            env=env,
            saying=["no connection to systemd", "enable-linger"],
        )


if __name__ == "__main__":
    harness.main()
