#!/usr/bin/env python3
"""Namespaces of all eight types, new and joined; user namespaces; hostname, sysctl, loopback."""

import os
import pathlib
import subprocess

import harness
from harness import Case, NewNetwork, add_namespace, each, map_ids, remove_namespace

CLONE3 = 435
SLEEP = ("/bin/probe", "sleep", "1000")
LINKS = {
    "pid": "pid",
    "ipc": "ipc",
    "uts": "uts",
    "mount": "mnt",
    "network": "net",
    "user": "user",
    "cgroup": "cgroup",
    "time": "time",
}
ALL = {name: name for name in LINKS}


def link(pid, name):
    return os.readlink(f"/proc/{pid}/ns/{LINKS[name]}")


def wanting(name):
    """An edit that asks for a namespace, and for what that one needs."""

    def edit(spec):
        if name == "user":
            map_ids(spec)
        add_namespace(spec, name)

    return edit


class New(Case):
    @each(**{n: n for n in LINKS if n != "user"})
    def test_namespace(self, name):
        container = self.start(*SLEEP, edit=wanting(name))
        self.assertNotEqual(link(self.pid(container), name), link("self", name))

    @each(
        pid="pid",
        ipc="ipc",
        uts="uts",
        network="network",
        cgroup="cgroup",
        time="time",
        user="user",
    )
    def test_absent_is_the_hosts(self, name):
        def edit(spec):
            remove_namespace(spec, name)
            if name == "uts":
                del spec["hostname"]

        container = self.start(*SLEEP, edit=edit)
        self.assertEqual(link(self.pid(container), name), link("self", name))

    def test_the_first_process_is_pid_1(self):
        self.assertEqual(self.sh("echo $$"), "1\n")

    def test_the_parent_is_outside(self):
        self.assertEqual(self.sh("cat /proc/1/status").count("PPid:\t0"), 1)

    def test_proc_shows_the_new_pid_namespace(self):
        self.assertEqual(self.sh("ls -d /proc/[0-9]*").split(), ["/proc/1"])


    @each(**{n: n for n in ("pid", "ipc", "uts", "network", "cgroup", "time", "user")})
    def test_without_clone3(self, name):
        """Engines' filters for the runtime itself deny it: ENOSYS."""
        self.owner = 100000 if name == "user" else 0
        without = harness.without([CLONE3])
        container = self.start(*SLEEP, edit=wanting(name), preexec_fn=without)
        self.assertNotEqual(link(self.pid(container), name), link("self", name))
        path = f"/proc/self/ns/{LINKS[name]}"
        there = self.exec(container, "/bin/ls", "-l", path, preexec_fn=without)
        self.assertEqual(there.split()[-1], link(self.pid(container), name))


