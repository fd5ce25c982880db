#!/usr/bin/env -S python3 -B
"""conmon, the monitor of Podman and CRI-O, drives the runtime itself: conmon_test.py RUNTIME."""

import json
import os
import socket
import subprocess
import unittest

import bundle
import engine
from engine import wait_until


class ConmonTest(unittest.TestCase):
    def setUp(self):
        self.place = engine.Place()
        self.rootfs = engine.make_rootfs(self.place.path / "rootfs")
        for name in ("exits", "sockets"):
            (self.place.path / name).mkdir()

    def tearDown(self):
        self.runtime("delete", "--force", "c1", check=False)
        left = self.place.close()
        self.assertEqual(left, [])

    def runtime(self, *args, check=True):
        return self.place.call([self.place.runtime, *args], check=check)

    def conmon(self, name, *flags, lines=1):
        """Starts a conmon; returns what it reports of its child, an object per line."""
        report, reported = os.pipe()
        start, started = os.pipe()
        argv = [
            engine.need_program("conmon"),
            "--api-version",
            "1",
            "-c",
            "c1",
            "-u",
            name,
            "-n",
            "c1",
            "-r",
            self.place.runtime,
            "-b",
            self.place.path / "bundle",
            "-p",
            self.place.path / (name + ".pid"),
            "-l",
            "k8s-file:%s" % self.log(name),
            "--exit-dir",
            self.place.path / "exits",
            "--socket-dir-path",
            self.place.path / "sockets",
            "--full-attach",
            *flags,
        ]
        environment = dict(
            self.place.environment, _OCI_SYNCPIPE=str(reported), _OCI_STARTPIPE=str(start)
        )
        conmon = subprocess.Popen(
            [str(word) for word in argv],
            env=environment,
            cwd=self.place.path,
            pass_fds=[reported, start],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(reported)
        os.close(start)
        os.write(started, b"\0")
        os.close(started)
        self.assertEqual(conmon.wait(engine.DEADLINE_S), 0)
        with os.fdopen(report) as reports:
            return [json.loads(reports.readline()) for _ in range(lines)]

    def create(self, *command, terminal=False):
        bundle.write(
            self.place.path / "bundle",
            bundle.config(self.rootfs, self.place.cgroup + "/c1", command, terminal),
        )
        return self.conmon("c1", *(["--terminal"] if terminal else []), "--stdin")[0]

    def log(self, name):
        return self.place.path / (name + ".log")

    def logged(self, name, stream):
        """What went to `stream`, without the log's own "time stream F " in front of each line."""
        lines = [line.split(" ", 3) for line in self.log(name).read_text().splitlines()]
        return "".join(
            fields[3] + ("\n" if fields[2] == "F" else "")
            for fields in lines
            if fields[1] == stream
        ).replace("\r", "")

    def attach(self, name):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.connect(str(self.attach_socket(name)))
        return connection

    def attach_socket(self, name):
        candidates = [
            self.place.path / "bundle/attach",
            self.place.path / "sockets" / name / "attach",
        ]
        return wait_until(
            lambda: next((path for path in candidates if path.exists()), None), "attach socket"
        )

    def exit_code(self):
        """Of the container, from the file by which conmon tells its engine."""
        path = self.place.path / "exits/c1"
        wait_until(lambda: path.exists() and path.read_text(), "exit file")
        return int(path.read_text())

    def test_reports_the_pid_of_a_created_container(self):
        report = self.create("true")
        pid = report.get("pid", report.get("data"))
        self.assertEqual(json.loads(self.runtime("state", "c1").stdout)["pid"], pid)
        self.assertEqual((self.place.path / "c1.pid").read_text(), str(pid))
        self.runtime("start", "c1")
        self.assertEqual(self.exit_code(), 0)

    def test_logs_both_streams_and_keeps_the_exit_code(self):
        self.create("sh", "-c", "echo out; echo err >&2; exit 9")
        self.runtime("start", "c1")
        self.assertEqual(self.exit_code(), 9)
        self.assertEqual(self.logged("c1", "stdout"), "out\n")
        self.assertEqual(self.logged("c1", "stderr"), "err\n")

    def test_receives_the_console_of_a_terminal(self):
        self.create("sh", "-c", "tty; read line; echo got:$line; exit 4", terminal=True)
        self.runtime("start", "c1")
        with self.attach("c1") as connection:
            connection.send(b"hello\n")
            self.assertEqual(self.exit_code(), 4)
        text = self.logged("c1", "stdout")
        self.assertIn("/dev/pts/0\n", text)
        self.assertIn("got:hello\n", text)

    def test_resizes_the_terminal(self):
        self.create("sh", "-c", "read line; stty size", terminal=True)
        self.runtime("start", "c1")
        with open(self.place.path / "bundle/ctl", "w", encoding="ascii") as control:
            control.write("1 50 120\n")
            control.flush()
            with self.attach("c1") as connection:
                wait_until(lambda: self.terminal_size() == "50 120", "the new size")
                connection.send(b"\n")
                self.assertEqual(self.exit_code(), 0)
        self.assertIn("50 120\n", self.logged("c1", "stdout"))

    def terminal_size(self):
        return self.runtime("exec", "c1", "sh", "-c", "stty size < /dev/console").stdout.strip()

    def test_is_told_why_a_container_cannot_be_created(self):
        report = self.create("/no/such/program")
        self.assertLess(report.get("pid", report.get("data")), 0)
        self.assertIn("/no/such/program", report["message"])
        self.assertEqual(self.runtime("list", "-q").stdout, "")

    def test_executes_with_a_terminal(self):
        self.create("sleep", "1000")
        self.runtime("start", "c1")
        process = self.place.path / "process.json"
        process.write_text(json.dumps(bundle.process(["sh", "-c", "tty; exit 6"], terminal=True)))
        started, ended = self.conmon(
            "e1", "--exec", "--exec-process-spec", process, "--terminal", lines=2
        )
        self.assertGreater(started.get("pid", started.get("data")), 0)
        self.assertEqual(ended.get("exit_code", ended.get("data")), 6)
        self.assertRegex(self.logged("e1", "stdout"), r"/dev/pts/\d+\n")


if __name__ == "__main__":
    engine.main()
