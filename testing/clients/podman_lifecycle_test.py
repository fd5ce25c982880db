#!/usr/bin/env -S python3 -B
"""What Podman asks of a container that lives: podman_lifecycle_test.py RUNTIME."""

import os
import pty
import select
import subprocess
import threading
import time

import engine
from engine import wait_until
from podman import IMAGE, PodmanTestCase


class LifecycleTest(PodmanTestCase):
    def test_creates_then_starts(self):
        self.place.call(self.podman.start_argv("create", "--name", "one", IMAGE, "echo", "started"))
        self.assertEqual(self.status("one"), "created")
        done = self.podman("start", "--attach", "one")
        self.assertEqual(done.stdout, "started\n")
        self.assertEqual(self.status("one"), "exited")

    def test_initialises_before_the_start(self):
        self.place.call(self.podman.start_argv("create", "--name", "one", IMAGE, "sleep", "1000"))
        self.podman("init", "one")
        self.assertEqual(self.status("one"), "initialized")
        self.podman("start", "one")
        self.assertEqual(self.status("one"), "running")

    def test_starts_a_container_again(self):
        self.start("one", "sh", "-c", "echo again")
        self.podman("wait", "one")
        self.podman("start", "one")
        self.podman("wait", "one")
        self.assertEqual(self.podman("logs", "one").stdout, "again\nagain\n")

    def test_lists_running_containers(self):
        self.start("one")
        self.start("two")
        names = self.podman("ps", "--format", "{{.Names}}").stdout.split()
        self.assertEqual(sorted(names), ["one", "two"])

    def test_inspects_a_running_container(self):
        self.start("one")
        state = self.inspect("one")["State"]
        self.assertEqual(state["Status"], "running")
        self.assertTrue(os.path.exists("/proc/%d" % state["Pid"]))
        self.assertTrue(state["ConmonPid"] > 0)

    def test_keeps_the_exit_code(self):
        self.start("one", "sh", "-c", "exit 3")
        self.assertEqual(self.podman("wait", "one").stdout, "3\n")
        self.assertEqual(self.inspect("one")["State"]["ExitCode"], 3)

    def test_collects_the_logs_of_both_streams(self):
        self.start("one", "sh", "-c", "echo out; echo err >&2")
        self.podman("wait", "one")
        logs = self.podman("logs", "one")
        self.assertEqual((logs.stdout, logs.stderr), ("out\n", "err\n"))

    def test_stops_by_the_stop_signal(self):
        self.start(
            "one", "sh", "-c", "trap 'exit 42' TERM; echo ready; while :; do sleep 0.1; done"
        )
        wait_until(lambda: "ready" in self.podman("logs", "one").stdout, "the trap")
        self.podman("stop", "--time", "30", "one")
        self.assertEqual(self.inspect("one")["State"]["ExitCode"], 42)

    def test_kills_after_the_stop_timeout(self):
        self.start("one", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done")
        wait_until(lambda: "ready" in self.podman("logs", "one").stdout, "the trap")
        self.podman("stop", "--time", "1", "one")
        self.assertEqual(self.inspect("one")["State"]["ExitCode"], 137)

    def test_sends_a_signal_by_name_and_by_number(self):
        self.start(
            "one",
            "sh",
            "-c",
            "trap 'echo usr1' USR1; trap 'echo usr2' USR2; echo ready; while :; do sleep 0.1; done",
        )
        wait_until(lambda: "ready" in self.podman("logs", "one").stdout, "the traps")
        self.podman("kill", "--signal", "USR1", "one")
        wait_until(lambda: "usr1" in self.podman("logs", "one").stdout, "USR1")
        self.podman("kill", "--signal", "12", "one")
        wait_until(lambda: "usr2" in self.podman("logs", "one").stdout, "USR2")

    def test_kills(self):
        self.start("one")
        self.podman("kill", "one")
        self.assertEqual(self.podman("wait", "one").stdout, "137\n")

    def test_refuses_to_signal_a_stopped_container(self):
        self.start("one", "true")
        self.podman("wait", "one")
        self.assertNotEqual(self.podman("kill", "one", check=False).returncode, 0)

    def test_removes_a_running_container_by_force_only(self):
        self.start("one")
        self.assertNotEqual(self.podman("rm", "one", check=False).returncode, 0)
        self.podman("rm", "--force", "--time", "0", "one")
        self.assertEqual(self.podman("ps", "--all", "--quiet").stdout, "")

    def test_pauses_and_resumes(self):
        self.start("one", "sh", "-c", "while :; do echo tick; sleep 0.05; done")
        wait_until(lambda: "tick" in self.podman("logs", "one").stdout, "the first tick")
        self.podman("pause", "one")
        self.assertEqual(self.status("one"), "paused")
        time.sleep(0.2)  # what conmon has read already may still reach its log
        before = self.podman("logs", "one").stdout.count("tick")
        time.sleep(0.5)
        self.assertEqual(self.podman("logs", "one").stdout.count("tick"), before)
        self.podman("unpause", "one")
        self.assertEqual(self.status("one"), "running")
        wait_until(
            lambda: self.podman("logs", "one").stdout.count("tick") > before, "the next tick"
        )

    def test_shows_the_processes_of_a_container(self):
        self.start("one")
        self.assertIn("sleep 1000", self.podman("top", "one", "args").stdout)

    def test_runs_two_containers_at_once(self):
        results = {}

        def run(name):
            results[name] = self.podman.run(
                "--rm", "--name", name, IMAGE, "sh", "-c", "hostname; sleep 1; echo %s" % name
            )

        threads = [threading.Thread(target=run, args=("c%d" % i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for i in range(4):
            self.assertIn("c%d" % i, results["c%d" % i].stdout.split())
        self.assertEqual(len({done.stdout.split()[0] for done in results.values()}), 4)


class ExecTest(PodmanTestCase):
    def setUp(self):
        self.start("main", flags=["--env", "OF_MAIN=1", "--workdir", "/var"])

    def exec(self, *args, check=True, **options):
        return self.podman("exec", *args, check=check, **options)

    def test_runs_a_second_process_in_the_container(self):
        self.assertEqual(
            self.exec("main", "readlink", "/proc/self/ns/pid").stdout,
            self.exec("main", "readlink", "/proc/1/ns/pid").stdout,
        )
        self.assertIn("sleep", self.exec("main", "cat", "/proc/1/cmdline").stdout)

    def test_returns_the_exit_code(self):
        self.assertEqual(self.exec("main", "sh", "-c", "exit 7", check=False).returncode, 7)

    def test_returns_127_for_a_missing_executable_every_time(self):
        """The failing process ends at once: its last words must not get lost in the race."""
        for _ in range(8):
            done = self.exec("main", "no-such-program", check=False)
            self.assertEqual(done.returncode, 127, done.stderr)

    def test_returns_126_for_a_file_that_is_not_executable(self):
        self.assertEqual(self.exec("main", "/etc/not-executable", check=False).returncode, 126)

    def test_hands_stdin_through(self):
        done = self.exec("--interactive", "main", "cat", stdin=None, input="a line\n")
        self.assertEqual(done.stdout, "a line\n")

    def test_sets_environment_user_and_directory(self):
        done = self.exec(
            "--env",
            "EXTRA=2",
            "--user",
            "1000:1000",
            "--workdir",
            "/tmp",
            "main",
            "sh",
            "-c",
            "echo $OF_MAIN $EXTRA; id -u; pwd",
        )
        self.assertEqual(done.stdout, "1 2\n1000\n/tmp\n")

    def test_inherits_the_containers_directory(self):
        self.assertEqual(self.exec("main", "pwd").stdout, "/var\n")

    def test_is_in_the_containers_cgroup(self):
        self.assertEqual(
            self.exec("main", "cat", "/proc/self/cgroup").stdout,
            self.exec("main", "cat", "/proc/1/cgroup").stdout,
        )

    def test_has_the_containers_seccomp_filter(self):
        self.assertIn("Seccomp:\t2", self.exec("main", "cat", "/proc/self/status").stdout)

    def test_runs_detached(self):
        self.exec("--detach", "main", "sh", "-c", "echo done > /tmp/marker")
        wait_until(
            lambda: self.exec("main", "cat", "/tmp/marker", check=False).stdout == "done\n",
            "the marker",
        )

    def test_fails_in_a_stopped_container(self):
        self.podman("kill", "main")
        self.podman("wait", "main")
        self.assertNotEqual(self.exec("main", "true", check=False).returncode, 0)

    def test_ends_with_the_container(self):
        done = subprocess.Popen(
            [
                str(w)
                for w in self.podman.base + ["exec", "main", "sh", "-c", "echo up; sleep 1000"]
            ],
            env=self.place.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.assertEqual(done.stdout.readline(), "up\n")
        self.podman("kill", "main")
        self.assertNotEqual(done.wait(engine.DEADLINE_S), 0)
        done.stdout.close()


class TerminalTest(PodmanTestCase):
    def in_terminal(self, argv, answer=b""):
        """Runs a command on a new terminal; returns what it printed and its exit code."""
        environment = dict(self.place.environment)
        pid, master = pty.fork()
        if pid == 0:
            try:
                os.execve(argv[0], [str(word) for word in argv], environment)
            finally:
                os._exit(99)
        subprocess.run(["stty", "rows", "40", "cols", "100"], stdin=master, check=True)
        text, deadline = b"", time.monotonic() + engine.DEADLINE_S
        while time.monotonic() < deadline:
            if not select.select([master], [], [], 0.2)[0]:
                continue
            try:
                chunk = os.read(master, 4096)
            except OSError:  # EIO: the other end is closed
                break
            if not chunk:
                break
            text += chunk
            if answer and b"ready" in text:
                os.write(master, answer)
                answer = b""
        os.close(master)
        return text.decode().replace("\r\n", "\n"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_gives_a_terminal_without_one_outside(self):
        self.assertEqual(self.output("tty", flags=["--tty"]), "/dev/pts/0")

    def test_speaks_with_the_user_at_a_terminal(self):
        argv = self.podman.start_argv(
            "run",
            "--rm",
            "-it",
            IMAGE,
            "sh",
            "-c",
            "tty; echo ready; read line; echo got:$line; exit 5",
        )
        text, code = self.in_terminal(argv, b"hello\n")
        self.assertIn("/dev/pts/0\n", text)
        self.assertIn("got:hello\n", text)
        self.assertEqual(code, 5)

    def test_executes_at_a_terminal_in_a_running_container(self):
        self.start("main")
        argv = self.podman.base + [
            "exec",
            "-it",
            "main",
            "sh",
            "-c",
            "tty; echo ready; read line; echo got:$line; exit 6",
        ]
        text, code = self.in_terminal(argv, b"hello\n")
        self.assertRegex(text, r"/dev/pts/\d+\n")
        self.assertIn("got:hello\n", text)
        self.assertEqual(code, 6)

    def test_controls_the_job_of_its_terminal(self):
        """Ctrl-C reaches the foreground process: the terminal is its controlling one."""
        argv = self.podman.start_argv(
            "run",
            "--rm",
            "-it",
            IMAGE,
            "sh",
            "-c",
            "trap 'echo interrupted; exit 9' INT; echo ready; sleep 30 & wait",
        )
        text, code = self.in_terminal(argv, b"\x03")
        self.assertIn("interrupted", text)
        self.assertEqual(code, 9)


if __name__ == "__main__":
    engine.main()
