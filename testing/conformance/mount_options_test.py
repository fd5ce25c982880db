#!/usr/bin/env python3
"""Options of mounts: each acts or is refused by name; what a user namespace may not change stays."""

import os
import subprocess
import sys
import unittest

import harness
from harness import Case, each, hull_only, mount_line

BASE = 100000  # where map_ids() puts the container's ids
# Runs its arguments as root of a new user and mount namespace in which every id means itself.
IN_A_USER_NAMESPACE = """
import ctypes, os, sys
ours, theirs, me = os.pipe(), os.pipe(), os.getpid()
if os.fork() == 0:
    os.read(ours[0], 1)
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/{me}/{name}", "w") as file:
            file.write("0 0 1\\n1 1 99999")  # rootless users have a range that begins with 1
    os.write(theirs[1], b"x")
    os._exit(0)
if ctypes.CDLL(None).unshare(0x10000000 | 0x20000) != 0:
    sys.exit("no user namespace")
os.write(ours[1], b"x")
os.read(theirs[0], 1)
os.wait()
os.execv(sys.argv[1], sys.argv[1:])
"""
LEGACY = harness.V1 and not harness.PURE_V2  # what the runtime under test sees
INDEX = 2  # of the first mount that a case adds: after /proc and /dev


class Options(Case):
    def host_mount(self, name, *options, kind="tmpfs"):
        """A file system of the host with these options, gone when the case is over."""
        place = self.dir / name
        place.mkdir()
        words = ["mount", "-t", kind, "-o", ",".join(["mode=755", *options]), "none", place]
        subprocess.run(words, check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)
        return place

    def tearDown(self):
        self.doCleanups()
        super().tearDown()

    def submount(self, source, *options):
        """A file system mounted beneath `source`, on "sub"."""
        place = source / "sub"
        place.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", ",".join(["mode=755", *options]), "none", place]
        subprocess.run(words, check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)

    def mount(self, source, *options, destination="/mnt", type="bind", user=False):
        def edit(spec):
            if user:
                harness.map_ids(spec)
            spec["mounts"].append(
                {
                    "destination": destination,
                    "type": type,
                    "source": str(source),
                    "options": list(options),
                }
            )

        return edit

    def refused(self, edit, saying=(), **how):
        """The pointer to what is wrong is a contract of hull's own."""
        return super().refused(edit, saying if harness.NAME == "hull" else (), **how)

    def line(self, edit, destination="/mnt", owner=0, words=(), **how):
        """The container's last mount on `destination`."""
        spec = self.spec("/bin/cat", "/proc/self/mountinfo", edit=edit)
        result = self.run_spec(self.bundle(spec, owner=owner), *words, **how)
        self.assertEqual(result.code, 0, result)
        line = mount_line(result.out, destination)
        self.assertIsNotNone(line, result)
        return line


