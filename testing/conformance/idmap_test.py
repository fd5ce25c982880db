#!/usr/bin/env python3
"""Id-mapped mounts: idmap and ridmap with mappings of their own, of the container, of the option."""

import os
import subprocess
import unittest

import harness
from harness import Case, each, mount_line

BASE = 100000  # where map_ids() puts the container's ids
TMPFS_HAS_IDMAPS = harness.kernel() >= (6, 3)
on_tmpfs = unittest.skipUnless(TMPFS_HAS_IDMAPS, "before Linux 6.3 a tmpfs cannot be mapped")


def mapping(inside, host, size=1000):
    return [{"containerID": inside, "hostID": host, "size": size}]


def maps(inside, host, size=1000):
    return {
        "uidMappings": mapping(inside, host, size),
        "gidMappings": mapping(inside, host, size),
    }


class IdMap(Case):
    def setUp(self):
        """Sources are on a tmpfs if it can be mapped, else on the disk: the machine's own root may be an
        overlay, which cannot."""
        super().setUp()
        (self.dir / "source").mkdir()
        words = ["-t", "tmpfs", "-o", "mode=777", "none"]
        if not TMPFS_HAS_IDMAPS:
            disk = self.mappable()
            disk.chmod(0o777)
            words = ["--bind", disk]
        subprocess.run(["mount", *words, self.dir / "source"], check=True)

    def tearDown(self):
        subprocess.run(["umount", "-l", self.dir / "source"], check=True)
        super().tearDown()

    def source(self):
        """A directory of the host with one file of root's."""
        source = self.dir / "source"
        (source / "file").write_text("text\n")
        return source

    def bound(self, *options, fields=None, user=False, destination="/mnt"):
        source = str(self.source())

        def edit(spec):
            if user:
                harness.map_ids(spec)
            spec["mounts"].append(
                {
                    "destination": destination,
                    "type": "bind",
                    "source": source,
                    "options": list(options),
                    **(fields or {}),
                }
            )

        return edit

    def refused(self, edit, saying=(), **how):
        """The pointer to what is wrong is a contract of hull's own."""
        return super().refused(edit, saying if harness.NAME == "hull" else (), **how)

    def owners(self, path, edit, user=False):
        spec = self.spec("/bin/probe", "stat", path, edit=edit)
        result = self.run_spec(self.bundle(spec, owner=BASE if user else 0))
        self.assertEqual(result.code, 0, result)
        return result.out.split()[1:3]


