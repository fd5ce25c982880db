#!/usr/bin/env python3
"""The root filesystem: every kind of mount, masked and read-only paths, devices, pivot_root."""

import os
import stat
import subprocess

import harness
from harness import Case, each, mount_line

LEGACY = harness.V1 and not harness.PURE_V2  # what the runtime under test sees
TMPFS = {"destination": "/mnt", "type": "tmpfs", "source": "tmpfs"}
# What Podman 4 and Docker 24 write for a container without volumes.
PODMAN = [
    {
        "destination": "/proc",
        "type": "proc",
        "source": "proc",
        "options": ["nosuid", "noexec", "nodev"],
    },
    {
        "destination": "/dev",
        "type": "tmpfs",
        "source": "tmpfs",
        "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
        "destination": "/sys",
        "type": "sysfs",
        "source": "sysfs",
        "options": ["nosuid", "noexec", "nodev", "ro"],
    },
    {
        "destination": "/dev/pts",
        "type": "devpts",
        "source": "devpts",
        "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
    },
    {
        "destination": "/dev/mqueue",
        "type": "mqueue",
        "source": "mqueue",
        "options": ["nosuid", "noexec", "nodev"],
    },
    {
        "destination": "/dev/shm",
        "type": "tmpfs",
        "source": "shm",
        "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536000"],
    },
    {
        "destination": "/sys/fs/cgroup",
        "type": "cgroup",
        "source": "cgroup",
        "options": ["rprivate", "nosuid", "noexec", "nodev", "relatime", "ro"],
    },
]
MASKED = [
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
DEFAULT_DEVICES = {
    "null": "1:3",
    "zero": "1:5",
    "full": "1:7",
    "random": "1:8",
    "urandom": "1:9",
    "tty": "5:0",
}


def like_podman(spec):
    spec["mounts"] = [dict(m) for m in PODMAN]
    spec["linux"].update(maskedPaths=MASKED, readonlyPaths=READ_ONLY)
    harness.add_namespace(spec, "network")


class Rootfs(Case):
    def mountinfo(self, edit=None):
        return self.sh("cat /proc/self/mountinfo", edit=edit)

    def bound(self, *options, directory=True, destination="/mnt", type="bind"):
        """An edit that binds `source` of this case's directory."""
        source = self.dir / "source"
        if not source.exists():
            if directory:
                source.mkdir()
                (source / "file").write_text("from the host\n")
                source.chmod(0o755)
            else:
                source.write_text("from the host\n")
        return lambda spec: spec["mounts"].append(
            {
                "destination": destination,
                "type": type,
                "source": str(source),
                "options": list(options),
            }
        )

    def tmpfs(self, *options):
        return lambda spec: spec["mounts"].append({**TMPFS, "options": list(options)})


class Root(Rootfs):
    def test_is_the_bundles(self):
        self.assertEqual(
            set(self.sh("ls /").split()), {"bin", "dev", "etc", "proc", "run", "sys", "tmp"}
        )

    def test_the_hosts_mounts_are_gone(self):
        for line in self.mountinfo().splitlines():
            self.assertIn(line.split(" ")[4].split("/")[1], ("", "proc", "dev"), line)

    def test_the_old_root_cannot_be_reached(self):
        self.assertEqual(
            self.sh("ls -d /.. /../.. /proc/1/root/.."), "/..\n/../..\n/proc/1/root/..\n"
        )
        self.assertEqual(self.sh("ls /../../../tmp"), "")

    def test_writable(self):
        self.sh("echo x > /tmp/file && cat /tmp/file")

    def test_read_only(self):
        out = self.sh(
            "probe creat /tmp/file; cat /proc/self/mountinfo",
            edit=lambda s: s["root"].update(readonly=True),
        )
        self.assertTrue(out.startswith("EROFS\n"))
        self.assertIn("ro", mount_line(out, "/")["options"])

    def test_read_only_with_a_writable_tmpfs(self):
        def edit(spec):
            spec["root"]["readonly"] = True
            spec["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"})

        self.assertEqual(
            self.sh("probe creat /tmp/file; probe creat /file; true", edit=edit), "ok\nEROFS\n"
        )

    def test_absolute_path(self):
        bundle = self.bundle(self.spec("/bin/true"))
        bundle.spec["root"]["path"] = str(bundle.rootfs)
        bundle.write()
        self.assertEqual(self.run_spec(bundle).code, 0)

    @each(
        private=("private", []),
        slave=("slave", ["master"]),
        unbindable=("unbindable", ["unbindable"]),
        rprivate=("rprivate", []),
        rslave=("rslave", ["master"]),
    )
    def test_propagation(self, row):
        name, expected = row
        shared = self.dir / "shared"
        shared.mkdir()
        out = self.mountinfo(lambda s: s["linux"].update(rootfsPropagation=name))
        kinds = [p.split(":")[0] for p in mount_line(out, "/")["propagation"]]
        if expected == ["master"]:  # a slave of a private mount is private
            self.assertIn(kinds, ([], ["master"]))
        else:
            self.assertEqual(kinds, expected)

    def test_propagation_shared(self):
        out = self.mountinfo(lambda s: s["linux"].update(rootfsPropagation="shared"))
        self.assertTrue(mount_line(out, "/")["propagation"][0].startswith("shared:"))

    def test_no_pivot(self):
        self.assertIn("bin", self.inside("/bin/ls", "/", words=["--no-pivot"]))

    @each(
        pivot=((), "shared"),
        no_pivot=(("--no-pivot",), "shared"),
        no_pivot_of_the_tree=(("--no-pivot",), "rshared"),
        no_pivot_slave=(("--no-pivot",), "rslave"),
    )
    def test_the_hosts_mounts_stay(self, row):
        """Also where every one of them is a peer of the container's: a host made for this alone."""
        words, propagation = row
        script = 'mount --make-rshared /; cp /proc/self/mountinfo "$0"; "$@"; code=$?'
        script += '; cmp "$0" /proc/self/mountinfo && exit $code'
        host = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]
        self.runtime.prefix = [*self.runtime.prefix, *host, str(self.dir / "mountinfo")]
        edit = lambda spec: spec["linux"].update(rootfsPropagation=propagation)
        self.assertIn("bin", self.inside("/bin/ls", "/", edit=edit, words=words))


