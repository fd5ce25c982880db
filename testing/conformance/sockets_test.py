#!/usr/bin/env python3
"""Sockets that the caller names: of pidfds, of sd_notify(3); descriptors of a socket activation."""

import os
import re
import signal
import socket
import threading

import harness
from harness import Case, ConsoleSocket, each, eventually, hull_only

SLEEP = ("/bin/probe", "sleep", "1000")


def pid_of(pidfd):
    with open(f"/proc/self/fdinfo/{pidfd}") as info:
        return int(re.search(r"^Pid:\s*(-?\d+)", info.read(), re.M)[1])


class PidfdSocket(Case):
    def setUp(self):
        super().setUp()
        self.server = ConsoleSocket(self.dir / "pidfds")
        self.words = ["--pidfd-socket", self.server.path]
        self.pidfds = []

    def tearDown(self):
        self.server.close()
        for fd in self.pidfds:
            os.close(fd)
        super().tearDown()

    def receive(self):
        message, fds = self.server.receive()
        self.pidfds += fds
        self.assertEqual(len(fds), 1)
        return message, fds[0]

    @each(create=["create"], run=["run", "--detach"])
    def test_of_the_containers_process(self, command):
        bundle = self.bundle(self.spec(*SLEEP))
        self.ok(*command, *self.words, "--bundle", bundle.path, self.new_id())
        message, pidfd = self.receive()
        self.assertEqual(message, b"standard")
        self.assertEqual(pid_of(pidfd), self.pid(self.ids[-1]))
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        self.wait_for(self.ids[-1], "stopped")

    def test_run_in_the_foreground(self):
        bundle = self.bundle(self.spec(*SLEEP))
        words = ["run", *self.words, "--bundle", bundle.path, self.new_id()]
        process = harness.popen(self.runtime.command(*words))
        _, pidfd = self.receive()
        # One that is killed before its program was executed fails the run.
        running = lambda: '"running"' in self.runtime("state", self.ids[-1]).out
        self.assertTrue(eventually(running))
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        self.assertEqual(harness.wait(process), 137)

    def test_exec(self):
        container = self.start(*SLEEP)
        file = self.dir / "pid"
        self.exec(container, *SLEEP, words=["--detach", "--pid-file", file, *self.words])
        message, pidfd = self.receive()
        self.assertEqual(message, b"setns")
        self.assertEqual(pid_of(pidfd), int(file.read_text()))
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        self.assertEqual(self.status(container), "running")

    @hull_only("runc connects when half of the container is there; crun has no --pidfd-socket")
    def test_nobody_listens(self):
        self.server.close()
        ran = self.dir / "ran"
        hook = {"path": "/bin/sh", "args": ["sh", "-c", f"echo > {ran}"]}
        for path, why in ((self.server.path, "connection refused"), ("/none", "no such file")):
            bundle = self.bundle(
                self.spec("/bin/true", edit=lambda s: s.update(hooks={"createRuntime": [hook]}))
            )
            words = ["--pidfd-socket", path, "--bundle", bundle.path, self.new_id()]
            for command in ("create", "run"):
                self.fails(command, *words, saying=[f"the pidfd socket '{path}'", why])
                self.assert_nothing_left(self.ids[-1])
                self.assertFalse(ran.exists())

    def test_nobody_listens_to_exec(self):
        container = self.start(*SLEEP)
        words = ["--pidfd-socket", "/none", container, "/bin/true"]
        self.fails("exec", *words, saying="/none", code=255)


class Host(threading.Thread):
    """A manager's socket: what is sent to it, until the barrier, which it answers as asked."""

    def __init__(self, name):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + name[1:] if name.startswith("@") else name)
        self.messages = []
        self.start()

    def run(self):
        while b"BARRIER=1" not in self.messages:
            try:
                message, fds, _, _ = socket.recv_fds(self.socket, 8192, 4)
            except OSError:
                return
            self.messages.append(message)
            self.fds = len(fds)
            for fd in fds:
                os.close(fd)

    def lines(self):
        """Of all messages."""
        return [line for m in self.messages for line in m.decode().split("\n") if line]

    def close(self):
        if self.is_alive():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
                end.sendto(b"BARRIER=1", self.socket.getsockname())
        self.join()
        self.socket.close()


