#!/usr/bin/env python3
"""Limits in the kernel's own files, on this machine's cgroups and on a pure v2 tree."""

import json
import pathlib
import time
import unittest

import harness
from harness import CGROUPS, V1, Case, PureV2, each, eventually, hull_only

SLEEP = ("/bin/probe", "sleep", "1000")
MIB = 1 << 20
LEGACY = V1 and not harness.PURE_V2  # what the runtime under test sees


def own_cgroups():
    """{controller: path} of this process; "" is v2."""
    lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
    return {
        c: path for _, names, path in (l.split(":", 2) for l in lines) for c in names.split(",")
    }


class Limits(Case):
    def cgroup(self, container, controller):
        """The directory that /proc/PID/cgroup names."""
        for line in self.proc(container, "cgroup").splitlines():
            _, names, path = line.split(":", 2)
            if controller in names.split(","):
                return CGROUPS / controller / path[1:]
        self.fail(f"{container} is in no cgroup of {controller}")

    def limited(self, **resources):
        def edit(spec):
            spec["linux"]["resources"].update(resources)

        return self.create(*SLEEP, edit=edit)

    def assert_file(self, container, controller, name, expected):
        self.assertEqual(
            (self.cgroup(container, controller) / name).read_text().strip(), str(expected), name
        )


@unittest.skipUnless(LEGACY, "no v1 controllers are seen here")
class V1Limits(Limits):
    def test_devices_are_denied_but_for_the_usual(self):
        container = self.limited()
        text = (self.cgroup(container, "devices") / "devices.list").read_text().split("\n")
        for rule in (
            "c 1:3 rwm",
            "c 1:5 rwm",
            "c 1:8 rwm",
            "c 5:0 rwm",
            "c 136:* rwm",
            "c *:* m",
            "b *:* m",
        ):
            self.assertIn(rule, text)
        self.assertNotIn("a *:* rwm", text)

    def test_the_path_is_the_configs_in_every_hierarchy(self):
        container = self.create(*SLEEP)
        for controller in ("memory", "cpu", "pids", "devices", "freezer", "blkio", "cpuset"):
            self.assertEqual(
                self.cgroup(container, controller).name, self.dir.name + "-bundle-0", controller
            )

    def test_a_deep_path(self):
        path = f"/{self.dir.name}-deep"
        container = self.create(*SLEEP, edit=lambda s: s["linux"].update(cgroupsPath=path + "/a/b"))
        try:
            self.assertEqual(self.cgroup(container, "memory"), CGROUPS / f"memory{path}/a/b")
            self.ok("delete", "--force", container)
            self.assertFalse((CGROUPS / f"memory{path}/a/b").exists())
        finally:
            self.remove_parents(path, "a")

    def remove_parents(self, path, *names):
        """An engine's slice is the engine's: the runtime removes its own cgroup only."""
        for top in [p for p in CGROUPS.iterdir() if p.is_dir() and not p.is_symlink()]:
            for directory in [top / path[1:] / "/".join(names), top / path[1:]]:
                if directory.is_dir():
                    directory.rmdir()

    def test_a_relative_path_is_below_our_own(self):
        name = self.dir.name + "-relative"
        container = self.create(*SLEEP, edit=lambda s: s["linux"].update(cgroupsPath=name))
        own = own_cgroups()["memory"].rstrip("/")
        self.assertEqual(self.cgroup(container, "memory"), CGROUPS / f"memory{own}/{name}")

    def test_without_a_path_there_is_one_all_the_same(self):
        bundle = self.bundle(self.spec(*SLEEP))
        del bundle.spec["linux"]["cgroupsPath"]
        bundle.write()
        container = self.new_id()
        self.ok("create", "--bundle", bundle.path, container)
        self.assertIn(container, str(self.cgroup(container, "memory")))

    def test_pause_freezes(self):
        container = self.create(*SLEEP)
        self.ok("start", container)
        self.ok("pause", container)
        self.assert_file(container, "freezer", "freezer.state", "FROZEN")
        self.ok("resume", container)
        self.assert_file(container, "freezer", "freezer.state", "THAWED")

    def test_exec_lands_in_the_same(self):
        container = self.limited(pids={"limit": 50})
        self.ok("start", container)
        self.ok("exec", "-d", "--pid-file", self.dir / "pid", container, *SLEEP)
        pid = (self.dir / "pid").read_text()
        self.assertEqual(
            pathlib.Path(f"/proc/{pid}/cgroup").read_text(), self.proc(container, "cgroup")
        )

    def test_a_process_is_limited_before_it_runs(self):
        self.assertEqual(
            self.sh("cat /proc/self/cgroup").count(self.dir.name + "-bundle-0"),
            self.sh("cat /proc/self/cgroup").count(self.dir.name + "-bundle-1"),
        )

    @each(
        memory={"memory": {"limit": 64 * MIB, "swap": 32 * MIB}},
        cpuset={"cpu": {"cpus": "999"}},
        pagesize={"hugepageLimits": [{"pageSize": "3MB", "limit": 0}]},
    )
    def test_impossible(self, resources):
        self.refused(lambda s: s["linux"]["resources"].update(resources))

    def test_a_live_cgroup_is_not_taken_over(self):
        container = self.start(*SLEEP)
        path = f"/{self.dir.name}-bundle-0"
        bundle = self.bundle(self.spec(*SLEEP, edit=lambda s: s["linux"].update(cgroupsPath=path)))
        if harness.NAME == "hull":
            self.fails("create", "--bundle", bundle.path, self.new_id(), saying=path)
        self.assertEqual(self.status(container), "running")

    def test_memory_of_half_a_mebibyte_is_enough(self):
        self.assertEqual(
            self.run_args(
                "/bin/true",
                edit=lambda s: s["linux"]["resources"].update(
                    memory={"limit": 6 * MIB if harness.NAME != "hull" else 2 * MIB}
                ),
            ).code,
            0,
        )