class Binds(Options):
    @each(slave=(["rslave"], ["master"]), slave_that_shares=(["rslave", "rshared"], ["shared", "master"]))
    def test_propagation_is_changed_in_order(self, row):
        options, expected = row
        source = self.host_mount("source")
        subprocess.run(["mount", "--make-shared", source], check=True)

        def edit(spec):
            self.mount(source, "rbind", *options)(spec)
            spec["linux"]["rootfsPropagation"] = "shared"

        line = self.line(edit)
        self.assertEqual([p.split(":")[0] for p in line["propagation"]], expected)

    @each(
        ro=("ro", "rw"),
        nosuid=("nosuid", "suid"),
        nodev=("nodev", "dev"),
        noexec=("noexec", "exec"),
        noatime=("noatime", "atime"),
        nodiratime=("nodiratime", "diratime"),
        relatime=("noatime", "relatime"),
    )
    def test_an_option_takes_away_what_the_source_has(self, row):
        off, on = row
        source = self.host_mount("source", off)
        self.assertIn(off, self.line(self.mount(source, "bind"))["options"])
        self.assertNotIn(off, self.line(self.mount(source, "bind", on))["options"])

    @each(
        nosymfollow=("nosymfollow",),
        strictatime=("strictatime",),
        rnosymfollow=("rnosymfollow",),
    )
    def test_an_option_gives(self, options):
        source = self.host_mount("source")
        found = self.line(self.mount(source, "rbind", *options))["options"]
        if "strictatime" in options:
            self.assertFalse({"noatime", "relatime"} & set(found), found)
        else:
            self.assertIn("nosymfollow", found)

    def test_symfollow(self):
        source = self.host_mount("source", "nosymfollow")
        self.assertNotIn(
            "nosymfollow", self.line(self.mount(source, "bind", "symfollow"))["options"]
        )

    @each(
        rro="ro",
        rnosuid="nosuid",
        rnodev="nodev",
        rnoexec="noexec",
        rnoatime="noatime",
        rnodiratime="nodiratime",
        rnosymfollow="nosymfollow",
    )
    def test_of_the_whole_tree(self, option):
        source = self.host_mount("source")
        self.submount(source)
        edit = self.mount(source, "rbind", "r" + option)
        for place in ("/mnt", "/mnt/sub"):
            self.assertIn(option, self.line(edit, place)["options"])

    @each(
        rrw=("ro", "rrw"),
        rsuid=("nosuid", "rsuid"),
        rdev=("nodev", "rdev"),
        rexec=("noexec", "rexec"),
        ratime=("noatime", "ratime"),
        rdiratime=("nodiratime", "rdiratime"),
        rrelatime=("noatime", "rrelatime"),
        rstrictatime=("relatime", "rstrictatime"),
        rnorelatime=("noatime", "rnorelatime"),
        rnostrictatime=("noatime", "rnostrictatime"),
        rsymfollow=("nosymfollow", "rsymfollow"),
    )
    def test_taken_from_the_whole_tree(self, row):
        off, on = row
        source = self.host_mount("source")
        self.submount(source, off)
        edit = self.mount(source, "rbind", on)
        self.assertNotIn(off, self.line(edit, "/mnt/sub")["options"])

    def test_ro_is_of_the_topmost_alone(self):
        source = self.host_mount("source")
        self.submount(source)
        edit = self.mount(source, "rbind", "ro")
        self.assertIn("ro", self.line(edit)["options"])
        self.assertNotIn("ro", self.line(edit, "/mnt/sub")["options"])

    @harness.by_the_config
    @hull_only("runc and crun take most of these and do nothing")
    @each(
        sync="sync",
        dirsync="dirsync",
        mand="mand",
        lazytime="lazytime",
        iversion="iversion",
        silent="silent",
        rsync="rsync",
        rdirsync="rdirsync",
        rmand="rmand",
        tmpcopyup="tmpcopyup",
        unknown="no-such-option",
        data="size=1k",
    )
    def test_what_a_bind_cannot_do_is_named(self, option):
        """The others take these and do nothing."""
        self.refused(self.mount("/tmp", "bind", option), saying=f"/mounts/{INDEX}/options/1")

    @each(
        async_="async", nomand="nomand", nolazytime="nolazytime", loud="loud", defaults="defaults"
    )
    def test_what_every_mount_is_anyway(self, option):
        self.line(self.mount("/tmp", "bind", option))


