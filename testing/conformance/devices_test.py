#!/usr/bin/env python3
"""linux.devices and the default ones: nodes, or the host's own in a user namespace."""

import os
import stat
import subprocess

import harness
from harness import Case, each, map_ids

DEFAULTS = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}


def line(kind, mode=0o666, uid=0, gid=0, major=0, minor=0):
    """What `probe stat` prints of a node."""
    return f"mode={stat.S_IFMT(kind) | mode:o} uid={uid} gid={gid} rdev={major}:{minor}\n"


class Devices(Case):
    def with_devices(self, *devices, more=None):
        def edit(spec):
            spec["linux"]["devices"] = list(devices)
            if more:
                more(spec)

        return edit

    def stat(self, path, *devices, more=None):
        edit = self.with_devices(*devices, more=more)
        return self.inside("/bin/probe", "stat", path, edit=edit)


class Nodes(Devices):
    @each(**{name: name for name in DEFAULTS})
    def test_a_default(self, name):
        major, minor = DEFAULTS[name]
        self.assertEqual(
            self.stat(f"/dev/{name}"), line(stat.S_IFCHR, major=major, minor=minor)
        )

    @each(
        fd=("fd", "/proc/self/fd"),
        stdin=("stdin", "/proc/self/fd/0"),
        stdout=("stdout", "/proc/self/fd/1"),
        stderr=("stderr", "/proc/self/fd/2"),
    )
    def test_a_default_link(self, row):
        name, target = row
        self.assertIn(f"{name} -> {target}\n", self.sh(f"ls -l /dev/{name}"))

    @each(
        c=("c", stat.S_IFCHR),
        u=("u", stat.S_IFCHR),
        b=("b", stat.S_IFBLK),
    )
    def test_a_type(self, row):
        kind, bits = row
        device = {"path": "/dev/mine", "type": kind, "major": 7, "minor": 300}
        self.assertEqual(
            self.stat("/dev/mine", device), line(bits, mode=0o666, major=7, minor=300)
        )

    def test_a_fifo(self):
        device = {"path": "/dev/pipe", "type": "p", "fileMode": 0o640}
        self.assertEqual(self.stat("/dev/pipe", device), line(stat.S_IFIFO, mode=0o640))

    @each(none=0, owner=0o600, all=0o777, group=0o060)
    def test_a_mode(self, mode):
        device = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": mode}
        self.assertEqual(
            self.stat("/dev/mine", device), line(stat.S_IFCHR, mode=mode, major=1, minor=3)
        )

    @harness.hull_only("runc and crun lose the setuid bit")
    @each(sticky=0o1666, setuid=0o4755)
    def test_a_mode_above_0777(self, mode):
        device = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": mode}
        self.assertEqual(
            self.stat("/dev/mine", device), line(stat.S_IFCHR, mode=mode, major=1, minor=3)
        )

    def test_a_mode_with_the_bits_of_its_type(self):
        """As some engines take it from stat(2)."""
        device = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3}
        device["fileMode"] = stat.S_IFCHR | 0o640
        self.assertIn("rdev=1:3", self.stat("/dev/mine", device))

    def test_owners(self):
        device = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "uid": 7, "gid": 8}
        self.assertEqual(
            self.stat("/dev/mine", device), line(stat.S_IFCHR, uid=7, gid=8, major=1, minor=3)
        )

    def test_the_umask_of_the_caller_means_nothing(self):
        device = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}
        out = self.inside(
            "/bin/probe",
            "stat",
            "/dev/mine",
            edit=self.with_devices(device),
            preexec_fn=lambda: os.umask(0o077),
        )
        self.assertEqual(out, line(stat.S_IFCHR, major=1, minor=3))

    @each(
        directory="/dev/dir/of/mine",
        elsewhere="/run/mine",
        top="/mine",
        doubled="/dev//./mine",
    )
    def test_a_path(self, path):
        device = {"path": path, "type": "c", "major": 1, "minor": 3}
        self.assertEqual(self.stat(path, device), line(stat.S_IFCHR, major=1, minor=3))

    def test_in_place_of_a_default(self):
        device = {"path": "/dev/zero", "type": "c", "major": 1, "minor": 5, "fileMode": 0o600}
        self.assertEqual(
            self.stat("/dev/zero", {**device, "uid": 9}),
            line(stat.S_IFCHR, mode=0o600, uid=9, major=1, minor=5),
        )

    def test_another_device_in_place_of_a_default(self):
        device = {"path": "/dev/random", "type": "c", "major": 1, "minor": 9}
        self.assertEqual(
            self.stat("/dev/random", device), line(stat.S_IFCHR, major=1, minor=9)
        )

    def test_a_ptmx_stays_the_containers(self):
        device = {"path": "/dev/ptmx", "type": "c", "major": 5, "minor": 2}
        out = self.sh("ls -l /dev/ptmx", edit=self.with_devices(device))
        self.assertIn("/dev/ptmx -> pts/ptmx", out)

    def test_twice_the_same(self):
        device = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3}
        self.assertIn("rdev=1:3", self.stat("/dev/mine", device, dict(device)))

    @harness.hull_only("runc and crun take two devices at one path")
    def test_two_at_one_path(self):
        first = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3}
        self.refused(
            self.with_devices(first, {**first, "minor": 5}),
            saying=["/linux/devices/1", "/dev/mine"],
        )

    def in_rootfs(self, make):
        """An edit that leaves /dev to the image, and a bundle whose image has /dev/mine."""
        device = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3}

        def edit(spec):
            spec["linux"]["devices"] = [device]
            spec["mounts"] = [m for m in spec["mounts"] if m["destination"] != "/dev"]

        bundle = self.bundle(self.spec("/bin/probe", "stat", "/dev/mine", edit=edit))
        make(bundle.rootfs / "dev/mine")
        return bundle

    def test_one_that_the_image_has(self):
        number = os.makedev(1, 3)
        bundle = self.in_rootfs(lambda p: os.mknod(p, stat.S_IFCHR | 0o666, number))
        result = self.run_spec(bundle)
        self.assertEqual(result.code, 0, result)
        self.assertIn("rdev=1:3", result.out)

    @harness.hull_only("runc and crun start beside something else at the path")
    @each(
        another=lambda p: os.mknod(p, stat.S_IFCHR | 0o666, os.makedev(1, 5)),
        block=lambda p: os.mknod(p, stat.S_IFBLK | 0o666, os.makedev(1, 3)),
        file=lambda p: p.write_text(""),
        link=lambda p: p.symlink_to("/dev/null"),
        directory=lambda p: p.mkdir(),
    )
    def test_something_else_that_the_image_has(self, make):
        bundle = self.in_rootfs(make)
        container = self.new_id()
        self.fails(
            "create", "--bundle", bundle.path, container, saying=["/linux/devices/0", "/dev/mine"]
        )
        self.assert_nothing_left(container)

    @each(
        relative={"path": "dev/mine"},
        climbing={"path": "/dev/../mine"},
        type={"type": "x"},
        number={"major": -1},
    )
    def test_bad_values(self, fields):
        device = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, **fields}
        saying = f"/linux/devices/0/{next(iter(fields))}" if harness.NAME == "hull" else ()
        if harness.NAME == "hull":  # others make what they can of these
            self.refused(self.with_devices(device), saying=saying)