class Pauses:
    """Frozen in the kernel's own file is cgroups' business; that nothing moves is everybody's."""

    def cpu_ticks(self, container):
        return self.proc(container, "stat").rsplit(")", 1)[1].split()[11:13]

    def test_nothing_is_computed_meanwhile(self):
        container = self.start("/bin/sh", "-c", "while :; do :; done")
        self.ok("pause", container)
        before = self.cpu_ticks(container)
        time.sleep(0.1)
        self.assertEqual(self.cpu_ticks(container), before)
        self.ok("resume", container)
        self.assertTrue(eventually(lambda: self.cpu_ticks(container) != before))

    def test_a_created_one(self):
        container = self.create(*SLEEP)
        self.ok("pause", container)
        self.assertEqual(self.status(container), "paused")
        self.ok("resume", container)
        self.assertEqual(self.status(container), "created")
        self.ok("start", container)
        self.assertEqual(self.status(container), "running")

    def test_a_list_shows_it(self):
        container = self.start(*SLEEP)
        self.ok("pause", container)
        states = json.loads(self.ok("list", "--format", "json"))
        self.assertEqual([s["status"] for s in states if s["id"] == container], ["paused"])

    def test_exec_is_refused(self):
        container = self.start(*SLEEP)
        self.ok("pause", container)
        result = self.runtime("exec", container, "/bin/true")
        self.assertNotEqual(result.code, 0)
        self.assertIn("paused", result.err)

    @hull_only("runc says other words, and crun resumes what is not paused")
    def test_the_wrong_status_is_named(self):
        container = self.start(*SLEEP)
        self.fails("resume", container, saying="container not paused")
        self.ok("pause", container)
        self.fails("pause", container, saying="that is paused")
        self.fails("start", container, saying="that is paused")
        self.ok("kill", container, "KILL")
        self.runtime("resume", container)  # v1 kills what is thawed, v2 what is frozen too
        self.wait_for(container, "stopped")
        self.fails("pause", container, saying="container not running")
        self.fails("resume", container, saying="that is stopped")


@unittest.skipIf(harness.NAME == "crun" and V1, "this runtime knows v2 alone")
class PausesHere(Pauses, Limits):
    """On what this machine has."""


class PausesV2(PureV2, Pauses, Limits):
    """On a tree of cgroup v2 alone."""