class Joined(Case):
    @each(**{n: n for n in ("pid", "ipc", "uts", "network", "cgroup", "time")})
    def test_by_path(self, name):
        if harness.NAME == "crun" and name == "time":
            self.skipTest("this runtime cannot, and was once seen to kill the suite here")
        first = self.start(*SLEEP, edit=wanting(name))

        def edit(spec):
            add_namespace(spec, name, f"/proc/{self.pid(first)}/ns/{LINKS[name]}")
            if name == "uts":
                del spec["hostname"]

        second = self.start(*SLEEP, edit=edit)
        self.assertEqual(link(self.pid(second), name), link(self.pid(first), name))

    def test_several_at_once(self):
        first = self.start(*SLEEP, edit=lambda s: add_namespace(s, "network"))
        names = ("pid", "ipc", "uts", "network")

        def edit(spec):
            del spec["hostname"]
            for name in names:
                add_namespace(spec, name, f"/proc/{self.pid(first)}/ns/{LINKS[name]}")

        second = self.start(*SLEEP, edit=edit)
        for name in names:
            self.assertEqual(link(self.pid(second), name), link(self.pid(first), name), name)

    @each(given=True, unknown=False)
    def test_a_user_namespace_without_a_root(self, given):
        """Nobody is 0 there, and without mappings in the config only the kernel knows."""
        self.owner = 100000
        first = {"containerID": 5, "hostID": 100000, "size": 10}

        def holding(spec):
            map_ids(spec)
            spec["process"]["user"] = {"uid": 5, "gid": 5}
            spec["linux"].update(uidMappings=[first], gidMappings=[first])

        holder = self.start(*SLEEP, edit=holding)

        def edit(spec):
            if given:
                holding(spec)
            spec["process"]["user"] = {"uid": 5, "gid": 5}
            add_namespace(spec, "network", f"/proc/{self.pid(holder)}/ns/net")
            add_namespace(spec, "user", f"/proc/{self.pid(holder)}/ns/user")

        container = self.start(*SLEEP, edit=edit)
        self.assertEqual(self.exec(container, "/bin/id", "-u"), "5\n")

    def denying(self):
        """An edit that joins a user namespace of one id, whose maker gave up setgroups(2)."""
        holder = harness.popen(
            ["unshare", "--user", "--map-root-user", "sh", "-c", "echo; exec sleep 1000"],
            stdout=subprocess.PIPE,
        )
        self.addCleanup(holder.wait)
        self.addCleanup(holder.kill)
        holder.stdout.readline()
        holder.stdout.close()
        self.assertEqual(pathlib.Path(f"/proc/{holder.pid}/setgroups").read_text(), "deny\n")

        def edit(spec):
            add_namespace(spec, "network")  # whose sysfs it may mount
            add_namespace(spec, "user", f"/proc/{holder.pid}/ns/user")

        return edit

    def test_a_user_namespace_that_denies_setgroups(self):
        container = self.start(*SLEEP, edit=self.denying())
        self.assertEqual(self.exec(container, "/bin/id", "-u"), "0\n")

    @harness.hull_only("peers say other words")
    def test_groups_where_setgroups_is_denied(self):
        denying = self.denying()

        def edit(spec):
            denying(spec)
            spec["process"]["user"]["additionalGids"] = [0]

        self.refused(edit, saying=["/process/user/additionalGids: ", "denies setgroups(2)"])
        container = self.start(*SLEEP, edit=denying)
        result = self.runtime("exec", "--additional-gids", "0", container, "/bin/true")
        self.assertIn("/process/user/additionalGids: ", result.err)

    def test_pid_namespace_processes_see_each_other(self):
        first = self.start(*SLEEP)

        def edit(spec):
            add_namespace(spec, "pid", f"/proc/{self.pid(first)}/ns/pid")

        self.assertIn("probe\0sleep", self.sh("cat /proc/1/cmdline", edit=edit))

    def test_user_namespace(self):
        holder = harness.popen(["unshare", "--user", "sleep", "1000"])
        try:
            self.assertTrue(
                harness.eventually(lambda: link(holder.pid, "user") != link("self", "user"))
            )
            for kind in ("uid_map", "gid_map"):
                pathlib.Path(f"/proc/{holder.pid}/{kind}").write_text("0 100000 65536")
            self.owner = 100000
            container = self.start(
                *SLEEP, edit=lambda s: add_namespace(s, "user", f"/proc/{holder.pid}/ns/user")
            )
            self.assertEqual(link(self.pid(container), "user"), link(holder.pid, "user"))
            self.assertIn("Uid:\t100000", self.proc(container, "status"))
        finally:
            holder.kill()
            harness.wait(holder)

    def test_user_and_network_of_another_container(self):
        self.owner = 100000
        first = self.start(*SLEEP, edit=wanting("user"))

        def edit(spec):
            for name in ("user", "network"):
                add_namespace(spec, name, f"/proc/{self.pid(first)}/ns/{LINKS[name]}")

        second = self.start(*SLEEP, edit=edit)
        for name in ("user", "network"):
            self.assertEqual(link(self.pid(second), name), link(self.pid(first), name))

    def test_all_at_once(self):
        """Each but the mount namespace, which is the container's own."""
        self.owner = 100000
        names = [n for n in LINKS if n != "mount"]

        def wanting_all(spec):
            map_ids(spec)
            for name in ("cgroup", "time"):
                add_namespace(spec, name)

        first = self.start(*SLEEP, edit=wanting_all)
        pid = self.pid(first)

        def edit(spec):
            del spec["hostname"]
            for name in names:
                add_namespace(spec, name, f"/proc/{pid}/ns/{LINKS[name]}")
            spec["linux"]["namespaces"].reverse()  # the order of the config means nothing

        second = self.start(*SLEEP, edit=edit)
        for name in names:
            self.assertEqual(link(self.pid(second), name), link(pid, name), name)

    def test_a_user_namespace_with_its_own_mappings(self):
        self.owner = 100000
        first = self.start(*SLEEP, edit=wanting("user"))

        def edit(spec):
            map_ids(spec)
            for name in ("user", "network"):
                add_namespace(spec, name, f"/proc/{self.pid(first)}/ns/{LINKS[name]}")

        second = self.start(*SLEEP, edit=edit)
        self.assertEqual(link(self.pid(second), "user"), link(self.pid(first), "user"))

    @each(another={"host": 200000}, shorter={"size": 1000})
    def test_a_user_namespace_with_other_mappings(self, other):
        self.owner = 100000
        first = self.start(*SLEEP, edit=wanting("user"))

        def edit(spec):
            map_ids(spec, **other)
            add_namespace(spec, "user", f"/proc/{self.pid(first)}/ns/user")

        container = self.new_id()
        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        saying = ["uidMappings", "0 100000 65536"] if harness.NAME == "hull" else ()
        self.fails("create", "--bundle", bundle.path, container, saying=saying)
        self.assertNotIn(container, self.state_directories())

    @each(
        another_type=("network", "/proc/self/ns/uts", ["/linux/namespaces", "uts"]),
        no_namespace=("network", "/etc/passwd", ["/linux/namespaces", "no namespace"]),
        nothing=("ipc", "/nothing/there", ["/nothing/there"]),
    )
    def test_a_path_of_something_else(self, row):
        name, path, saying = row
        saying = saying if harness.NAME == "hull" else ()
        self.refused(lambda s: add_namespace(s, name, path), saying=saying)

    def test_twice_the_same_type(self):
        self.refused(lambda s: s["linux"]["namespaces"].append({"type": "pid"}))

    def test_a_bind_mounted_namespace(self):
        """As an engine keeps a pod's network: a file that the namespace is mounted on."""
        path = self.host_file("netns")
        subprocess.run(
            ["unshare", "--net", "mount", "--bind", "/proc/self/ns/net", path], check=True
        )
        try:
            inode = os.stat(path).st_ino
            container = self.start(*SLEEP, edit=lambda s: add_namespace(s, "network", str(path)))
            self.assertEqual(link(self.pid(container), "network"), f"net:[{inode}]")
        finally:
            subprocess.run(["umount", path], check=True)