class Engines(Rootfs):
    def test_podmans_mounts(self):
        out = self.mountinfo(like_podman)
        expected = {
            "/proc": ("proc", ["nosuid", "nodev", "noexec"]),
            "/dev": ("tmpfs", ["nosuid"]),
            "/sys": ("sysfs", ["ro", "nosuid", "nodev", "noexec"]),
            "/dev/pts": ("devpts", ["nosuid", "noexec"]),
            "/dev/mqueue": ("mqueue", ["nosuid", "nodev", "noexec"]),
            "/dev/shm": ("tmpfs", ["nosuid", "nodev", "noexec"]),
        }
        for path, (kind, options) in expected.items():
            line = mount_line(out, path)
            self.assertEqual(line["type"], kind, path)
            for option in options:
                self.assertIn(option, line["options"], path)

    def test_podmans_data_options(self):
        out = self.mountinfo(like_podman)
        self.assertIn("size=65536k", mount_line(out, "/dev")["super"])
        self.assertIn("mode=755", mount_line(out, "/dev")["super"])
        self.assertIn("gid=5", mount_line(out, "/dev/pts")["super"])
        self.assertIn("mode=620", mount_line(out, "/dev/pts")["super"])
        self.assertIn("ptmxmode=666", mount_line(out, "/dev/pts")["super"])
        self.assertIn("size=64000k", mount_line(out, "/dev/shm")["super"])

    def test_the_cgroup_mount_shows_the_containers_own(self):
        out = self.sh("ls -d /sys/fs/cgroup/*; cat /proc/self/mountinfo", edit=like_podman)
        path = "/sys/fs/cgroup/memory" if LEGACY else "/sys/fs/cgroup"
        self.assertIn(path, out)
        self.assertIn("ro", mount_line(out, path)["options"])

    def test_cgroup_mount_with_a_cgroup_namespace(self):
        def edit(spec):
            like_podman(spec)
            harness.add_namespace(spec, "cgroup")

        out = self.sh("cat /proc/self/cgroup", edit=edit)
        self.assertEqual({line.split(":")[2] for line in out.splitlines()}, {"/"})

    def test_masked_and_read_only_paths(self):
        out = self.sh(
            "ls /sys/firmware; cat /proc/keys; probe write /proc/sys/kernel/domainname; true",
            edit=like_podman,
        )
        self.assertEqual(out, "EROFS\n")

    def test_docker_files(self):
        """/etc/hosts and friends: single files bound over what the image may not even have."""
        files = {n: self.host_file(n, n + "\n") for n in ("resolv.conf", "hostname", "hosts")}

        def edit(spec):
            like_podman(spec)
            spec["mounts"] += [
                {
                    "destination": f"/etc/{n}",
                    "type": "bind",
                    "source": str(p),
                    "options": ["rbind", "rprivate"],
                }
                for n, p in files.items()
            ]

        self.assertEqual(
            self.sh("cat /etc/resolv.conf /etc/hostname /etc/hosts", edit=edit),
            "resolv.conf\nhostname\nhosts\n",
        )