class Symlinks(Options):
    def link(self, to, name="link"):
        os.symlink(to, self.dir / name)
        return self.dir / name

    def seen(self, edit, script="readlink /mnt/link || ls -l /mnt/link", prepare=None):
        spec = self.spec("/bin/sh", "-c", script, edit=edit)
        spec["process"]["args"] = ["/bin/sh", "-c", script]
        bundle = self.bundle(spec)
        os.link(harness.template() / "busybox", bundle.rootfs / "bin/readlink")
        (bundle.rootfs / "mnt").mkdir()
        if prepare is not None:
            prepare(bundle.rootfs)
        return self.run_spec(bundle)

    def test_copied(self):
        """It is made again, and means what it means inside; nothing is mounted."""
        edit = self.mount(self.link("/etc"), "bind", "copy-symlink", destination="/mnt/link")
        result = self.seen(edit, "readlink /mnt/link; cat /proc/self/mountinfo")
        self.assertEqual(result.out.splitlines()[0], "/etc", result)
        self.assertNotIn("/mnt", result.out)

    def test_copied_where_the_same_one_is(self):
        edit = self.mount(self.link("/etc"), "bind", "copy-symlink", destination="/mnt/link")
        prepare = lambda rootfs: os.symlink("/etc", rootfs / "mnt/link")
        self.assertEqual(self.seen(edit, prepare=prepare).out, "/etc\n")

    @each(
        link=lambda path: os.symlink("/other", path),
        file=lambda path: path.write_text("x"),
        directory=lambda path: path.mkdir(),
    )
    def test_not_copied_over_another(self, prepare):
        edit = self.mount(self.link("/etc"), "bind", "copy-symlink", destination="/mnt/link")
        result = self.seen(edit, prepare=lambda rootfs: prepare(rootfs / "mnt/link"))
        self.assertNotEqual(result.code, 0)
        self.assertIn("link", result.err)

    def test_what_is_no_link_is_bound(self):
        source = self.host_file("plain", "text\n")
        edit = self.mount(source, "bind", "copy-symlink", destination="/mnt/link")
        self.assertEqual(self.seen(edit, "cat /mnt/link").out, "text\n")

    def test_copied_in_a_user_namespace(self):
        edit = self.mount(
            self.link("/etc"), "bind", "copy-symlink", destination="/mnt/link", user=True
        )
        spec = self.spec("/bin/ls", "-l", "/mnt", edit=edit)
        bundle = self.bundle(spec, owner=BASE)
        (bundle.rootfs / "mnt").mkdir()
        os.chown(bundle.rootfs / "mnt", BASE, BASE)
        self.assertIn("link -> /etc", self.run_spec(bundle).out)

    def test_a_link_itself_is_bound(self):
        """Over a file, which it then hides."""
        edit = self.mount(self.link("/etc"), "bind", "src-nofollow", destination="/mnt/link")
        prepare = lambda rootfs: (rootfs / "mnt/link").write_text("x")
        result = self.seen(edit, prepare=prepare)
        self.assertEqual(result.out, "/etc\n", result)

    def test_without_it_what_it_leads_to_is(self):
        target = self.host_file("target", "text\n")
        edit = self.mount(self.link(target), "bind", destination="/mnt/link")
        self.assertEqual(self.seen(edit, "cat /mnt/link").out, "text\n")

    def test_a_link_of_the_container_is_covered(self):
        """What it leads to stays as it is."""
        source = self.host_file("plain", "text\n")
        edit = self.mount(source, "bind", "dest-nofollow", destination="/mnt/link")

        def prepare(rootfs):
            (rootfs / "etc/led-to").write_text("old\n")
            os.symlink("/etc/led-to", rootfs / "mnt/link")

        result = self.seen(edit, "cat /mnt/link /etc/led-to", prepare=prepare)
        self.assertEqual(result.out, "text\nold\n", result)

    def test_without_it_what_it_leads_to_is_covered(self):
        source = self.host_file("plain", "text\n")
        edit = self.mount(source, "bind", destination="/mnt/link")

        def prepare(rootfs):
            (rootfs / "etc/led-to").write_text("old\n")
            os.symlink("/etc/led-to", rootfs / "mnt/link")

        result = self.seen(edit, "cat /mnt/link /etc/led-to", prepare=prepare)
        self.assertEqual(result.out, "text\ntext\n", result)

    def test_a_link_over_a_link(self):
        edit = self.mount(
            self.link("/etc"), "bind", "src-nofollow", "dest-nofollow", destination="/mnt/link"
        )
        prepare = lambda rootfs: os.symlink("/run", rootfs / "mnt/link")
        self.assertEqual(self.seen(edit, prepare=prepare).out, "/etc\n")

    def test_a_missing_destination_is_made(self):
        source = self.host_file("plain", "text\n")
        edit = self.mount(source, "bind", "dest-nofollow", destination="/mnt/link")
        self.assertEqual(self.seen(edit, "cat /mnt/link").out, "text\n")

    @harness.by_the_config
    @each(source="src-nofollow", destination="dest-nofollow")
    def test_refused_beside_copy_symlink(self, option):
        edit = self.mount("/tmp", "bind", "copy-symlink", option)
        self.refused(edit, saying=option)

    @harness.by_the_config
    @hull_only("crun takes all but dest-nofollow and does nothing")
    @each(source="src-nofollow", destination="dest-nofollow", copy="copy-symlink")
    def test_refused_at_a_file_system(self, option):
        edit = self.mount("tmpfs", option, type="tmpfs")
        self.refused(edit, saying=f"/mounts/{INDEX}/options/0")