class User(Case):
    owner = 100000

    def user(self, script, more=None):
        def edit(spec):
            map_ids(spec)
            if more:
                more(spec)

        return self.sh(script, edit=edit)

    def test_maps(self):
        out = self.user("cat /proc/self/uid_map /proc/self/gid_map")
        self.assertEqual(
            [line.split() for line in out.splitlines()], [["0", "100000", "65536"]] * 2
        )

    def test_several_ranges(self):
        def edit(spec):
            ranges = [(0, 100000, 1), (1, 200000, 10), (1000, 300000, 1)]
            for kind in ("uidMappings", "gidMappings"):
                spec["linux"][kind] = [
                    {"containerID": c, "hostID": h, "size": n} for c, h, n in ranges
                ]

        out = self.user("cat /proc/self/uid_map", edit)
        self.assertEqual(
            [line.split() for line in out.splitlines()],
            [["0", "100000", "1"], ["1", "200000", "10"], ["1000", "300000", "1"]],
        )

    @each(one=1, many=1000)
    def test_nobody_is_root(self, size):
        """Without a container's id 0 the process's user does what root would."""
        self.owner = 100000

        def edit(spec):
            map_ids(spec)
            for kind in ("uidMappings", "gidMappings"):
                spec["linux"][kind] = [{"containerID": 1000, "hostID": 100000, "size": size}]
            spec["process"]["user"] = {"uid": 1000, "gid": 1000}

        container = self.start(*SLEEP, edit=edit)
        status = self.proc(container, "status")
        self.assertEqual(harness.status_field(status, "Uid").split(), ["100000"] * 4)
        self.assertEqual(harness.status_field(status, "Gid").split(), ["100000"] * 4)
        self.assertEqual(self.exec(container, "/bin/id", "-u"), "1000\n")

    def test_root_inside(self):
        self.assertEqual(self.user("id -u; id -g; id -G"), "0\n0\n0\n")

    def test_another_user_inside(self):
        self.assertEqual(
            self.user(
                "id -u; id -g; id -G",
                lambda s: s["process"].update(user={"uid": 7, "gid": 8, "additionalGids": [9, 10]}),
            ),
            "7\n8\n8 9 10\n",
        )

    def test_files_belong_to_the_mapped_user(self):
        self.user("echo > /tmp/mine", lambda s: s["process"].update(user={"uid": 5, "gid": 6}))
        info = os.stat(self.dir / "bundle-0/rootfs/tmp/mine")
        self.assertEqual((info.st_uid, info.st_gid), (100005, 100006))

    def test_capabilities_are_those_of_the_namespace(self):
        out = self.user("cat /proc/self/status")
        self.assertEqual(harness.status_field(out, "CapEff"), "0000000020000020")

    def test_device_nodes_are_the_hosts(self):
        self.assertEqual(
            self.user("probe stat /dev/null; echo x > /dev/null && echo written").split()[3:],
            ["rdev=1:3", "written"],
        )

    def test_hostname(self):
        self.assertEqual(self.user("hostname"), "hull-test\n")

    def test_mounts_of_an_engine(self):
        def more(spec):
            spec["mounts"] += [
                {
                    "destination": "/dev/pts",
                    "type": "devpts",
                    "source": "devpts",
                    "options": [
                        "nosuid",
                        "noexec",
                        "newinstance",
                        "ptmxmode=0666",
                        "mode=0620",
                        "gid=5",
                    ],
                },
                {
                    "destination": "/dev/mqueue",
                    "type": "mqueue",
                    "source": "mqueue",
                    "options": ["nosuid", "noexec", "nodev"],
                },
                {
                    "destination": "/sys",
                    "type": "sysfs",
                    "source": "sysfs",
                    "options": ["nosuid", "noexec", "nodev", "ro"],
                },
                {
                    "destination": "/dev/shm",
                    "type": "tmpfs",
                    "source": "shm",
                    "options": ["mode=1777"],
                },
            ]

        out = self.user("cat /proc/self/mountinfo", more)
        for path, kind in {
            "/dev/pts": "devpts",
            "/dev/mqueue": "mqueue",
            "/sys": "sysfs",
            "/dev/shm": "tmpfs",
        }.items():
            self.assertEqual(harness.mount_line(out, path)["type"], kind)

    def test_a_read_only_bind_keeps_what_the_source_locks(self):
        source = self.dir / "source"
        source.mkdir()
        source.chmod(0o755)
        out = self.user(
            "cat /proc/self/mountinfo",
            lambda s: s["mounts"].append(
                {
                    "destination": "/mnt",
                    "type": "bind",
                    "source": str(source),
                    "options": ["rbind", "ro"],
                }
            ),
        )
        self.assertIn("ro", harness.mount_line(out, "/mnt")["options"])

    def test_exec_joins_it(self):
        container = self.start(*SLEEP, edit=wanting("user"))
        self.assertEqual(self.exec(container, "/bin/id", "-u"), "0\n")
        self.assertEqual(
            self.exec(container, "/bin/cat", "/proc/self/uid_map").split(), ["0", "100000", "65536"]
        )

    def test_masked_paths_hold(self):
        self.assertEqual(self.user("cat /proc/version"), "")


