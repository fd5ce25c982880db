#!/usr/bin/env python3
"""Terminals: handed over by --console-socket, and proxied in the foreground."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import termios
import unittest

import harness
from harness import Case, ConsoleSocket, each, read_terminal

SLEEP = ("/bin/probe", "sleep", "1000")
DEVPTS = {
    "destination": "/dev/pts",
    "type": "devpts",
    "source": "devpts",
    "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
}


def with_terminal(spec):
    spec["process"]["terminal"] = True
    spec["mounts"].append(dict(DEVPTS))


class Terminal(Case):
    def setUp(self):
        super().setUp()
        self.console = ConsoleSocket(self.dir / "console")
        self.masters = []

    def tearDown(self):
        self.console.close()
        for master in self.masters:
            os.close(master)
        super().tearDown()

    def keep(self, master):
        self.masters.append(master)
        return master

    def edit(self, more=None):
        def edit(spec):
            with_terminal(spec)
            if more:
                more(spec)

        return edit

    def shows(self, script, more=None):
        """What a container's script prints on the terminal that the socket received."""
        container = self.create(
            "/bin/sh",
            "-c",
            script,
            edit=self.edit(more),
            words=["--console-socket", self.console.path],
        )
        master = self.keep(self.console.master())
        self.ok("start", container)
        return read_terminal(master)


class ConsoleSockets(Terminal):
    def test_create(self):
        self.assertEqual(self.shows("echo hello"), "hello\n")

    def test_run_detached(self):
        bundle = self.bundle(self.spec("/bin/sh", "-c", "echo hello", edit=self.edit()))
        self.ok(
            "run",
            "--detach",
            "--bundle",
            bundle.path,
            "--console-socket",
            self.console.path,
            self.new_id(),
        )
        self.assertEqual(read_terminal(self.keep(self.console.master())), "hello\n")

    def test_the_message_names_the_terminal(self):
        self.create(*SLEEP, edit=self.edit(), words=["--console-socket", self.console.path])
        message, fds = self.console.receive()
        for fd in fds:
            self.keep(fd)
        self.assertEqual(len(fds), 1)
        self.assertRegex(message.rstrip(b"\0"), rb"^/dev/(pts/)?(\d+|ptmx)$")

    def test_all_three_descriptors_are_the_terminal(self):
        out = self.shows("for n in 0 1 2; do test -t $n && echo $n; done")
        self.assertEqual(out, "0\n1\n2\n")

    def test_it_is_the_controlling_terminal(self):
        self.assertEqual(self.shows("echo x > /dev/tty"), "x\n")

    def test_dev_console_is_the_terminal(self):
        self.assertEqual(
            self.shows("echo x > /dev/console; probe stat /dev/console").split()[0], "x"
        )

    def test_dev_console_is_a_character_device_of_devpts(self):
        self.assertRegex(
            self.shows("probe stat /dev/console"), r"mode=20\d\d\d uid=0 gid=\d+ rdev=136:0"
        )

    def test_input_arrives(self):
        container = self.create(
            "/bin/sh",
            "-c",
            "read a; echo got $a",
            edit=self.edit(),
            words=["--console-socket", self.console.path],
        )
        master = self.keep(self.console.master())
        self.ok("start", container)
        os.write(master, b"line\n")
        self.assertIn("got line", read_terminal(master))

    def test_size(self):
        out = self.shows(
            "stty size", lambda s: s["process"].update(consoleSize={"height": 33, "width": 101})
        )
        self.assertEqual(out, "33 101\n")

    def test_resizing_sends_a_signal(self):
        container = self.create(
            "/bin/sh",
            "-c",
            "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done",
            edit=self.edit(),
            words=["--console-socket", self.console.path],
        )
        master = self.keep(self.console.master())
        self.ok("start", container)
        read_terminal(master, until=b"ready")
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 20, 0, 0))
        self.assertEqual(read_terminal(master).strip(), "10 20")

    def test_the_user_owns_it(self):
        out = self.shows(
            "probe stat /dev/pts/0", lambda s: s["process"].update(user={"uid": 1000, "gid": 1000})
        )
        self.assertIn("uid=1000", out)

    def test_control_c_is_a_signal(self):
        container = self.create(
            "/bin/sh",
            "-c",
            "trap 'echo caught; exit' INT; echo ready; " "while :; do sleep 0.01; done",
            edit=self.edit(),
            words=["--console-socket", self.console.path],
        )
        master = self.keep(self.console.master())
        self.ok("start", container)
        read_terminal(master, until=b"ready")
        os.write(master, b"\x03")
        self.assertIn("caught", read_terminal(master))

    def test_with_a_user_namespace(self):
        self.owner = 100000
        self.assertEqual(self.shows("echo hello; id -u", harness.map_ids), "hello\n0\n")

    def test_the_socket_may_not_be_abstract_or_missing(self):
        bundle = self.bundle(self.spec("/bin/true", edit=self.edit()))
        for path in (self.dir / "none", "@abstract"):
            container = self.new_id()
            self.fails("create", "--bundle", bundle.path, "--console-socket", path, container)
            self.assert_nothing_left(container)