class Options(Rootfs):
    @each(
        ro="ro",
        nosuid="nosuid",
        nodev="nodev",
        noexec="noexec",
        noatime="noatime",
        nodiratime="nodiratime",
        relatime="relatime",
        nosymfollow="nosymfollow",
    )
    def test_tmpfs(self, option):
        self.assertIn(option, mount_line(self.mountinfo(self.tmpfs(option)), "/mnt")["options"])

    @each(sync="sync", dirsync="dirsync")
    def test_tmpfs_of_the_superblock(self, option):
        self.assertIn(option, mount_line(self.mountinfo(self.tmpfs(option)), "/mnt")["super"])

    @each(
        rw=("ro", "rw"),
        suid=("nosuid", "suid"),
        dev=("nodev", "dev"),
        exec=("noexec", "exec"),
        atime=("noatime", "atime"),
    )
    def test_the_later_option_wins(self, row):
        off, on = row
        self.assertNotIn(off, mount_line(self.mountinfo(self.tmpfs(off, on)), "/mnt")["options"])
        self.assertIn(off, mount_line(self.mountinfo(self.tmpfs(on, off)), "/mnt")["options"])

    @each(ro="ro", nosuid="nosuid", nodev="nodev", noexec="noexec", noatime="noatime")
    def test_bind(self, option):
        line = mount_line(self.mountinfo(self.bound("bind", option)), "/mnt")
        self.assertIn(option, line["options"])

    @each(
        private=("private", ""),
        rprivate=("rprivate", ""),
        shared=("shared", "shared"),
        rshared=("rshared", "shared"),
        unbindable=("unbindable", "unbindable"),
    )
    def test_propagation(self, row):
        option, expected = row
        line = mount_line(self.mountinfo(self.tmpfs(option)), "/mnt")
        self.assertEqual("".join(p.split(":")[0] for p in line["propagation"]), expected)

    def test_slave_of_a_shared_source(self):
        source = self.dir / "source"
        source.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", source], check=True)
        try:
            subprocess.run(["mount", "--make-shared", source], check=True)
            line = mount_line(self.mountinfo(self.bound("rbind", "rslave")), "/mnt")
            self.assertTrue(line["propagation"][0].startswith("master:"))
        finally:
            subprocess.run(["umount", source], check=True)

    def test_data(self):
        line = mount_line(
            self.mountinfo(self.tmpfs("size=128k", "nr_inodes=10", "mode=700")), "/mnt"
        )
        for option in ("size=128k", "nr_inodes=10", "mode=700"):
            self.assertIn(option, line["super"])

    @each(ro="ro", rro="rro")
    def test_a_read_only_tmpfs_is_filled_first(self, option):
        def edit(spec):
            spec["mounts"] += [
                {**TMPFS, "destination": "/bin", "options": ["tmpcopyup", option]},
                {**TMPFS, "options": [option]},
                {**TMPFS, "destination": "/mnt/inside"},
            ]
            spec["mounts"][1]["options"].append(option)  # /dev

        script = "cd /; for d in bin dev mnt mnt/inside; do probe creat $d/x; done; ls dev/null"
        out = self.sh(script, edit=edit)
        self.assertEqual(out, "EROFS\nEROFS\nEROFS\nok\ndev/null\n")

    @each(
        remount=(["remount", "rw"], ["rw"]),
        other=(["size=64k"], ["ro", "rw"]),
    )
    def test_a_read_only_tmpfs_and_what_comes_upon_it(self, row):
        options, expected = row

        def edit(spec):
            spec["mounts"] += [
                {**TMPFS, "options": ["ro"]},
                {**TMPFS, "options": options},
            ]

        lines = [line.split(" ") for line in self.mountinfo(edit).splitlines()]
        found = [line[5].split(",")[0] for line in lines if line[4] == "/mnt"]
        self.assertEqual(found, expected)

    def test_tmpcopyup(self):
        bundle = self.bundle(
            self.spec(
                "/bin/cat",
                "/etc/kept",
                edit=lambda s: s["mounts"].append(
                    {
                        "destination": "/etc",
                        "type": "tmpfs",
                        "source": "tmpfs",
                        "options": ["tmpcopyup"],
                    }
                ),
            )
        )
        (bundle.rootfs / "etc/kept").write_text("kept\n")
        self.assertEqual(self.run_spec(bundle).out, "kept\n")

    def test_unknown_options_go_to_the_file_system_and_fail_there(self):
        self.refused(self.tmpfs("no-such-option"), saying=["/mnt", "invalid argument"])

    def test_the_mount_that_failed_is_named(self):
        self.refused(self.tmpfs("size=x"), saying="/mnt")