class FileSystems(Options):
    @each(
        silent=("silent",),
        loud=("silent", "loud"),
        iversion=("iversion",),
        noiversion=("iversion", "noiversion"),
        mand=("nomand",),
        nolazytime=("lazytime", "nolazytime"),
    )
    def test_taken(self, options):
        """What mountinfo does not show must at least not be passed to the file system as data."""
        line = self.line(self.mount("tmpfs", "size=64k", *options, type="tmpfs"))
        self.assertIn("size=64k", line["super"])
        self.assertNotIn("lazytime", line["super"])

    @each(lazytime="lazytime", sync="rsync", dirsync="rdirsync")
    def test_of_the_superblock(self, option):
        line = self.line(self.mount("tmpfs", option, type="tmpfs"))
        self.assertIn(option.removeprefix("r"), line["super"])

    @each(ro="rro", nosuid="rnosuid", noexec="rnoexec", nodev="rnodev", noatime="rnoatime")
    def test_of_a_tree_of_one(self, option):
        line = self.line(self.mount("tmpfs", option, type="tmpfs"))
        self.assertIn(option[1:], line["options"])

    def test_mount_2_keeps_mode_and_files(self):
        """silent is an option that only mount(2) knows: the rest must act as ever."""
        edit = self.mount("tmpfs", "silent", "tmpcopyup", destination="/kept", type="tmpfs")
        bundle = self.bundle(self.spec("/bin/sh", "-c", "probe stat /kept; cat /kept/a", edit=edit))
        (bundle.rootfs / "kept").mkdir()
        (bundle.rootfs / "kept").chmod(0o711)
        (bundle.rootfs / "kept/a").write_text("a\n")
        out = self.run_spec(bundle).out
        self.assertTrue(out.startswith("mode=40711 ") and out.endswith("\na\n"), out)

    @harness.by_the_config
    @hull_only("runc takes it and does nothing")
    def test_tmpcopyup_elsewhere_is_named(self):
        edit = self.mount("mqueue", "tmpcopyup", type="mqueue")
        self.refused(edit, saying=f"/mounts/{INDEX}/options/0")

    def layers(self, count, length):
        found = []
        for i in range(count):
            layer = self.dir / f"{i:x<{length}}"
            layer.mkdir()
            (layer / f"file{i}").write_text("")
            found.append(layer)
        return found

    @each(short=(2, 4), long=(8, 100))
    def test_overlay(self, row):
        """With options that are longer than fsconfig(2) takes, too."""
        count, length = row
        names = self.layers(count, length)
        space = self.host_mount("space")  # an upper directory may not be on an overlay
        (space / "upper").mkdir()
        (space / "work").mkdir()
        edit = self.mount(
            "overlay",
            "lowerdir=" + ":".join(map(str, names)),
            f"upperdir={space}/upper",
            f"workdir={space}/work",
            type="overlay",
        )
        out = self.sh("ls /mnt; echo new > /mnt/new", edit=edit)
        self.assertEqual(set(out.split()), {f"file{i}" for i in range(count)})
        self.assertEqual((space / "upper/new").read_text(), "new\n")

    def test_options_that_do_not_fit_a_page_are_refused(self):
        """mount(2) would cut them off and mount something else."""
        names = self.layers(30, 140)
        edit = self.mount("overlay", "lowerdir=" + ":".join(map(str, names)), type="overlay")
        self.refused(edit, saying=[f"/mounts/{INDEX}", "page"])

    def test_fuse(self):
        """The server's descriptor comes with --preserve-fds."""
        try:
            device = os.open("/dev/fuse", os.O_RDWR)
        except OSError:
            self.skipTest("the machine has no /dev/fuse")
        self.addCleanup(os.close, device)
        options = ["fd=3", "rootmode=40000", "user_id=0", "group_id=0", "nosuid", "nodev"]
        edit = self.mount("mine", *options, type="fuse.mine")
        keep = lambda: os.dup2(device, 3)
        line = self.line(edit, pass_fds=[3], preexec_fn=keep, words=["--preserve-fds", "1"])
        self.assertEqual((line["type"], line["source"]), ("fuse.mine", "mine"))

    @each(
        proc=("/proc", "proc", "40555"),
        sysfs=("/sys", "sysfs", "40555"),
        mqueue=("/dev/mqueue", "mqueue", "41777"),
        tmpfs=("/covered", "tmpfs", "40711"),
        tmpfs_with_mode=("/tmp", "tmpfs", "40700"),
    )
    def test_mode_of_the_root(self, row):
        """crun 1.29.0 got these wrong."""
        destination, kind, mode = row
        options = ["mode=700"] if destination == "/tmp" else []
        edit = self.mount(kind, *options, destination=destination, type=kind)
        bundle = self.bundle(self.spec("/bin/probe", "stat", destination, edit=edit))
        (bundle.rootfs / "covered").mkdir()
        (bundle.rootfs / "covered").chmod(0o711)
        self.assertEqual(self.run_spec(bundle).out.split()[0], f"mode={mode}")


