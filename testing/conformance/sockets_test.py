#!/usr/bin/env python3
"""Sockets that the caller names: of pidfds; descriptors of a socket activation."""

import os
import re
import signal

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

    @hull_only  # runc connects when half of the container is there
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
        seen = self.listening(1, dict(zip(("LISTEN_FDS", "LISTEN_PID"), row)))
        self.assertEqual(seen, (",,", []))


if __name__ == "__main__":
    harness.main()