class Notify(Case):
    """NOTIFY_SOCKET, as sd_notify(3) has it."""

    def setUp(self):
        super().setUp()
        self.hosts = []
        self.listen(str(self.dir / "host"))

    def tearDown(self):
        for host in self.hosts:
            host.close()
        super().tearDown()

    def listen(self, name):
        self.host = Host(name)
        self.hosts.append(self.host)
        self.env = {**os.environ, "NOTIFY_SOCKET": name}

    ONE = "probe notify READY=1 >/dev/null; exec probe sleep 1000"

    def begin(self, script, way="start", edit=None):
        """The container's id, once `start` or `run` has come back."""
        bundle = self.bundle(self.spec("/bin/sh", "-c", script, edit=edit))
        words = ["--bundle", bundle.path, self.new_id()]
        if way == "run":
            self.ok("run", "--detach", *words, env=self.env)
        else:
            self.ok("create", *words, env=self.env)
            self.ok("start", self.ids[-1], env=self.env)
        return self.ids[-1]

    def expect(self, pid):
        self.host.join(10)
        self.assertEqual(self.host.lines(), ["READY=1", f"MAINPID={pid}", "BARRIER=1"])
        self.assertEqual(self.host.fds, 1)

    @each(start="start", run="run")
    def test_readiness_goes_on(self, way):
        container = self.begin(self.ONE, way)
        self.expect(self.pid(container))

    @each(start="start", run="run")
    def test_an_abstract_socket(self, way):
        self.listen("@" + self.dir.name)
        self.expect(self.pid(self.begin(self.ONE, way)))

    def test_in_the_foreground_the_runtime_is_the_main_process(self):
        bundle = self.bundle(self.spec("/bin/sh", "-c", self.ONE))
        command = self.runtime.command("run", "--bundle", bundle.path, self.new_id())
        process = harness.popen(command, env=self.env)
        self.expect(process.pid)
        self.ok("kill", self.ids[-1], "KILL")
        self.assertEqual(harness.wait(process), 137)

    def test_in_the_foreground_it_may_go_on_speaking(self):
        """More than a socket that nobody reads would take."""
        script = f"probe notify READY=1 {'WATCHDOG=1 ' * 100}>/dev/null; exit 5"
        bundle = self.bundle(self.spec("/bin/sh", "-c", script))
        result = self.runtime("run", "--bundle", bundle.path, self.new_id(), env=self.env)
        self.assertEqual(result.code, 5, result)
        self.assertEqual(self.host.lines()[0], "READY=1")

    @each(create="create", run="run")
    def test_what_the_container_has(self, command):
        script = (
            "{ echo $NOTIFY_SOCKET; probe stat $NOTIFY_SOCKET; cat /proc/self/mountinfo; } "
            ">/tmp/seen; " + self.ONE
        )
        self.begin(script, "run" if command == "run" else "start")
        seen = (self.dir / "bundle-0/rootfs/tmp/seen").read_text()
        self.assertEqual(seen.splitlines()[0], "/run/notify/notify.sock")
        self.assertRegex(seen.splitlines()[1], "^mode=140777 ")
        mount = harness.mount_line(seen, "/run/notify")
        self.assertLessEqual({"ro", "nosuid", "nodev", "noexec"}, set(mount["options"]))

    @each(
        namespace=harness.map_ids,
        user=lambda s: s["process"].update(user={"uid": 1000, "gid": 1000}),
        both=lambda s: (
            harness.map_ids(s),
            s["process"].update(user={"uid": 1000, "gid": 1000}),
        ),
        readonly=lambda s: s["root"].update(readonly=True),
    )
    def test_everybody_inside_may_use_it(self, edit):
        self.owner = 100000 if edit is not None else 0
        self.expect(self.pid(self.begin(self.ONE, edit=edit)))

    @each(start="start", run="run")
    def test_it_is_waited_for(self, way):
        script = "until test -e /tmp/go; do sleep 0.01; done; " + self.ONE
        bundle = self.bundle(self.spec("/bin/sh", "-c", script))
        words = ["--bundle", bundle.path, self.new_id()]
        if way == "start":
            self.ok("create", *words, env=self.env)
            words = [self.ids[-1]]
        else:
            words = ["--detach", *words]
        process = harness.popen(self.runtime.command(way, *words), env=self.env)
        running = lambda: self.runtime("state", self.ids[-1]).out.find('"running"') > 0
        self.assertTrue(eventually(running))
        self.ok("exec", self.ids[-1], "/bin/true")  # nothing is locked
        self.assertIsNone(process.poll())
        self.assertEqual(self.host.messages, [])
        (bundle.rootfs / "tmp/go").touch()
        self.assertEqual(harness.wait(process), 0)
        self.expect(self.pid(self.ids[-1]))

    @hull_only("runc looks for READY= at the beginning only, and gives on the rest; crun sends no MAINPID")
    def test_nothing_else_goes_on(self):
        words = [
            "STATUS=x|ERRNO=5|MAINPID=1|WATCHDOG=1|FDSTORE=1|BARRIER=1",
            "READY=10",
            "XREADY=1",
            "READY=1" + "|STATUS=" + "x" * 5000,
            "",
            "||",
            "STATUS=a|READY=1|MAINPID=1",
        ]
        texts = " ".join(f"'{w}'" for w in words)
        container = self.begin(f"probe notify {texts} >/dev/null; exec probe sleep 1000")
        self.expect(self.pid(container))

    @hull_only("runc looks every 100 ms; crun sends no MAINPID")
    def test_many_messages_hold_nobody_up(self):
        script = "while :; do probe notify STATUS=1 STATUS=2 STATUS=3 >/dev/null; done & sleep 0.1; "
        self.expect(self.pid(self.begin(script + self.ONE)))

    @each(start="start", run="run")
    def test_one_that_ends_first(self, way):
        """(runc's run waits for a zombie of its own.)"""
        container = self.begin("exit 3", way)
        self.assertEqual(self.host.messages, [])
        self.wait_for(container, "stopped")

    def test_deleted_while_it_is_waited_for(self):
        """(runc's run waits for a zombie of its own.)"""
        bundle = self.bundle(self.spec(*SLEEP))
        words = ["run", "--detach", "--bundle", bundle.path, self.new_id()]
        process = harness.popen(self.runtime.command(*words), env=self.env)
        found = lambda: self.runtime("state", self.ids[-1]).out.find('"running"') > 0
        self.assertTrue(eventually(found))
        self.ok("delete", "--force", self.ids[-1])
        self.assertEqual(harness.wait(process), 0)
        self.assert_nothing_left(self.ids[-1])

    @hull_only("runc fails where it cannot bind or connect, or does not say; crun does not say")
    def test_nobody_listens(self):
        self.env["NOTIFY_SOCKET"] = "/none"
        bundle = self.bundle(self.spec("/bin/true"))
        result = self.runtime("run", "--bundle", bundle.path, self.new_id(), env=self.env)
        self.assertEqual(result.code, 0, result)
        self.assertIn("$NOTIFY_SOCKET: connecting to the notify socket '/none'", result.err)

    @hull_only("start of runc and crun fails where create had none")
    def test_a_start_whose_create_had_none(self):
        container = self.create(*SLEEP)
        self.ok("start", container, env=self.env)
        self.assertEqual(self.host.messages, [])

    def test_a_create_whose_start_has_none(self):
        bundle = self.bundle(self.spec("/bin/sh", "-c", self.ONE))
        self.ok("create", "--bundle", bundle.path, self.new_id(), env=self.env)
        self.ok("start", self.ids[-1])
        self.assertEqual(self.status(self.ids[-1]), "running")

    def test_a_create_that_fails_leaves_nothing(self):
        for args in (("/none",), ("/bin/true",)):
            hooks = {"createRuntime": [{"path": "/bin/false"}]}
            bundle = self.bundle(self.spec(*args, edit=lambda s: s.update(hooks=hooks)))
            for command in ("create", "run"):
                words = ["--bundle", bundle.path, self.new_id()]
                self.fails(command, *words, env=self.env)
                self.assert_nothing_left(self.ids[-1])
        self.assertEqual(self.host.messages, [])