class BoundDev(Devices):
    """Where /dev is a bind nothing is made in it."""

    def bound(self, *devices):
        (self.dir / "dev").mkdir()

        def edit(spec):
            self.with_devices(*devices)(spec)
            spec["mounts"][1] = {
                "destination": "/dev",
                "type": "bind",
                "source": str(self.dir / "dev"),
                "options": ["bind"],
            }

        return edit

    def test_what_is_elsewhere_is_made(self):
        device = {"path": "/opt/mine", "type": "c", "major": 1, "minor": 3}
        out = self.inside("/bin/probe", "stat", "/opt/mine", edit=self.bound(device))
        self.assertEqual(out, line(stat.S_IFCHR, major=1, minor=3))
        self.assertEqual(os.listdir(self.dir / "dev"), [])

    @harness.hull_only("runc and crun fail where /dev/null is missing")
    def test_what_is_below_is_warned_of(self):
        device = {"path": "/dev/mine", "type": "c", "major": 1, "minor": 3}
        result = self.run_args("/bin/ls", "/dev", edit=self.bound(device))
        self.assertEqual((result.code, result.out), (0, ""), result)
        self.assertIn("/linux/devices/0/path", result.err)


class Shared(Devices):
    """Another container has the directory, too, and puts symlinks in the place of new nodes."""

    COUNT = 50

    @each(mode={}, owner={"uid": 7, "gid": 8})
    def test_no_file_of_the_host_is_changed(self, fields):
        victim = self.host_file("victim", mode=0o600)
        nodes = [
            {"path": f"/shared/x{i}", "type": "p", "fileMode": 0o666, **fields}
            for i in range(self.COUNT)
        ]

        def edit(spec):
            self.with_devices(*nodes)(spec)
            spec["mounts"].append(
                {
                    "destination": "/shared",
                    "type": "bind",
                    "source": str(shared),
                    "options": ["bind"],
                }
            )

        for n in range(5):
            shared = self.dir / f"shared-{n}"
            shared.mkdir()
            words = [harness.PROBE, "swap", shared, str(self.COUNT), victim]
            sibling = harness.popen(words, stdout=subprocess.PIPE, text=True)
            try:
                self.assertEqual(sibling.stdout.readline(), "ready\n")
                self.run_args("/bin/true", edit=edit)  # one that is swapped may be refused
            finally:
                sibling.kill()
                harness.wait(sibling)
                sibling.stdout.close()
            found = victim.stat()
            self.assertEqual(
                (oct(found.st_mode), found.st_uid, found.st_gid),
                ("0o100600", os.getuid(), os.getgid()),
            )


