#!/usr/bin/env -S python3 -B
"""The rarer options of `podman run`: podman_options_test.py RUNTIME."""

import json
import os
import pathlib

import engine
from engine import wait_until
from podman import IMAGE, PodmanTestCase


class UserNamespaceTest(PodmanTestCase):
    MAPPED = ["--uidmap", "0:100000:5000", "--gidmap", "0:200000:5000"]

    def test_maps_ids(self):
        text = self.output(
            "sh", "-c", "id -u; cat /proc/self/uid_map /proc/self/gid_map", flags=self.MAPPED
        )
        self.assertEqual(text.split(), "0 0 100000 5000 0 200000 5000".split())

    def test_owns_its_namespaces_root(self):
        self.assertEqual(
            self.output(
                "sh",
                "-c",
                "hostname new && hostname",
                flags=self.MAPPED + ["--cap-add", "SYS_ADMIN"],
            ),
            "new",
        )

    def test_runs_as_a_user_of_the_namespace(self):
        self.assertEqual(self.output("id", "-u", flags=self.MAPPED + ["--user", "1000"]), "1000")

    def test_executes_in_a_user_namespace(self):
        self.start("main", flags=self.MAPPED)
        done = self.podman("exec", "main", "sh", "-c", "id -u; cat /proc/self/uid_map")
        self.assertEqual(done.stdout.split(), "0 0 100000 5000".split())


class PodTest(PodmanTestCase):
    """Containers that join the namespaces of a pod's first."""

    def setUp(self):
        self.podman(
            "pod",
            "create",
            "--name=pod",
            "--network=none",
            "--cgroup-parent",
            "/" + self.place.cgroup,
            "--infra-image",
            IMAGE,
            "--infra-command",
            "sleep 1000",
        )

    def tearDown(self):
        self.podman("pod", "rm", "--force", "--time", "0", "pod")
        # Podman leaves the pod's own cgroup where it has no controllers, as it does with runc.
        for name in ("unified", "systemd"):
            for pod in pathlib.Path("/sys/fs/cgroup", name, self.place.cgroup).glob("*/"):
                pod.rmdir()

    def in_pod(self, *command):
        argv = self.podman.start_argv("run", "--rm", "--pod=pod", IMAGE, *command)
        argv.remove("--network=none")  # the pod's
        return self.place.call(argv).stdout.strip()

    def test_shares_its_namespaces(self):
        script = "hostname; readlink /proc/self/ns/ipc; readlink /proc/self/ns/net"
        first, second = self.in_pod("sh", "-c", script), self.in_pod("sh", "-c", script)
        self.assertEqual(first, second)
        self.assertEqual(first.split()[0], "pod")

    def test_keeps_processes_apart(self):
        self.assertEqual(self.in_pod("sh", "-c", "echo $$"), "1")


class HooksTest(PodmanTestCase):
    """OCI hooks, as an engine's administrator installs them."""

    def run_with_hook(self, stage, script):
        hooks = self.place.path / ("hooks-" + stage)
        hooks.mkdir()
        program = hooks / "hook.sh"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)
        (hooks / "hook.json").write_text(
            json.dumps(
                {
                    "version": "1.0.0",
                    "hook": {"path": str(program)},
                    "when": {"always": True},
                    "stages": [stage],
                }
            )
        )
        base = self.podman.base
        argv = self.podman.start_argv("run", "--rm", IMAGE, "sh", "-c", "sleep 0.5; hostname")
        return self.place.call(base + ["--hooks-dir", hooks] + argv[len(base) :], check=False)

    def test_runs_a_hook_with_the_state_on_stdin(self):
        """runc fails here: its poststart hooks are told "created"."""
        for stage, status in (
            ("createRuntime", ("creating", "created")),
            ("poststart", ("running",)),
            ("poststop", ("stopped",)),
        ):
            saved = self.place.path / (stage + ".state")
            done = self.run_with_hook(stage, "cat > %s\n" % saved)
            self.assertEqual(done.returncode, 0, done.stderr)
            wait_until(lambda: saved.exists() and saved.read_text().rstrip().endswith("}"), stage)
            state = json.loads(saved.read_text())
            self.assertIn(state["status"], status, stage)
            self.assertIn(str(self.place.path), state["bundle"])

    def test_fails_with_a_failing_hook_of_the_start(self):
        done = self.run_with_hook("createContainer", "exit 3\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")


class OptionsTest(PodmanTestCase):
    def test_sets_the_size_of_shared_memory(self):
        self.assertIn(
            "size=2048k",
            self.output("grep", "/dev/shm", "/proc/mounts", flags=["--shm-size", "2m"]),
        )

    def test_raises_the_oom_score(self):
        self.assertEqual(
            self.output("cat", "/proc/self/oom_score_adj", flags=["--oom-score-adj", "500"]), "500"
        )

    def test_allows_devices_by_a_rule(self):
        done = self.output(
            "sh",
            "-c",
            "mknod /tmp/kmsg c 1 11 && dd if=/tmp/kmsg bs=8192 count=1 2>/dev/null | wc -l",
            flags=["--cap-add", "MKNOD", "--cap-add", "SYSLOG", "--device-cgroup-rule", "c 1:11 r"],
        )
        self.assertEqual(done, "1")

    def test_unmasks_what_the_user_says(self):
        script = "grep -c ' /proc/keys ' /proc/mounts"
        self.assertEqual(self.output("sh", "-c", script), "1")
        done = self.podman.run_in_image(
            "sh", "-c", script, flags=["--security-opt", "unmask=/proc/keys"], check=False
        )
        self.assertEqual(done.stdout, "0\n")

    def test_passes_file_descriptors(self):
        host = self.place.path / "third"
        argv = self.podman.start_argv(
            "run", "--rm", "--preserve-fds", "1", IMAGE, "sh", "-c", "echo passed >&3"
        )
        self.place.call(["sh", "-c", 'exec 3> "$0"; exec "$@"', host] + argv)
        self.assertEqual(host.read_text(), "passed\n")

    def test_binds_without_execution_and_with_propagation(self):
        host = self.place.path / "tools"
        host.mkdir()
        (host / "run").write_text("#!/bin/sh\necho ran\n")
        (host / "run").chmod(0o755)
        self.assertEqual(self.output("/mnt/run", flags=["-v", "%s:/mnt:rslave" % host]), "ran")
        self.assertEqual(self.exit_code("/mnt/run", flags=["-v", "%s:/mnt:noexec" % host]), 126)

    def test_runs_without_cgroups(self):
        """runc fails here: it knows no `--cgroup-manager disabled`."""
        argv = self.podman.start_argv(
            "run", "--rm", "--cgroups=disabled", IMAGE, "cat", "/proc/self/cgroup"
        )
        at = argv.index("--cgroup-parent")
        inside = self.place.call(argv[:at] + argv[at + 2 :]).stdout
        self.assertNotIn("libpod", inside)

    def test_gives_a_privileged_container_all_that_root_has(self):
        text = self.output(
            "sh",
            "-c",
            "grep CapEff /proc/self/status; cat /proc/keys > /dev/null && echo seen",
            flags=["--privileged"],
        )
        own = next(
            line
            for line in open("/proc/self/status", encoding="ascii")
            if line.startswith("CapEff")
        )
        self.assertEqual(text.split(), own.split() + ["seen"])


if __name__ == "__main__":
    engine.main()