class Remount(Options):
    def change(self, *options, first=("size=64k",), type=""):
        def edit(spec):
            self.mount("tmpfs", *first, type="tmpfs")(spec)
            change = {"destination": "/mnt", "options": list(options)}
            spec["mounts"].append({**change, **({"type": type} if type else {})})

        return edit

    @each(ro="ro", nosuid="nosuid", noexec="noexec", nodev="nodev", noatime="noatime")
    def test_gives(self, option):
        self.assertIn(option, self.line(self.change("remount", option))["options"])

    def test_keeps_the_others(self):
        line = self.line(self.change("remount", "ro", first=["nosuid", "nodev"]))
        self.assertTrue({"ro", "nosuid", "nodev"} <= set(line["options"]), line)

    def test_takes(self):
        edit = self.change("remount", "rw", "exec", first=["ro", "noexec", "nosuid"])
        line = self.line(edit)
        self.assertEqual({"rw", "nosuid"} - set(line["options"]), set(), line)
        self.assertNotIn("noexec", line["options"])
        self.assertEqual(self.sh("probe creat /mnt/x", edit=edit), "ok\n")

    def test_the_file_systems_own(self):
        line = self.line(self.change("remount", "size=128k"))
        self.assertIn("size=128k", line["super"])

    def test_of_the_superblock(self):
        line = self.line(self.change("remount", "sync"))
        self.assertIn("sync", line["super"])

    @harness.by_the_config
    def test_what_it_does_not_know_is_named(self):
        self.refused(self.change("remount", "no-such=1"), saying=f"/mounts/{INDEX + 1}")

    def test_of_nothing(self):
        def edit(spec):
            spec["mounts"].append({"destination": "/none", "options": ["remount", "ro"]})

        self.refused(edit, saying=f"/mounts/{INDEX}")

    @each(shared=("shared", ["shared"]), unbindable=("unbindable", ["unbindable"]))
    def test_propagation_alone(self, row):
        option, expected = row
        line = self.line(self.change(option))
        self.assertEqual([p.split(":")[0] for p in line["propagation"]], expected)

    def test_propagation_twice(self):
        line = self.line(self.change("private", "shared"))
        self.assertEqual([p.split(":")[0] for p in line["propagation"]], ["shared"])

    def test_by_bind(self):
        def edit(spec):
            self.mount("/tmp", "bind")(spec)
            self.mount("/tmp", "remount", "bind", "ro", "nosuid")(spec)

        self.assertTrue({"ro", "nosuid"} <= set(self.line(edit)["options"]))


class Kernel(Options):
    """What lies under /proc and /sys."""

    @each(uptime="/proc/uptime", meminfo="/proc/meminfo", fips="/proc/sys/kernel/ns_last_pid")
    def test_a_file_that_may_be_covered(self, destination):
        source = self.host_file("mine", "mine\n")
        edit = self.mount(source, "bind", destination=destination)
        self.assertEqual(self.sh(f"cat {destination}", edit=edit), "mine\n")

    @harness.by_the_config
    @each(self_="/proc/self/attr", kcore="/proc/kcore", sys="/proc/sys", one="/proc/1")
    def test_one_that_may_not(self, destination):
        self.refused(self.mount("/tmp", "bind", destination=destination), saying="/destination")

    @harness.by_the_config
    def test_nothing_else_is_mounted_at_proc(self):
        self.refused(self.mount("tmpfs", destination="/proc", type="tmpfs"), saying="/proc")

    @harness.by_the_config
    def test_no_other_directory_is_bound_at_proc(self):
        self.refused(self.mount("/tmp", "bind", destination="/proc"), saying="/proc")

    def test_the_hosts_proc_may_be_bound(self):
        def edit(spec):
            spec["mounts"][0] = {
                "destination": "/proc",
                "type": "bind",
                "source": "/proc",
                "options": ["rbind", "ro"],
            }
            harness.remove_namespace(spec, "pid")
            spec["linux"]["readonlyPaths"] = []

        self.assertEqual(self.sh("cat /proc/sys/kernel/ostype", edit=edit), "Linux\n")

    def test_no_bind_goes_through_a_link_in_place_of_proc(self):
        def edit(spec):
            spec["mounts"] = spec["mounts"][1:]
            spec["linux"].update(maskedPaths=[], readonlyPaths=[])
            self.mount(self.host_file("mine", "mine\n"), "bind", destination="/proc/uptime")(spec)

        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        (bundle.rootfs / "proc").rmdir()
        os.symlink("/bad", bundle.rootfs / "proc")
        (bundle.rootfs / "bad").mkdir()
        self.fails("create", "--bundle", bundle.path, self.new_id())
        self.assertEqual(list((bundle.rootfs / "bad").iterdir()), [])

    @harness.by_the_config
    def test_the_destination_root_is_refused(self):
        self.refused(self.mount("tmpfs", destination="/", type="tmpfs"), saying="/")

    @each(plain="relative", dots="a/../relative")
    def test_a_relative_destination_begins_at_the_root(self, destination):
        result = self.run_args(
            "/bin/cat",
            "/proc/self/mountinfo",
            edit=self.mount("tmpfs", destination=destination, type="tmpfs"),
        )
        self.assertIsNotNone(mount_line(result.out, "/relative"), result)
        if harness.NAME == "hull":
            self.assertEqual(result.err.count("absolute path"), 1, result)

    def test_mqueue(self):
        edit = self.mount("mqueue", "nosuid", "noexec", destination="/dev/mqueue", type="mqueue")
        line = self.line(edit, "/dev/mqueue")
        self.assertEqual(line["type"], "mqueue")
        self.assertTrue({"nosuid", "noexec"} <= set(line["options"]))