class Host(NewNetwork, Case):
    def test_hostname(self):
        self.assertEqual(self.sh("hostname"), "hull-test\n")

    def test_domainname(self):
        self.assertEqual(
            self.sh(
                "cat /proc/sys/kernel/domainname",
                edit=lambda s: s.update(domainname="example.test"),
            ),
            "example.test\n",
        )

    def test_the_hosts_own_names_stay(self):
        before = os.uname()
        self.sh("true", edit=lambda s: s.update(domainname="example.test"))
        self.assertEqual(os.uname(), before)

    def test_loopback_is_up(self):
        flags = int(
            self.sh(
                "mount -t sysfs none /sys; cat /sys/class/net/lo/flags",
                edit=lambda s: [
                    s["process"]["capabilities"][k].append("CAP_SYS_ADMIN")
                    for k in ("bounding", "effective", "permitted")
                ],
            ),
            16,
        )
        self.assertTrue(flags & 1)

    def test_loopback_carries_packets(self):
        self.assertIn("inet 127.0.0.1/8", self.sh("ip addr show lo"))

    @each(
        network=("net.ipv4.ip_forward", "1"),
        network_slash=("net/ipv4/ip_default_ttl", "77"),
        ipc_shm=("kernel.shmmax", "1048576"),
        ipc_msg=("kernel.msgmax", "4096"),
        ipc_sem=("kernel.sem", "10\t20\t30\t40"),
        mqueue=("fs.mqueue.msg_max", "7"),
        domainname=("kernel.domainname", "by-sysctl"),
    )
    def test_sysctl(self, row):
        key, value = row
        path = "/proc/sys/" + key.replace(".", "/")
        self.assertEqual(
            self.sh(f"cat {path}", edit=lambda s: s["linux"].update(sysctl={key: value})).strip(),
            value,
        )

    @harness.hull_only("runc and crun say other words")
    def test_a_domain_name_in_a_user_namespace_has_a_field(self):
        def edit(spec):
            spec["linux"]["sysctl"] = {"kernel.domainname": "by-sysctl"}
            harness.map_ids(spec)

        self.refused(edit, saying=["/linux/sysctl", "set /domainname"])

    @each(
        limit="user.max_user_namespaces",
        slashes="user/max_ipc_namespaces",
    )
    def test_sysctl_of_a_user_namespace(self, key):
        self.owner = 100000

        def edit(spec):
            map_ids(spec)
            spec["linux"]["sysctl"] = {key: "7"}

        path = "/proc/sys/" + key.replace(".", "/")
        self.assertEqual(self.sh(f"cat {path}", edit=edit), "7\n")

    @each(
        hostname="kernel.hostname",
        host="vm.swappiness",
        host_kernel="kernel.panic",
        ipc_like="kernel.shmmax_not",
        user="user.max_user_namespaces",
        climbing="net/../kernel/panic",
        absolute="/net/ipv4/ip_forward",
    )
    def test_sysctl_that_is_not_the_containers(self, key):
        saying = key.replace("/", "~1") if harness.NAME == "hull" else ()
        self.refused(lambda s: s["linux"].update(sysctl={key: "1"}), saying=saying)

    @each(
        network=("net.ipv4.ip_forward", "network", "net"),
        ipc=("kernel.shmmax", "ipc", "ipc"),
    )
    def test_sysctl_of_the_hosts_own_namespace(self, row):
        key, name, file = row

        def edit(spec):
            add_namespace(spec, name, f"/proc/{os.getpid()}/ns/{file}")
            spec["linux"]["sysctl"] = {key: "1"}

        if harness.NAME == "crun":
            self.skipTest("this runtime might write to the machine's own")
        if harness.NAME == "hull" or name == "network":
            self.refused(edit, saying=key)

    def test_sysctl_of_a_dotted_interface(self):
        value = self.sh(
            "cat /proc/sys/net/ipv4/conf/lo/forwarding",
            edit=lambda s: s["linux"].update(sysctl={"net.ipv4.conf.lo.forwarding": "1"}),
        )
        self.assertEqual(value, "1\n")

    @each(network="net.ipv4.ip_forward", ipc="kernel.shmmax", uts="kernel.domainname")
    def test_sysctl_without_its_namespace_is_refused(self, key):
        name = {"net": "network", "kernel.shmmax": "ipc", "kernel.domainname": "uts"}[
            "net" if key.startswith("net") else key
        ]

        def edit(spec):
            remove_namespace(spec, name)
            if name == "uts":
                del spec["hostname"]
            spec["linux"]["sysctl"] = {key: "1"}

        self.refused(edit, saying=key)

    def test_time_offsets(self):
        def edit(spec):
            add_namespace(spec, "time")
            spec["linux"]["timeOffsets"] = {
                "monotonic": {"secs": 100000},
                "boottime": {"secs": 200000},
            }

        here = [
            int(w)
            for w in subprocess.run(
                [harness.PROBE, "clocks"], stdout=subprocess.PIPE, text=True
            ).stdout.split()
        ]
        there = [int(w) for w in self.inside("/bin/probe", "clocks", edit=edit).split()]
        self.assertAlmostEqual(there[0] - here[0], 100000, delta=20)
        self.assertAlmostEqual(there[1] - here[1], 200000, delta=20)

    def test_time_offsets_backwards_and_in_parts(self):
        def edit(spec):
            add_namespace(spec, "time")
            spec["linux"]["timeOffsets"] = {
                "monotonic": {"secs": -1, "nanosecs": 500000000},
                "boottime": {"nanosecs": 7},
            }

        offsets = self.inside("/bin/cat", "/proc/self/timens_offsets", edit=edit)
        lines = {w[0]: w[1:] for w in map(str.split, offsets.splitlines())}
        self.assertEqual(lines, {"monotonic": ["-1", "500000000"], "boottime": ["0", "7"]})

    def test_time_offsets_hold_for_a_further_process(self):
        def edit(spec):
            add_namespace(spec, "time")
            spec["linux"]["timeOffsets"] = {"boottime": {"secs": 200000}}

        container = self.start(*SLEEP, edit=edit)
        offsets = self.exec(container, "/bin/cat", "/proc/self/timens_offsets")
        self.assertIn("boottime", offsets)
        self.assertIn("200000", offsets)

    @each(
        without=(False, "monotonic"),
        clock=(True, "realtime"),
    )
    def test_time_offsets_that_cannot_be(self, row):
        new, clock = row

        def edit(spec):
            if new:
                add_namespace(spec, "time")
            spec["linux"]["timeOffsets"] = {clock: {"secs": 5}}

        self.refused(edit, saying="timeOffsets" if harness.NAME == "hull" else ())

    @harness.hull_only("runc and crun say other words; crun leaves the cgroup")
    def test_time_offsets_of_a_joined_namespace(self):
        def edit(spec):
            add_namespace(spec, "time", "/proc/self/ns/time")
            spec["linux"]["timeOffsets"] = {"monotonic": {"secs": 5}}

        self.refused(edit, saying="/linux/timeOffsets")


if __name__ == "__main__":
    harness.main()
