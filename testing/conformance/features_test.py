#!/usr/bin/env python3
"""What `features` claims, held against what the runtime does on this kernel."""

import json
import os
import socket

import harness
from harness import Case, add_namespace, each, hull_only, map_ids

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
        for name in self.linux["namespaces"]:

            def edit(spec, name=name):
                self.owner = 100000 if name == "user" else 0
                map_ids(spec) if name == "user" else add_namespace(spec, name)

            self.accepted(name, edit)

    @hull_only
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

    def options_to_mount(self, option):
        """The mounts that show it: most on a tmpfs, those of binds on one."""
        source = self.dir / "source"
        source.mkdir(exist_ok=True)
        source.chmod(0o755)
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
        mounts = [m for o in self.features["mountOptions"] for m in self.options_to_mount(o)]
        self.accepted("all in one container", lambda s: s["mounts"].extend(mounts))

    def test_hooks(self):
        for kind in self.features["hooks"]:
            seen = self.dir / f"hook-{kind}"
            inside = kind == "startContainer"
            entry = {
                "path": "/bin/sh",
                "args": ["sh", "-c", f"echo > {'/tmp/seen' if inside else seen}"],
            }
            self.accepted(kind, lambda s, k=kind, e=entry: s.update(hooks={k: [e]}))
            if inside:
                newest = max(self.dir.glob("bundle-*"), key=lambda p: int(p.name.split("-")[1]))
                seen = newest / "rootfs/tmp/seen"
            self.assertTrue(seen.exists(), kind)

    def seccomp(self, **block):
        def edit(spec):
            spec["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", **block}

        return edit

    def test_seccomp_actions(self):
        for action in self.linux["seccomp"]["actions"]:
            rule = {"names": ["swapoff"], "action": action}
            block = {"syscalls": [rule]}
            listener = socket.socket(socket.AF_UNIX)
            if action == "SCMP_ACT_NOTIFY":
                block["listenerPath"] = str(self.dir / "agent")
                listener.bind(block["listenerPath"])
                listener.listen()
            with listener:
                self.accepted(action, self.seccomp(**block))

    def test_seccomp_operators(self):
        for operator in self.linux["seccomp"]["operators"]:
            arg = {"index": 0, "value": 1, "valueTwo": 1, "op": operator}
            rule = {"names": ["swapoff"], "action": "SCMP_ACT_ERRNO", "args": [arg]}
            self.accepted(operator, self.seccomp(syscalls=[rule]))

    def test_seccomp_architectures(self):
        self.assertIn("SCMP_ARCH_X86_64", self.linux["seccomp"].get("archs", ["SCMP_ARCH_X86_64"]))
        for arch in self.linux["seccomp"].get("archs", []):
            rule = {"names": ["swapoff"], "action": "SCMP_ACT_ERRNO"}
            self.accepted(
                arch, self.seccomp(syscalls=[rule], architectures=["SCMP_ARCH_X86_64", arch])
            )

    def test_seccomp_flags(self):
        for flag in self.linux["seccomp"].get("supportedFlags", []):
            # Of a listener that is not there: that one needs a rule which notifies.
            if flag != "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV":
                self.accepted(flag, self.seccomp(flags=[flag]))

    def test_memory_policies(self):
        policy = self.linux.get("memoryPolicy", {})
        none = ("MPOL_DEFAULT", "MPOL_LOCAL")
        release = tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2])
        newer = {"MPOL_WEIGHTED_INTERLEAVE": (6, 9), "MPOL_PREFERRED_MANY": (5, 15)}
        for mode in policy.get("modes", []):
            block = {"mode": mode, **({} if mode in none else {"nodes": "0"})}
            if release >= newer.get(mode, (0, 0)):
                self.accepted(mode, lambda s, b=block: s["linux"].update(memoryPolicy=b))

    @hull_only
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

    @hull_only
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

    @hull_only
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

    @hull_only
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