class Bind(Rootfs):
    def test_directory(self):
        self.assertEqual(self.sh("cat /mnt/file", edit=self.bound("bind")), "from the host\n")

    def test_file(self):
        self.assertEqual(
            self.sh("cat /mnt", edit=self.bound("bind", directory=False)), "from the host\n"
        )

    def test_options_alone_make_it_a_bind(self):
        self.assertEqual(
            self.sh("cat /mnt/file", edit=self.bound("rbind", type="none")), "from the host\n"
        )

    def test_deep_destination_is_made(self):
        self.assertEqual(
            self.sh("cat /a/b/c/file", edit=self.bound("bind", destination="/a/b/c")),
            "from the host\n",
        )

    def test_file_destination_is_made(self):
        self.assertEqual(
            self.sh("cat /a/b/c", edit=self.bound("bind", directory=False, destination="/a/b/c")),
            "from the host\n",
        )

    def test_writes_reach_the_host(self):
        self.sh("echo new > /mnt/file", edit=self.bound("bind"))
        self.assertEqual((self.dir / "source/file").read_text(), "new\n")

    def test_read_only(self):
        self.assertEqual(
            self.run_args("/bin/probe", "write", "/mnt/file", edit=self.bound("bind", "ro")).out,
            "EROFS\n",
        )

    def test_source_beside_the_config(self):
        bundle = self.bundle(
            self.spec(
                "/bin/cat",
                "/mnt",
                edit=lambda s: s["mounts"].append(
                    {"destination": "/mnt", "type": "bind", "source": "beside", "options": ["bind"]}
                ),
            )
        )
        (bundle.path / "beside").write_text("beside\n")
        self.assertEqual(self.run_spec(bundle).out, "beside\n")

    def with_submount(self, option, script):
        edit = self.bound(option)
        submount = self.dir / "source/sub"
        submount.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", submount], check=True)
        try:
            (submount / "deep").write_text("deep\n")
            return self.sh(script, edit=edit)
        finally:
            subprocess.run(["umount", submount], check=True)

    def test_recursive_brings_submounts(self):
        self.assertEqual(self.with_submount("rbind", "cat /mnt/sub/deep"), "deep\n")

    def test_plain_does_not(self):
        self.assertEqual(self.with_submount("bind", "ls /mnt/sub"), "")

    def test_recursive_read_only(self):
        edit = self.bound("rbind", "rro")
        submount = self.dir / "source/sub"
        submount.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "none", submount], check=True)
        try:
            result = self.run_args("/bin/probe", "creat", "/mnt/sub/x", edit=edit)
        finally:
            subprocess.run(["umount", submount], check=True)
        self.assertEqual(result.out, "EROFS\n", result)

    def test_a_device(self):
        def edit(spec):
            spec["mounts"].append(
                {
                    "destination": "/dev/mine",
                    "type": "bind",
                    "source": "/dev/zero",
                    "options": ["bind"],
                }
            )

        self.assertIn("rdev=1:5", self.sh("probe stat /dev/mine", edit=edit))

    def test_order_is_that_of_the_config(self):
        def edit(spec):
            self.bound("bind")(spec)
            spec["mounts"].append({"destination": "/mnt", "type": "tmpfs", "source": "tmpfs"})

        self.assertEqual(self.sh("ls /mnt", edit=edit), "")

    def test_destination_through_a_symbolic_link_stays_inside(self):
        outside = self.dir / "outside"
        outside.mkdir()
        bundle = self.bundle(
            self.spec(
                "/bin/cat",
                "/link/x",
                edit=self.bound("bind", directory=False, destination="/link/x"),
            )
        )
        os.symlink(f"../../../../../../..{outside}", bundle.rootfs / "link")
        self.run_spec(bundle)
        self.assertEqual(list(outside.iterdir()), [])

    @each(proc="/proc", sys="/sys")
    def test_a_symbolic_link_for(self, path):
        def edit(spec):
            spec["mounts"].append(
                {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]}
            )

        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        (bundle.rootfs / path[1:]).rmdir()
        (bundle.rootfs / "bad").mkdir()
        os.symlink("/bad", bundle.rootfs / path[1:])
        container = self.new_id()
        self.fails("create", "--bundle", bundle.path, container, saying=path)
        self.assert_nothing_left(container)
        self.assertEqual(list((bundle.rootfs / "bad").iterdir()), [])


