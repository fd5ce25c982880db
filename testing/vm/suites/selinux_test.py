#!/usr/bin/env python3
"""Labels of SELinux, with a policy of our own (selinux.cil): of processes, their keys and mounts."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))
import harness
from harness import Case, add_namespace, each, map_ids

FS = pathlib.Path("/sys/fs/selinux")
POLICY = pathlib.Path(__file__).resolve().with_name("selinux.cil")
SLEEP = ("/bin/probe", "sleep", "1000")
OWN_LABEL = ("/bin/cat", "/proc/self/attr/current")
RUNTIME = "system_u:system_r:runtime_t:s0"
LABEL = "system_u:system_r:container_t:s0:c1,c2"
OTHER = "system_u:system_r:other_t:s0"
FILES = "system_u:object_r:container_file_t:s0:c1,c2"
SECRET = "system_u:object_r:secret_t:s0"
WRONG = "system_u:system_r:no_such_t:s0"
XATTR = "security.selinux"


def mount_selinuxfs():
    if not (FS / "load").exists():
        subprocess.run(["mount", "-t", "selinuxfs", "selinuxfs", FS], check=True)


def load_policy():
    mount_selinuxfs()
    if own_label() == "kernel":
        words = ["secilc", "-c", "33", "-o", "/run/policy", "-f", "/dev/null", POLICY]
        subprocess.run(words, check=True)
        (FS / "load").write_bytes(pathlib.Path("/run/policy").read_bytes())


def clean(text):
    return text.strip("\0\n")


def own_label():
    return clean(pathlib.Path("/proc/self/attr/current").read_text())


def label_of(path):
    return clean(os.getxattr(path, XATTR).decode())


def give(label, mount_label=""):
    """An edit of config.json."""

    def edit(spec):
        spec["process"]["selinuxLabel"] = label
        spec["linux"]["mountLabel"] = mount_label

    return edit


class BeforeThePolicy(Case):
    """The first class of this file by name: a policy cannot be unloaded."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        assert own_label() == "kernel"

    def test_a_label_needs_selinuxfs_and_a_policy(self):
        edits = {
            "/process/selinuxLabel": lambda s: s["process"].update(selinuxLabel=LABEL),
            "/linux/mountLabel": lambda s: s["linux"].update(mountLabel=FILES),
        }
        for pointer, edit in edits.items():
            self.refused(edit, saying=[pointer, "no SELinux", "no selinuxfs"])
        mount_selinuxfs()
        for pointer, edit in edits.items():
            self.refused(edit, saying=[pointer, "no SELinux", "no policy is loaded"])