class InAUserNamespace(Devices):
    owner = 100000

    @each(**{name: name for name in DEFAULTS})
    def test_a_default(self, name):
        major, minor = DEFAULTS[name]
        self.assertIn(f"rdev={major}:{minor}\n", self.stat(f"/dev/{name}", more=map_ids))

    def test_one_of_the_hosts(self):
        device = {"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}
        self.assertIn("rdev=1:11\n", self.stat("/dev/kmsg", device, more=map_ids))

    def test_a_fifo(self):
        device = {"path": "/dev/pipe", "type": "p", "fileMode": 0o640, "uid": 5, "gid": 6}
        self.assertEqual(
            self.stat("/dev/pipe", device, more=map_ids),
            line(stat.S_IFIFO, mode=0o640, uid=5, gid=6),
        )

    @harness.hull_only("runc says other words, and crun takes it")
    @each(uid="uid", gid="gid")
    def test_a_fifo_of_somebody_who_is_not_mapped(self, key):
        device = {"path": "/dev/pipe", "type": "p", key: 70000}
        self.refused(
            self.with_devices(device, more=map_ids),
            saying=[f"/linux/devices/0/{key}", f"/linux/{key}Mappings"],
        )

    @harness.hull_only("crun gives the device these, and runc does not warn")
    @each(mode={"fileMode": 0o600}, uid={"uid": 7}, gid={"gid": 8})
    def test_what_is_not_heeded_is_warned_of(self, fields):
        device = {"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, **fields}
        found = os.stat("/dev/kmsg")
        full = os.stat("/dev/full")
        same = {"path": "/dev/full", "type": "c", "major": 1, "minor": 7}
        same.update(fileMode=full.st_mode & 0o7777, uid=full.st_uid, gid=full.st_gid)
        edit = self.with_devices(device, same, more=map_ids)
        result = self.run_args("/bin/probe", "stat", "/dev/kmsg", edit=edit)
        self.assertEqual(result.code, 0, result)
        self.assertIn(f"mode={found.st_mode:o} ", result.out)
        self.assertEqual(result.err.count("not heeded of '/dev/kmsg'\n"), 1, result)

    @harness.hull_only("crun starts without the device; runc says other words, or binds another")
    @each(
        no_node=("/dev/nobody-has-this", 11, "must be at the same path"),
        another=("/dev/full", 11, "another file or device of that name"),
    )
    def test_one_that_the_host_has_not(self, row):
        path, minor, why = row
        device = {"path": path, "type": "c", "major": 1, "minor": minor}
        self.refused(
            self.with_devices(device, more=map_ids), saying=["/linux/devices/0", path, why]
        )


if __name__ == "__main__":
    harness.main()
