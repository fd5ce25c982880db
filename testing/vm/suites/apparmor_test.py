#!/usr/bin/env python3
"""Profiles of AppArmor: a process runs under its own, and is denied what that denies."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance"))
import harness
from harness import Case, add_namespace, each, map_ids

# Each denies one file. Descriptors of the host (stdout) have no path inside: attach_disconnected.
PROFILES = """
profile {name} flags=(attach_disconnected, mediate_deleted) {{
  file,
  capability,
  signal,
  ptrace,
  deny /secret/{name} r,
}}
"""
FIRST, SECOND, MISSING = "hull-first", "hull-second", "hull-missing"
SLEEP = ("/bin/probe", "sleep", "1000")
OWN_PROFILE = ("/bin/cat", "/proc/self/attr/current")
FILTER = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}],
}


def parser(flag, *names):
    with tempfile.NamedTemporaryFile("w", suffix=".profile") as file:
        file.write("".join(PROFILES.format(name=name) for name in names))
        file.flush()
        words = ["apparmor_parser", "--skip-cache", "--quiet", flag, file.name]
        subprocess.run(words, check=True)


def setUpModule():
    parser("--replace", FIRST, SECOND)


def under(profile, **members):
    """An edit of config.json."""
    return lambda s: s["process"].update(apparmorProfile=profile, **members)


class Profiled(Case):
    def profile_in(self, container):
        return self.proc(container, "attr/current").strip()

    def read_secrets(self, edit):
        """The secrets that a process can read."""
        script = "for f in /secret/*; do cat $f; done 2>/dev/null; true"
        bundle = self.bundle(self.spec("/bin/sh", "-c", script, edit=edit))
        (bundle.rootfs / "secret").mkdir()
        for name in (FIRST, SECOND):
            (bundle.rootfs / "secret" / name).write_text(name + "\n")
        result = self.run_spec(bundle)
        self.assertEqual(result.code, 0, result)
        return result.out.split()


class Process(Profiled):
    @each(
        no_new_privileges={},
        may_gain_privileges={"noNewPrivileges": False},
        user={"user": {"uid": 1000, "gid": 1000}},
    )
    def test_runs_under_its_profile(self, members):
        out = self.inside(*OWN_PROFILE, edit=under(FIRST, **members))
        self.assertEqual(out, f"{FIRST} (enforce)\n")

    @each(no_new_privileges=True, may_gain_privileges=False)
    def test_with_a_seccomp_filter(self, no_new_privileges):
        def edit(spec):
            under(FIRST, noNewPrivileges=no_new_privileges)(spec)
            spec["linux"]["seccomp"] = FILTER

        self.assertEqual(self.inside(*OWN_PROFILE, edit=edit), f"{FIRST} (enforce)\n")

    @each(
        new_user=map_ids,
        the_hosts_network=lambda s: add_namespace(s, "network", "/proc/1/ns/net"),
        the_hosts_pids=lambda s: harness.remove_namespace(s, "pid"),
    )
    def test_in_other_namespaces(self, more):
        def edit(spec):
            under(FIRST)(spec)
            more(spec)

        self.assertEqual(self.inside(*OWN_PROFILE, edit=edit), f"{FIRST} (enforce)\n")

    @each(
        first=(FIRST, [SECOND]),
        second=(SECOND, [FIRST]),
        stacked=(f"{FIRST}//&{SECOND}", []),
        unconfined=("unconfined", [FIRST, SECOND]),
        none=("", [FIRST, SECOND]),
    )
    def test_cannot_read_what_its_profile_denies(self, row):
        profile, secrets = row
        self.assertEqual(self.read_secrets(under(profile)), secrets)

    def test_takes_it_when_it_starts(self):
        container = self.create(*SLEEP, edit=under(FIRST))
        self.assertEqual(self.profile_in(container), "unconfined")
        self.ok("start", container)
        self.assertTrue(
            harness.eventually(lambda: self.profile_in(container) == f"{FIRST} (enforce)")
        )

    def test_its_hooks_do_not(self):
        script = "cat /proc/self/attr/current > /tmp/profile"

        def edit(spec):
            under(FIRST)(spec)
            spec["hooks"] = {
                "startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", script]}],
            }

        self.assertEqual(self.inside("/bin/cat", "/tmp/profile", edit=edit), "unconfined\n")

    @each(crun="crun", runc="runc")
    def test_means_the_same_elsewhere(self, name):
        self.runtime.path = shutil.which(name)
        self.assertEqual(self.read_secrets(under(FIRST)), [SECOND])


class Missing(Profiled):
    def test_is_refused_and_leaves_nothing(self):
        saying = [f"/process/apparmorProfile: '{MISSING}'", "no AppArmor profile of that name"]
        self.refused(under(MISSING), saying=[*saying, "`/proc/thread-self/attr/apparmor/exec`"])

    def test_one_that_goes_before_the_start_is_named(self):
        parser("--replace", MISSING)
        container = self.create(*SLEEP, edit=under(MISSING))
        parser("--remove", MISSING)
        self.fails("start", container, saying=["/process/apparmorProfile", f"'{MISSING}'"])
        self.wait_for(container, "stopped")


class Exec(Profiled):
    def test_runs_under_the_containers_profile(self):
        container = self.start(*SLEEP, edit=under(FIRST))
        self.assertEqual(self.exec(container, *OWN_PROFILE), f"{FIRST} (enforce)\n")

    @each(another=(SECOND, f"{SECOND} (enforce)\n"), none=("unconfined", "unconfined\n"))
    def test_or_under_its_own(self, row):
        profile, expected = row
        container = self.start(*SLEEP, edit=under(FIRST))
        out = self.exec(container, *OWN_PROFILE, words=["--apparmor", profile])
        self.assertEqual(out, expected)

    def test_in_an_unconfined_container(self):
        out = self.exec(self.start(*SLEEP), *OWN_PROFILE, words=["--apparmor", FIRST])
        self.assertEqual(out, f"{FIRST} (enforce)\n")

    def test_in_a_user_namespace(self):
        def edit(spec):
            under(FIRST)(spec)
            map_ids(spec)

        self.assertEqual(
            self.exec(self.start(*SLEEP, edit=edit), *OWN_PROFILE), f"{FIRST} (enforce)\n"
        )

    @each(
        with_profile=({"apparmorProfile": SECOND}, f"{SECOND} (enforce)\n"),
        unconfined=({"apparmorProfile": "unconfined"}, "unconfined\n"),
        without=({}, f"{FIRST} (enforce)\n"),
    )
    def test_a_process_file_may_name_another(self, row):
        members, expected = row
        container = self.start(*SLEEP, edit=under(FIRST))
        process = {"args": list(OWN_PROFILE), "cwd": "/", "user": {"uid": 0, "gid": 0}}
        file = self.host_file("process.json", json.dumps({**process, **members}))
        self.assertEqual(self.ok("exec", "--process", file, container), expected)

    def test_a_missing_one_is_refused(self):
        container = self.start(*SLEEP, edit=under(FIRST))
        words = ("--apparmor", MISSING)
        self.fails("exec", *words, container, "/bin/true", code=255, saying=words)


class ByPodman(Profiled):
    def test_its_default_profile(self):
        """It loads that itself, where AppArmor is on."""
        rootfs = self.bundle(self.spec("/bin/true")).rootfs
        where = [f"--root={self.dir}/graph", f"--runroot={self.dir}/run", "--storage-driver=vfs"]
        run = ["run", "--rm", "--network=none", "--rootfs", rootfs, *OWN_PROFILE]
        result = subprocess.run(
            ["podman", f"--runtime={harness.RUNTIME}", *where, "--events-backend=file", *run],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"^containers-default-\S+ \(enforce\)\n$")


if __name__ == "__main__":
    harness.main()