class Cgroups(Options):
    def cgroup(self, *options, namespace, kind="cgroup"):
        def edit(spec):
            if namespace:
                harness.add_namespace(spec, "cgroup")
            spec["mounts"] += [
                {"destination": "/sys", "type": "sysfs", "source": "sysfs"},
                {
                    "destination": "/sys/fs/cgroup",
                    "type": kind,
                    "source": "cgroup",
                    "options": ["nosuid", "noexec", "nodev", *options],
                },
            ]

        return edit

    def lines(self, edit):
        out = self.sh("cat /proc/self/mountinfo", edit=edit)
        places = {l.split(" ")[4] for l in out.splitlines()}
        return {p: mount_line(out, p) for p in places if p.startswith("/sys/fs/cgroup")}

    @each(
        ro=("ro", False), rw=("rw", False), ro_in_a_namespace=("ro", True), rw_in_one=("rw", True)
    )
    def test_shows_the_containers_own(self, row):
        option, namespace = row
        lines = self.lines(self.cgroup(option, namespace=namespace))
        if LEGACY:
            self.assertIn("/sys/fs/cgroup/memory", lines)
            self.assertEqual(lines["/sys/fs/cgroup"]["type"], "tmpfs")
        for place, line in lines.items():
            self.assertIn(option, line["options"], place)
            self.assertTrue({"nosuid", "noexec", "nodev"} <= set(line["options"]), place)
            if line["type"] == "tmpfs":
                continue
            self.assertIn(line["type"], ("cgroup", "cgroup2"))
            # In a cgroup namespace the container's own is the root; outside its name is seen.
            if namespace and line["root"] == "/":
                continue
            self.assertIn(self.dir.name, line["root"], place)

    @each(host=False, namespace=True)
    def test_a_whole_read_only_tree(self, namespace):
        lines = self.lines(self.cgroup("rro", namespace=namespace))
        for place, line in lines.items():
            self.assertIn("ro", line["options"], place)

    @hull_only("runc takes it on a tree of v1 and does nothing")
    @harness.by_the_config
    @each(host=False, namespace=True)
    def test_an_unknown_option_is_named(self, namespace):
        saying = [f"/mounts/{INDEX + 1}", "no-such" if LEGACY or not namespace else ""]
        self.refused(self.cgroup("no-such=1", namespace=namespace), saying=saying)

    @each(host=False, namespace=True)
    def test_is_where_the_process_is(self, namespace):
        place = "/sys/fs/cgroup/memory" if LEGACY else "/sys/fs/cgroup"
        out = self.sh(
            f"cat {place}/cgroup.procs", edit=self.cgroup("ro", namespace=namespace)
        )
        self.assertIn("1", out.split())

    @each(host=False, namespace=True)
    def test_in_a_user_namespace(self, namespace):
        inner = self.cgroup("ro", namespace=namespace)

        def edit(spec):
            harness.map_ids(spec)
            inner(spec)

        spec = self.spec("/bin/cat", "/proc/self/mountinfo", edit=edit)
        result = self.run_spec(self.bundle(spec, owner=BASE))
        self.assertEqual(result.code, 0, result)
        place = "/sys/fs/cgroup/memory" if LEGACY else "/sys/fs/cgroup"
        self.assertIn("ro", mount_line(result.out, place)["options"])

    @hull_only("a refusal is said in hull's words; crun takes no hybrid host")
    @each(host=False, namespace=True)
    def test_cgroup2_is_that_hierarchy_alone(self, namespace):
        edit = self.cgroup("ro", namespace=namespace, kind="cgroup2")
        if LEGACY and not (harness.CGROUPS / "unified").is_dir():
            self.refused(edit, saying=[f"/mounts/{INDEX + 1}/type", "'cgroup2'"])
            return
        lines = self.lines(edit)
        self.assertEqual(list(lines), ["/sys/fs/cgroup"])
        self.assertEqual(lines["/sys/fs/cgroup"]["type"], "cgroup2")
        self.assertIn("ro", lines["/sys/fs/cgroup"]["options"])


