#!/usr/bin/env python3
"""Containers as units of a real systemd: `hull --systemd-cgroup` on cgroup v2, v1 and hybrid.

What a unit is shows `systemctl show`; what holds shows the cgroup itself.
"""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))
import harness
from harness import CGROUPS, Case, each, eventually

ROW = json.loads(os.environ["VM_ROW"])
V2 = ROW["cgroups"] == "v2"
SLEEP = ("/bin/probe", "sleep", "1000")
SYSTEMD = ("--systemd-cgroup",)
MIB = 1 << 20
KMSG = {"type": "c", "path": "/dev/kmsg", "major": 1, "minor": 11, "fileMode": 0o666}
ALLOW_KMSG = {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rw"}
DENY = {"allow": False, "access": "rwm"}


def systemctl(*words, check=True):
    run = subprocess.run(
        ["systemctl", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if check and run.returncode:
        raise AssertionError(f"systemctl {words}: {run.stdout}")
    return run.stdout


def show(unit, name):
    return systemctl("show", "--value", "--property", name, unit).strip()


def properties(unit):
    """All of them: a call of systemctl takes as long for one."""
    return dict(line.split("=", 1) for line in systemctl("show", unit).splitlines() if "=" in line)


def resources(**fields):
    def edit(spec):
        spec["linux"]["resources"].update(fields)

    return edit


def disk():
    """major:minor of some disk."""
    path = next(p for p in pathlib.Path("/sys/block").iterdir() if "nvme" in p.name)
    return [int(n) for n in (path / "dev").read_text().split(":")]


class Systemd(Case):
    prefix = "t"

    def setUp(self):
        super().setUp()
        self.unit = f"{self.prefix}-{self.dir.name}.scope"
        self.group = None

    def tearDown(self):
        super().tearDown()
        if self.unit.endswith(".scope"):  # a slice is always there, by its name alone
            self.assertEqual(show(self.unit, "LoadState"), "not-found", "the unit is left")
        left = list(pathlib.Path("/run/systemd").glob(f"*/{self.unit}*"))
        self.assertEqual(left, [], "files of the unit are left")

    def named(self, edit=None, path=None):
        """`edit`, and a unit of this case's own."""

        def both(spec):
            spec["linux"]["cgroupsPath"] = path or f":{self.prefix}:{self.dir.name}"
            if edit is not None:
                edit(spec)

        return both

    def unit_of(self, edit=None, path=None):
        """The id of a running container whose unit is self.unit."""
        container = self.create(*SLEEP, edit=self.named(edit, path), flags=SYSTEMD)
        self.ok("start", container)
        return container

    def directory(self, controller="memory"):
        if self.group is None:
            self.group = show(self.unit, "ControlGroup").lstrip("/")
        return (CGROUPS if V2 else CGROUPS / controller) / self.group

    def file(self, v2, v1):
        """The text of a file of the container's cgroup."""
        name = v2 if V2 else v1
        return (self.directory(name.split(".")[0]) / name).read_text().strip()


class Life(Systemd):
    def test_a_scope_with_the_process_in_it(self):
        container = self.unit_of()
        wanted = {
            "ActiveState": "active",
            "Slice": "system.slice",
            "Delegate": "yes",
            "MemoryAccounting": "yes",
            "ControlGroup": f"/system.slice/{self.unit}",
        }
        shown = properties(self.unit)
        self.assertEqual({name: shown[name] for name in wanted}, wanted)
        pids = (self.directory() / "cgroup.procs").read_text().split()
        self.assertEqual(pids, [str(self.pid(container))])

    def test_every_hierarchy_has_the_process(self):
        container = self.unit_of()
        for line in self.proc(container, "cgroup").splitlines():
            number, _, path = line.split(":", 2)
            if ROW["cgroups"] != "v1" or number != "0":  # which is mounted nowhere
                self.assertIn(self.unit, path, line)

    def test_delete_removes_the_unit_and_every_cgroup(self):
        container = self.unit_of()
        self.ok("delete", "--force", container)
        self.assertEqual(show(self.unit, "LoadState"), "not-found")
        self.assertEqual(harness.cgroup_directories(self.dir.name), set())

    def test_run_in_the_foreground_leaves_nothing(self):
        out = self.inside("/bin/cat", "/proc/self/cgroup", edit=self.named(), flags=SYSTEMD)
        self.assertIn(self.unit, out)
        self.assertEqual(show(self.unit, "LoadState"), "not-found")

    def test_the_name_without_a_path(self):
        container = self.create(
            *SLEEP, edit=lambda s: s["linux"].update(cgroupsPath=""), flags=SYSTEMD
        )
        self.assertEqual(show(f"hull-{container}.scope", "ActiveState"), "active")

    def test_nested_slices(self):
        self.addCleanup(systemctl, "stop", "hulltest.slice")
        self.unit_of(path=f"hulltest-a-b.slice:{self.prefix}:{self.dir.name}")
        self.assertEqual(
            show(self.unit, "ControlGroup"),
            f"/hulltest.slice/hulltest-a.slice/hulltest-a-b.slice/{self.unit}",
        )

    def test_the_root_slice(self):
        self.unit_of(path=f"-:{self.prefix}:{self.dir.name}")
        self.assertEqual(show(self.unit, "ControlGroup"), f"/{self.unit}")

    def test_a_name_with_a_plus(self):
        path = f":{self.prefix}:{self.dir.name}+x"
        self.unit = f"{self.prefix}-{self.dir.name}\\x2bx.scope"
        self.unit_of(path=path)
        self.assertEqual(show(self.unit, "ActiveState"), "active")

    def test_other_paths_are_refused(self):
        self.fails(
            "create",
            "--bundle",
            self.bundle(self.spec(*SLEEP)).path,
            self.new_id(),
            flags=SYSTEMD,
            saying="slice:prefix:name",
        )

    def test_a_slice_as_the_unit(self):
        self.unit = "hulltest-c.slice"
        self.addCleanup(systemctl, "stop", "hulltest.slice")
        container = self.unit_of(path="hulltest.slice::hulltest-c.slice")
        pids = (self.directory() / "cgroup.procs").read_text().split()
        self.assertEqual(pids, [str(self.pid(container))])
        self.ok("delete", "--force", container)
        eventually(lambda: show(self.unit, "ActiveState") == "inactive")
        self.assertEqual(show(self.unit, "ActiveState"), "inactive")

    def test_a_failed_unit_of_the_name_is_cleared_away(self):
        subprocess.run(
            ["systemd-run", "--scope", f"--unit={self.unit}", "-p", "RuntimeMaxSec=1", "sleep", "60"],
            stderr=subprocess.DEVNULL,
        )
        eventually(lambda: show(self.unit, "ActiveState") == "failed", 20)
        self.assertEqual(show(self.unit, "ActiveState"), "failed")
        self.unit_of()
        self.assertEqual(show(self.unit, "ActiveState"), "active")

    def test_a_running_unit_of_the_name_is_in_the_way(self):
        self.unit_of()
        container = self.new_id()
        bundle = self.bundle(self.spec(*SLEEP, edit=self.named()))
        self.fails("create", "--bundle", bundle.path, container, flags=SYSTEMD, saying="exists")
        self.assertEqual(show(self.unit, "ActiveState"), "active")
        self.assertNotIn(container, self.state_directories())

    def test_stopping_the_unit_stops_the_container(self):
        container = self.unit_of()
        systemctl("stop", self.unit)
        self.wait_for(container, "stopped")
        self.ok("delete", container)

    def test_exec_needs_no_flag(self):
        container = self.unit_of()
        out = self.exec(container, "/bin/cat", "/proc/self/cgroup")
        for line in out.splitlines():
            if ROW["cgroups"] != "v1" or not line.startswith("0:"):
                self.assertIn(self.unit, line)

    def test_pause_and_resume(self):
        container = self.unit_of()
        self.ok("pause", container)
        self.assertEqual(self.status(container), "paused")
        self.ok("resume", container)
        self.assertEqual(self.status(container), "running")

    def test_delete_of_a_paused_container(self):
        container = self.unit_of()
        self.ok("pause", container)
        self.ok("delete", "--force", container)

    def test_limits_that_fail_leave_no_unit(self):
        container = self.new_id()
        bundle = self.bundle(self.spec(*SLEEP, edit=self.named(resources(cpu={"cpus": "999"}))))
        self.fails("create", "--bundle", bundle.path, container, flags=SYSTEMD, saying="cpu.cpus")
        self.assertEqual(show(self.unit, "LoadState"), "not-found")

    def test_no_libsystemd_is_said(self):
        """The helper's loader does not find it; hull itself needs none."""
        library = os.path.realpath("/usr/lib/x86_64-linux-gnu/libsystemd.so.0")
        script = f'mount --bind /dev/null {library} && exec "$@"'
        self.runtime.prefix = ["unshare", "--mount", "sh", "-c", script, "sh"]
        bundle = self.bundle(self.spec(*SLEEP, edit=self.named()))
        self.fails(
            "create", "--bundle", bundle.path, self.new_id(), flags=SYSTEMD, saying="libsystemd.so.0"
        )
        self.assertIn("hull", self.ok("--version"))


class Limits(Systemd):
    """Fields of linux.resources: the unit's property and the cgroup's file, also after a reload."""

    ROWS = [  # (resources, {property: shown}, (v2 file, text), (v1 file, text))
        (
            {"memory": {"limit": 64 * MIB}},
            {"MemoryMax" if V2 else "MemoryLimit": str(64 * MIB)},
            ("memory.max", str(64 * MIB)),
            ("memory.limit_in_bytes", str(64 * MIB)),
        ),
        ({"pids": {"limit": 33}}, {"TasksMax": "33"}, ("pids.max", "33"), ("pids.max", "33")),
        (
            {"cpu": {"shares": 2048}},
            {"CPUWeight": "174"} if V2 else {"CPUShares": "2048"},
            ("cpu.weight", "174"),
            ("cpu.shares", "2048"),
        ),
        (
            {"cpu": {"quota": 12000, "period": 50000}},
            {"CPUQuotaPerSecUSec": "240ms", "CPUQuotaPeriodUSec": "50ms"},
            ("cpu.max", "12000 50000"),
            ("cpu.cfs_quota_us", "12000"),
        ),
        (
            {"cpu": {"cpus": "0", "mems": "0"}},
            {"AllowedCPUs": "0", "AllowedMemoryNodes": "0"} if V2 else {},
            ("cpuset.cpus", "0"),
            ("cpuset.cpus", "0"),
        ),
    ]
    ONLY_ON_V2 = [
        (
            {"memory": {"reservation": 32 * MIB}},
            {"MemoryLow": str(32 * MIB)},
            ("memory.low", str(32 * MIB)),
        ),
        (
            {"unified": {"memory.high": str(48 * MIB), "memory.min": "4096"}},
            {"MemoryHigh": str(48 * MIB), "MemoryMin": "4096"},
            ("memory.high", str(48 * MIB)),
        ),
        (
            {"unified": {"io.weight": "default 250"}},
            {"IOWeight": "250"},
            ("io.weight", "default 250"),
        ),
    ]

    def test_each_field(self):
        """In one container: a reload takes seconds under emulation."""
        rows = [(f, p, v2 if V2 else v1) for f, p, v2, v1 in self.ROWS]
        together = {}
        for fields, _, _ in rows + self.ONLY_ON_V2 * V2:
            for kind, values in fields.items():
                together.setdefault(kind, {}).update(values)
        self.unit_of(resources(**together))
        for when in ("at once", "after a reload", "after other properties"):
            shown = properties(self.unit)
            for fields, wanted, (file, text) in rows + self.ONLY_ON_V2 * V2:
                with self.subTest(when, fields=fields):
                    self.assertEqual({name: shown[name] for name in wanted}, wanted)
                    self.assertEqual(self.file(file, file).split("\n")[0], text)
            if when == "at once":
                systemctl("daemon-reload")
            else:
                systemctl("set-property", "--runtime", self.unit, "CPUAccounting=no")

    def test_a_throttled_disk(self):
        major, minor = disk()
        rate = {"major": major, "minor": minor, "rate": 4096000}
        self.unit_of(resources(blockIO={"throttleReadBpsDevice": [rate]}))
        name = "IOReadBandwidthMax" if V2 else "BlockIOReadBandwidth"
        self.assertIn("4096000", show(self.unit, name))
        systemctl("daemon-reload")
        text = self.file("io.max", "blkio.throttle.read_bps_device")
        self.assertIn(f"{major}:{minor} ", text)
        self.assertIn("4096000", text)

    def test_the_exact_quota_is_in_the_file(self):
        self.unit_of(resources(cpu={"quota": 12345, "period": 100000}))
        self.assertEqual(show(self.unit, "CPUQuotaPerSecUSec"), "130ms")
        self.assertEqual(self.file("cpu.max", "cpu.cfs_quota_us").split()[0], "12345")

    def test_the_memory_limit_kills(self):
        result = self.run_args(
            "/bin/probe",
            "eat",
            "200",
            edit=self.named(resources(memory={"limit": 32 * MIB, "swap": 32 * MIB})),
            flags=SYSTEMD,
        )
        self.assertEqual(result.code, 137, result)
        self.assertEqual(show(self.unit, "LoadState"), "not-found", "nor is it left as failed")


class Update(Systemd):
    def test_unit_and_file(self):
        container = self.unit_of(resources(memory={"limit": 64 * MIB}, pids={"limit": 20}))
        self.ok("update", "--memory", str(96 * MIB), "--pids-limit", "44", container)
        for when in ("at once", "after a reload"):
            shown = properties(self.unit)
            self.assertEqual(shown["MemoryMax" if V2 else "MemoryLimit"], str(96 * MIB), when)
            self.assertEqual(self.file("memory.max", "memory.limit_in_bytes"), str(96 * MIB), when)
            self.assertEqual(shown["TasksMax"], "44", when)
            self.assertEqual(self.file("pids.max", "pids.max"), "44", when)
            if when == "at once":
                systemctl("daemon-reload")

    def test_half_of_quota_and_period(self):
        container = self.unit_of(resources(cpu={"quota": 20000, "period": 50000}))
        self.ok("update", "--cpu-quota", "12340", container)
        self.assertEqual(show(self.unit, "CPUQuotaPerSecUSec"), "250ms")
        self.assertEqual(show(self.unit, "CPUQuotaPeriodUSec"), "50ms")
        self.assertEqual(self.file("cpu.max", "cpu.cfs_quota_us").split()[0], "12340")

    def test_all_or_nothing(self):
        container = self.unit_of(resources(memory={"limit": 64 * MIB}, cpu={"quota": 12345}))
        self.fails(
            "update",
            "--memory",
            str(96 * MIB),
            "--cpu-quota",
            "50000",
            "--cpuset-cpus",
            "999",
            container,
        )
        self.assertEqual(show(self.unit, "MemoryMax" if V2 else "MemoryLimit"), str(64 * MIB))
        self.assertEqual(self.file("memory.max", "memory.limit_in_bytes"), str(64 * MIB))
        self.assertEqual(show(self.unit, "CPUQuotaPerSecUSec"), "130ms")
        self.assertEqual(self.file("cpu.max", "cpu.cfs_quota_us").split()[0], "12345")

    def test_device_rules(self):
        def devices(spec):
            spec["linux"]["devices"] = [KMSG]
            spec["linux"]["resources"]["devices"] = [DENY]

        container = self.unit_of(devices)
        self.assertEqual(self.open_kmsg(container), "EPERM")
        change = self.host_file("change.json", json.dumps({"devices": [DENY, ALLOW_KMSG]}))
        self.ok("update", "--resources", change, container)
        self.assertEqual(self.open_kmsg(container), "ok")
        self.assertIn("/dev/char/1:11 rw", show(self.unit, "DeviceAllow"))
        systemctl("daemon-reload")
        self.assertEqual(self.open_kmsg(container), "ok")
        self.assertEqual(self.open_kmsg(container, "/dev/null"), "ok")
        change.write_text(json.dumps({"devices": [DENY]}))
        self.ok("update", "--resources", change, container)
        self.assertEqual(self.open_kmsg(container), "EPERM")
        systemctl("daemon-reload")
        self.assertEqual(self.open_kmsg(container), "EPERM")

    def open_kmsg(self, container, path="/dev/kmsg"):
        return self.runtime("exec", container, "/bin/probe", "write", path).out.strip()


class Devices(Systemd):
    def test_rules_hold_also_after_a_reload(self):
        def devices(spec):
            spec["linux"]["devices"] = [KMSG, {**KMSG, "path": "/dev/other", "minor": 4}]
            spec["linux"]["resources"]["devices"] = [DENY, ALLOW_KMSG]

        container = self.unit_of(devices)
        self.assertEqual(show(self.unit, "DevicePolicy"), "strict")
        outcomes = {"/dev/kmsg": "ok", "/dev/other": "EPERM", "/dev/null": "ok"}
        for when in ("at once", "after a reload and another property"):
            for path, outcome in outcomes.items():
                out = self.runtime("exec", container, "/bin/probe", "write", path).out
                self.assertEqual(out.strip(), outcome, f"{path} {when}")
            if when == "at once":
                systemctl("daemon-reload")
                systemctl("set-property", "--runtime", self.unit, "CPUAccounting=no")

    def test_all_devices(self):
        def devices(spec):
            spec["linux"]["devices"] = [KMSG]
            spec["linux"]["resources"]["devices"] = [{"allow": True, "access": "rwm"}]

        container = self.unit_of(devices)
        self.assertEqual(show(self.unit, "DevicePolicy"), "auto")
        self.assertEqual(self.exec(container, "/bin/probe", "write", "/dev/kmsg").strip(), "ok")


class Annotations(Systemd):
    def annotated(self, **properties):
        def edit(spec):
            spec["annotations"] = {f"org.systemd.property.{k}": v for k, v in properties.items()}

        return edit

    def test_of_engines(self):
        self.unit_of(
            self.annotated(
                KillSignal="15",
                TimeoutStopUSec="uint64 10000000",
                RuntimeMaxSec="3600",
                After="['dbus.service']",
                Description="'a container'",
            )
        )
        shown = properties(self.unit)
        self.assertEqual(shown["TimeoutStopUSec"], "10s")
        self.assertEqual(shown["RuntimeMaxUSec"], "1h")
        self.assertEqual(shown["KillSignal"], "15")
        self.assertIn("dbus.service", shown["After"])
        self.assertEqual(shown["Description"], "a container")

    def test_refused(self):
        for name, value in {"PIDs": "[uint32 1]", "Wants": "['x.service']", "A1": "1"}.items():
            container = self.new_id()
            edit = self.named(self.annotated(**{name: value}))
            bundle = self.bundle(self.spec(*SLEEP, edit=edit))
            self.fails("create", "--bundle", bundle.path, container, flags=SYSTEMD, saying=name)

    def test_refused_by_systemd(self):
        container = self.new_id()
        edit = self.named(self.annotated(KillMode="'nonsense'"))
        bundle = self.bundle(self.spec(*SLEEP, edit=edit))
        self.fails(
            "create", "--bundle", bundle.path, container, flags=SYSTEMD, saying=[self.unit, "kill"]
        )


if __name__ == "__main__":
    harness.main()