class Bind(IdMap):
    @each(option="idmap", recursive="ridmap", none=None)
    def test_with_mappings_of_its_own(self, option):
        """The mappings alone ask for it too."""
        options = ["rbind", *([option] if option else [])]
        edit = self.bound(*options, fields=maps(0, 5000))
        self.assertEqual(self.owners("/mnt/file", edit), ["uid=5000", "gid=5000"])

    def test_users_and_groups_apart(self):
        fields = {"uidMappings": mapping(0, 7), "gidMappings": mapping(0, 9)}
        edit = self.bound("bind", "idmap", fields=fields)
        self.assertEqual(self.owners("/mnt/file", edit), ["uid=7", "gid=9"])

    def test_several_ranges(self):
        ranges = mapping(0, 5000, 10) + mapping(10, 9000, 10)
        edit = self.bound(
            "bind", "idmap", fields={"uidMappings": ranges, "gidMappings": ranges}
        )
        os.chown(self.dir / "source/file", 12, 3)
        self.assertEqual(self.owners("/mnt/file", edit), ["uid=9002", "gid=5003"])

    def test_what_is_not_mapped_belongs_to_nobody(self):
        edit = self.bound("bind", "idmap", fields=maps(5, 6, 1))
        self.assertEqual(self.owners("/mnt/file", edit), ["uid=65534", "gid=65534"])

    def test_the_containers_user_namespace(self):
        """With its own mappings root of the host is root inside, and a file made is root's."""
        edit = self.bound("bind", "idmap", user=True)
        self.assertEqual(self.owners("/mnt/file", edit, user=True), ["uid=0", "gid=0"])

    def test_without_it_the_hosts_root_is_nobody(self):
        edit = self.bound("bind", user=True)
        self.assertEqual(self.owners("/mnt/file", edit, user=True), ["uid=65534", "gid=65534"])

    def test_what_is_made_inside_is_the_hosts_roots(self):
        spec = self.spec("/bin/probe", "creat", "/mnt/new", edit=self.bound("bind", "idmap", user=True))
        result = self.run_spec(self.bundle(spec, owner=BASE))
        self.assertEqual(result.out, "ok\n", result)
        self.assertEqual((self.dir / "source/new").stat().st_uid, 0)

    def test_mappings_of_its_own_in_a_user_namespace(self):
        edit = self.bound("bind", "idmap", user=True, fields=maps(0, BASE + 33))
        self.assertEqual(self.owners("/mnt/file", edit, user=True), ["uid=33", "gid=33"])

    def test_a_user_namespace_that_is_joined(self):
        holder = self.start(edit=harness.map_ids)
        path = f"/proc/{self.pid(holder)}/ns/user"
        edit = self.bound("bind", "idmap")

        def join(spec):
            harness.add_namespace(spec, "user", path)
            edit(spec)

        self.assertEqual(self.owners("/mnt/file", join, user=True), ["uid=0", "gid=0"])

    def test_two_mounts_with_the_same_and_one_with_another(self):
        edits = [
            self.bound("bind", "idmap", fields=maps(0, host), destination=at)
            for host, at in ((5000, "/a"), (5000, "/b"), (6000, "/c"))
        ]
        out = self.sh(
            "for i in a b c; do probe stat /$i/file; done",
            edit=lambda spec: [edit(spec) for edit in edits],
        )
        self.assertEqual([l.split()[1] for l in out.splitlines()], ["uid=5000"] * 2 + ["uid=6000"])

    def test_the_other_options_act_too(self):
        edit = self.bound("bind", "idmap", "ro", "nosuid", fields=maps(0, 5000))
        self.assertEqual(self.run_args("/bin/probe", "creat", "/mnt/x", edit=edit).out, "EROFS\n")

    @each(idmap=("idmap", "uid=0"), ridmap=("ridmap", "uid=5000"))
    @on_tmpfs
    def test_of_what_is_mounted_beneath(self, row):
        option, expected = row
        edit = self.bound("rbind", option, fields=maps(0, 5000))
        submount = self.dir / "source/sub"
        submount.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", submount], check=True)
        try:
            (submount / "deep").write_text("")
            self.assertEqual(self.owners("/mnt/sub/deep", edit)[0], expected)
        finally:
            subprocess.run(["umount", submount], check=True)

    def test_a_file(self):
        source = self.source() / "file"

        def edit(spec):
            spec["mounts"].append(
                {
                    "destination": "/etc/alone",
                    "type": "bind",
                    "source": str(source),
                    "options": ["bind", "idmap"],
                    **maps(0, 5000),
                }
            )

        self.assertEqual(self.owners("/etc/alone", edit)[0], "uid=5000")


class Words(IdMap):
    """crun's form: the mappings in the option."""

    def test_from_the_file_system_to_the_host(self):
        edit = self.bound("bind", "idmap=uids=0-5000-10#10-9000-10;gids=0-7000-10")
        self.assertEqual(self.owners("/mnt/file", edit), ["uid=5000", "gid=7000"])

    def test_relative_to_the_container(self):
        edit = self.bound("bind", "idmap=uids=@0-3-10;gids=@0-4-10", user=True)
        self.assertEqual(self.owners("/mnt/file", edit, user=True), ["uid=3", "gid=4"])

    @each(
        no_range=("idmap=uids=0-1;gids=0-1-1", "'0-1' is no range"),
        users_alone=("idmap=uids=0-1-1", "both"),
        unknown=("idmap=pids=0-1-1", "neither"),
        relative_to_nothing=("idmap=uids=@0-1-1;gids=@0-1-1", "relative"),
    )
    def test_refused(self, row):
        option, words = row
        self.refused(self.bound("bind", option), saying=["/mounts/2/options/1", words])


    @each(shared=("shared", ["shared"]), slave=("slave", ["shared", "master"]))
    def test_propagation(self, row):
        """As of any bind: a peer of the host's where the container shares its mounts."""
        rootfs, expected = row
        subprocess.run(["mount", "--make-shared", self.dir / "source"], check=True)
        inner = self.bound("rbind", "rshared", "ridmap", fields=maps(0, 5000))

        def edit(spec):
            inner(spec)
            spec["linux"]["rootfsPropagation"] = rootfs

        out = self.sh("cat /proc/self/mountinfo", edit=edit)
        found = [field.split(":")[0] for field in mount_line(out, "/mnt")["propagation"]]
        self.assertEqual(found, expected)


