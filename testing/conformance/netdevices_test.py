#!/usr/bin/env python3
"""linux.netDevices: devices of the host that become the container's.

"The host" is a network namespace of the case's own, so that nothing of the machine is touched.
"""

import functools
import json
import os
import pathlib
import subprocess

import harness
from harness import Case, NewNetwork, add_namespace, each, hull_only, map_ids, remove_namespace

SLEEP = ("/bin/probe", "sleep", "1000")


@functools.cache
def claimed():
    """Whether the runtime says that it acts on the field."""
    out = subprocess.run([harness.RUNTIME, "features"], stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)["linux"].get("netDevices", {}).get("enabled", False)


class NetworkOfItsOwn(NewNetwork, Case):
    """A case whose runtime sees a network namespace that is kept by a bind mount."""

    def setUp(self):
        if harness.NAME != "hull" and not claimed():
            self.skipTest("this runtime drops linux.netDevices without a word")
        super().setUp()
        self.netns = self.dir / "hosts-net"
        self.netns.write_text("")
        keep = ["mount", "--bind", "/proc/self/ns/net", str(self.netns)]
        subprocess.run(["unshare", "--net", *keep], check=True)
        self.inside_host = ["nsenter", f"--net={self.netns}"]
        self.outside = self.runtime.prefix
        self.runtime.prefix = [*self.inside_host, *self.outside]

    def tearDown(self):
        try:
            # Before the mount goes, which keeps the directory from being removed.
            for container in self.ids:
                self.runtime("delete", "--force", container)
        finally:
            subprocess.run(["umount", str(self.netns)], check=True)
            self.runtime.prefix = self.outside
        super().tearDown()

    def ip(self, *words):
        return subprocess.run(
            [*self.inside_host, "ip", *words], check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def links(self, pid=None):
        """{name: entry of `ip -json addr`} of the host, or of a process's network namespace."""
        where = self.inside_host if pid is None else ["nsenter", f"--net=/proc/{pid}/ns/net"]
        out = subprocess.run(
            [*where, "ip", "-json", "addr"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        return {entry["ifname"]: entry for entry in json.loads(out)}

    def device(self, name, *addresses, up=True):
        """One end of a pair, whose other end is named peer-NAME: every kernel has those."""
        lines = [f"link add {name} type veth peer name peer-{name}"]
        lines += [f"addr add {address} dev {name}" for address in addresses]
        lines += [f"link set {name} up"] if up else []
        words = [*self.inside_host, "ip", "-batch", "-"]
        subprocess.run(words, check=True, input="\n".join(lines), text=True)

    def with_devices(self, *more, **devices):
        def edit(spec):
            spec["linux"]["netDevices"] = devices
            for change in more:
                change(spec)

        return edit


def addresses(entry):
    """The global ones of a device, as "ADDRESS/LENGTH"."""
    return sorted(
        f"{a['local']}/{a['prefixlen']}" for a in entry["addr_info"] if a["scope"] == "global"
    )


class Moved(NetworkOfItsOwn):
    def test_a_device_is_the_containers(self):
        self.device("mv0")
        container = self.start(*SLEEP, edit=self.with_devices(mv0={}))
        self.assertIn("mv0", self.links(self.pid(container)))
        self.assertNotIn("mv0", self.links())

    def test_it_is_up(self):
        self.device("mv0", up=False)
        container = self.start(*SLEEP, edit=self.with_devices(mv0={}))
        self.assertIn("UP", self.links(self.pid(container))["mv0"]["flags"])

    @each(
        ipv4="192.0.2.7/24",
        ipv4_host="192.0.2.7/32",
        ipv6="2001:db8::7/64",
        point_to_point="192.0.2.1 peer 192.0.2.2/32",
    )
    def test_its_address_comes_along(self, address):
        self.device("mv0", address)
        before = self.links()["mv0"]["addr_info"]
        container = self.start(*SLEEP, edit=self.with_devices(mv0={}))
        after = self.links(self.pid(container))["mv0"]
        keep = lambda info: [
            {k: a.get(k) for k in ("local", "prefixlen", "address", "broadcast", "scope", "label")}
            for a in info
            if a["scope"] == "global"
        ]
        self.assertEqual(keep(after["addr_info"]), keep(before))

    def test_several_addresses_of_both_families(self):
        mine = ["192.0.2.7/24", "192.0.2.8/24", "198.51.100.1/25", "2001:db8::7/64"]
        self.device("mv0", *mine)
        container = self.start(*SLEEP, edit=self.with_devices(mv0={}))
        self.assertEqual(addresses(self.links(self.pid(container))["mv0"]), sorted(mine))

    def test_a_broadcast_address_and_a_label(self):
        self.device("mv0", "192.0.2.7/24 broadcast 192.0.2.255 label mv0:web")
        container = self.start(*SLEEP, edit=self.with_devices(mv0={"name": "eth7"}))
        (info,) = [
            a for a in self.links(self.pid(container))["eth7"]["addr_info"] if a["family"] == "inet"
        ]
        self.assertEqual(info["broadcast"], "192.0.2.255")
        if harness.NAME == "hull":  # others forget it
            self.assertEqual(info["label"], "eth7:web")

    def test_addresses_of_the_link_stay_away(self):
        self.device("mv0", "192.0.2.7/24 scope link", "198.51.100.1/24")
        container = self.start(*SLEEP, edit=self.with_devices(mv0={}))
        info = self.links(self.pid(container))["mv0"]["addr_info"]
        self.assertEqual([a["local"] for a in info if a["family"] == "inet"], ["198.51.100.1"])

    def test_addresses_with_a_lifetime_stay_away(self):
        self.device("mv0", "192.0.2.7/24 valid_lft 600 preferred_lft 600", "192.0.2.8/24")
        container = self.start(*SLEEP, edit=self.with_devices(mv0={}))
        self.assertEqual(addresses(self.links(self.pid(container))["mv0"]), ["192.0.2.8/24"])

    def test_another_name(self):
        self.device("mv0", "192.0.2.7/24")
        container = self.start(*SLEEP, edit=self.with_devices(mv0={"name": "eth7"}))
        links = self.links(self.pid(container))
        self.assertNotIn("mv0", links)
        self.assertEqual(addresses(links["eth7"]), ["192.0.2.7/24"])

    def test_two_devices_change_names(self):
        self.device("mv0", "192.0.2.7/24")
        self.device("mv1", "198.51.100.1/24")
        edit = self.with_devices(mv0={"name": "mv1"}, mv1={"name": "mv0"})
        links = self.links(self.pid(self.start(*SLEEP, edit=edit)))
        self.assertEqual(addresses(links["mv1"]), ["192.0.2.7/24"])
        self.assertEqual(addresses(links["mv0"]), ["198.51.100.1/24"])

    def test_one_end_of_a_pair_carries_packets(self):
        self.ip("link", "add", "out0", "type", "veth", "peer", "name", "in0")
        self.ip("addr", "add", "192.0.2.1/24", "dev", "out0")
        self.ip("addr", "add", "192.0.2.2/24", "dev", "in0")
        self.ip("link", "set", "out0", "up")
        container = self.start(*SLEEP, edit=self.with_devices(in0={"name": "eth0"}))
        self.assertTrue(
            harness.eventually(lambda: "LOWER_UP" in self.links()["out0"]["flags"]), self.links()
        )
        routes = self.exec(container, "/bin/ip", "route")
        self.assertIn("192.0.2.0/24 dev eth0", routes)

    def test_into_a_joined_namespace(self):
        self.device("mv0", "192.0.2.7/24")
        first = self.start(*SLEEP)
        path = f"/proc/{self.pid(first)}/ns/net"
        edit = self.with_devices(lambda s: add_namespace(s, "network", path), mv0={})
        self.start(*SLEEP, edit=edit)
        self.assertEqual(addresses(self.links(self.pid(first))["mv0"]), ["192.0.2.7/24"])

    def test_into_a_user_namespace(self):
        self.owner = 100000
        self.device("mv0", "192.0.2.7/24", "2001:db8::7/64")
        container = self.start(*SLEEP, edit=self.with_devices(map_ids, mv0={"name": "eth0"}))
        self.assertEqual(
            addresses(self.links(self.pid(container))["eth0"]), ["192.0.2.7/24", "2001:db8::7/64"]
        )

    def test_with_run(self):
        self.device("mv0", "192.0.2.7/24")
        out = self.inside("/bin/ip", "addr", "show", "eth0", edit=self.with_devices(mv0={"name": "eth0"}))
        self.assertIn("192.0.2.7/24", out)

    def test_a_hook_sees_it(self):
        """Before the createRuntime hooks, and before the createContainer hooks, too."""
        self.device("mv0")
        seen = self.dir / "seen"
        hook = f"ls /proc/self/ns/net > /dev/null; grep -c eth0 /proc/net/dev > {seen}"

        def hooks(spec):
            entry = {"path": "/bin/sh", "args": ["sh", "-c", hook]}
            spec["hooks"] = {"createContainer": [entry]}

        self.start(*SLEEP, edit=self.with_devices(hooks, mv0={"name": "eth0"}))
        self.assertEqual(seen.read_text(), "1\n")

    def test_sysctls_of_it_are_set(self):
        self.device("mv0")
        key = "net.ipv4.conf.eth7.forwarding"
        edit = self.with_devices(
            lambda s: s["linux"].update(sysctl={key: "1"}), mv0={"name": "eth7"}
        )
        self.assertEqual(
            self.sh("cat /proc/sys/net/ipv4/conf/eth7/forwarding", edit=edit), "1\n"
        )

    @hull_only("crun knows no / for a dot within a name; runc drops the field")
    def test_sysctls_of_a_name_with_a_dot(self):
        """With '.' between the parts of a key, '/' stands for a '.' within one."""
        self.device("mv0")
        key = "net.ipv4.conf.eth0/7.forwarding"
        edit = self.with_devices(
            lambda s: s["linux"].update(sysctl={key: "1"}), mv0={"name": "eth0.7"}
        )
        self.assertEqual(
            self.sh("cat /proc/sys/net/ipv4/conf/eth0.7/forwarding", edit=edit), "1\n"
        )

    def test_none_is_none(self):
        container = self.start(*SLEEP, edit=self.with_devices())
        self.assertEqual(list(self.links(self.pid(container))), ["lo"])


@harness.by_the_config
class Refused(NetworkOfItsOwn):
    def test_a_device_that_is_not_there(self):
        self.refused(self.with_devices(nothere={}), saying="nothere")

    @hull_only("crun says other words, and runc drops the field")
    def test_the_loopback_device(self):
        self.refused(self.with_devices(lo={"name": "lo7"}), saying=["/linux/netDevices/lo", "lo"])

    def test_a_name_that_is_taken(self):
        self.device("mv0", "192.0.2.7/24")
        self.refused(self.with_devices(mv0={"name": "lo"}))

    @hull_only("crun says other words, and runc drops the field")
    def test_a_name_that_is_taken_is_said(self):
        self.device("mv0")
        self.refused(
            self.with_devices(mv0={"name": "lo"}), saying=["/linux/netDevices/mv0", "'lo' already"]
        )

    @each(
        twice={"mv0": {"name": "x"}, "mv1": {"name": "x"}},
        also_a_host_name={"mv0": {"name": "mv1"}, "mv1": {}},
        slash={"mv0": {"name": "a/b"}},
        dot={"mv0": {"name": "."}},
        dots={"mv0": {"name": ".."}},
        long={"mv0": {"name": "sixteen-bytes-xx"}},
        key={"a/b": {}},
    )
    def test_names(self, devices):
        self.device("mv0")
        self.device("mv1")
        self.refused(self.with_devices(**devices), saying="netDevices" if harness.NAME == "hull" else ())
        self.assertLessEqual({"mv0", "mv1"}, set(self.links()))

    @hull_only("crun says other words, and runc drops the field")
    def test_a_pattern(self):
        self.device("mv0")
        self.refused(self.with_devices(mv0={"name": "eth%d"}), saying="/linux/netDevices/mv0/name")

    def test_without_a_network_namespace(self):
        self.device("mv0")
        self.refused(self.with_devices(lambda s: remove_namespace(s, "network"), mv0={}))

    @hull_only("crun takes it, and runc drops the field")
    def test_the_hosts_own_network_namespace(self):
        self.device("mv0")
        join = lambda s: add_namespace(s, "network", str(self.netns))
        self.refused(
            self.with_devices(join, mv0={}), saying=["/linux/namespaces/4/path", "netDevices"]
        )

    @hull_only("crun says other words, and runc drops the field")
    def test_who_is_not_root(self):
        self.device("mv0")
        bundle = self.bundle(self.spec("/bin/true", edit=self.with_devices(map_ids, mv0={})))
        self.dir.chmod(0o777)
        self.runtime.prefix = [*self.inside_host, "setpriv", "--reuid", "12345", "--clear-groups"]
        self.runtime.root = str(self.dir / "state-of-a-user")
        self.fails(
            "create", "--bundle", bundle.path, self.new_id(), saying=["/linux/netDevices", "root"]
        )
        self.runtime.prefix = self.inside_host


@hull_only("crun's failures have other codes and words, and runc drops the field")
class Returned(NetworkOfItsOwn):
    """A create that fails gives back what it took: nobody else does, but a virtual device is lost."""

    def broken(self, *more, **devices):
        def hooks(spec):
            spec["hooks"] = {"createRuntime": [{"path": "/bin/false", "args": ["false"]}]}

        return self.with_devices(hooks, *more, **devices)

    def test_after_a_failing_hook(self):
        mine = ["192.0.2.7/24", "2001:db8::7/64"]
        self.device("mv0", *mine)
        self.refused(self.broken(mv0={"name": "eth0"}), saying="createRuntime")
        entry = self.links()["mv0"]
        self.assertEqual(addresses(entry), sorted(mine))
        self.assertIn("UP", entry["flags"])

    def test_a_device_that_was_down_is_down(self):
        self.device("mv0", up=False)
        self.refused(self.broken(mv0={}))
        self.assertNotIn("UP", self.links()["mv0"]["flags"])

    def test_after_the_second_device_fails(self):
        self.device("mv0", "192.0.2.7/24")
        self.device("mv1")
        self.refused(
            self.with_devices(mv0={"name": "eth0"}, mv1={"name": "lo"}),
            saying="/linux/netDevices/mv1",
        )
        self.assertEqual(addresses(self.links()["mv0"]), ["192.0.2.7/24"])
        self.assertIn("mv1", self.links())

    def test_from_a_joined_namespace(self):
        self.device("mv0")
        first = self.start(*SLEEP)
        path = f"/proc/{self.pid(first)}/ns/net"
        container = self.new_id()
        edit = self.broken(lambda s: add_namespace(s, "network", path), mv0={"name": "eth0"})
        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        self.fails("create", "--bundle", bundle.path, container)
        self.assertNotIn("eth0", self.links(self.pid(first)))
        self.assertIn("mv0", self.links())


if __name__ == "__main__":
    harness.main()