class IntoProc(Rootfs):
    """A symlink of the image, or of a volume, that leads to where the kernel's files are."""

    def with_link(self, mount, link="evil", to="/proc", more=None):
        """A bundle with one more mount, whose image has a link."""

        def edit(spec):
            if more:
                more(spec)
            spec["mounts"].append({"source": "tmpfs", **mount})

        bundle = self.bundle(self.spec("/bin/cat", "/proc/self/mountinfo", edit=edit))
        path = bundle.rootfs / link
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            path.rmdir()
        os.symlink(to, path)
        return bundle

    def file(self, destination):
        source = str(self.host_file("file"))
        return {
            "destination": destination,
            "type": "bind",
            "source": source,
            "options": ["bind"],
        }

    def assert_refused(self, bundle, saying):
        container = self.new_id()
        self.fails("create", "--bundle", bundle.path, container, saying=saying)
        self.assert_nothing_left(container)

    @harness.hull_only("runc says other words, and crun follows the link")
    @each(
        whole="/evil",
        directory="/evil/sys",
        process="/evil/self/attr",
        file="/evil/version",
        allowed="/evil/uptime",
    )
    def test_refused(self, destination):
        mount = {"destination": destination, "type": "tmpfs"}
        if destination.endswith(("version", "uptime")):
            mount = self.file(destination)
        self.assert_refused(self.with_link(mount), ["/mounts/2", destination, "into /proc"])

    @harness.hull_only("runc says other words, and crun follows the link")
    @each(relative="../proc", process="/proc/self")
    def test_refused_by(self, to):
        mount = {"destination": "/deep/evil", "type": "tmpfs"}
        self.assert_refused(self.with_link(mount, "deep/evil", to), ["/mounts/2", "into /proc"])

    @harness.hull_only("runc says other words, and crun follows the link")
    def test_a_volumes_is_refused(self):
        volume = self.dir / "volume"
        volume.mkdir()
        os.symlink("/proc", volume / "link")

        def bind(spec):
            spec["mounts"].append(
                {
                    "destination": "/volume",
                    "type": "bind",
                    "source": str(volume),
                    "options": ["bind"],
                }
            )

        bundle = self.with_link(self.file("/volume/link/version"), more=bind)
        self.assert_refused(bundle, ["/mounts/3", "into /proc"])

    @harness.hull_only("runc and crun say other words")
    def test_no_cgroups_in_its_place(self):
        mount = {"destination": "/sys/fs/cgroup", "type": "cgroup"}
        self.assert_refused(self.with_link(mount, "sys/fs/cgroup"), ["/mounts/2", "symlink"])

    @harness.hull_only("runc says other words, and crun follows the link")
    def test_no_dev_in_its_place(self):
        def last(spec):
            spec["mounts"].reverse()
            spec["mounts"].append(spec["mounts"].pop(0))

        mount = {"destination": "/mnt", "type": "tmpfs"}
        self.assert_refused(self.with_link(mount, "dev", more=last), ["'/dev'", "symlink"])

    def test_where_it_leads_elsewhere_it_is_followed(self):
        bundle = self.with_link({"destination": "/evil/x", "type": "tmpfs"}, to="/tmp")
        self.assertIsNotNone(mount_line(self.run_spec(bundle).out, "/tmp/x"))

    def test_the_hosts_proc_elsewhere_is_no_part_of_it(self):
        def bind(spec):
            spec["mounts"].append(
                {
                    "destination": "/host/proc",
                    "type": "bind",
                    "source": "/proc",
                    "options": ["rbind"],
                }
            )

        mount = {"destination": "/host/proc/sys", "type": "tmpfs"}
        result = self.run_spec(self.with_link(mount, more=bind))
        self.assertIsNotNone(mount_line(result.out, "/host/proc/sys"), result)

    def test_before_proc_is_there(self):
        bundle = self.bundle(self.spec("/bin/cat", "/proc/self/mountinfo"))
        mounts = bundle.spec["mounts"]
        mounts.insert(0, {"destination": "/evil", "type": "tmpfs", "source": "tmpfs"})
        os.symlink("/proc", bundle.rootfs / "evil")
        bundle.write()
        result = self.run_spec(bundle)
        self.assertEqual(mount_line(result.out, "/proc")["type"], "proc", result)