class SubCgroups:
    """`exec --cgroup` into what is there beneath the container's own."""

    def running(self):
        return self.start(*SLEEP)

    def cgroups(self, container, *words):
        """{controller: path} of a further process, below what init's is."""
        self.ok("exec", "-d", "--pid-file", self.dir / "pid", *words, container, *SLEEP)
        pid = (self.dir / "pid").read_text()
        text = pathlib.Path(f"/proc/{pid}/cgroup").read_text(), self.proc(container, "cgroup")
        mine, inits = (
            {c: path for _, names, path in (l.split(":", 2) for l in t.splitlines())
             for c in names.split(",")}
            for t in text
        )
        return {c: path[len(inits[c]) :] for c, path in mine.items() if path != inits[c]}

    @each(
        missing="none",
        outside="../x",
        inside_and_out="a/../../x",
        empty="",
        no_controller=":a",
        unknown_controller="no-such:/",
    )
    @hull_only("runc and crun take an empty one and say other words; crun exits with 1")
    def test_refused(self, word):
        container = self.running()
        result = self.fails("exec", "--cgroup", word, container, "/bin/true", code=255)
        self.assertIn("--cgroup", result.err)

    def test_several_without_controllers(self):
        words = ("--cgroup", "/", "--cgroup", "/")
        self.fails("exec", *words, self.running(), "/bin/true", code=255)

    def test_the_root_is_the_containers_own(self):
        self.assertEqual(self.cgroups(self.running(), "--cgroup", "/"), {})


@unittest.skipUnless(LEGACY, "no v1 controllers are seen here")
class SubCgroupsHere(SubCgroups, Limits):
    def make(self, container, *controllers):
        for controller in controllers:
            (self.cgroup(container, controller) / "sub").mkdir()

    def test_one_hierarchy(self):
        container = self.running()
        self.make(container, "memory")
        self.assertEqual(
            self.cgroups(container, "--cgroup", "memory:sub"), {"memory": "/sub"}
        )

    def test_several_hierarchies(self):
        container = self.running()
        self.make(container, "memory", "pids", "freezer")
        words = ("--cgroup", "memory,pids:/sub/", "--cgroup", "freezer:sub", "--cgroup", "devices:/")
        self.assertEqual(
            self.cgroups(container, *words),
            {"memory": "/sub", "pids": "/sub", "freezer": "/sub"},
        )

    @hull_only("runc says other words, and crun knows v2 alone")
    def test_one_path_has_to_be_in_every_hierarchy(self):
        container = self.running()
        self.make(container, "memory")
        result = self.fails("exec", "--cgroup", "sub", container, "/bin/true", code=255)
        self.assertIn("/sub'", result.err)


class SubCgroupsV2(PureV2, SubCgroups, Limits):
    def tree(self, container):
        """The container's cgroup, as this mount namespace sees the v2 tree."""
        path = next(l for l in self.proc(container, "cgroup").splitlines() if l.startswith("0::"))
        return (CGROUPS / "unified" if V1 else CGROUPS) / path[4:]

    def test_in_the_only_tree(self):
        container = self.running()
        (self.tree(container) / "sub").mkdir()
        self.assertEqual(self.cgroups(container, "--cgroup", "sub"), {"": "/sub"})

    @hull_only("runc says other words, and crun takes the controller for a part of the path")
    def test_controllers_are_of_v1(self):
        result = self.fails(
            "exec", "--cgroup", "memory:/", self.running(), "/bin/true", code=255
        )
        self.assertIn("give the path alone", result.err)

    def test_a_divided_cgroup(self):
        """The container's takes nobody any more: then init's, but not where its own was named."""
        container = self.running()
        tree = self.tree(container)
        controllers = (tree / "cgroup.controllers").read_text().split()
        domain = [c for c in controllers if c in ("hugetlb", "memory", "io")]
        if not domain:
            self.skipTest("no domain controller is left to the v2 tree")
        (tree / "init").mkdir()
        (tree / "init/cgroup.procs").write_text(str(self.pid(container)))
        (tree / "cgroup.subtree_control").write_text("+" + domain[0])
        self.assertEqual(self.cgroups(container), {})
        result = self.fails("exec", "--cgroup", "/", container, "/bin/true", code=255)
        if harness.NAME == "hull":
            self.assertIn("takes no process", result.err)
        self.assertEqual(self.cgroups(container, "--cgroup", "/init"), {})


