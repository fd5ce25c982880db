#!/usr/bin/env python3
"""Many at once, killed half-way, without privileges, explained and not done."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import harness
from harness import Case, NewNetwork, each, eventually, hull_only, reap

SLEEP = ("/bin/probe", "sleep", "1000")
NOBODY = 65534
QUIET = {k: subprocess.DEVNULL for k in ("stdin", "stdout", "stderr")}


class Concurrency(Case):
    def start_all(self, commands):
        """The exit codes of commands that ran at the same time."""
        runs = [harness.popen(self.runtime.command(*words), **QUIET) for words in commands]
        return [harness.wait(run) for run in runs]

    def test_one_creator_of_an_id_wins(self):
        bundle = self.bundle(self.spec(*SLEEP))
        container = self.new_id()
        codes = self.start_all([["create", "--bundle", bundle.path, container]] * 8)
        self.assertEqual(sorted(codes), [0] + [1] * 7)
        self.assertEqual(self.status(container), "created")

    @unittest.skipIf(harness.NAME == "runc", "of two starts at once one may wait for ever")
    def test_one_starter_wins(self):
        container = self.create(*SLEEP)
        codes = self.start_all([["start", container]] * 8)
        self.assertEqual(codes.count(0), 1, codes)
        self.assertEqual(self.status(container), "running")

    def test_deleters_leave_nothing(self):
        container = self.start(*SLEEP)
        codes = self.start_all([["delete", "--force", container]] * 8)
        self.assertIn(0, codes)
        self.fails("state", container, saying="does not exist")

    def test_many_containers(self):
        bundles = [self.bundle(self.spec("/bin/sh", "-c", f"exit {n}")) for n in range(16)]
        codes = self.start_all([["run", "--bundle", b.path, self.new_id()] for b in bundles])
        self.assertEqual(codes, list(range(16)))

    def test_list_while_others_come_and_go(self):
        bundle = self.bundle(self.spec("/bin/true"))
        words = ["run", "--bundle", bundle.path]
        del bundle.spec["linux"]["cgroupsPath"]
        bundle.write()
        runs = [
            harness.popen(self.runtime.command(*words, self.new_id()), **QUIET) for _ in range(8)
        ]
        for _ in range(20):
            json.loads(self.ok("list", "--format", "json"))
        self.assertEqual([harness.wait(run) for run in runs], [0] * 8)

    def test_delete_force_during_create(self):
        bundle = self.bundle(self.spec(*SLEEP))
        container = self.new_id()
        for _ in range(5):
            create = harness.popen(
                self.runtime.command("create", "--bundle", bundle.path, container), **QUIET
            )
            self.runtime("delete", "--force", container)
            harness.wait(create)
            self.ok("delete", "--force", container)
            self.assert_nothing_left(container)


class Killed(Case):
    """SIGKILL to the runtime at many moments: one `delete --force` removes whatever was left."""

    @each(create="create", run="run")
    @hull_only("the others leak cgroups and processes")
    def test_delete_force_cleans_up(self, command):
        bundle = self.bundle(self.spec(*SLEEP))
        container = self.new_id()
        for step in range(24):
            words = self.runtime.command(command, "--bundle", bundle.path, container)
            runtime = harness.popen(words, start_new_session=True, **QUIET)
            harness.time.sleep(step * 0.0005)
            runtime.kill()
            harness.wait(runtime)
            self.ok("delete", "--force", container)
            self.assert_nothing_left(container)

    def test_the_parent_of_a_running_container(self):
        """The engine's monitor dies; the container does not notice."""
        container = self.start(*SLEEP)
        self.assertEqual(self.status(container), "running")
        os.kill(self.pid(container), signal.SIGKILL)
        self.wait_for(container, "stopped")
        self.ok("delete", container)

    @hull_only("the file is hull's own; runc cannot delete it any more where its own is damaged")
    @each(
        front=lambda state: b"\xff" * 40 + state[40:],
        end=lambda state: state[:-20],
        half=lambda state: state[: len(state) // 2],
        most=lambda state: state[:-14] + b"\xff" * 14,
    )
    def test_a_damaged_state_file(self, damage):
        """delete --force ends the process and removes the directory and the cgroups."""
        container = self.start(*SLEEP)
        pid = self.pid(container)
        state = pathlib.Path(self.runtime.root) / container / "state.pb"
        state.write_bytes(damage(state.read_bytes()))
        self.runtime("state", container)
        self.ok("delete", "--force", container)
        self.assertTrue(eventually(lambda: reap() and not os.path.exists(f"/proc/{pid}")))
        self.assertEqual(harness.cgroup_directories(self.dir.name), set())

    @hull_only("the file is hull's own")
    def test_a_state_file_of_which_only_init_is_left_in_a_cgroup_of_others(self):
        """Whose cgroup it is cannot be told: its other processes live on."""

        def edit(spec):
            spec["linux"]["cgroupsPath"] = f"/{self.dir.name}-shared"

        container = self.start(*SLEEP, edit=edit)
        pid = self.pid(container)
        directories = harness.cgroup_directories(self.dir.name)
        other = harness.popen(["sleep", "1000"])
        try:
            for directory in directories:
                (pathlib.Path(directory) / "cgroup.procs").write_text(str(other.pid))
            state = pathlib.Path(self.runtime.root) / container / "state.pb"
            state.write_bytes(b"\xff" * 40 + state.read_bytes()[40:])
            self.ok("delete", "--force", container)
            self.assertTrue(eventually(lambda: reap() and not os.path.exists(f"/proc/{pid}")))
            self.assertIsNone(other.poll())
        finally:
            other.kill()
            harness.wait(other)
            for directory in directories:
                eventually(lambda: not pathlib.Path(directory, "cgroup.procs").read_text())
                os.rmdir(directory)


@unittest.skipIf(harness.PURE_V2, "a caller without rights cannot mount a tree of v2 alone")
class Rootless(Case):
    """As a user without any privilege, in a user namespace that maps that user alone."""

    owner = NOBODY

    def setUp(self):
        super().setUp()
        os.chown(self.dir, NOBODY, NOBODY)
        # Where the build keeps the program, its own user may be the only one to reach it.
        self.runtime.path = shutil.copy(self.runtime.path, self.dir / "runtime")

    def as_nobody(self):
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)

    def rootless(self, *args, edit=None):
        def rootless(spec):
            harness.add_namespace(spec, "user")
            for kind in ("uidMappings", "gidMappings"):
                spec["linux"][kind] = [{"containerID": 0, "hostID": NOBODY, "size": 1}]
            del spec["linux"]["resources"]
            if edit is not None:
                edit(spec)

        bundle = self.bundle(self.spec(*args, edit=rootless))
        del bundle.spec["linux"]["cgroupsPath"]
        bundle.write()
        os.chown(bundle.path, NOBODY, NOBODY)
        return bundle

    def inside_rootless(self, *args, edit=None):
        bundle = self.rootless(*args, edit=edit)
        return self.ok("run", "--bundle", bundle.path, self.new_id(), preexec_fn=self.as_nobody)

    def test_root_inside(self):
        self.assertEqual(self.inside_rootless("/bin/id", "-u"), "0\n")

    def test_setgroups_is_denied(self):
        self.assertEqual(self.inside_rootless("/bin/cat", "/proc/self/setgroups"), "deny\n")

    def test_files_are_the_users(self):
        self.inside_rootless("/bin/probe", "creat", "/tmp/mine")
        self.assertEqual(os.stat(self.dir / "bundle-0/rootfs/tmp/mine").st_uid, NOBODY)

    def test_devices_are_the_hosts(self):
        self.assertIn("rdev=1:3", self.inside_rootless("/bin/probe", "stat", "/dev/null"))

    def test_lifecycle(self):
        bundle = self.rootless(*SLEEP)
        container = self.new_id()
        how = {"preexec_fn": self.as_nobody}
        self.ok("create", "--bundle", bundle.path, container, **how)
        self.ok("start", container, **how)
        self.assertEqual(self.ok("exec", container, "/bin/id", "-u", **how), "0\n")
        self.ok("kill", container, "KILL", **how)
        self.wait_for(container, "stopped")
        self.ok("delete", container, **how)

    def test_without_a_user_namespace_it_is_said_what_is_missing(self):
        def edit(spec):
            harness.remove_namespace(spec, "user")
            del spec["linux"]["uidMappings"], spec["linux"]["gidMappings"]

        bundle = self.rootless("/bin/true", edit=edit)
        container = self.new_id()
        self.fails(
            *("create", "--bundle", bundle.path, container),
            saying=["user", "namespace"],
            preexec_fn=self.as_nobody,
        )
        self.assert_nothing_left(container)

    def test_additional_groups_are_refused(self):
        bundle = self.rootless(
            "/bin/true", edit=lambda s: s["process"]["user"].update(additionalGids=[5])
        )
        container = self.new_id()
        self.fails("create", "--bundle", bundle.path, container, preexec_fn=self.as_nobody)
        self.assert_nothing_left(container)

    def test_a_mapping_of_others_is_refused(self):
        def edit(spec):
            spec["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1}]

        bundle = self.rootless("/bin/true", edit=edit)
        container = self.new_id()
        self.fails("create", "--bundle", bundle.path, container, preexec_fn=self.as_nobody)
        self.assert_nothing_left(container)

    def test_the_spec_that_the_runtime_writes(self):
        bundle = self.rootless("/bin/true")
        (bundle.path / "config.json").unlink()
        self.ok("spec", "--rootless", "--bundle", bundle.path, preexec_fn=self.as_nobody)
        spec = json.loads((bundle.path / "config.json").read_text())
        spec["process"].update(args=["/bin/id", "-u"], terminal=False)
        (bundle.path / "config.json").write_text(json.dumps(spec))
        out = self.ok("run", "--bundle", bundle.path, self.new_id(), preexec_fn=self.as_nobody)
        self.assertEqual(out, "0\n")


@unittest.skipUnless(harness.NAME == "hull", "a command of hull's own")
class Explain(NewNetwork, Case):
    def explain(self, edit=None):
        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        return self.ok("explain", "--bundle", bundle.path, self.new_id())

    def test_nothing_is_done(self):
        self.explain()
        self.assert_nothing_left(self.ids[-1])

    def test_every_part_is_named(self):
        text = self.explain(lambda s: s["linux"].update(sysctl={"net.ipv4.ip_forward": "1"}))
        for word in ("/proc", "hull-test", "ip_forward", "/proc/version", "/bin/true"):
            self.assertIn(word, text)

    def test_a_wrong_config_is_refused_as_by_create(self):
        bundle = self.bundle(self.spec("/bin/true", edit=lambda s: s["process"].update(cwd="x")))
        explained = self.runtime("explain", "--bundle", bundle.path, self.new_id())
        created = self.runtime("create", "--bundle", bundle.path, self.new_id())
        self.assertEqual((explained.code, explained.err), (created.code, created.err))


if __name__ == "__main__":
    harness.main()
