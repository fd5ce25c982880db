#!/usr/bin/env python3
"""Containers of a user without privileges: with and without a delegated cgroup, and by Podman.

The machine's `user` is 1000, may use the ids from 100000 on, and has a user manager.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))
import harness
from harness import Case, each

UID = os.getuid()
SUBORDINATE, SUBORDINATES = 100000, 200000  # the first, how many
SINGLE = [{"containerID": 0, "hostID": UID, "size": 1}]
WIDE = SINGLE + [{"containerID": 1, "hostID": SUBORDINATE, "size": 65536}]
# A scope of the user manager's, in which what is run has a cgroup of its own: the one beside it is
# then in the scope too, where systemd changes nothing.
ENTER = """
scope=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
mkdir $scope/caller && echo $$ >$scope/caller/cgroup.procs && exec "$@"
"""
SCOPE = ["systemd-run", "--user", "--scope", "--quiet", "--collect", "-p", "Delegate=yes", "--"]
DELEGATED = [*SCOPE, "sh", "-c", ENTER, "sh"]


def map_ids(spec, mappings):
    harness.add_namespace(spec, "user")
    spec["linux"].update(uidMappings=mappings, gidMappings=mappings)


class Rootless(Case):
    """A bundle without limits and without a cgroup's path, whose ids are mapped."""

    mappings = WIDE

    def config(self, *args, edit=None):
        spec = self.spec(*args)
        map_ids(spec, self.mappings)
        del spec["linux"]["resources"]
        if edit is not None:
            edit(spec)
        return spec

    def rootless(self, *args, edit=None):
        bundle = self.bundle(self.config(*args, edit=edit))
        del bundle.spec["linux"]["cgroupsPath"]
        bundle.write()
        return bundle

    def shell(self, script, edit=None, **how):
        bundle = self.rootless("/bin/sh", "-c", script, edit=edit)
        return self.ok("run", "--bundle", bundle.path, self.new_id(), **how)


class Ids(Rootless):
    def test_root_inside_is_the_user(self):
        self.assertEqual(self.shell("id -u; probe creat /tmp/mine").split()[0], "0")
        self.assertEqual(os.stat(self.dir / "bundle-0/rootfs/tmp/mine").st_uid, UID)

    def test_the_maps_of_newuidmap_and_newgidmap(self):
        out = self.shell("cat /proc/self/uid_map /proc/self/gid_map")
        maps = f"0 {UID} 1 1 {SUBORDINATE} 65536".split()
        self.assertEqual(out.split(), maps + maps)

    def test_another_user_of_the_map(self):
        def user(spec):
            spec["process"]["user"].update(uid=5, gid=6, additionalGids=[7, 8])

        self.assertEqual(self.shell("id -u; id -g; id -G", edit=user).split(), "5 6 6 7 8".split())

    def test_setgroups_is_allowed(self):
        self.assertEqual(self.shell("cat /proc/self/setgroups"), "allow\n")

    def test_ids_of_others_are_refused(self):
        bundle = self.rootless(
            "/bin/true",
            edit=lambda s: map_ids(s, [{"containerID": 0, "hostID": 300000, "size": 10}]),
        )
        container = self.new_id()
        self.fails("create", "--bundle", bundle.path, container, saying="/etc/subuid")
        self.assert_nothing_left(container)


class SingleId(Rootless):
    """What needs no help: the user alone, without setgroups."""

    mappings = SINGLE

    def test_the_map(self):
        self.assertEqual(self.shell("cat /proc/self/uid_map").split(), f"0 {UID} 1".split())

    def test_setgroups_is_denied(self):
        self.assertEqual(self.shell("cat /proc/self/setgroups"), "deny\n")

    def test_additional_groups_are_refused(self):
        bundle = self.rootless(
            "/bin/true", edit=lambda s: s["process"]["user"].update(additionalGids=[5])
        )
        self.fails("create", "--bundle", bundle.path, self.new_id(), saying="additionalGids")

    def test_the_spec_that_the_runtime_writes(self):
        bundle = self.rootless("/bin/true")
        (bundle.path / "config.json").unlink()
        self.ok("spec", "--rootless", "--bundle", bundle.path)
        spec = json.loads((bundle.path / "config.json").read_text())
        spec["process"].update(args=["/bin/id", "-u"], terminal=False)
        (bundle.path / "config.json").write_text(json.dumps(spec))
        self.assertEqual(self.ok("run", "--bundle", bundle.path, self.new_id()), "0\n")


