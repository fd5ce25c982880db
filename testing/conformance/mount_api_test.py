#!/usr/bin/env python3
"""Mounting by descriptors and by mount(2): the same config.json gives the same container."""

import errno
import os
import subprocess

import harness
from harness import Case, config, each, hull_only, map_ids, mount_line, without

OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, FSPICK = range(428, 434)
OPENAT2, MOUNT_SETATTR = 437, 442
NEW_CALLS = [OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, FSPICK, MOUNT_SETATTR]


def environment(api):
    """`new` is what the kernel has."""
    rest = {k: v for k, v in os.environ.items() if k != "HULL_TEST_MOUNT_API"}
    return {**rest, "HULL_TEST_MOUNT_API": "old"} if api == "old" else rest


def mounts_of(mountinfo):
    """What of /proc/self/mountinfo has no number of its own."""
    lines = []
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        dash = fields.index("-")
        kinds = [field.split(":")[0] for field in fields[6:dash]]
        lines.append((fields[4], fields[3], fields[5], kinds, *fields[dash + 1 :]))
    return lines


def tmpfs(*options, destination="/mnt"):
    return {
        "destination": destination,
        "type": "tmpfs",
        "source": "tmpfs",
        "options": list(options),
    }


def bind(source, *options, destination="/mnt"):
    return {
        "destination": destination,
        "type": "bind",
        "source": str(source),
        "options": ["bind", *options],
    }


