"""What the client tests share: a place of their own on this machine, a rootfs, a main().

A Place is one temporary directory with an engine configuration that owes nothing to the machine's
own, and one cgroup parent. When it is closed, nothing of it may be left: no process, mount or
cgroup; what the engine forgot is removed and reported.

The runtime under test is the test's first argument, or, to try the tests themselves with another
one, what HULL_RUNTIME says. unittest's own arguments follow: podman_run_test.py PATH RunTest.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.sax.saxutils

LIMITS = ["--ulimit", "nofile=1024:4096", "--ulimit", "nproc=1000:2000"]  # root may not raise any
DEADLINE_S = 60
GRACE_S = 10


def runtime_path():
    path = os.environ.get("HULL_RUNTIME") or (sys.argv[1] if len(sys.argv) > 1 else "")
    if not path or not os.access(path, os.X_OK):
        sys.exit("no runtime to test: give its path as the first argument or in HULL_RUNTIME")
    return os.path.abspath(path)


RUNTIME = runtime_path()


def need_program(name):
    """Fails, never skips: a client that is missing must not look like one that works."""
    path = shutil.which(name)
    if path is None:
        sys.exit("'%s' is not installed: tools/test.sh installs what the tests need" % name)
    return path


def wait_until(condition, what, deadline_s=DEADLINE_S):
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError("%s: not within %d s" % (what, deadline_s))


def make_rootfs(directory):
    """A root of static busybox with all its applets, and a user and a group of our own."""
    root = pathlib.Path(directory)
    busybox = need_program("busybox")
    for name in (
        "bin",
        "dev",
        "etc",
        "home",
        "proc",
        "root",
        "run",
        "sys",
        "tmp",
        "usr/bin",
        "var",
    ):
        (root / name).mkdir(parents=True)
    shutil.copy(busybox, root / "bin/busybox")
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True).stdout
    for applet in set(applets.split()) - {"busybox"}:
        (root / "bin" / applet).symlink_to("busybox")
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home:/bin/sh\n"
    )
    (root / "etc/group").write_text("root:x:0:\nuser:x:1000:\nextra:x:2000:user\n")
    (root / "etc/not-executable").write_text("just text\n")
    return root


class Place:
    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="hull-test-", dir="/tmp"))
        self.cgroup = self.path.name
        self.state = self.path / "state"  # the runtime's --root
        for name in ("graph", "run", "state", "tmp"):
            (self.path / name).mkdir()
        self.runtime = self.path / "hull"
        # A script: Podman 4.3 hands its own --runtime-flag root=... to all but the clean-up process.
        self.runtime.write_text('#!/bin/sh\nexec "%s" --root "%s" "$@"\n' % (RUNTIME, self.state))
        self.runtime.chmod(0o755)
        self.environment = self._write_configuration()

    def _write_configuration(self):
        def write(name, text):
            (self.path / name).write_text(text)
            return str(self.path / name)

        write("policy.json", '{"default": [{"type": "insecureAcceptAnything"}]}\n')
        return {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "HOME": str(self.path),
            "TMPDIR": str(self.path / "tmp"),
            "XDG_RUNTIME_DIR": str(self.path / "run"),
            "TERM": "xterm",
            "CONTAINERS_CONF": write("containers.conf", self._containers_conf()),
            "CONTAINERS_REGISTRIES_CONF": write("registries.conf", ""),
            "CONTAINERS_STORAGE_CONF": write(
                "storage.conf",
                ('[storage]\ndriver = "vfs"\nrunroot = "%s/run"\ngraphroot = "%s/graph"\n')
                % (self.path, self.path),
            ),
        }

    def _containers_conf(self):
        """Podman knows by the runtime's base name what it can; a name not listed gets no JSON log."""
        return (
            "[containers]\nenv = []\n"
            'default_ulimits = ["nofile=1024:4096", "nproc=1000:2000"]\n'
            '[network]\nnetwork_config_dir = "{path}/networks"\n'
            '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
            'runtime_supports_json = ["hull"]\n'
            'runtime_supports_nocgroup = ["hull"]\n'
        ).format(path=self.path)

    def call(self, argv, check=True, **options):
        """Runs a command to its end with this place's environment; output as text."""
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(
            [str(word) for word in argv],
            env=self.environment,
            text=True,
            cwd=self.path,
            timeout=DEADLINE_S,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
            **options
        )
        if check and done.returncode != 0:
            raise AssertionError(
                "%s exited with %d\n%s%s"
                % (" ".join(map(str, argv)), done.returncode, done.stdout, done.stderr)
            )
        return done

    def close(self):
        """Removes everything; returns what should not have been there any more."""
        try:  # engines' monitors end a little after their containers
            wait_until(lambda: not self._processes(), "end of all processes", GRACE_S)
        except AssertionError:
            pass
        left = ["process %d: %s" % (pid, name) for pid, name in self._processes()]
        for pid, _ in self._processes():
            os.kill(pid, signal.SIGKILL)
        if left:
            wait_until(lambda: not self._processes(), "end of what was killed")
        for mount in self._mounts():
            subprocess.run(["umount", "-l", mount], check=False, stderr=subprocess.DEVNULL)
        left += self._remove_cgroups()
        # The runtime may keep a cache there, under a name that no container can have.
        states = [name for name in os.listdir(self.state) if not name.startswith(".")]
        left += ["state of container %s" % name for name in states]
        shutil.rmtree(self.path, ignore_errors=True)
        return left

    def _processes(self):
        """Those with this place's name in their command line, and those in its cgroups."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                words = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
                cgroups = (entry / "cgroup").read_text()
            except OSError:
                continue
            if str(self.path) in words or "/" + self.cgroup + "/" in cgroups:
                found[int(entry.name)] = words[:200]
        return sorted(found.items())

    def _mounts(self):
        fields = [line.split() for line in open("/proc/self/mounts", encoding="utf-8")]
        return [field[1] for field in reversed(fields) if field[1].startswith(str(self.path))]

    def _remove_cgroups(self):
        """The parent is ours to remove; a container's or a conmon's own should be gone."""
        left = []
        for hierarchy in ["/sys/fs/cgroup"] + [
            str(p) for p in pathlib.Path("/sys/fs/cgroup").iterdir()
        ]:
            parent = pathlib.Path(hierarchy, self.cgroup)
            for directory, _, _ in os.walk(parent, topdown=False):
                relative = pathlib.Path(directory).relative_to(parent)
                # Podman 4.3 makes conmon's cgroup itself and leaves it to the last one out.
                if relative.parts and not relative.parts[0].startswith(("conmon", "libpod-conmon")):
                    left.append("cgroup %s" % directory)
                try:
                    os.rmdir(directory)
                except OSError as error:
                    left.append("cgroup %s: %s" % (directory, error.strerror))
        return left


class Reporter(unittest.TextTestResult):
    """Keeps every case for test.xml, so that each counts as one."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cases = []

    def stopTest(self, test):
        failed = [text for case, text in self.failures + self.errors if case is test]
        self.cases.append((test.id(), failed[0] if failed else None))
        super().stopTest(test)