class ExecTerminal(Terminal):
    def test_detached(self):
        container = self.start(*SLEEP, edit=lambda s: s["mounts"].append(dict(DEVPTS)))
        self.ok(
            "exec",
            "--tty",
            "--detach",
            "--console-socket",
            self.console.path,
            container,
            "/bin/sh",
            "-c",
            "test -t 0 && echo hello",
        )
        self.assertEqual(read_terminal(self.keep(self.console.master())), "hello\n")

    def test_the_size_is_the_configs(self):
        def edit(spec):
            spec["mounts"].append(dict(DEVPTS))
            spec["process"]["consoleSize"] = {"height": 9, "width": 10}

        container = self.start(*SLEEP, edit=edit)
        words = ["--tty", "--detach", "--console-socket", self.console.path]
        self.ok("exec", *words, container, "/bin/stty", "size")
        self.assertEqual(read_terminal(self.keep(self.console.master())), "9 10\n")

    def test_detached_needs_the_socket(self):
        container = self.start(*SLEEP)
        self.fails("exec", "--tty", "--detach", container, "/bin/true", saying="console", code=255)

    def test_process_file(self):
        if harness.NAME == "crun":
            self.skipTest("this runtime gives it a size while the program begins")
        container = self.start(*SLEEP, edit=lambda s: s["mounts"].append(dict(DEVPTS)))
        file = self.host_file(
            "process.json",
            harness.json.dumps(
                {
                    "terminal": True,
                    "args": ["/bin/stty", "size"],
                    "cwd": "/",
                    "env": ["PATH=/bin"],
                    "user": {"uid": 0, "gid": 0},
                    "consoleSize": {"height": 7, "width": 8},
                }
            ),
        )
        self.ok(
            "exec", "--process", file, "--detach", "--console-socket", self.console.path, container
        )
        self.assertEqual(read_terminal(self.keep(self.console.master())), "7 8\n")


