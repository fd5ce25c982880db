#!/usr/bin/env python3
"""Podman as root with hull as its runtime and systemd as its manager of cgroups."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))
import harness
from harness import Case

V2 = json.loads(os.environ["VM_ROW"])["cgroups"] == "v2"
MIB = 1 << 20


def show(unit, name):
    command = ["systemctl", "show", "--value", "--property", name, unit]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


class ByPodman(Case):
    def podman(self, *words):
        command = ["podman", f"--runtime={harness.RUNTIME}", "--cgroup-manager=systemd"]
        where = [f"--root={self.dir}/graph", f"--runroot={self.dir}/run", "--storage-driver=vfs"]
        run = subprocess.run(
            [*command, *where, "--events-backend=file", *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
        self.assertEqual(run.returncode, 0, f"podman {words}: {run.stderr}")
        return run.stdout.strip()

    def test_limits_exec_and_removal(self):
        rootfs = self.bundle(self.spec("/bin/true")).rootfs
        limits = ["--memory=64m", "--cpus=0.5", "--pids-limit=40"]
        command = ["--rootfs", rootfs, "/bin/probe", "sleep", "1000"]
        full = self.podman("run", "--detach", "--network=none", "--name=c", *limits, *command)
        self.addCleanup(self.podman, "rm", "--all", "--force", "--time=0")
        unit = f"libpod-{full}.scope"
        self.assertEqual(show(unit, "Slice"), "machine.slice")
        self.assertEqual(show(unit, "MemoryMax" if V2 else "MemoryLimit"), str(64 * MIB))
        self.assertEqual(show(unit, "CPUQuotaPerSecUSec"), "500ms")
        self.assertEqual(show(unit, "TasksMax"), "40")
        pids = self.podman("exec", "c", "/bin/sh", "-c", "echo $$")
        self.assertTrue(pids.isdigit(), pids)
        self.podman("rm", "--force", "--time=0", "c")
        self.assertEqual(show(unit, "LoadState"), "not-found")


if __name__ == "__main__":
    harness.main()