class NoCgroup(Rootless):
    """Nobody gave us a cgroup: none is needed where no limit is asked for."""

    def test_the_lifecycle(self):
        bundle = self.rootless("/bin/sleep", "1000")
        container = self.new_id()
        self.ok("create", "--bundle", bundle.path, container)
        self.assertEqual(self.status(container), "created")
        self.ok("start", container)
        self.assertEqual(self.ok("exec", container, "/bin/id", "-u"), "0\n")
        self.ok("kill", container, "KILL")
        self.wait_for(container, "stopped")
        self.ok("delete", container)

    def test_state_lies_in_the_users_own_directory(self):
        bundle = self.rootless("/bin/sleep", "1000")
        container = self.new_id()
        flags = ["--bundle", str(bundle.path), container]
        program = self.runtime.path
        subprocess.run([program, "create", *flags], check=True, stdin=subprocess.DEVNULL)
        try:
            mine = pathlib.Path(os.environ["XDG_RUNTIME_DIR"], "hull", container)
            self.assertTrue(mine.is_dir())
        finally:
            subprocess.run([program, "delete", "--force", container], check=True)

    def test_a_limit_is_refused(self):
        def limit(spec):
            spec["linux"]["resources"] = {"pids": {"limit": 10}}

        bundle = self.rootless("/bin/true", edit=limit)
        container = self.new_id()
        self.fails("create", "--bundle", bundle.path, container, saying=("cgroup", "permission"))
        self.assert_nothing_left(container)

    @each(with_a_cgroup_namespace=True, without=False)
    def test_the_cgroup_mount_is_read_only(self, namespace):
        """Without a namespace it would be the host's tree; with one it is the user's anyway."""

        def mount(spec):
            options = ["nosuid", "noexec", "nodev", "relatime", "ro"]
            spec["mounts"].append(
                {
                    "destination": "/sys/fs/cgroup",
                    "type": "cgroup",
                    "source": "cgroup",
                    "options": options,
                }
            )
            spec["mounts"].insert(
                2,
                {
                    "destination": "/sys",
                    "type": "none",
                    "source": "/sys",
                    "options": ["rbind", "nosuid", "noexec", "nodev", "ro"],
                },
            )
            if namespace:
                harness.add_namespace(spec, "cgroup")

        out = self.shell("cat /proc/self/mountinfo; mkdir /sys/fs/cgroup/x || echo no", edit=mount)
        lines = [line.split() for line in out.splitlines()]
        mounts = [f for f in lines if len(f) > 5 and f[4] == "/sys/fs/cgroup"]
        self.assertIn("ro", mounts[-1][5].split(","))
        self.assertEqual(lines[-1], ["no"])