class Dangling(Rootfs):
    """A symlink of the image whose target is not there yet: it says where the mount goes."""

    def with_links(self, links, edit):
        bundle = self.bundle(self.spec("/bin/cat", "/proc/self/mountinfo", edit=edit))
        for path, to in links.items():
            path = bundle.rootfs / path
            path.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(to, path)
        return bundle

    def bound_file(self, links, destination):
        bundle = self.with_links(
            links, self.bound("bind", directory=False, destination=destination)
        )
        return self.run_spec(bundle), bundle.rootfs

    @each(
        relative=({"etc/f": "../run/x/f"}, "/etc/f", "/run/x/f"),
        absolute=({"etc/f": "/run/x/f"}, "/etc/f", "/run/x/f"),
        beside=({"etc/f": "g"}, "/etc/f", "/etc/g"),
        directory=({"var/run": "/later"}, "/var/run/sub/f", "/later/sub/f"),
        last_but_one=({"var/run": "../later/"}, "/var/run/f", "/later/f"),
        chain=(
            {"a": "etc/b", "etc/b": "../run/c", "run/c": "/tmp/deep/d"},
            "/a/f",
            "/tmp/deep/d/f",
        ),
        two=({"a": "/new", "new": "/run/one", "run/one/b": "/run/two"}, "/a/b/f", "/run/two/f"),
        past_the_root=({"etc/f": "../../../../../run/f"}, "/etc/f", "/run/f"),
        dots=({"etc/f": "../run/./x/../y/f"}, "/etc/f", "/run/y/f"),
    )
    def test_a_file_goes_where_it_leads(self, row):
        links, destination, place = row
        result, rootfs = self.bound_file(links, destination)
        self.assertEqual(result.code, 0, result)
        self.assertIsNotNone(mount_line(result.out, place), result)
        for path, to in links.items():
            self.assertEqual(os.readlink(rootfs / path), to)

    def test_a_directory_goes_where_it_leads(self):
        bundle = self.with_links({"var/lock": "/run/lock"}, self.bound("bind"))
        bundle.spec["mounts"][-1]["destination"] = "/var/lock"
        bundle.write()
        self.assertIsNotNone(mount_line(self.run_spec(bundle).out, "/run/lock"))

    def test_a_tmpfs_goes_where_it_leads(self):
        edit = lambda spec: spec["mounts"].append({**TMPFS, "destination": "/var/lock"})
        bundle = self.with_links({"var/lock": "/run/lock"}, edit)
        result = self.run_spec(bundle)
        self.assertIsNotNone(mount_line(result.out, "/run/lock"), result)

    def test_in_a_user_namespace(self):
        def edit(spec):
            self.bound("bind", directory=False, destination="/etc/f")(spec)
            harness.map_ids(spec)

        bundle = self.bundle(self.spec("/bin/cat", "/proc/self/mountinfo", edit=edit), owner=100000)
        os.symlink("../run/x/f", bundle.rootfs / "etc/f")
        result = self.run_spec(bundle)
        self.assertIsNotNone(mount_line(result.out, "/run/x/f"), result)

    def test_nothing_outside_is_made(self):
        outside = self.dir / "outside"
        outside.mkdir()
        up = "../" * 20
        result, rootfs = self.bound_file({"etc/f": f"{up}{outside}/deep/f"}, "/etc/f")
        self.assertEqual(list(outside.iterdir()), [])
        self.assertIsNotNone(mount_line(result.out, f"{outside}/deep/f"), result)

    @each(itself={"etc/f": "f"}, each_other={"etc/f": "g", "etc/g": "f"})
    def test_a_loop_is_refused(self, links):
        result, _ = self.bound_file(links, "/etc/f")
        self.assertNotEqual(result.code, 0, result)
        self.assertIn("too many levels of symbolic links", result.err.lower())

    @each(most=(39, True), too_many=(60, False))
    def test_a_long_chain(self, row):
        count, good = row
        links = {f"etc/l{i}": f"l{i + 1}" for i in range(count)}
        result, _ = self.bound_file(links, "/etc/l0")
        self.assertEqual(result.code == 0, good, result)

    def test_what_is_no_link_is_in_the_way(self):
        bundle = self.with_links({}, self.bound("bind", destination="/etc/file/x"))
        (bundle.rootfs / "etc/file").write_text("")
        container = self.new_id()
        self.fails("create", "--bundle", bundle.path, container, saying="not a directory")
        self.assert_nothing_left(container)


