#!/usr/bin/env python3
"""The lifecycle's statuses, its errors, and the contracts that engines have with the commands."""

import json
import os
import pathlib
import re
import signal
import subprocess
import time

import harness
from harness import Case, children, each, eventually, hull_only, reap

SLEEP = ("/bin/probe", "sleep", "1000")
MISSING = "no-such-container"


class Status(Case):
    def test_created_then_running_then_stopped(self):
        container = self.create("/bin/true")
        self.assertEqual(self.status(container), "created")
        self.ok("start", container)
        self.wait_for(container, "stopped")

    def test_running_while_the_process_lives(self):
        self.assertEqual(self.status(self.start(*SLEEP)), "running")

    def test_paused_and_running_again(self):
        container = self.start(*SLEEP)
        self.ok("pause", container)
        self.assertEqual(self.status(container), "paused")
        self.ok("resume", container)
        self.assertEqual(self.status(container), "running")

    def test_the_program_does_not_run_before_start(self):
        mark = self.dir / "bundle-0/rootfs/mark"
        container = self.create("/bin/sh", "-c", "echo > /mark")
        time.sleep(0.05)
        self.assertFalse(mark.exists())
        self.ok("start", container)
        self.assertTrue(eventually(mark.exists))

    def test_created_stopped_by_kill(self):
        container = self.create(*SLEEP)
        self.ok("kill", container, "KILL")
        self.wait_for(container, "stopped")

    def test_deleted_is_unknown(self):
        container = self.create("/bin/true")
        self.ok("start", container)
        self.wait_for(container, "stopped")
        self.ok("delete", container)
        self.fails("state", container, saying="does not exist")

    def test_an_id_can_be_used_again_after_delete(self):
        bundle = self.bundle(self.spec("/bin/true"))
        container = self.new_id()
        for _ in range(3):
            self.ok("create", "--bundle", bundle.path, container)
            self.ok("delete", "--force", container)

    def test_two_containers_of_one_bundle(self):
        bundle = self.bundle(self.spec(*SLEEP))
        del bundle.spec["linux"]["cgroupsPath"]
        bundle.write()
        ids = [self.new_id(), self.new_id()]
        for container in ids:
            self.ok("run", "--detach", "--bundle", bundle.path, container)
        self.assertNotEqual(self.pid(ids[0]), self.pid(ids[1]))