class Delegated(Rootless):
    """In a scope of the user manager's, which may hand out cpu, memory and pids."""

    def setUp(self):
        super().setUp()
        self.runtime.prefix = DELEGATED

    @each(
        memory=({"memory": {"limit": 64 << 20}}, "memory.max", str(64 << 20)),
        pids=({"pids": {"limit": 20}}, "pids.max", "20"),
        cpu=({"cpu": {"quota": 20000, "period": 100000}}, "cpu.max", "20000 100000"),
        weight=({"cpu": {"shares": 1024}}, "cpu.weight", "100"),
    )
    def test_limits_are_written(self, row):
        resources, file, value = row
        bundle = self.rootless(
            "/bin/sleep", "1000", edit=lambda s: s["linux"].update(resources=resources)
        )
        container = self.new_id()
        self.ok("run", "--detach", "--bundle", bundle.path, container)
        pid = json.loads(self.ok("state", container))["pid"]
        path = pathlib.Path(f"/proc/{pid}/cgroup").read_text().strip().split("::")[1]
        self.assertEqual((harness.CGROUPS / path[1:] / file).read_text().strip(), value)
        self.ok("delete", "--force", container)
        self.assertFalse((harness.CGROUPS / path[1:]).exists())

    def test_a_limit_ends_what_passes_it(self):
        def limit(spec):
            spec["linux"]["resources"] = {"memory": {"limit": 16 << 20, "swap": 16 << 20}}

        script = "a=0123456789abcdef; while :; do a=$a$a; done"
        bundle = self.rootless("/bin/sh", "-c", script, edit=limit)
        result = self.runtime("run", "--bundle", bundle.path, self.new_id())
        self.assertEqual(result.code, 137, result)

    def test_pause_and_exec(self):
        bundle = self.rootless("/bin/sleep", "1000")
        container = self.new_id()
        self.ok("run", "--detach", "--bundle", bundle.path, container)
        self.ok("pause", container)
        self.assertEqual(self.status(container), "paused")
        self.ok("resume", container)
        self.assertEqual(self.ok("exec", container, "/bin/id", "-u"), "0\n")


class ByPodman(Case):
    """`podman --runtime`, as the user."""

    IMAGE = "localhost/rootless:latest"

    @classmethod
    def setUpClass(cls):
        cls.place = pathlib.Path(os.environ["HOME"], "podman")
        shutil.rmtree(cls.place, ignore_errors=True)
        cls.place.mkdir()
        archive = cls.place / "image.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(harness.template() / "busybox", arcname="bin/busybox")
            for applet in harness.APPLETS:
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        cls.podman("import", archive, cls.IMAGE)

    @classmethod
    def tearDownClass(cls):
        cls.podman("rm", "--all", "--force", "--time", "0")
        cls.podman("unshare", "rm", "-rf", cls.place)

    @classmethod
    def podman(cls, *words, manager="cgroupfs"):
        where = [f"--root={cls.place}/graph", f"--runroot={cls.place}/run"]
        command = ["podman", f"--runtime={harness.RUNTIME}", f"--cgroup-manager={manager}"]
        done = subprocess.run(
            [*command, "--storage-driver=vfs", "--events-backend=file", *where, *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
        if done.returncode != 0:
            raise AssertionError(f"podman {words} exited with {done.returncode}: {done.stderr}")
        return done.stdout

    @each(cgroupfs="cgroupfs", systemd="systemd")
    def test_run(self, manager):
        out = self.podman(
            "run", "--rm", "--network=none", self.IMAGE, "sh", "-c", "id -u; hostname", manager=manager
        )
        self.assertEqual(out.split()[0], "0")

    def test_the_users_of_the_map(self):
        out = self.podman(
            "run", "--rm", "--network=none", "--user=5:6", self.IMAGE, "cat", "/proc/self/uid_map"
        )
        self.assertEqual(out.split(), f"0 {UID} 1 1 {SUBORDINATE} {SUBORDINATES}".split())

    def test_a_limit(self):
        """By the systemd manager: only there a user has a cgroup to limit."""
        out = self.podman(
            "run",
            "--rm",
            "--network=none",
            "--memory=64m",
            self.IMAGE,
            "cat",
            "/sys/fs/cgroup/memory.max",
            manager="systemd",
        )
        self.assertEqual(out.strip(), str(64 << 20))

    def test_exec_and_stop(self):
        self.podman("run", "--detach", "--name=c", "--network=none", self.IMAGE, "sleep", "1000")
        self.assertEqual(self.podman("exec", "c", "id", "-u"), "0\n")
        self.podman("rm", "--force", "--time", "0", "c")


if __name__ == "__main__":
    harness.main()