class Labelled(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load_policy()

    def label_in(self, container):
        return clean(self.proc(container, "attr/current"))


class Enforced(Labelled):
    def setUp(self):
        super().setUp()
        (FS / "enforce").write_text("1")
        self.addCleanup((FS / "enforce").write_text, "0")

    @each(denied=(LABEL, 1), allowed=(OTHER, 0))
    def test_the_policy_decides_by_the_label(self, row):
        label, code = row
        bundle = self.bundle(self.spec("/bin/cat", "/secret", edit=give(label)))
        (bundle.rootfs / "secret").write_text("secret\n")
        os.setxattr(bundle.rootfs / "secret", XATTR, SECRET.encode())
        result = self.run_spec(bundle)
        self.assertEqual(result.code, code, result)
        self.assertIn(*(("Permission denied", result.err) if code else ("secret", result.out)))

    def test_exec_is_decided_on_too(self):
        container = self.start(*SLEEP, edit=give(LABEL, FILES))
        self.assertEqual(clean(self.exec(container, *OWN_LABEL)), LABEL)


class Exec(Labelled):
    def test_has_the_containers_label(self):
        container = self.start(*SLEEP, edit=give(LABEL))
        self.assertEqual(clean(self.exec(container, *OWN_LABEL)), LABEL)

    def test_or_its_own(self):
        container = self.start(*SLEEP, edit=give(LABEL))
        own = self.exec(container, *OWN_LABEL, words=["--process-label", OTHER])
        self.assertEqual(clean(own), OTHER)

    def test_in_a_user_namespace(self):
        def edit(spec):
            give(LABEL)(spec)
            map_ids(spec)

        container = self.start(*SLEEP, edit=edit)
        self.assertEqual(clean(self.exec(container, *OWN_LABEL)), LABEL)

    @each(with_label={"selinuxLabel": OTHER}, without={})
    def test_a_process_file_may_name_another(self, members):
        container = self.start(*SLEEP, edit=give(LABEL))
        process = {"args": list(OWN_LABEL), "cwd": "/", "user": {"uid": 0, "gid": 0}}
        file = self.host_file("process.json", json.dumps({**process, **members}))
        out = self.ok("exec", "--process", file, container)
        self.assertEqual(clean(out), members.get("selinuxLabel", LABEL))

    def test_a_wrong_one_is_refused(self):
        container = self.start(*SLEEP, edit=give(LABEL))
        words = ("--process-label", WRONG)
        self.fails("exec", *words, container, "/bin/true", code=255, saying=words)


class Keys(Labelled):
    def test_the_session_keyring_has_the_processes_label(self):
        self.assertEqual(self.inside("/bin/probe", "keylabel", edit=give(LABEL)).strip(), LABEL)

    def test_that_of_exec_too(self):
        container = self.start(*SLEEP, edit=give(LABEL))
        self.assertEqual(self.exec(container, "/bin/probe", "keylabel").strip(), LABEL)

    def test_the_callers_keyring_keeps_its_own(self):
        out = self.inside("/bin/probe", "keylabel", edit=give(LABEL), words=["--no-new-keyring"])
        self.assertNotEqual(out.strip(), LABEL)


class Mounts(Labelled):
    MOUNTS = [
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance"]},
        {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue"},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["size=1m"]},
    ]

    def edit(self, spec):
        give(LABEL, FILES)(spec)
        spec["mounts"] += [dict(mount) for mount in self.MOUNTS]
        spec["linux"]["maskedPaths"] = ["/proc/fs"]

    def lines(self, container):
        """{destination: its line of mountinfo}."""
        lines = self.proc(container, "mountinfo").splitlines()
        return {line.split()[4]: line for line in lines}

    @each(by_descriptor="new", by_mount2="old")
    def test_new_file_systems_have_the_label_but_the_kernels_own(self, api):
        environment = {**os.environ, "HULL_TEST_MOUNT_API": api}
        container = self.start(*SLEEP, edit=self.edit, env=environment)
        lines = self.lines(container)
        for path in ("/dev", "/dev/pts", "/tmp", "/proc/fs"):
            self.assertIn(f'context="{FILES}"', lines[path])
        for path in ("/", "/proc", "/sys", "/dev/mqueue", "/proc/sys"):
            self.assertNotIn("context=", lines[path])
        self.assertEqual(label_of(f"/proc/{self.pid(container)}/root/dev/mqueue"), FILES)

    def test_what_is_made_in_them_has_it_too(self):
        container = self.start("/bin/sh", "-c", "echo > /tmp/file; exec sleep 1000", edit=self.edit)
        top = pathlib.Path(f"/proc/{self.pid(container)}/root")
        self.assertTrue(harness.eventually((top / "tmp/file").exists))
        for path in ("tmp/file", "dev/null", "dev/mqueue"):
            self.assertEqual(label_of(top / path), FILES, path)

    def test_in_a_user_namespace(self):
        def edit(spec):
            self.edit(spec)
            map_ids(spec)

        lines = self.lines(self.start(*SLEEP, edit=edit))
        for path in ("/dev", "/dev/pts", "/tmp", "/proc/fs"):
            self.assertIn(f'context="{FILES}"', lines[path])

    def test_what_is_bound_keeps_its_own(self):
        source = self.host_file("data/file").parent

        def edit(spec):
            give(LABEL, FILES)(spec)
            spec["mounts"].append(
                {"destination": "/b", "type": "bind", "source": str(source), "options": ["bind"]}
            )

        container = self.start(*SLEEP, edit=edit)
        self.assertNotIn("context=", self.lines(container)["/b"])
        inside = f"/proc/{self.pid(container)}/root/b/file"
        self.assertEqual(label_of(inside), label_of(source / "file"))

    def test_a_mount_that_says_its_own_keeps_it(self):
        own = FILES.replace("c1,c2", "c3")

        def edit(spec):
            self.edit(spec)
            spec["mounts"][-1]["options"] = [f"context={own}"]

        self.assertIn(f"context={own}", self.lines(self.start(*SLEEP, edit=edit))["/tmp"])

    def test_a_wrong_one_is_refused(self):
        self.refused(give("", WRONG), saying=[f"/linux/mountLabel: '{WRONG}'", "no such label"])


class Process(Labelled):
    @each(
        no_new_privileges={},
        may_gain_privileges={"noNewPrivileges": False},
        user={"user": {"uid": 1000, "gid": 1000}},
    )
    def test_has_its_label(self, members):
        def edit(spec):
            give(LABEL)(spec)
            spec["process"].update(members)

        self.assertEqual(clean(self.inside(*OWN_LABEL, edit=edit)), LABEL)

    @each(
        new_user=map_ids,
        the_hosts_network=lambda s: add_namespace(s, "network", "/proc/1/ns/net"),
        the_hosts_pids=lambda s: harness.remove_namespace(s, "pid"),
    )
    def test_in_other_namespaces(self, more):
        def edit(spec):
            give(LABEL)(spec)
            more(spec)

        self.assertEqual(clean(self.inside(*OWN_LABEL, edit=edit)), LABEL)

    def test_takes_it_when_it_starts(self):
        container = self.create(*SLEEP, edit=give(LABEL))
        self.assertEqual(self.label_in(container), RUNTIME)
        self.ok("start", container)
        self.assertTrue(harness.eventually(lambda: self.label_in(container) == LABEL))

    def test_its_hooks_do_not(self):
        script = "cat /proc/self/attr/current > /tmp/label"

        def edit(spec):
            give(LABEL)(spec)
            spec["hooks"] = {
                "startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", script]}],
            }

        self.assertEqual(clean(self.inside("/bin/cat", "/tmp/label", edit=edit)), RUNTIME)

    def test_a_wrong_one_is_refused(self):
        """With the file that engines look for."""
        saying = [f"/process/selinuxLabel: '{WRONG}'", "`/proc/thread-self/attr/exec`"]
        self.refused(give(WRONG), saying=saying)

    @each(crun="crun", runc="runc")
    def test_means_the_same_elsewhere(self, name):
        self.runtime.path = shutil.which(name)
        self.assertEqual(clean(self.inside(*OWN_LABEL, edit=give(LABEL, FILES))), LABEL)


if __name__ == "__main__":
    harness.main()