class Disabled(Limits):
    @hull_only("runc has no --cgroup-manager")
    def test_no_cgroup_is_made(self):
        container = self.create(
            *SLEEP,
            flags=["--cgroup-manager", "disabled"],
            edit=lambda s: s["linux"].pop("resources"),
        )
        self.assertEqual(
            self.proc(container, "cgroup"), pathlib.Path("/proc/self/cgroup").read_text()
        )
        self.ok("start", container)
        self.assertEqual(self.status(container), "running")

    @hull_only("runc has no --cgroup-manager")
    def test_later_commands_need_not_be_told(self):
        container = self.start(
            *SLEEP,
            flags=["--cgroup-manager", "disabled"],
            edit=lambda s: s["linux"].pop("resources"),
        )
        self.ok("kill", container, "KILL")
        self.wait_for(container, "stopped")
        self.ok("delete", container)


class V2(PureV2, Limits):
    def cgroup(self, container, controller=""):
        """In the hybrid layout the same tree is mounted at "unified"."""
        path = self.proc(container, "cgroup").splitlines()[-1].split(":", 2)[2]
        mount = CGROUPS / "unified" if V1 else CGROUPS
        return mount / path[1:]

    def test_the_path_is_the_configs(self):
        container = self.create(*SLEEP)
        self.assertEqual(self.cgroup(container).name, self.dir.name + "-bundle-0")
        self.assertEqual(
            (self.cgroup(container) / "cgroup.procs").read_text(), f"{self.pid(container)}\n"
        )

    def test_lifecycle(self):
        self.assertEqual(self.sh("echo hello"), "hello\n")

    def test_exec(self):
        container = self.start(*SLEEP)
        self.assertEqual(
            self.exec(container, "/bin/cat", "/proc/self/cgroup"), self.proc(container, "cgroup")
        )

    def test_pause_freezes(self):
        container = self.start(*SLEEP)
        self.ok("pause", container)
        self.assertIn("frozen 1", (self.cgroup(container) / "cgroup.events").read_text())
        self.assertEqual(self.status(container), "paused")
        self.ok("resume", container)
        self.assertIn("frozen 0", (self.cgroup(container) / "cgroup.events").read_text())

    def test_kill_all(self):
        container = self.start(
            "/bin/sh",
            "-c",
            "sleep 1000 & sleep 1001; true",
            edit=lambda s: harness.remove_namespace(s, "pid"),
        )
        self.ok("kill", "--all", container, "KILL")
        self.wait_for(container, "stopped")
        self.ok("delete", container)

    def test_delete_force_of_a_paused_one(self):
        container = self.start(*SLEEP)
        self.ok("pause", container)
        self.ok("delete", "--force", container)

    def test_a_missing_controller_is_named(self):
        if not V1:
            self.skipTest("every controller is here")
        result = self.refused(lambda s: s["linux"]["resources"].update(memory={"limit": 64 * MIB}))
        if harness.NAME == "hull":
            self.assertIn("memory", result.err)

    def test_a_cgroup_namespace_starts_at_the_containers_own(self):
        self.assertEqual(
            self.sh(
                "cat /proc/self/cgroup", edit=lambda s: harness.add_namespace(s, "cgroup")
            ).splitlines()[-1],
            "0::/",
        )

    def test_a_mount_of_the_containers_own_tree(self):
        def edit(spec):
            harness.add_namespace(spec, "cgroup")
            spec["mounts"] += [
                {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]},
                {
                    "destination": "/sys/fs/cgroup",
                    "type": "cgroup",
                    "source": "cgroup",
                    "options": ["ro", "nosuid", "noexec", "nodev"],
                },
            ]

        out = self.sh(
            "cat /sys/fs/cgroup/cgroup.procs; probe write /sys/fs/cgroup/cgroup.freeze; true",
            edit=edit,
        )
        self.assertEqual(out.splitlines()[0], "1")
        self.assertIn("EROFS", out)

    def test_exec_into_it_after_the_container_delegated(self):
        container = self.start(*SLEEP)
        self.assertEqual(self.exec(container, "/bin/id", "-u"), "0\n")


if __name__ == "__main__":
    harness.main()