@harness.hull_only("runc and crun say other words")
class Explained(Rootfs):
    """What the kernel has no better word for than EINVAL."""

    def assert_refused(self, edit, saying, make=lambda rootfs: None):
        container = self.new_id()
        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        make(bundle.rootfs)
        result = self.fails("create", "--bundle", bundle.path, container, saying=saying)
        self.assertNotIn("invalid argument", result.err)
        self.assert_nothing_left(container)

    def test_a_file_over_a_directory(self):
        edit = self.bound("bind", directory=False, destination="/etc")
        self.assert_refused(edit, ["/mounts/2", "one is a directory, the other is not"])

    def test_a_directory_over_a_file(self):
        edit = self.bound("bind", destination="/bin/sh")
        self.assert_refused(edit, ["/mounts/2", "one is a directory, the other is not"])

    def test_a_file_system_over_a_file(self):
        edit = lambda spec: spec["mounts"].append({**TMPFS, "destination": "/bin/sh"})
        self.assert_refused(edit, ["/mounts/2", "one is a directory, the other is not"])

    @each(
        attributes=["remount", "ro"],
        superblock=["remount", "sync"],
        propagation=["slave"],
        tree=["remount", "rro"],
    )
    def test_a_change_of_nothing(self, options):
        edit = lambda spec: spec["mounts"].append({"destination": "/etc", "options": options})
        self.assert_refused(edit, ["/mounts/2", "nothing is mounted there"])

    def test_a_loop_where_symlinks_are_followed(self):
        edit = lambda spec: spec["mounts"].append({**TMPFS, "destination": "/loop/x"})
        link = lambda rootfs: os.symlink("loop", rootfs / "loop")
        self.assert_refused(edit, ["/mounts/2", "lead in a circle"], link)