class Activation(Case):
    """LISTEN_FDS, as sd_listen_fds(3) has it."""

    def listening(self, count, variables, *words):
        """What a program sees where `count` files from 3 on are open, and of its variables."""
        files = [open(self.host_file(f"file{i}", f"file {i}\n")) for i in range(count)]
        source = [os.dup(f.fileno()) for f in files]

        def place():
            high = [os.dup(fd) for fd in source]
            high = [os.dup2(fd, 100 + i) for i, fd in enumerate(high)]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)
            os.closerange(100, 100 + count)
            for name in ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):
                os.environ.pop(name, None)
            os.environ.update({n: v or str(os.getpid()) for n, v in variables.items()})

        script = "echo $LISTEN_FDS,$LISTEN_PID,$LISTEN_FDNAMES; probe fds"
        bundle = self.bundle(self.spec("/bin/sh", "-c", script))
        out = self.ok(
            "run",
            *words,
            "--bundle",
            bundle.path,
            self.new_id(),
            preexec_fn=place,
            pass_fds=[*source, *range(3, 3 + count)],
        ).splitlines()
        for file, fd in zip(files, source):
            file.close()
            os.close(fd)
        numbers = [int(line.split()[0]) for line in out[1:]]
        return out[0], [n for n in numbers if n > 2]

    def test_two(self):
        seen = self.listening(2, {"LISTEN_FDS": "2", "LISTEN_PID": None})
        self.assertEqual(seen, ("2,1,", [3, 4]))

    def test_beside_preserved_ones(self):
        """Those of --preserve-fds follow."""
        seen = self.listening(3, {"LISTEN_FDS": "1", "LISTEN_PID": None}, "--preserve-fds", 2)
        self.assertEqual(seen, ("1,1,", [3, 4, 5]))

    @each(
        another=("1", "1"), no_pid=("1",), no_number=("x", None), none=("0", None), less=("-1", None)
    )
    def test_meant_for_nobody_here(self, row):
        """(runc panics at a number below 0.)"""
        seen = self.listening(1, dict(zip(("LISTEN_FDS", "LISTEN_PID"), row)))
        self.assertEqual(seen, (",,", []))


if __name__ == "__main__":
    harness.main()