class CgroupsOfV2(harness.PureV2, Options):
    def cgroup(self, *options):
        return self.mount("none", *options, destination="/sys/fs/cgroup", type="cgroup")

    def test_options_of_the_hierarchy_are_the_hosts(self):
        """containerd gives them to privileged containers, which have no cgroup namespace."""
        line = self.line(self.cgroup("nsdelegate", "memory_recursiveprot"), "/sys/fs/cgroup")
        self.assertEqual(line["type"], "cgroup2")

    def test_an_unknown_option_is_named(self):
        self.refused(self.cgroup("no-such=1"), saying=[f"/mounts/{INDEX}/options", "no-such"])


class UserNamespace(Options):
    """A container in a user namespace of its own, made by root."""

    def sysfs(self, *options, network):
        def edit(spec):
            harness.map_ids(spec)
            if not network:
                harness.remove_namespace(spec, "network")
            spec["mounts"].append(
                {
                    "destination": "/sys",
                    "type": "sysfs",
                    "source": "sysfs",
                    "options": list(options),
                }
            )

        return edit

    @each(own=True, hosts=False)
    def test_sysfs(self, network):
        """Without a network namespace of its own it may not mount it: the host's is bound."""
        edit = self.sysfs("nosuid", "noexec", "nodev", "ro", network=network)
        line = self.line(edit, "/sys", owner=BASE)
        self.assertEqual(line["type"], "sysfs")
        self.assertTrue({"ro", "nosuid", "noexec", "nodev"} <= set(line["options"]), line)

    def test_all_of_the_hosts_sysfs_is_read_only(self):
        """crun 1.29.0 left it writable."""
        edit = self.sysfs("ro", network=False)
        spec = self.spec("/bin/cat", "/proc/self/mountinfo", edit=edit)
        out = self.run_spec(self.bundle(spec, owner=BASE)).out
        lines = [l.split(" ") for l in out.splitlines() if l.split(" ")[4].startswith("/sys")]
        self.assertTrue(lines)
        for line in lines:
            self.assertIn("ro", line[5].split(","), line)

    def test_devices_are_bound_without_suid_and_exec(self):
        spec = self.spec("/bin/cat", "/proc/self/mountinfo", edit=harness.map_ids)
        out = self.run_spec(self.bundle(spec, owner=BASE)).out
        options = mount_line(out, "/dev/null")["options"]
        self.assertTrue({"nosuid", "noexec"} <= set(options), options)

    def test_a_source_that_only_root_can_reach(self):
        secret = self.dir / "secret"
        secret.mkdir()
        (secret / "file").write_text("text\n")
        secret.chmod(0o700)
        edit = self.mount(secret / "file", "bind", destination="/etc/file", user=True)
        spec = self.spec("/bin/cat", "/etc/file", edit=edit)
        self.assertEqual(self.run_spec(self.bundle(spec, owner=BASE)).out, "text\n")

    def test_the_same_where_the_namespace_is_joined(self):
        holder = self.start(edit=harness.map_ids)
        path = f"/proc/{self.pid(holder)}/ns/user"
        secret = self.dir / "secret"
        secret.mkdir()
        (secret / "file").write_text("text\n")
        secret.chmod(0o700)

        def edit(spec):
            harness.add_namespace(spec, "user", path)
            self.mount(secret / "file", "bind", destination="/etc/file")(spec)

        spec = self.spec("/bin/cat", "/etc/file", edit=edit)
        self.assertEqual(self.run_spec(self.bundle(spec, owner=BASE)).out, "text\n")

    @each(
        read_only=("ro", "bind"),
        nosuid=("nosuid", "bind", "rprivate"),
        propagation=("rw", "rbind", "rshared"),
    )
    def test_bind(self, row):
        option, *others = row
        source = self.host_mount("source")
        edit = self.mount(source, *others, option, user=True)
        self.assertIn(option, self.line(edit, owner=BASE)["options"])