class FileSystem(IdMap):
    def tmpfs(self, *options, fields, user=False):
        def edit(spec):
            if user:
                harness.map_ids(spec)
            spec["mounts"].append(
                {
                    "destination": "/mnt",
                    "type": "tmpfs",
                    "source": "tmpfs",
                    "options": list(options),
                    **fields,
                }
            )

        return edit

    @each(mode=("mode=711", "mode=40711"), covered=("size=64k", "mode=40755"))
    @on_tmpfs
    def test_tmpfs(self, row):
        option, mode = row
        edit = self.tmpfs("idmap", option, fields=maps(0, 5000))
        out = self.sh("probe stat /mnt", edit=edit)
        self.assertEqual(out.split()[:3], [mode, "uid=5000", "gid=5000"])

    @on_tmpfs
    def test_tmpfs_in_a_user_namespace(self):
        edit = self.tmpfs("idmap", "mode=711", fields=maps(0, BASE + 33), user=True)
        self.assertEqual(self.owners("/mnt", edit, user=True), ["uid=33", "gid=33"])

    @on_tmpfs
    def test_tmpfs_with_the_containers_own(self):
        edit = self.tmpfs("idmap", "mode=711", fields={}, user=True)
        self.assertEqual(self.owners("/mnt", edit, user=True), ["uid=0", "gid=0"])

    @each(silent="silent", iversion="iversion", tmpcopyup="tmpcopyup")
    def test_what_it_cannot_have_beside_is_named(self, option):
        edit = self.tmpfs("idmap", option, fields=maps(0, 5000))
        self.refused(edit, saying=["/mounts/2/options/1", option])

    def test_one_that_cannot_be_mapped_is_named(self):
        def edit(spec):
            spec["mounts"].append(
                {
                    "destination": "/mnt",
                    "type": "mqueue",
                    "source": "mqueue",
                    "options": ["idmap"],
                    **maps(0, 5000),
                }
            )

        self.refused(edit, saying=["/mounts/2", "no id-mapped mounts"])


class Refused(IdMap):
    def test_without_mappings_and_user_namespace(self):
        self.refused(self.bound("bind", "idmap"), saying="/mounts/2/options/1")

    @each(users="uidMappings", groups="gidMappings")
    def test_one_of_the_two(self, name):
        other = {"uidMappings": "gidMappings", "gidMappings": "uidMappings"}[name]
        edit = self.bound("bind", "idmap", fields={name: mapping(0, 1)})
        self.refused(edit, saying=f"/mounts/2/{other}")

    def test_mappings_that_overlap(self):
        ranges = mapping(0, 5000, 10) + mapping(5, 9000, 10)
        edit = self.bound("bind", "idmap", fields={"uidMappings": ranges, "gidMappings": ranges})
        self.refused(edit, saying="/mounts/2/uidMappings/1/containerID")

    def test_a_remount(self):
        self.refused(
            self.bound("bind", "remount", "idmap", fields=maps(0, 5000)), saying="/mounts/2/options"
        )

    def test_a_cgroup_mount(self):
        def edit(spec):
            spec["mounts"].append(
                {"destination": "/mnt", "type": "cgroup", "source": "cgroup", **maps(0, 5000)}
            )

        self.refused(edit, saying="/mounts/2/type")


if __name__ == "__main__":
    harness.main()