class StateJson(Case):
    def test_every_field(self):
        container = self.create(edit=lambda s: s.update(annotations={"org.example.k": "v w"}))
        state = self.state(container)
        self.assertEqual(state["id"], container)
        self.assertEqual(state["status"], "created")
        self.assertEqual(state["bundle"], str(self.dir / "bundle-0"))
        self.assertEqual(state["annotations"], {"org.example.k": "v w"})
        self.assertIn(state["owner"], ("root",) if harness.NAME == "hull" else ("root", ""))
        self.assertRegex(state["ociVersion"], r"^1\.\d+\.\d+")
        self.assertEqual(state["rootfs"], str(self.dir / "bundle-0/rootfs"))
        os.kill(state["pid"], 0)

    def test_created_is_a_time_that_go_reads(self):
        state = self.state(self.create())
        self.assertRegex(state["created"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
        self.assertTrue(state["created"].startswith(time.strftime("%Y-", time.gmtime())))

    def test_created_does_not_change(self):
        container = self.create(*SLEEP)
        before = self.state(container)["created"]
        self.ok("start", container)
        self.assertEqual(self.state(container)["created"], before)

    def test_pid_is_the_init_process(self):
        container = self.start(*SLEEP)
        self.assertIn("NSpid:\t%d\t1\n" % self.pid(container), self.proc(container, "status"))

    def test_pid_is_zero_when_stopped(self):
        container = self.start("/bin/true")
        self.wait_for(container, "stopped")
        self.assertEqual(self.state(container).get("pid", 0), 0)

    def test_indented_by_two_blanks(self):
        self.assertRegex(self.ok("state", self.create()), '^{\n  "ociVersion": "')

    def test_relative_bundle_is_made_absolute(self):
        bundle = self.bundle(self.spec("/bin/true"))
        container = self.new_id()
        self.ok("create", "--bundle", bundle.path.name, container, cwd=self.dir)
        self.assertEqual(self.state(container)["bundle"], str(bundle.path))

    def test_the_bundle_is_here_by_default(self):
        bundle = self.bundle(self.spec("/bin/true"))
        container = self.new_id()
        self.ok("create", container, cwd=bundle.path)
        self.assertEqual(self.state(container)["bundle"], str(bundle.path))


class Errors(Case):
    @each(
        state=["state"],
        start=["start"],
        kill=["kill"],
        pause=["pause"],
        resume=["resume"],
        delete=["delete"],
    )
    def test_unknown_container(self, words):
        self.fails(*words, MISSING, saying=["does not exist"])

    def test_unknown_container_for_exec(self):
        self.fails("exec", MISSING, "/bin/true", saying="does not exist", code=255)

    def test_unknown_container_is_no_error_for_delete_force(self):
        self.ok("delete", "--force", MISSING)

    def test_create_twice(self):
        container = self.create(*SLEEP)
        self.fails("create", "--bundle", self.dir / "bundle-0", container, saying="exist")
        self.assertEqual(self.status(container), "created")

    def test_run_over_a_created_one(self):
        container = self.create(*SLEEP)
        self.fails("run", "--bundle", self.dir / "bundle-0", container, saying="exist")
        self.assertEqual(self.status(container), "created")

    def test_start_twice(self):
        container = self.start(*SLEEP)
        self.fails("start", container, saying="running")
        self.assertEqual(self.status(container), "running")

    def test_start_stopped(self):
        container = self.start("/bin/true")
        self.wait_for(container, "stopped")
        self.fails("start", container, saying="stopped")

    def test_start_after_init_was_killed(self):
        container = self.create(*SLEEP)
        os.kill(self.pid(container), signal.SIGKILL)
        self.wait_for(container, "stopped")
        self.fails("start", container)

    @each(created=False, running=True)
    def test_delete_of_a_live_one(self, started):
        container = self.start(*SLEEP) if started else self.create(*SLEEP)
        if not started and harness.NAME == "runc":
            self.skipTest("runc kills a created container")
        self.fails("delete", container, saying="not stopped")
        self.assertEqual(self.status(container), "running" if started else "created")

    @each(created=False, running=True)
    def test_delete_force_of_a_live_one(self, started):
        container = self.start(*SLEEP) if started else self.create(*SLEEP)
        pid = self.pid(container)
        self.ok("delete", "--force", container)
        self.assertTrue(eventually(lambda: reap() and not os.path.exists(f"/proc/{pid}")))
        self.fails("state", container, saying="does not exist")

    def test_delete_force_of_a_paused_one(self):
        container = self.start(*SLEEP)
        self.ok("pause", container)
        self.ok("delete", "--force", container)
        self.fails("state", container, saying="does not exist")

    def test_kill_of_a_stopped_one(self):
        container = self.start("/bin/true")
        self.wait_for(container, "stopped")
        self.fails("kill", container, "TERM", saying="container not running")

    def test_kill_all_of_a_stopped_one_is_no_error(self):
        container = self.start("/bin/true")
        self.wait_for(container, "stopped")
        self.ok("kill", "--all", container, "KILL")

    def test_exec_in_a_stopped_one(self):
        container = self.start("/bin/true")
        self.wait_for(container, "stopped")
        self.fails("exec", container, "/bin/true", code=255)

    def test_exec_in_a_paused_one(self):
        container = self.start(*SLEEP)
        self.ok("pause", container)
        self.fails("exec", container, "/bin/true", saying="paused", code=255)

    @each(stopped="stopped", paused="paused")
    def test_pause_of_one_that_does_not_run(self, status):
        container = self.start(*(("/bin/true",) if status == "stopped" else SLEEP))
        if status == "paused":
            self.ok("pause", container)
        self.wait_for(container, status)
        self.fails("pause", container)

    def test_resume_of_one_that_runs(self):
        self.fails("resume", self.start(*SLEEP))

    def test_start_of_a_paused_or_running_one_leaves_it_alone(self):
        container = self.start(*SLEEP)
        self.ok("pause", container)
        self.fails("start", container)
        self.assertEqual(self.status(container), "paused")

    @each(
        empty="",
        dot=".",
        dots="..",
        slash="a/b",
        parent="../x",
        blank="a b",
        newline="a\nb",
        umlaut="ä",
        star="*",
        nul_length="x" * 1025,
    )
    def test_container_id(self, container):
        bundle = self.bundle(self.spec("/bin/true"))
        result = self.runtime("create", "--bundle", bundle.path, container)
        self.assertNotEqual(result.code, 0, result)
        self.assertEqual(list(pathlib.Path(self.runtime.root).glob("*/state*")), [])

    @each(letters="abcXYZ", digits="0123", others="a_b+c-d.e", leading_dash_inside="a--b")
    def test_container_id_accepted(self, container):
        bundle = self.bundle(self.spec("/bin/true"))
        name = self.new_id() + container
        self.ids.append(name)
        self.ok("create", "--bundle", bundle.path, name)

    def test_missing_bundle(self):
        self.fails("create", "--bundle", self.dir / "none", self.new_id(), saying="no such file")

    def test_missing_config(self):
        (self.dir / "empty").mkdir()
        self.fails("create", "--bundle", self.dir / "empty", self.new_id(), saying="config.json")

    def test_missing_rootfs(self):
        self.refused(lambda s: s["root"].update(path="none"), saying="none")

    def test_program_not_found(self):
        result = self.run_args("/bin/none")
        self.assertEqual(result.code, 1, result)
        self.assertIn("no such file or directory", result.err)

    def test_program_not_found_in_path(self):
        result = self.run_args("none")
        self.assertEqual(result.code, 1, result)
        self.assertIn("executable file not found in $PATH", result.err)

    def test_program_not_executable(self):
        bundle = self.bundle(self.spec("/etc/data"))
        (bundle.rootfs / "etc/data").write_text("x")
        result = self.run_spec(bundle)
        self.assertEqual(result.code, 1, result)
        self.assertIn("permission denied", result.err)

    def test_program_of_no_known_format(self):
        bundle = self.bundle(self.spec("/etc/data"))
        (bundle.rootfs / "etc/data").write_text("\x7fnot a program")
        (bundle.rootfs / "etc/data").chmod(0o755)
        result = self.run_spec(bundle)
        self.assertNotEqual(result.code, 0, result)
        self.assertIn("exec format error", result.err)


class BadInput(Case):
    """One clear error, and nothing left: no delete is called before looking."""

    @each(
        truncated='{"ociVersion": "1.0.2"',
        empty="",
        text="hello",
        array="[]",
        wrong_type='{"ociVersion":"1.0.2","process":{"args":"x","cwd":"/"},"root":{"path":"r"}}',
        no_args='{"ociVersion":"1.0.2","process":{"cwd":"/","args":[]},"root":{"path":"r"}}',
    )
    def test_config(self, text):
        bundle = self.bundle(self.spec("/bin/true"))
        bundle.write_text(text)
        container = self.new_id()
        self.fails("create", "--bundle", bundle.path, container)
        self.assert_nothing_left(container)

    def test_relative_cwd(self):
        self.refused(lambda s: s["process"].update(cwd="tmp"), saying="cwd")

    def test_no_root(self):
        self.refused(lambda s: s.pop("root"), saying="root")

    def test_unknown_namespace(self):
        self.refused(lambda s: s["linux"]["namespaces"].append({"type": "none"}), saying="none")

    def test_namespace_twice(self):
        self.refused(lambda s: s["linux"]["namespaces"].append({"type": "pid"}), saying="pid")

    def test_namespace_path_missing(self):
        self.refused(lambda s: harness.add_namespace(s, "network", "/none"), saying="/none")

    def test_namespace_path_of_another_type(self):
        self.refused(lambda s: harness.add_namespace(s, "network", "/proc/self/ns/uts"))

    def test_hostname_without_uts_namespace(self):
        self.refused(lambda s: harness.remove_namespace(s, "uts"), saying="hostname")

    def test_mount_source_missing(self):
        self.refused(
            lambda s: s["mounts"].append(
                {
                    "destination": "/mnt",
                    "type": "bind",
                    "source": "/none/at/all",
                    "options": ["bind"],
                }
            ),
            saying=["/none/at/all", "no such file"],
        )

    def test_unknown_file_system(self):
        self.refused(
            lambda s: s["mounts"].append({"destination": "/mnt", "type": "nonefs", "source": "x"}),
            saying="/mnt",
        )

    def test_sysctl_outside_of_the_namespaces(self):
        self.refused(
            lambda s: s["linux"].update(sysctl={"kernel.core_pattern": "x"}), saying="core_pattern"
        )

    def test_sysctl_unknown(self):
        self.refused(lambda s: s["linux"].update(sysctl={"net.none.at.all": "1"}), saying="none")

    def test_rlimit_unknown(self):
        self.refused(
            lambda s: s["process"].update(rlimits=[{"type": "RLIMIT_NONE", "soft": 1, "hard": 1}]),
            saying="RLIMIT_NONE",
        )

    def test_rlimit_above_what_we_may(self):
        self.refused(
            lambda s: s["process"].update(
                rlimits=[{"type": "RLIMIT_NOFILE", "soft": 1 << 20, "hard": 1 << 25}]
            )
        )

    def test_seccomp_action_unknown(self):
        self.refused(
            lambda s: s["linux"].update(seccomp={"defaultAction": "SCMP_ACT_NONE"}),
            saying="SCMP_ACT_NONE",
        )

    def test_device_type_unknown(self):
        self.refused(
            lambda s: s["linux"].update(
                devices=[{"path": "/dev/x", "type": "q", "major": 1, "minor": 3}]
            )
        )

    @hull_only("runc and crun pass over mappings without a user namespace")
    def test_mapping_without_user_namespace(self):
        self.refused(
            lambda s: s["linux"].update(
                uidMappings=[{"containerID": 0, "hostID": 100000, "size": 1}]
            )
        )

    def test_overlapping_mappings(self):
        def edit(spec):
            harness.map_ids(spec)
            spec["linux"]["uidMappings"].append({"containerID": 5, "hostID": 300000, "size": 9})

        self.refused(edit)

    def test_hook_that_does_not_exist(self):
        self.refused(
            lambda s: s.update(hooks={"createRuntime": [{"path": "/none/hook"}]}),
            saying="/none/hook",
        )

    def test_terminal_without_console_socket(self):
        self.refused(lambda s: s["process"].update(terminal=True), saying="console")

    def test_console_socket_without_terminal(self):
        bundle = self.bundle(self.spec("/bin/true"))
        container = self.new_id()
        self.fails(
            "create",
            "--bundle",
            bundle.path,
            "--console-socket",
            self.dir / "s",
            container,
            saying="console",
        )
        self.assert_nothing_left(container)

    def test_console_socket_that_nobody_serves(self):
        bundle = self.bundle(
            self.spec("/bin/true", edit=lambda s: s["process"].update(terminal=True))
        )
        container = self.new_id()
        self.fails(
            "create", "--bundle", bundle.path, "--console-socket", self.dir / "none", container
        )
        self.assert_nothing_left(container)

    def test_pid_file_in_a_missing_directory(self):
        bundle = self.bundle(self.spec("/bin/true"))
        container = self.new_id()
        self.fails(
            "create", "--bundle", bundle.path, "--pid-file", "/none/pid", container, saying="/none"
        )
        self.assert_nothing_left(container)

    @hull_only("runc and crun stop at the first error, and name no place")
    def test_every_error_is_reported_at_once_with_its_place(self):
        def edit(spec):
            spec["process"]["cwd"] = "relative"
            spec["linux"]["namespaces"].append({"type": "none"})

        result = self.refused(
            edit, saying=["/process/cwd", "/linux/namespaces/4", "config.json:1:"]
        )
        self.assertIn("2 errors", result.err)


class Kill(Case):
    @each(number="15", name="TERM", full_name="SIGTERM", lower_case="sigterm")
    def test_signal(self, word):
        container = self.listening()
        self.ok("kill", container, word)
        self.wait_for(container, "stopped")

    def test_default_is_term(self):
        container = self.listening()
        self.ok("kill", container)
        self.wait_for(container, "stopped")

    def listening(self):
        """A container that ends on SIGTERM: pid 1 gets no signal that it does not handle."""
        container = self.start(*SLEEP)
        caught = lambda: harness.status_field(self.proc(container, "status"), "SigCgt")
        # That alone: before the program the process may be one that handles more.
        self.assertTrue(eventually(lambda: int(caught(), 16) == 1 << signal.SIGTERM - 1))
        return container

    @each(name="NONE", number="65", negative_word="SIGX")
    def test_unknown_signal(self, word):
        container = self.start(*SLEEP)
        self.fails("kill", container, word)
        self.assertEqual(self.status(container), "running")

    def test_a_signal_the_process_handles_reaches_it(self):
        bundle = self.dir / "bundle-0/rootfs"
        container = self.start(
            "/bin/sh", "-c", "trap 'echo > /got' USR1; echo > /ready; while :; do sleep 0.01; done"
        )
        eventually((bundle / "ready").exists)
        self.ok("kill", container, "USR1")
        self.assertTrue(eventually((bundle / "got").exists))
        self.assertEqual(self.status(container), "running")

    def test_all_reaches_processes_besides_init(self):
        container = self.start(*SLEEP)
        self.ok("exec", "--detach", container, "/bin/sleep", "1000")
        self.ok("kill", "--all", container, "KILL")
        self.wait_for(container, "stopped")

    def test_all_with_the_hosts_pid_namespace(self):
        container = self.start(
            "/bin/sh",
            "-c",
            "sleep 1000 & sleep 1001; true",
            edit=lambda s: harness.remove_namespace(s, "pid"),
        )
        pids = eventually(
            lambda: len(children(self.pid(container))) == 2 and children(self.pid(container))
        )
        self.ok("kill", "--all", container, "KILL")
        self.assertTrue(
            eventually(lambda: reap() and not any(os.path.exists(f"/proc/{p}") for p in pids))
        )

    def test_delete_with_the_hosts_pid_namespace_ends_the_rest(self):
        container = self.start(
            "/bin/sh",
            "-c",
            "sleep 1000 & sleep 0.1; exit",
            edit=lambda s: harness.remove_namespace(s, "pid"),
        )
        self.wait_for(container, "stopped")
        self.ok("delete", container)

    def test_a_created_container(self):
        container = self.create(*SLEEP)
        self.ok("kill", container, "KILL")
        self.wait_for(container, "stopped")
        self.ok("delete", container)


class ExitCodes(Case):
    @each(zero=0, one=1, seven=7, most=255)
    def test_run_hands_through(self, code):
        self.assertEqual(self.run_args("/bin/sh", "-c", f"exit {code}").code, code)

    def test_of_a_caller_that_ignores_its_children(self):
        """As a shell does after `trap '' CHLD`, and what it executes from then on."""

        def ignore():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)

        for word, code in (("run", 7), ("exec", 8)):
            if word == "run":
                result = self.run_args("/bin/sh", "-c", "exit 7", preexec_fn=ignore)
            else:
                words = [self.start(*SLEEP), "/bin/sh", "-c", "exit 8"]
                result = self.runtime("exec", *words, preexec_fn=ignore)
            self.assertEqual(result.code, code, result)

    def test_run_of_a_process_that_a_signal_ended(self):
        def edit(spec):
            harness.remove_namespace(spec, "pid")

        self.assertEqual(self.run_args("/bin/probe", "abort", "9", edit=edit).code, 128 + 9)

    @each(zero=0, three=3, most=255)
    def test_exec_hands_through(self, code):
        container = self.start(*SLEEP)
        self.assertEqual(
            self.runtime("exec", container, "/bin/sh", "-c", f"exit {code}").code, code
        )

    def test_exec_of_a_process_that_a_signal_ended(self):
        container = self.start(*SLEEP)
        self.assertEqual(self.runtime("exec", container, "/bin/probe", "abort", "6").code, 128 + 6)

    def test_exec_that_fails_is_255(self):
        self.fails("exec", self.start(*SLEEP), "/bin/none", code=255, saying="no such file")

    def test_exec_not_found_in_path(self):
        self.fails(
            "exec",
            self.start(*SLEEP),
            "none",
            code=255,
            saying="executable file not found in $PATH",
        )

    def test_failures_are_1(self):
        self.fails("start", MISSING, code=1)

    def test_run_keeps_nothing(self):
        self.assertEqual(self.run_args("/bin/true").code, 0)
        self.fails("state", self.ids[-1], saying="does not exist")

    @each(success="/bin/true", failure="/bin/false")
    def test_run_keep(self, program):
        self.run_args(program, words=["--keep"])
        self.assertEqual(self.status(self.ids[-1]), "stopped")
        self.ok("delete", self.ids[-1])

    def test_run_detach_returns_while_the_process_runs(self):
        self.assertEqual(self.run_args(*SLEEP, words=["--detach"]).code, 0)
        self.assertEqual(self.status(self.ids[-1]), "running")

    def test_run_forwards_signals(self):
        bundle = self.bundle(self.spec(*SLEEP))
        container = self.new_id()
        run = harness.popen(
            self.runtime.command("run", "--bundle", bundle.path, container), stdout=subprocess.PIPE
        )
        self.assertEqual(run.stdout.readline(), b"ready\n")
        run.send_signal(signal.SIGTERM)
        self.assertEqual(harness.wait(run), signal.SIGTERM)
        run.stdout.close()

    def test_run_passes_stdin(self):
        with open(self.host_file("in", "hello\n")) as stdin:
            self.assertEqual(self.inside("/bin/cat", stdin=stdin), "hello\n")

    def test_stderr_is_the_processs_own(self):
        result = self.run_args("/bin/sh", "-c", "echo out; echo err >&2")
        self.assertEqual((result.out, result.err), ("out\n", "err\n"))


class Files(Case):
    @each(create="create", run="run")
    def test_pid_file_holds_the_pid_and_no_newline(self, command):
        pid_file = self.dir / "pid"
        bundle = self.bundle(self.spec(*SLEEP))
        container = self.new_id()
        words = ["--detach"] if command == "run" else []
        self.ok(command, "--bundle", bundle.path, "--pid-file", pid_file, *words, container)
        self.assertEqual(pid_file.read_text(), str(self.pid(container)))

    def test_pid_file_of_exec(self):
        container = self.start(*SLEEP)
        pid_file = self.dir / "pid"
        self.ok("exec", "--detach", "--pid-file", pid_file, container, "/bin/sleep", "1000")
        pid = int(pid_file.read_text())
        self.assertIn("/bin/sleep\0001000", pathlib.Path(f"/proc/{pid}/cmdline").read_text())

    @each(foreground=[], detached=["--detach"])
    def test_an_exec_that_fails_leaves_no_pid_file(self, words):
        file = self.dir / "pid"
        words = ["exec", *words, "--pid-file", file, self.start(*SLEEP), "/bin/none"]
        self.fails(*words, code=255)
        self.assertFalse(file.exists())

    def test_pid_file_replaces_an_older_one(self):
        pid_file = self.host_file("pid", "something much longer than a pid\n")
        container = self.create(words=["--pid-file", pid_file])
        self.assertEqual(pid_file.read_text(), str(self.pid(container)))

    def test_the_state_directory_is_for_its_owner_alone(self):
        container = self.create()
        self.assertEqual(os.stat(self.runtime.root).st_mode & 0o077, 0)
        self.assertEqual(os.stat(os.path.join(self.runtime.root, container)).st_mode & 0o066, 0)

    @hull_only("runc has no --config")
    def test_config_from_another_file(self):
        bundle = self.bundle(self.spec("/bin/false"))
        other = self.host_file(
            "other.json",
            json.dumps(
                {**bundle.spec, "process": {**bundle.spec["process"], "args": ["/bin/true"]}}
            ),
        )
        self.ok("run", "--bundle", bundle.path, "--config", other, self.new_id())

    def test_a_changed_config_does_not_change_a_created_container(self):
        container = self.create("/bin/probe", "sleep", "1000")
        (self.dir / "bundle-0/config.json").write_text("{}")
        self.ok("start", container)
        self.assertEqual(self.status(container), "running")


class List(Case):
    @hull_only("runc fails where nothing was ever created")
    def test_empty(self):
        self.assertIn(self.ok("list", "--format", "json").strip(), ("[]", "null"))

    def test_json_is_one_line_of_states(self):
        ids = sorted([self.create(), self.start(*SLEEP)])
        out = self.ok("list", "--format", "json")
        self.assertEqual(out.strip().count("\n"), 0)
        listed = json.loads(out)
        self.assertEqual(sorted(c["id"] for c in listed), ids)
        for entry in listed:
            state = self.state(entry["id"])
            for key in ("ociVersion", "id", "pid", "status", "bundle", "rootfs", "created"):
                self.assertEqual(entry[key], state[key], key)

    def test_table(self):
        container = self.create()
        head, row = self.ok("list").splitlines()
        self.assertEqual(head.split(), ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"])
        self.assertEqual(
            row.split()[:4],
            [container, str(self.pid(container)), "created", str(self.dir / "bundle-0")],
        )

    @each(short="-q", long="--quiet")
    def test_quiet(self, flag):
        ids = [self.create(), self.create()]
        self.assertEqual(sorted(self.ok("list", flag).split()), sorted(ids))

    def test_a_stopped_container_is_listed(self):
        container = self.start("/bin/true")
        self.wait_for(container, "stopped")
        (entry,) = json.loads(self.ok("list", "--format=json"))
        self.assertEqual((entry["id"], entry["status"], entry["pid"]), (container, "stopped", 0))

    @hull_only("runc fails where nothing was ever created")
    def test_another_root_has_other_containers(self):
        self.create()
        out = self.runtime("list", "-q", flags=["--root", str(self.dir / "other")])
        self.assertEqual((out.code, out.out), (0, ""))


class LogFile(Case):
    def failing(self, *flags):
        log = self.dir / "log"
        result = self.runtime("state", MISSING, flags=["--log", str(log), *flags])
        self.assertEqual(result.code, 1, result)
        return log.read_text(), result

    def test_json_is_exactly_one_object(self):
        text, _ = self.failing("--log-format", "json")
        record = json.loads(text)
        self.assertEqual(sorted(record), ["level", "msg", "time"])
        self.assertEqual(record["level"], "error")
        self.assertIn("does not exist", record["msg"])
        self.assertRegex(record["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$")

    def test_errors_are_on_stderr_too(self):
        _, result = self.failing("--log-format", "json")
        self.assertIn("does not exist", result.err)

    def test_text(self):
        text, _ = self.failing("--log-format", "text")
        self.assertRegex(text, r'^time="[^"]+" level=error msg="[^\n]+\n$')

    def test_json_on_stderr_without_a_file(self):
        result = self.runtime("state", MISSING, flags=["--log-format", "json"])
        self.assertEqual(json.loads(result.err.splitlines()[0])["level"], "error")

    def test_a_failing_create_leaves_one_line(self):
        bundle = self.bundle(self.spec("/bin/none"))
        log = self.dir / "log"
        self.fails(
            "run",
            "--bundle",
            bundle.path,
            self.new_id(),
            flags=["--log", str(log), "--log-format", "json"],
        )
        self.assertEqual(log.read_text().count("\n"), 1, log.read_text())
        self.assertIn("no such file", json.loads(log.read_text())["msg"])

    def test_success_leaves_it_empty(self):
        bundle = self.bundle(self.spec("/bin/true"))
        log = self.dir / "log"
        self.ok(
            "run",
            "--bundle",
            bundle.path,
            self.new_id(),
            flags=["--log", str(log), "--log-format", "json"],
        )
        self.assertEqual(log.read_text() if log.exists() else "", "")

    def test_a_log_that_cannot_be_opened(self):
        self.fails("list", flags=["--log", "/none/log"])


class Grammar(Case):
    def test_version(self):
        out = self.ok("--version")
        self.assertRegex(out.splitlines()[0], r"^\w+ version \S+$")
        self.assertRegex(out, r"(?m)^commit: \S+$")
        self.assertRegex(out, r"(?m)^spec: 1\.\d+\.\d+$")

    @hull_only("the text is hull's own; runc and crun say more")
    def test_version_is_three_lines_in_halves(self):
        lines = self.ok("-v").splitlines()
        self.assertEqual(
            [re.split("version |: ", l)[0].strip() for l in lines], ["hull", "commit", "spec"]
        )

    @each(long="--help", short="-h", command="help")
    def test_help(self, word):
        out = self.ok(word)
        for command in (
            "create",
            "start",
            "state",
            "kill",
            "delete",
            "run",
            "exec",
            "list",
            "spec",
        ):
            self.assertIn(command, out)

    @each(
        **{
            c: c
            for c in (
                "create",
                "start",
                "state",
                "kill",
                "delete",
                "run",
                "exec",
                "list",
                "spec",
                "features",
                "pause",
                "resume",
            )
        }
    )
    def test_help_of(self, command):
        self.assertIn(command, self.ok(command, "--help"))

    @each(
        command=["no-such-command"],
        flag=["state", "--no-such-flag", "x"],
        global_flag=["--no-such-flag", "list"],
        missing=["state"],
        surplus=["state", "a", "b"],
        value=["list", "--format"],
    )
    def test_refused(self, words):
        result = self.runtime(*words)
        self.assertNotEqual(result.code, 0, result)
        self.assertEqual(list(pathlib.Path(self.dir).glob("state/*")), [])

    @hull_only("runc and crun offer no names")
    def test_the_nearest_name_is_offered(self):
        self.fails("craete", saying="did you mean 'create'?")
        self.fails("delete", "--forse", "x", saying="did you mean '--force'?")

    def test_a_flag_without_its_value(self):
        self.fails("create", "--bundle", saying="needs an argument")

    def test_flags_may_follow_the_id(self):
        container = self.start(*SLEEP)
        self.ok("delete", container, "--force")

    def test_flags_of_the_command_of_exec_are_its_own(self):
        container = self.start(*SLEEP)
        self.assertEqual(self.exec(container, "/bin/ls", "-d", "/bin"), "/bin\n")

    @each(
        separate=["--bundle", "B"],
        equals=["--bundle=B"],
        short=["-b", "B"],
        short_equals=["-b=B"],
        one_dash=["-bundle", "B"],
    )
    def test_spellings(self, words):
        bundle = self.bundle(self.spec("/bin/true"))
        words = [w.replace("B", str(bundle.path)) for w in words]
        self.ok("run", *words, "--no-subreaper=false", "-no-new-keyring", self.new_id())

    def test_the_root_of_the_file_system_is_refused(self):
        self.fails("list", flags=["--root", "/"])

    @hull_only("runc fails where nothing was ever created, and crun has no --criu")
    def test_flags_of_old_clients_are_accepted(self):
        self.ok("list", flags=["--criu", "/usr/sbin/criu", "--rootless=true"])

    @hull_only("crun says other words, of the bus")
    def test_systemd_is_refused_where_it_is_not_there(self):
        bundle = self.bundle(self.spec("/bin/true"))
        container = self.new_id()
        self.fails(
            "create",
            "--bundle",
            bundle.path,
            container,
            flags=["--systemd-cgroup"],
            saying="systemd",
        )
        self.assert_nothing_left(container)


class Spec(Case):
    def test_what_it_writes_runs(self):
        bundle = self.bundle(self.spec("/bin/true"))
        (bundle.path / "config.json").unlink()
        self.ok("spec", cwd=bundle.path)
        spec = json.loads((bundle.path / "config.json").read_text())
        self.assertEqual(spec["process"]["args"], ["sh"])
        spec["process"].update(args=["/bin/true"], terminal=False)
        spec["process"].pop("rlimits", None)
        (bundle.path / "config.json").write_text(json.dumps(spec))
        self.ok("run", "--bundle", bundle.path, self.new_id())

    def test_an_existing_config_is_not_touched(self):
        bundle = self.bundle(self.spec("/bin/true"))
        before = (bundle.path / "config.json").read_text()
        self.fails("spec", "--bundle", bundle.path, saying="exist")
        self.assertEqual((bundle.path / "config.json").read_text(), before)

    def test_rootless_has_a_user_namespace_and_no_network(self):
        self.ok("spec", "--rootless", "--bundle", self.dir)
        spec = json.loads((self.dir / "config.json").read_text())
        names = [n["type"] for n in spec["linux"]["namespaces"]]
        self.assertIn("user", names)
        self.assertEqual(len(spec["linux"]["uidMappings"]), 1)

    def test_features(self):
        features = json.loads(self.ok("features"))
        self.assertEqual(features["ociVersionMin"], "1.0.0")
        self.assertIn("createContainer", features["hooks"])
        self.assertIn("rbind", features["mountOptions"])
        self.assertIn("user", features["linux"]["namespaces"])
        self.assertIn("CAP_CHOWN", features["linux"]["capabilities"])
        self.assertTrue(features["linux"]["cgroup"]["v1"])
        self.assertIn("SCMP_ACT_NOTIFY", features["linux"]["seccomp"]["actions"])
        self.assertIn("SCMP_ARCH_X86_64", features["linux"]["seccomp"]["archs"])


class Foreground(Case):
    """A container that somebody runs in the foreground is a container like any other."""

    def background(self, *words):
        container = self.new_id()
        bundle = self.bundle(self.spec(*SLEEP))
        process = harness.popen(self.runtime.command("run", "--bundle", bundle.path, *words, container))
        found = lambda: container in self.runtime("list", "--quiet").out.split()
        # Until its program runs, the signals of a case would meet the runtime's own init.
        runs = lambda: found() and "sleep" in self.proc(container, "cmdline")
        self.assertTrue(eventually(lambda: self.tells(runs)))
        return process, container

    def tells(self, condition):
        """What `condition` says; nothing while the container is being made."""
        try:
            return condition()
        except (AssertionError, OSError):
            return False

    def test_others_may_pause_and_resume_it(self):
        process, container = self.background()
        self.ok("pause", container)
        self.ok("resume", container)
        self.ok("kill", container, "KILL")
        self.assertEqual(harness.wait(process), 137)
        self.assert_nothing_left(container)

    def test_others_may_delete_it(self):
        process, container = self.background()
        result = self.runtime("delete", "--force", container)
        if harness.NAME != "crun":  # whose run may be the first to delete it
            self.assertEqual(result.code, 0, result)
        code = harness.wait(process)
        if harness.NAME == "hull":
            self.assertEqual(code, 137)
        self.assert_nothing_left(container)

    @harness.by_the_config
    def test_its_status_counts_where_a_stranger_keeps_its_cgroup(self):
        process, container = self.background()
        words = [harness.BUSYBOX, "sleep", "1000"]
        for path in sorted(harness.cgroup_directories(self.dir.name))[:1]:
            stranger = harness.popen(words)
            pathlib.Path(path, "cgroup.procs").write_text(str(stranger.pid))
        self.ok("kill", container, "KILL")
        self.assertEqual(harness.wait(process), 137)
        stranger.kill()
        harness.wait(stranger)
        self.ok("delete", "--force", container)

    def script(self, script, *words, edit=None):
        """A shell in the foreground, and what it writes."""
        bundle = self.bundle(self.spec("/bin/sh", "-c", script, edit=edit))
        command = self.runtime.command("run", *words, "--bundle", bundle.path, self.new_id())
        process = harness.popen(command, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        return process, process.stdout

    # Not those that nobody can catch, that a C library keeps, or that stop jobs.
    FORWARDED = sorted(set(range(1, 65)) - {9, 17, 19, 21, 22, 23, 28, 32, 33})
    if harness.NAME == "runc":
        FORWARDED = sorted(set(FORWARDED) - {signal.SIGPROF, 34})  # Go's run time keeps them

    def test_signals_are_forwarded(self):
        numbers = " ".join(map(str, self.FORWARDED))
        loop = "echo ready; while :; do sleep 0.01; done"
        traps = f'for n in {numbers}; do trap "echo got $n" $n; done'
        process, out = self.script(f"{traps}; {loop}")
        self.assertEqual(out.readline(), "ready\n")
        for number in self.FORWARDED:
            os.kill(process.pid, number)
            self.assertEqual(out.readline(), f"got {number}\n")
        self.ok("kill", self.ids[-1], "KILL")
        self.assertEqual(harness.wait(process), 137)

    def test_the_runtimes_own_signals_are_not_forwarded(self):
        own = (signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH)
        traps = "; ".join(f"trap 'echo got {n}' {int(n)}" for n in own if n != signal.SIGCHLD)
        process, out = self.script(
            f"{traps}; trap 'exit 4' TERM; echo ready; while :; do sleep 0.01; done"
        )
        self.assertEqual(out.readline(), "ready\n")
        for number in own:
            os.kill(process.pid, number)
        process.terminate()
        self.assertEqual(harness.wait(process), 4)
        self.assertEqual(out.read(), "")

    def orphan(self, *words):
        """A child of nobody's in a container without a pid namespace: (process, its pid)."""
        process, out = self.script(
            "trap 'exit 0' TERM; sh -c 'trap - TERM; sleep 1000 >/dev/null & echo $!'; "
            "while :; do sleep 0.01; done",
            *words,
            edit=lambda s: harness.remove_namespace(s, "pid"),
        )
        return process, int(out.readline())

    def parent(self, pid):
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(harness.status_field(text, "PPid"))

    def test_orphans_are_adopted_and_reaped(self):
        process, pid = self.orphan()
        self.assertTrue(eventually(lambda: self.parent(pid) == process.pid))
        os.kill(pid, signal.SIGKILL)
        self.assertTrue(eventually(lambda: not os.path.exists(f"/proc/{pid}")))
        process.terminate()
        self.assertEqual(harness.wait(process), 0)

    @each(two="--no-subreaper", one="-no-subreaper")
    def test_orphans_are_left_to_others(self, flag):
        process, pid = self.orphan(flag)
        self.assertTrue(eventually(lambda: self.parent(pid) == os.getpid()))
        process.terminate()
        self.assertEqual(harness.wait(process), 0)
        self.assert_nothing_left(self.ids[-1])

    def test_keep(self):
        process, container = self.background("--keep")
        self.ok("kill", container, "KILL")
        self.assertEqual(harness.wait(process), 137)
        self.assertEqual(self.status(container), "stopped")
        self.ok("delete", container)


if __name__ == "__main__":
    harness.main()