class Paths(Rootfs):
    def test_masked_file_is_empty(self):
        self.assertEqual(self.sh("cat /proc/version"), "")

    def test_masked_directory_is_empty_and_read_only(self):
        bundle = self.bundle(
            self.spec(
                "/bin/sh",
                "-c",
                "ls /secret; probe creat /secret/x; true",
                edit=lambda s: s["linux"]["maskedPaths"].append("/secret"),
            )
        )
        (bundle.rootfs / "secret/deep").mkdir(parents=True)
        self.assertEqual(self.run_spec(bundle).out, "EROFS\n")

    def test_masked_path_that_does_not_exist(self):
        self.sh("true", edit=lambda s: s["linux"].update(maskedPaths=["/no/such/path"]))

    def test_read_only_directory(self):
        self.assertEqual(
            self.run_args(
                "/bin/probe",
                "creat",
                "/etc/x",
                edit=lambda s: s["linux"].update(readonlyPaths=["/etc"]),
            ).out,
            "EROFS\n",
        )

    def test_read_only_file(self):
        bundle = self.bundle(
            self.spec(
                "/bin/probe",
                "write",
                "/etc/file",
                edit=lambda s: s["linux"].update(readonlyPaths=["/etc/file"]),
            )
        )
        (bundle.rootfs / "etc/file").write_text("x")
        self.assertEqual(self.run_spec(bundle).out, "EROFS\n")

    def test_read_only_path_that_does_not_exist(self):
        self.sh("true", edit=lambda s: s["linux"].update(readonlyPaths=["/no/such/path"]))

    def test_proc_sys_is_read_only(self):
        self.assertEqual(
            self.run_args("/bin/probe", "write", "/proc/sys/kernel/domainname").out, "EROFS\n"
        )


class Devices(Rootfs):
    @each(**DEFAULT_DEVICES, **{})
    def test_default(self, number):
        name = next(n for n, v in DEFAULT_DEVICES.items() if v == number)
        self.assertEqual(
            self.sh(f"probe stat /dev/{name}"), f"mode=20666 uid=0 gid=0 rdev={number}\n"
        )

    @each(**{n: n for n in DEFAULT_DEVICES if n != "tty"})
    def test_default_can_be_opened(self, name):
        self.assertEqual(self.sh(f"probe open /dev/{name}"), "ok\n")

    def test_links(self):
        self.assertEqual(
            self.sh(
                "for n in fd stdin stdout stderr ptmx; do readlink /dev/$n || "
                "ls -l /dev/$n; done",
                edit=like_podman,
            ).count("/proc/self/fd"),
            4,
        )

    @each(character=("c", "1:3", stat.S_IFCHR), block=("b", "7:0", stat.S_IFBLK))
    def test_node(self, row):
        kind, number, bits = row
        major, minor = map(int, number.split(":"))
        out = self.sh(
            "probe stat /dev/mine",
            edit=lambda s: s["linux"].update(
                devices=[
                    {
                        "path": "/dev/mine",
                        "type": kind,
                        "major": major,
                        "minor": minor,
                        "fileMode": 0o640,
                        "uid": 3,
                        "gid": 4,
                    }
                ]
            ),
        )
        self.assertEqual(out, "mode=%o uid=3 gid=4 rdev=%s\n" % (bits | 0o640, number))

    def test_unbuffered_is_character(self):
        out = self.sh(
            "probe stat /dev/mine",
            edit=lambda s: s["linux"].update(
                devices=[{"path": "/dev/mine", "type": "u", "major": 1, "minor": 3}]
            ),
        )
        self.assertIn("mode=20666", out)

    def test_fifo(self):
        out = self.sh(
            "probe stat /dev/mine",
            edit=lambda s: s["linux"].update(
                devices=[{"path": "/dev/mine", "type": "p", "fileMode": 0o600}]
            ),
        )
        self.assertIn("mode=10600", out)

    def test_in_a_new_directory(self):
        out = self.sh(
            "probe stat /dev/a/b",
            edit=lambda s: s["linux"].update(
                devices=[{"path": "/dev/a/b", "type": "c", "major": 1, "minor": 3}]
            ),
        )
        self.assertIn("rdev=1:3", out)

    def test_only_what_the_rules_allow_can_be_opened(self):
        def edit(spec):
            spec["linux"]["devices"] = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 11}]

        self.assertEqual(self.run_args("/bin/probe", "open", "/dev/mine", edit=edit).out, "EPERM\n")

    def test_a_rule_opens_it(self):
        def edit(spec):
            spec["linux"]["devices"] = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 11}]
            spec["linux"]["resources"]["devices"].append(
                {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rwm"}
            )
            for names in spec["process"]["capabilities"].values():
                names.append("CAP_SYSLOG")  # /dev/kmsg asks for it

        self.assertEqual(self.run_args("/bin/probe", "open", "/dev/mine", edit=edit).out, "ok\n")


if __name__ == "__main__":
    harness.main()