@unittest.skipIf(harness.NAME == "crun", "its terminal in the foreground fails now and then")
class Foreground(Terminal):
    def foreground(self, *words):
        """Runs a command on a terminal of its own: (process, master)."""
        master, slave = pty.openpty()
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 21, 43, 0, 0))

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        process = harness.popen(
            self.runtime.command(*words),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=own_terminal,
        )
        os.close(slave)
        return process, self.keep(master)

    def run_script(self, script, more=None):
        bundle = self.bundle(self.spec("/bin/sh", "-c", script, edit=self.edit(more)))
        return self.foreground("run", "--bundle", bundle.path, self.new_id())

    def test_output_and_exit_code(self):
        process, master = self.run_script("echo hello; exit 3")
        self.assertEqual(read_terminal(master), "hello\n")
        self.assertEqual(harness.wait(process), 3)

    def test_the_container_has_a_terminal_of_its_own(self):
        process, master = self.run_script("test -t 0 && test -t 1 && echo yes; ls /dev/pts")
        self.assertEqual(read_terminal(master).split(), ["yes", "0", "ptmx"])
        harness.wait(process)

    def test_input(self):
        process, master = self.run_script("echo ready; read a; echo got $a")
        self.assertIn("ready", read_terminal(master, until=b"ready"))
        os.write(master, b"line\n")
        self.assertIn("got line", read_terminal(master))
        self.assertEqual(harness.wait(process), 0)

    @harness.hull_only("runc sets it while the program begins")
    def test_the_size_is_the_callers_from_the_beginning(self):
        bundle = self.bundle(self.spec("/bin/stty", "size", edit=self.edit()))
        container = self.start(*SLEEP, edit=lambda s: s["mounts"].append(dict(DEVPTS)))
        for _ in range(5):
            for words in (
                ("run", "--bundle", bundle.path, self.new_id()),
                ("exec", "--tty", container, "/bin/stty", "size"),
            ):
                process, master = self.foreground(*words)
                self.assertEqual(read_terminal(master), "21 43\n")
                harness.wait(process)

    def test_the_size_is_the_callers(self):
        process, master = self.run_script("sleep 0.1; stty size")
        self.assertEqual(read_terminal(master), "21 43\n")
        harness.wait(process)

    def test_resizing_passes_through(self):
        process, master = self.run_script(
            "sleep 0.1; trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done"
        )
        read_terminal(master, until=b"ready")
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 20, 0, 0))
        self.assertEqual(read_terminal(master).split(), ["10", "20"])
        harness.wait(process)

    def test_control_c_goes_to_the_container(self):
        process, master = self.run_script(
            "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.01; done"
        )
        read_terminal(master, until=b"ready")
        os.write(master, b"\x03")
        self.assertIn("caught", read_terminal(master))
        self.assertEqual(harness.wait(process), 9)

    def test_the_callers_terminal_is_restored(self):
        master, slave = pty.openpty()
        self.keep(master), self.keep(slave)
        before = termios.tcgetattr(slave)
        bundle = self.bundle(self.spec("/bin/true", edit=self.edit()))
        self.ok("run", "--bundle", bundle.path, self.new_id(), stdin=slave)
        self.assertEqual(termios.tcgetattr(slave), before)

    def test_exec(self):
        container = self.start(*SLEEP, edit=lambda s: s["mounts"].append(dict(DEVPTS)))
        process, master = self.foreground(
            "exec", "--tty", container, "/bin/sh", "-c", "test -t 0 && echo hello; exit 4"
        )
        self.assertEqual(read_terminal(master), "hello\n")
        self.assertEqual(harness.wait(process), 4)

    def test_the_size_without_a_terminal_is_the_configs(self):
        result = self.run_args(
            "/bin/stty",
            "size",
            edit=self.edit(lambda s: s["process"].update(consoleSize={"height": 33, "width": 101})),
        )
        self.assertEqual(result.out.split(), ["33", "101"], result)

    def test_exec_with_a_size(self):
        container = self.start(*SLEEP, edit=lambda s: s["mounts"].append(dict(DEVPTS)))
        process = {
            "terminal": True,
            "consoleSize": {"height": 33, "width": 101},
            "args": ["/bin/stty", "size"],
            "env": ["PATH=/bin"],
            "cwd": "/",
            "user": {"uid": 0, "gid": 0},
        }
        file = self.host_file("process.json", json.dumps(process))
        result = self.runtime("exec", "--process", file, container)
        self.assertEqual(result.out.split(), ["33", "101"], result)
        words = ["--process", file, "--detach", "--console-socket", self.console.path]
        self.ok("exec", *words, container)
        self.assertEqual(read_terminal(self.keep(self.console.master())), "33 101\n")

    def raw(self, master):
        """Whether the terminal behind this master is raw."""
        return termios.tcgetattr(master)[3] & (termios.ICANON | termios.ECHO | termios.ISIG) == 0

    @each(
        its_end=lambda case, process: case.ok("kill", case.ids[-1], "USR1"),
        a_kill=lambda case, process: case.ok("kill", case.ids[-1], "KILL"),
        a_delete=lambda case, process: case.ok("delete", "--force", case.ids[-1]),
        sigterm=lambda case, process: os.kill(process.pid, signal.SIGTERM),
        sighup=lambda case, process: os.kill(process.pid, signal.SIGHUP),
    )
    def test_the_callers_terminal_is_restored_after(self, end):
        process, master = self.run_script(
            "trap 'exit 3' USR1 TERM HUP; echo ready; while :; do sleep 0.01; done"
        )
        before = termios.tcgetattr(pty.openpty()[0])  # what a new one has
        read_terminal(master, until=b"ready")
        self.assertTrue(self.raw(master))
        end(self, process)
        self.assertIn(harness.wait(process), (3, 137))
        self.assertFalse(self.raw(master))
        self.assertEqual(termios.tcgetattr(master)[:4], before[:4])

    @harness.hull_only("runc ends its copying with the last descriptor of the terminal")
    def test_it_may_be_closed_and_opened_again(self):
        """As systemd does with /dev/console. More output than a terminal holds."""
        process, master = self.run_script(
            "echo one; exec 0<&- 1>&- 2>&-; sleep 0.2; exec >/dev/console; "
            "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; exit 3"
        )
        out = read_terminal(master, seconds=20)
        self.assertEqual(out.splitlines(), ["one"] + [f"line {i}" for i in range(3000)])
        self.assertEqual(harness.wait(process), 3)

    def into_a_pipe(self, script):
        """A script on a terminal whose output goes to a pipe: (process, its other end)."""
        bundle = self.bundle(self.spec("/bin/sh", "-c", script, edit=self.edit()))
        command = self.runtime.command("run", "--bundle", bundle.path, self.new_id())
        ours, its = os.pipe()
        fcntl.fcntl(its, fcntl.F_SETPIPE_SZ, 4096)  # full as soon as there is anything in it
        terminal, stdin = pty.openpty()
        process = harness.popen(command, stdin=stdin, stdout=its)
        self.keep(terminal)
        for fd in (its, stdin):
            os.close(fd)
        return process, self.keep(ours)

    @harness.hull_only("runc waits for the reader for ever, once the container has ended")
    def test_signals_arrive_while_nobody_takes_the_output(self):
        process, out = self.into_a_pipe(
            "trap 'exit 9' TERM; (while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done) & "
            "while :; do sleep 0.01; done"
        )
        self.assertTrue(select.select([out], [], [], harness.SECONDS)[0])
        process.send_signal(signal.SIGTERM)
        self.assertTrue(harness.eventually(lambda: self.main_of(process) is None))
        process.send_signal(signal.SIGTERM)  # then the reader is waited for no longer
        self.assertEqual(harness.wait(process), 9)

    def main_of(self, process):
        """The container's first process, until it is a zombie."""
        for pid in harness.children(process.pid):
            with open(f"/proc/{pid}/status") as status:
                if not harness.status_field(status.read(), "State").startswith("Z"):
                    return pid
        return None

    def test_a_reader_that_goes_away_is_no_failure(self):
        """(SIGPIPE is not what ends the runtime, either.)"""
        process, out = self.into_a_pipe(
            "i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done; exit 3"
        )
        os.read(out, 1)
        self.masters.remove(out)
        os.close(out)
        self.assertEqual(harness.wait(process), 3)

    def test_much_output(self):
        process, master = self.run_script(
            "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done"
        )
        out = read_terminal(master, seconds=20)
        self.assertEqual(out.splitlines(), [f"line {i}" for i in range(5000)])
        self.assertEqual(harness.wait(process), 0)


if __name__ == "__main__":
    harness.main()