@unittest.skipIf(harness.NAME == "crun", "without a cgroup to make, its delete kills its own")
class Locked(Options):
    """The runtime itself in a user namespace: what its mounts have, it may not take away."""

    def setUp(self):
        super().setUp()
        self.runtime.prefix = [*self.runtime.prefix, sys.executable, "-c", IN_A_USER_NAMESPACE]

    def own(self, edit):
        """No limits and no path of a cgroup: who is root in a namespace has no rights there."""

        def both(spec):
            edit(spec)
            spec["linux"].pop("resources")
            spec["linux"]["cgroupsPath"] = ""

        return both

    @each(
        rw=("ro", "rw"),
        suid=("nosuid", "suid"),
        dev=("nodev", "dev"),
        exec=("noexec", "exec"),
        atime=("noatime", "atime"),
        strictatime=("noatime", "strictatime"),
    )
    def test_stays(self, row):
        off, on = row
        source = self.host_mount("source", off)
        edit = self.own(self.mount(source, "bind", on, "nosymfollow"))
        line = self.line(edit)
        self.assertIn(off, line["options"])
        self.assertIn("nosymfollow", line["options"])

    @each(
        rrw=("ro", "rrw"),
        rsuid=("nosuid", "rsuid"),
        rdev=("nodev", "rdev"),
        rexec=("noexec", "rexec"),
        rrelatime=("noatime", "rrelatime"),
        rstrictatime=("noatime", "rstrictatime"),
    )
    @hull_only("runc fails where a locked flag is to be cleared")
    def test_stays_on_each_mount_of_a_tree(self, row):
        off, on = row
        source = self.host_mount("source", "nosuid")
        self.submount(source, off)
        edit = self.own(self.mount(source, "rbind", on, "rnosymfollow"))
        out = self.sh("cat /proc/self/mountinfo", edit=edit)
        for place, kept in (("/mnt", "nosuid"), ("/mnt/sub", off)):
            options = mount_line(out, place)["options"]
            self.assertTrue({kept, "nosymfollow"} <= set(options), (place, options))

    @each(tree=("noatime", "nodiratime"), alone=("nodiratime",))
    @hull_only("runc fails where a locked flag is to be cleared")
    def test_the_access_time_stays(self, options):
        source = self.host_mount("source", "noatime")
        self.assertIn("noatime", self.line(self.own(self.mount(source, "rbind", *options)))["options"])

    def test_more_can_be_asked(self):
        source = self.host_mount("source", "nosuid", "nodev", "noexec")
        line = self.line(self.own(self.mount(source, "rbind", "ro")))
        self.assertTrue({"ro", "nosuid", "nodev", "noexec"} <= set(line["options"]), line)

    def test_in_a_remount_too(self):
        source = self.host_mount("source", "nosuid", "noexec")

        def edit(spec):
            self.mount(source, "bind")(spec)
            self.mount(source, "remount", "bind", "ro", "exec", "suid")(spec)

        line = self.line(self.own(edit))
        self.assertTrue({"ro", "nosuid", "noexec"} <= set(line["options"]), line)

    def test_an_id_mapping_is_refused(self):
        def edit(spec):
            self.mount(self.host_mount("source"), "bind", "idmap")(spec)
            maps = [{"containerID": 0, "hostID": 0, "size": 1}]
            spec["mounts"][-1].update(uidMappings=maps, gidMappings=maps)

        spec = self.spec("/bin/true", edit=self.own(edit))
        result = self.run_spec(spec)
        self.assertNotEqual(result.code, 0)
        self.assertIn("mount", result.err)

    @hull_only("runc says other words; crun's delete kills its own here")
    def test_a_masked_proc_is_explained(self):
        """The kernel lets a user namespace mount proc only where a whole one is seen."""
        script = 'mount -t tmpfs none /proc/acpi 2>/dev/null || mount -t tmpfs none /proc/fs; exec "$@"'
        outer = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
        self.runtime.prefix = [*outer, *self.runtime.prefix]
        result = self.run_spec(self.spec("/bin/true", edit=self.own(lambda spec: None)))
        self.assertNotEqual(result.code, 0)
        self.assertIn("/mounts/0", result.err)
        self.assertIn("masked", result.err)


if __name__ == "__main__":
    harness.main()