def write_xml(path, result):
    quote = xml.sax.saxutils.quoteattr
    cases = list(result.cases)
    known = {name for name, _ in cases}
    cases += [(case.id(), text) for case, text in result.errors if case.id() not in known]
    with open(path, "w", encoding="utf-8") as file:
        file.write('<testsuites><testsuite name="clients" tests="%d">\n' % len(cases))
        for name, failure in cases:
            classname, _, method = name.rpartition(".")
            file.write("<testcase classname=%s name=%s>" % (quote(classname), quote(method)))
            if failure:
                file.write("<failure>%s</failure>" % xml.sax.saxutils.escape(failure))
            file.write("</testcase>\n")
        file.write("</testsuite></testsuites>\n")


def main():
    """Like unittest.main(), for `TEST RUNTIME [unittest's arguments]`."""
    if os.geteuid() != 0:
        sys.exit("this test must run as root")
    arguments = [sys.argv[0]] + sys.argv[2:] if len(sys.argv) > 1 else sys.argv
    runner = unittest.TextTestRunner(verbosity=2, resultclass=Reporter)
    program = unittest.main(module="__main__", argv=arguments, testRunner=runner, exit=False)
    if "XML_OUTPUT_FILE" in os.environ:
        write_xml(os.environ["XML_OUTPUT_FILE"], program.result)
    sys.exit(0 if program.result.wasSuccessful() and program.result.testsRun else 1)
