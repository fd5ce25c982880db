#!/usr/bin/env python3
"""What `features` claims, held against what the runtime does on this kernel."""

import json
import os
import socket

import harness
from harness import Case, add_namespace, each, hull_only, map_ids

# What no program of a container calls; more than there are actions or operators.
UNUSED_CALLS = [
    *("swapon", "swapoff", "acct", "reboot", "sethostname", "setdomainname", "iopl", "ioperm"),
    *("quotactl", "nfsservctl", "lookup_dcookie", "uselib", "ustat"),
]
MEMORY_POLICIES = [
    *("MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE"),
    *("MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL"),
]
MEMORY_POLICY_FLAGS = ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES", "MPOL_F_NUMA_BALANCING"]
NOT_YET = "not supported by this runtime yet"


class Document(Case):
    def setUp(self):
        super().setUp()
        self.features = json.loads(self.ok("features"))
        self.linux = self.features["linux"]

    def accepted(self, name, edit, args=("/bin/true",)):
        """A container with this edit of the spec runs."""
        with self.subTest(name):
            result = self.run_args(*args, edit=edit)
            self.assertEqual(result.code, 0, result)
            return result.out


class Claims(Document):
    def test_namespaces(self):
        def edit(spec):
            for name in self.linux["namespaces"]:
                map_ids(spec) if name == "user" else add_namespace(spec, name)

        self.owner = 100000
        self.accepted("all in one container", edit)

    @hull_only("crun does not name time")
    def test_namespaces_are_all_that_the_kernel_has(self):
        kernel = {n for n in os.listdir("/proc/self/ns") if not n.endswith("_for_children")}
        names = {"mount": "mnt", "network": "net"}
        self.assertEqual({names.get(n, n) for n in self.linux["namespaces"]}, kernel)

    def test_capabilities(self):
        known = self.linux["capabilities"]
        mine = int(harness.status_field(open("/proc/self/status").read(), "CapPrm"), 16)

        def edit(spec):
            spec["process"]["capabilities"] = {
                s: known for s in ("bounding", "effective", "permitted")
            }

        if mine != (1 << len(known)) - 1:
            # What the runtime does not have itself, it cannot give away.
            known = [n for i, n in enumerate(known) if mine >> i & 1]
        out = self.accepted("capabilities", edit, args=("/bin/cat", "/proc/self/status"))
        self.assertEqual(int(harness.status_field(out, "CapBnd"), 16), mine)

    def options_to_mount(self, option, source):
        """The mounts that show it: most on a tmpfs, those of binds on one."""
        place = "/mnt/" + option
        bind = {"destination": place, "type": "bind", "source": str(source)}
        tmpfs = {"destination": place, "type": "tmpfs", "source": "tmpfs"}
        if option in ("bind", "rbind"):
            return [{**bind, "options": [option]}]
        if option in ("idmap", "ridmap"):
            ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
            options = ["rbind" if option == "ridmap" else "bind", option]
            return [{**bind, "options": options, "uidMappings": ids, "gidMappings": ids}]
        if option in ("copy-symlink", "src-nofollow", "dest-nofollow"):
            return [{**bind, "options": ["bind", option]}]
        if option == "remount":
            return [{**bind, "options": ["bind"]}, {**bind, "options": ["remount", "bind", "ro"]}]
        if option == "tmpcopyup":
            return [{**tmpfs, "destination": "/etc", "options": [option]}]
        return [{**tmpfs, "options": [option]}]

    def test_mount_options(self):
        self.assertIn("nosuid", self.features["mountOptions"])
        options, source = self.features["mountOptions"], self.mappable()
        mounts = [m for o in options for m in self.options_to_mount(o, source)]
        self.accepted("all in one container", lambda s: s["mounts"].extend(mounts))

    def test_hooks(self):
        hooks, seen = {}, {}
        for kind in self.features["hooks"]:
            inside = kind == "startContainer"
            seen[kind] = self.dir / ("bundle-0/rootfs/tmp/seen" if inside else f"hook-{kind}")
            script = f"echo > {'/tmp/seen' if inside else seen[kind]}"
            hooks[kind] = [{"path": "/bin/sh", "args": ["sh", "-c", script]}]
        self.accepted("all in one container", lambda s: s.update(hooks=hooks))
        self.assertEqual([kind for kind, path in seen.items() if not path.exists()], [])

    def seccomp(self, **block):
        def edit(spec):
            spec["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", **block}

        return edit

    def test_seccomp_actions(self):
        actions = self.linux["seccomp"]["actions"]
        block = {"syscalls": [{"names": [n], "action": a} for n, a in zip(UNUSED_CALLS, actions)]}
        with socket.socket(socket.AF_UNIX) as listener:
            if "SCMP_ACT_NOTIFY" in actions:
                block["listenerPath"] = str(self.dir / "agent")
                listener.bind(block["listenerPath"])
                listener.listen()
            self.accepted("all in one filter", self.seccomp(**block))

    def test_seccomp_operators(self):
        rules = []
        for name, operator in zip(UNUSED_CALLS, self.linux["seccomp"]["operators"]):
            arg = {"index": 0, "value": 1, "valueTwo": 1, "op": operator}
            rules.append({"names": [name], "action": "SCMP_ACT_ERRNO", "args": [arg]})
        self.accepted("all in one filter", self.seccomp(syscalls=rules))

    def test_seccomp_architectures(self):
        archs = self.linux["seccomp"].get("archs", ["SCMP_ARCH_X86_64"])
        self.assertIn("SCMP_ARCH_X86_64", archs)
        rule = {"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}
        edit = self.seccomp(syscalls=[rule], architectures=archs)
        self.accepted("all in one filter", edit)

    def test_seccomp_flags(self):
        flags = set(self.linux["seccomp"].get("supportedFlags", []))
        # Of a listener that is not there: that one needs a rule which notifies.
        flags -= {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"}
        self.accepted("all in one filter", self.seccomp(flags=sorted(flags)))

    def test_memory_policies(self):
        """Those of the list act, no others do."""
        listed = self.linux.get("memoryPolicy", {}).get("modes", [])
        for mode in MEMORY_POLICIES:
            nodes = {} if mode in ("MPOL_DEFAULT", "MPOL_LOCAL") else {"nodes": "0"}
            edit = lambda s, b={"mode": mode, **nodes}: s["linux"].update(memoryPolicy=b)
            if mode in listed:
                self.accepted(mode, edit)
            elif harness.NAME == "hull":
                self.refused(edit, saying="/linux/memoryPolicy: ")

    @hull_only("runc knows no memory policies")
    def test_memory_policy_flags(self):
        """As the modes."""
        for flag in MEMORY_POLICY_FLAGS:
            policy = {"mode": "MPOL_BIND", "nodes": "0", "flags": [flag]}
            edit = lambda s, policy=policy: s["linux"].update(memoryPolicy=policy)
            if flag in self.linux["memoryPolicy"]["flags"]:
                self.accepted(flag, edit)
            else:
                self.refused(edit, saying="/linux/memoryPolicy: ")

    @hull_only("runc has no netDevices and starts without intelRdt, crun without AppArmor")
    @each(
        apparmor=lambda s: s["process"].update(apparmorProfile="nobody-has-this"),
        selinux=lambda s: s["process"].update(selinuxLabel="u:r:nobody:s0"),
        intelRdt=lambda s: s["linux"].update(intelRdt={"closID": "nobody-has-this"}),
        netDevices=lambda s: s["linux"].update(netDevices={"nobody0": {}}),
    )
    def test_what_depends_on_the_host(self, edit):
        """Claimed, so refused at most for what the host lacks."""
        key = self._testMethodName.rsplit("__", 1)[1]
        self.assertTrue(self.linux[key]["enabled"])
        self.assertNotIn(NOT_YET, self.refused(edit).err)

    @hull_only("runc passes over memory policies, which it does not know")
    def test_what_is_not_claimed_is_refused(self):
        for key, block in {
            "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0"},
            "intelRdt": {},
        }.items():
            claimed = bool(self.linux[key].get("enabled") or self.linux[key].get("modes"))
            result = self.run_args("/bin/true", edit=lambda s: s["linux"].update({key: block}))
            self.assertEqual(claimed, NOT_YET not in result.err, key)

    def test_cgroups(self):
        for key in ("v1", "v2", "systemd"):
            self.assertTrue(self.linux["cgroup"][key], key)

    @hull_only("runc names no netDevices and memoryPolicy, crun no rdma")
    def test_everything_that_the_specification_names(self):
        self.assertEqual(
            set(self.features),
            {
                "ociVersionMin",
                "ociVersionMax",
                "hooks",
                "mountOptions",
                "linux",
                "annotations",
                "potentiallyUnsafeConfigAnnotations",
            },
        )
        self.assertEqual(
            set(self.linux),
            {
                "namespaces",
                "capabilities",
                "cgroup",
                "seccomp",
                "apparmor",
                "selinux",
                "intelRdt",
                "memoryPolicy",
                "mountExtensions",
                "netDevices",
            },
        )
        self.assertEqual(set(self.linux["cgroup"].values()), {True})
        self.assertEqual(
            set(self.linux["cgroup"]), {"v1", "v2", "systemd", "systemdUser", "rdma"}
        )
        self.assertEqual(set(self.linux["intelRdt"]), {"enabled", "schemata", "monitoring"})

    @hull_only("crun has no annotations of runc")
    def test_annotations_that_engines_read(self):
        annotations = self.features["annotations"]
        for key in (
            "io.github.seccomp.libseccomp.version",
            "org.opencontainers.runc.checkpoint.enabled",
            "org.opencontainers.runc.commit",
            "org.opencontainers.runc.version",
        ):
            self.assertTrue(annotations[key], key)
        version = self.ok("--version").split()[2]
        self.assertEqual(annotations["org.opencontainers.runc.version"], version)

    def test_versions(self):
        for key in ("ociVersionMin", "ociVersionMax"):
            self.accepted(key, lambda s, k=key: s.update(ociVersion=self.features[k]))


if __name__ == "__main__":
    harness.main()