ENGINE = [
    {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec"]},
    tmpfs("nosuid", "strictatime", "mode=755", "size=65536k", destination="/dev"),
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
        "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
    },
    {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nodev"]},
    {
        "destination": "/sys/fs/cgroup",
        "type": "cgroup",
        "source": "cgroup",
        "options": ["rprivate", "nosuid", "noexec", "nodev", "relatime", "ro"],
    },
]


def like_an_engine(spec):
    spec["mounts"] = [dict(m) for m in ENGINE]
    spec["root"]["readonly"] = True
    spec["linux"].update(
        maskedPaths=["/proc/kcore", "/proc/timer_list", "/proc/scsi", "/sys/firmware"],
        readonlyPaths=["/proc/bus", "/proc/sys", "/proc/sysrq-trigger"],
    )


def changed_namespace(case, script):
    """The path of a mount namespace that the script has changed; it lives as long as the case."""
    holder = harness.popen(
        ["unshare", "-m", "sh", "-c", script + "; echo done; exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    holder.stdout.readline()

    def end():
        holder.communicate()
        harness.wait(holder)

    case.addCleanup(end)
    return f"/proc/{holder.pid}/ns/mnt"


@hull_only("runc and crun cannot be told to mount in the old way")
class Same(Case):
    """The mounts of a container, made in both ways."""

    owner = 100000

    def source(self):
        """A directory that only the host's root can walk to, with another file system in it."""
        top = self.dir / "private"
        (top / "tree/sub").mkdir(parents=True)
        (top / "tree/file").write_text("from the host\n")
        top.chmod(0o700)
        subprocess.run(["mount", "-t", "tmpfs", "none", top / "tree/sub"], check=True)
        self.addCleanup(subprocess.run, ["umount", top / "tree/sub"], check=False)
        return top / "tree"

    def tearDown(self):
        self.doCleanups()
        super().tearDown()

    def compare(self, edit, words=(), args=("/bin/cat", "/proc/self/mountinfo")):
        """The mounts, which must not depend on how they were made."""
        bundle = self.bundle(self.spec(*args, edit=edit))
        found = {}
        for api in ("new", "old"):
            result = self.run_spec(bundle, *words, env=environment(api))
            self.assertEqual(result.code, 0, result)
            found[api] = result.out
        self.assertEqual(mounts_of(found["old"]), mounts_of(found["new"]))
        return found["old"]

    @each(
        pivot=((), {}),
        no_pivot=(("--no-pivot",), {}),
        shared=((), {"rootfsPropagation": "shared"}),
        rslave=((), {"rootfsPropagation": "rslave"}),
        private=((), {"rootfsPropagation": "private"}),
    )
    def test_an_engines(self, row):
        words, more = row

        def edit(spec):
            like_an_engine(spec)
            spec["linux"].update(more)

        self.compare(edit, words)

    def test_in_a_user_namespace(self):
        tree = self.source()

        def edit(spec):
            like_an_engine(spec)
            harness.add_namespace(spec, "cgroup")
            map_ids(spec)
            spec["mounts"] += [
                bind(tree / "file", "ro", destination="/tmp/file"),
                {**bind(tree, "nosuid", "nodev", destination="/run"), "type": "none"},
                bind(tree, "rbind", "ro", "rshared", destination="/tmp/tree"),
            ]

        out = self.compare(edit)
        for place in ("/tmp/file", "/tmp/tree"):
            self.assertIn("ro", mount_line(out, place)["options"])
        self.assertNotIn("ro", mount_line(out, "/tmp/tree/sub")["options"])

    def test_a_whole_tree(self):
        tree = self.source()

        def edit(spec):
            map_ids(spec)
            spec["mounts"] += [
                bind(tree, "rbind", "rro", "rnosuid", destination="/mnt"),
                bind(tree, "rbind", destination="/run"),
            ]
            spec["linux"]["readonlyPaths"] += ["/run"]

        out = self.compare(edit)
        for place in ("/mnt", "/mnt/sub", "/run", "/run/sub"):
            self.assertIn("ro", mount_line(out, place)["options"])
        self.assertIn("nosuid", mount_line(out, "/mnt/sub")["options"])

    def test_a_tree_with_a_hidden_mount(self):
        """What another mount covers is out of reach, and no reason to fail."""
        tree = self.source()
        (tree / "a b/deep").mkdir(parents=True)
        for place in (tree / "a b/deep", tree / "a b", tree / "sub"):
            subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
            self.addCleanup(subprocess.run, ["umount", place], check=False)

        def edit(spec):
            spec["mounts"].append(bind(tree, "rbind", "rro"))

        script = 'echo > "/mnt/a b/x"; echo > /mnt/sub/x; cat /proc/self/mountinfo'
        bundle = self.bundle(self.spec("/bin/sh", "-c", script, edit=edit))
        for api in ("new", "old"):
            result = self.run_spec(bundle, env=environment(api))
            self.assertEqual(result.err.count("Read-only file system"), 2, result)

    def test_the_hosts_sysfs(self):
        """Where a user namespace may not mount its own, with all that is mounted in it."""

        def edit(spec):
            map_ids(spec)
            harness.remove_namespace(spec, "network")
            spec["mounts"].append(dict(ENGINE[2]))

        out = self.compare(edit)
        beneath = [m for m in mounts_of(out) if m[0].startswith("/sys")]
        self.assertGreater(len(beneath), 1)
        self.assertEqual([m[0] for m in beneath if "ro" not in m[2].split(",")], [])

    def test_flags_that_a_user_namespace_may_not_clear(self):
        tree = self.source()
        subprocess.run(["mount", "-o", "remount,nosuid,nodev", tree / "sub"], check=True)

        def edit(spec):
            map_ids(spec)
            spec["mounts"].append(bind(tree / "sub", "ro"))

        out = self.compare(edit)
        self.assertLessEqual({"ro", "nosuid", "nodev"}, set(mount_line(out, "/mnt")["options"]))

    @each(
        **{
            "_".join(row): row
            for row in [
                ("ro", "nosuid", "nodev", "noexec"),
                ("noatime", "nodiratime"),
                ("strictatime",),
                ("nodiratime",),
                ("nosymfollow",),
                ("noatime", "atime"),
                ("rro",),
                ("rw", "suid", "dev", "exec"),
                ("shared",),
                ("rslave",),
                ("runbindable",),
            ]
        }
    )
    def test_options(self, row):
        source = self.dir / "source"
        source.mkdir()

        def edit(spec):
            spec["mounts"] += [tmpfs(*row), bind(source, *row, destination="/run")]

        self.compare(edit)

    def test_a_later_entry_changes_an_earlier_one(self):
        def edit(spec):
            spec["mounts"] += [tmpfs("nodev", "noatime"), tmpfs("remount", "bind", "ro", "nosuid")]

        out = self.compare(edit)
        wanted = {"ro", "nosuid", "nodev", "noatime"}
        self.assertLessEqual(wanted, set(mount_line(out, "/mnt")["options"]))

    def test_a_tmpfs_is_like_what_it_covers(self):
        def edit(spec):
            spec["mounts"] += [
                tmpfs("tmpcopyup", "size=4m", destination="/etc"),
                tmpfs(destination="/tmp"),
            ]

        script = "ls /etc /tmp; stat -c %a /etc /tmp"
        bundle = self.bundle(self.spec("/bin/sh", "-c", script, edit=edit))
        (bundle.rootfs / "etc/file").write_text("text\n")
        for api in ("new", "old"):
            self.assertEqual(
                self.run_spec(bundle, env=environment(api)).out,
                "/etc:\nfile\n\n/tmp:\n755\n1777\n",
            )

    def test_the_hosts_tree(self):
        """A recursive bind of "/" takes along nothing that we made."""
        rootfs = str(self.dir / "bundle-0/rootfs")

        def edit(spec):
            spec["mounts"].append(bind("/", "rbind"))

        for api in ("new", "old"):
            bundle = self.bundle(self.spec("/bin/ls", "/mnt" + rootfs, edit=edit))
            result = self.run_spec(bundle, env=environment(api))
            self.assertIn("bin\n", result.out, result)

    def test_a_namespace_that_is_joined(self):
        """Its root becomes the container's: each way needs one of its own."""

        def edit(spec):
            harness.add_namespace(spec, "mount", changed_namespace(self, "true"))

        found = [
            mounts_of(self.sh("cat /proc/self/mountinfo", edit=edit, env=environment(api)))
            for api in ("new", "old")
        ]
        for mounts in found:
            mounts[0] = mounts[0][2:]  # the root is in another bundle
        self.assertEqual(found[1], found[0])

    def test_a_hook_in_the_namespace_sees_the_rootfs(self):
        script = self.host_file(
            "hook", f"#!/bin/sh\nls {self.dir}/bundle-0/rootfs > {self.dir}/seen\n", 0o755
        )

        def edit(spec):
            spec["hooks"] = {"createContainer": [{"path": str(script)}]}

        result = self.run_args("/bin/true", edit=edit, env=environment("old"))
        self.assertEqual(result.code, 0, result)
        self.assertIn("bin\n", (self.dir / "seen").read_text())


class Missing(Case):
    """Kernels, and filters around us, that lack calls."""

    def inside_without(self, calls, *args, edit=None, error=errno.ENOSYS):
        return self.inside(*args, edit=edit, preexec_fn=without(calls, error))

    @hull_only("crun masks a directory with a bind of another, not with a tmpfs")
    def test_every_new_call(self):
        out = self.inside_without(
            NEW_CALLS, "/bin/cat", "/proc/self/mountinfo", edit=like_an_engine
        )
        self.assertIn("ro", mount_line(out, "/")["options"])
        self.assertEqual(mount_line(out, "/sys/firmware")["type"], "tmpfs")
        self.assertIn("ro", mount_line(out, "/proc/sys")["options"])

    def test_every_new_call_in_a_user_namespace(self):
        self.owner = 100000
        source = self.host_file("source/file", "from the host\n").parent
        source.chmod(0o755)

        def edit(spec):
            map_ids(spec)
            spec["mounts"].append(bind(source, "ro"))

        self.assertEqual(
            self.inside_without(NEW_CALLS, "/bin/cat", "/mnt/file", edit=edit), "from the host\n"
        )

    @each(enosys=errno.ENOSYS, eperm=errno.EPERM)
    def test_mount_setattr(self, error):
        out = self.inside_without(
            [MOUNT_SETATTR],
            "/bin/cat",
            "/proc/self/mountinfo",
            edit=lambda s: s["mounts"].append(tmpfs("ro")),
            error=error,
        )
        self.assertIn("ro", mount_line(out, "/mnt")["options"])

    @hull_only("runc and crun do without openat2(2)")
    def test_openat2(self):
        container = self.new_id()
        bundle = self.bundle(config("/bin/true"))
        self.fails(
            "create",
            "--bundle",
            bundle.path,
            container,
            saying="needs openat2(2), which this kernel does not have",
            preexec_fn=without([OPENAT2, MOUNT_SETATTR]),
        )
        self.assert_nothing_left(container)

    @hull_only("runc and crun have no explain")
    def test_explain_says_so(self):
        bundle = self.bundle(config("/bin/true"))
        said = self.ok("explain", "-b", bundle.path, "x", preexec_fn=without([MOUNT_SETATTR]))
        self.assertIn("mounts: by mount(2)", said)

    @hull_only("runc and crun say other words")
    def test_without_proc(self):
        """mount(2) names files through /proc: where that is something else, nothing is mounted."""

        def edit(spec):
            path = changed_namespace(self, "mount -t tmpfs none /proc")
            harness.add_namespace(spec, "mount", path)

        container = self.new_id()
        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        result = self.runtime("create", "--bundle", bundle.path, container, env=environment("old"))
        self.assertEqual(result.code, 1, result)
        self.assertIn("mount(2) needs a proc file system at /proc", result.err)
        self.assert_nothing_left(container)


if __name__ == "__main__":
    harness.main()
