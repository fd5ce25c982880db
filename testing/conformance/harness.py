"""What every conformance case stands on: a runtime, bundles, and the proof that nothing is left.

The runtime under test is the program that $HULL_RUNTIME or `--runtime PATH` names, so that the
cases can be checked against another OCI runtime; what that one is known to fail, and why, is in
peers.txt, and so is what no runtime can do as root of a user namespace; a case that is none for
other runtimes says why in hull_only(). With `--pure-v2` it sees a cgroup2 mount alone; `--brief`
takes the first of the cases that differ in one value, and none that every kernel decides alike. A
case asks processes inside a container what they see (busybox and probe.cc) or reads the kernel's
own files; never the runtime's word alone.
"""

import concurrent.futures
import ctypes
import errno
import fnmatch
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
PR_SET_CHILD_SUBREAPER = 36
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
CGROUPS = pathlib.Path("/sys/fs/cgroup")
V1 = (CGROUPS / "memory").is_dir()  # v1 controllers, alone or beside v2
BUSYBOX = "/bin/busybox"
APPLETS = [
    "sh",
    "cat",
    "ls",
    "id",
    "hostname",
    "mount",
    "sleep",
    "true",
    "false",
    "stty",
    "stat",
    "ip",
]
SECONDS = 30  # no command of a runtime may need longer


def option(name, variable):
    """`--NAME VALUE` taken off the command line, else the variable."""
    flag = "--" + name
    if flag in sys.argv:
        place = sys.argv.index(flag)
        value = sys.argv[place + 1]
        del sys.argv[place : place + 2]
        return value
    return os.environ.get(variable)


def switch(name):
    """Whether `--NAME` was on the command line, from which it is taken off."""
    flag = "--" + name
    found = flag in sys.argv
    if found:
        sys.argv.remove(flag)
    return found


RUNTIME = os.path.abspath(option("runtime", "HULL_RUNTIME") or "runtime-is-not-set")
RUNTIME_ITSELF = os.path.realpath(RUNTIME)
PROBE = os.path.abspath(option("probe", "HULL_PROBE") or "probe-is-not-set")
# `--mount-api old` (or the variable): hull mounts as on a kernel without mount_setattr(2), so that one
# machine tests both ways. For tests alone, and so in no --help.
MOUNT_API = option("mount-api", "HULL_TEST_MOUNT_API") or "new"
if MOUNT_API == "old":
    os.environ["HULL_TEST_MOUNT_API"] = "old"
PURE_V2 = switch("pure-v2")
BRIEF = switch("brief")


class Result:
    """How a command ended: its exit code, and what it wrote."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __str__(self):
        return f"exit code {self.code}\nstdout: {self.out}\nstderr: {self.err}"


IN_PURE_V2 = [
    *("unshare", "--mount", "--propagation", "private", "sh", "-c"),
    'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec "$@"',
    "sh",
]


class Runtime:
    """The program under test, with a state directory of its own."""

    def __init__(self, directory):
        self.path = RUNTIME_ITSELF
        self.root = str(directory / "state")
        # Words before the program: another mount namespace, say.
        self.prefix = IN_PURE_V2 if PURE_V2 else []
        self.directory = directory

    def command(self, *words, flags=()):
        return [*self.prefix, self.path, "--root", self.root, *flags, *map(str, words)]

    def __call__(
        self,
        *words,
        flags=(),
        cwd=None,
        env=None,
        stdin=subprocess.DEVNULL,
        pass_fds=(),
        timeout=SECONDS,
        preexec_fn=None,
    ):
        """Runs one command. Files and not pipes take the output: the container keeps them open."""
        out, err = (open(os.memfd_create(name), "w+b") for name in ("stdout", "stderr"))
        with out, err:
            code = wait(
                popen(
                    self.command(*words, flags=flags),
                    cwd=cwd,
                    env=env,
                    stdin=stdin,
                    stdout=out,
                    stderr=err,
                    pass_fds=pass_fds,
                    preexec_fn=preexec_fn,
                ),
                timeout,
            )
            out.seek(0)
            err.seek(0)
            return Result(
                code, out.read().decode(errors="replace"), err.read().decode(errors="replace")
            )


_libc = ctypes.CDLL(None)
_ours = set()  # pids of subprocess.Popen, which reaps them itself


def popen(*args, **how):
    process = subprocess.Popen(*args, **how)
    _ours.add(process.pid)
    return process


def wait(process, timeout=SECONDS):
    """The exit code of a popen(). Meanwhile containers' orphans are reaped, as an engine does."""
    deadline = time.monotonic() + timeout
    if process.poll() is not None:
        _ours.discard(process.pid)
        return process.returncode
    pidfd = os.pidfd_open(process.pid)
    try:
        while not select.select([pidfd], [], [], 0.05)[0]:
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise subprocess.TimeoutExpired(process.args, timeout)
            reap()
    finally:
        os.close(pidfd)
    reap()
    _ours.discard(process.pid)
    return process.wait()


def reap():
    """Waits for the processes that became ours when their parents ended; True when none is left."""
    left = False
    for pid in children(os.getpid()):
        if pid in _ours:
            continue
        try:
            left |= os.waitpid(pid, os.WNOHANG)[0] == 0
        except ChildProcessError:
            pass
    return not left


def children(pid):
    """The direct ones."""
    try:
        fd = os.open(f"/proc/{pid}/task/{pid}/children", os.O_RDONLY)
    except OSError:
        return []
    try:
        return [int(child) for child in os.read(fd, 1 << 16).split()]
    except OSError:
        return []
    finally:
        os.close(fd)


def without(calls, error=errno.ENOSYS):
    """What a child has to do before its execve for the kernel to have no such calls."""
    program = [(LOAD, 0, 0, 0)]
    for i, number in enumerate(calls):
        program.append((JUMP_EQUAL, len(calls) - i, 0, number))
    program += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ERRNO | error)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in program))
    filter_ = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)

    def load():
        if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "seccomp")

    load.keep = code
    return load


def runtime_name():
    out = subprocess.run([RUNTIME, "--version"], stdout=subprocess.PIPE, text=True).stdout
    return out.split()[0] if out else "?"


NAME = runtime_name() if os.access(RUNTIME, os.X_OK) else "?"


def kernel():
    """(major, minor) of its release."""
    return tuple(int(n) for n in os.uname().release.split("-")[0].split(".")[:2])


def in_user_namespace():
    """Whether we are root of a user namespace, and not of the host."""
    return pathlib.Path("/proc/self/uid_map").read_text().split() != ["0", "0", str(2**32 - 1)]


def known_failures():
    """[(pattern, reason)] of peers.txt for the runtime under test."""
    rows = []
    name = "userns" if NAME == "hull" and in_user_namespace() else NAME
    if name == "hull":
        return rows
    for line in (HERE / "peers.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            runtime, pattern, reason = line.split(maxsplit=2)
            if runtime == name:
                rows.append((pattern, reason))
    return rows


KNOWN_FAILURES = known_failures()


def known_failure(test):
    """Why the runtime under test fails this case; None if it is not known to."""
    suite = pathlib.Path(sys.argv[0]).stem
    name = f"{suite}:{type(test).__name__}.{getattr(test, '_testMethodName', '?')}"
    return next((why for row, why in KNOWN_FAILURES if fnmatch.fnmatchcase(name, row)), None)


def hull_only(why):
    """Marks a case (or a class) that is none for other runtimes, and says why in one line."""
    return unittest.skipUnless(NAME == "hull", why)


def each(**rows):
    """Makes one case of a method for each row: test_METHOD__ROW(self, value)."""

    def mark(method):
        method.rows = rows
        return method

    return mark


def in_brief(*names):
    """Marks rows of each() that --brief takes beside the first: they have fields that it has not."""

    def mark(method):
        method.brief = names
        return method

    return mark


def by_the_config(cases):
    """Marks a class (or a method) whose outcome the config decides, on any kernel: not in --brief."""
    return None if BRIEF else cases


NAMESPACES = ["pid", "ipc", "uts", "mount"]  # a new network is a third of what a start costs


def config(*args):
    """A small config.json: four namespaces, /proc, a tmpfs on /dev, two capabilities."""
    caps = ["CAP_KILL", "CAP_AUDIT_WRITE"]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": 0, "gid": 0},
            "args": list(args),
            "env": ["PATH=/bin", "TERM=xterm"],
            "cwd": "/",
            "capabilities": {s: list(caps) for s in ("bounding", "effective", "permitted")},
            "noNewPrivileges": True,
        },
        "root": {"path": "rootfs", "readonly": False},
        "hostname": "hull-test",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {
                "destination": "/dev",
                "type": "tmpfs",
                "source": "tmpfs",
                "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
            },
        ],
        "linux": {
            "namespaces": [{"type": name} for name in NAMESPACES],
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "maskedPaths": ["/proc/version"],
            "readonlyPaths": ["/proc/sys"],
        },
    }


def namespaces(spec, *names, **paths):
    """Gives `spec` these new namespaces, and those joined by path."""
    spec["linux"]["namespaces"] = [{"type": n} for n in names] + [
        {"type": n, "path": p} for n, p in paths.items()
    ]


def add_namespace(spec, name, path=None):
    entries = [n for n in spec["linux"]["namespaces"] if n["type"] != name]
    spec["linux"]["namespaces"] = entries + [{"type": name, **({"path": path} if path else {})}]


def remove_namespace(spec, name):
    spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != name]


def map_ids(spec, host=100000, size=65536):
    """A user namespace, and a network of its own, whose sysfs it may mount."""
    add_namespace(spec, "user")
    add_namespace(spec, "network")
    for kind in ("uidMappings", "gidMappings"):
        spec["linux"][kind] = [{"containerID": 0, "hostID": host, "size": size}]


class Bundle:
    """A directory with config.json and a root filesystem of busybox and probe."""

    def __init__(self, path, spec, owner=0):
        self.path, self.spec = path, spec
        self.rootfs = path / "rootfs"
        rootfs, programs = str(self.rootfs), str(template())
        os.makedirs(rootfs)
        for name in ("bin", "proc", "sys", "dev", "etc", "tmp", "run"):
            os.mkdir(f"{rootfs}/{name}")
        os.chmod(f"{rootfs}/tmp", 0o1777)
        for applet in APPLETS:
            os.link(f"{programs}/busybox", f"{rootfs}/bin/{applet}")
        os.link(f"{programs}/probe", f"{rootfs}/bin/probe")
        if owner:
            for directory in (self.rootfs, *(p for p in self.rootfs.iterdir())):
                os.chown(directory, owner, owner)
        self.write()

    def write(self):
        (self.path / "config.json").write_text(json.dumps(self.spec))

    def write_text(self, text):
        (self.path / "config.json").write_text(text)


# Removing a directory that was a mount point waits for the kernel, which the next case need not.
_rubbish = concurrent.futures.ThreadPoolExecutor(1)
_template = None


def template():
    """One copy of the programs, which every bundle links to: on the same file system, not /bin."""
    global _template
    if _template is None:
        _template = pathlib.Path(tempfile.mkdtemp(prefix="hull-test-programs-", dir="/tmp"))
        _template.chmod(0o755)
        shutil.copy(BUSYBOX, _template / "busybox")
        shutil.copy(PROBE, _template / "probe")
        for program in _template.iterdir():
            program.chmod(0o755)
    return _template


class ConsoleSocket:
    """Serves --console-socket and keeps the terminal's master that arrives."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(1)
        self.socket.settimeout(SECONDS)

    def receive(self):
        """(message, descriptor)."""
        connection, _ = self.socket.accept()
        with connection:
            message, fds, _, _ = socket.recv_fds(connection, 4096, 4)
        return message, fds

    def master(self):
        return self.receive()[1][0]

    def close(self):
        self.socket.close()


def read_terminal(master, until=None, seconds=5):
    """What arrives at a terminal's master until it hangs up (or `until` was seen)."""
    text = b""
    os.set_blocking(master, False)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            piece = os.read(master, 4096)
        except BlockingIOError:
            time.sleep(0.005)
            continue
        except OSError:  # EIO: the other side is gone
            break
        if not piece:
            break
        text += piece
        if until is not None and until in text:
            break
    return text.decode(errors="replace").replace("\r\n", "\n")


def eventually(condition, seconds=5):
    """The first true value of `condition`, or its last one."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.005)


def cgroup_directories(word):
    """Every cgroup of this machine whose name has `word` in it."""
    found, left = set(), [str(CGROUPS)]
    while left:
        directory = left.pop()
        try:
            # Two links and one for each child: the many files of one without children stay unread.
            if os.stat(directory).st_nlink == 2:
                continue
            with os.scandir(directory) as entries:
                children = [e for e in entries if e.is_dir(follow_symlinks=False)]
        except FileNotFoundError:  # gone meanwhile
            continue
        left += [child.path for child in children]
        found.update(child.path for child in children if word in child.name)
    return found


class Case(unittest.TestCase):
    """A case with a runtime, bundles and ids of its own; leaving anything behind fails it."""

    longMessage = True
    owner = 0  # of the root filesystem's directories
    v2 = False  # see PureV2

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        methods = {n: m for base in reversed(cls.__mro__) for n, m in vars(base).items()}
        for name, method in methods.items():
            rows = list(getattr(method, "rows", {}).items())
            brief = [row for row in rows[1:] if row[0] in getattr(method, "brief", ())]
            for row, value in rows[:1] + brief if BRIEF else rows:

                def case(self, method=method, value=value):
                    return method(self, value)

                case.__doc__ = method.__doc__
                setattr(cls, f"{name}__{row}", case)
            if hasattr(method, "rows"):
                setattr(cls, name, None)  # a mix-in keeps its own for other classes

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hull-test-", dir="/tmp"))
        self.dir.chmod(0o755)
        self.runtime = Runtime(self.dir)
        self.ids, self.count, self.bundles = [], 0, 0
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def tearDown(self):
        left, refused = self.processes_after_delete()
        directories = self.state_directories()
        cgroups = cgroup_directories(self.dir.name)
        mounts = [
            line
            for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
            if self.dir.name in line
        ]
        _rubbish.submit(shutil.rmtree, self.dir, ignore_errors=True)
        self.assertEqual(refused, [], "`delete --force` failed")
        self.assertEqual(left, [], "processes are left")
        self.assertEqual(directories, [], "state directories are left")
        self.assertEqual(cgroups, set(), "cgroups are left")
        self.assertEqual(mounts, [], "mounts are left on the host")

    def processes_after_delete(self):
        """Children of ours that survive `delete --force` of every container that is left (we are
        subreaper), and what those deletes said that failed."""
        deletes = [self.runtime("delete", "--force", c) for c in self.state_directories()]
        refused = [str(result) for result in deletes if result.code != 0]
        if eventually(reap, 2):
            return [], refused
        left = [pid for pid in children(os.getpid()) if pid not in _ours]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        eventually(reap, 2)
        return left, refused

    def state_directories(self):
        """What is left in the state directory, but for caches."""
        root = pathlib.Path(self.runtime.root)
        return sorted(p.name for p in root.iterdir() if p.name in self.ids) if root.exists() else []

    # ---- making containers ----

    def new_id(self):
        self.count += 1
        self.ids.append(f"{self.dir.name}-{self.count}")
        return self.ids[-1]

    def bundle(self, spec, owner=None):
        path = self.dir / f"bundle-{self.bundles}"
        self.bundles += 1
        if "linux" in spec and "cgroupsPath" not in spec["linux"]:
            spec["linux"]["cgroupsPath"] = f"/{self.dir.name}-{path.name}"
        return Bundle(path, spec, self.owner if owner is None else owner)

    def spec(self, *args, edit=None):
        spec = config(*args)
        if edit is not None:
            edit(spec)
        return spec

    def run_spec(self, spec, *words, flags=(), **how):
        """`run` in the foreground; the Result is the container's."""
        bundle = spec if isinstance(spec, Bundle) else self.bundle(spec)
        return self.runtime(
            "run", "--bundle", bundle.path, *words, self.new_id(), flags=flags, **how
        )

    def run_args(self, *args, edit=None, words=(), **how):
        return self.run_spec(self.spec(*args, edit=edit), *words, **how)

    def inside(self, *args, edit=None, words=(), **how):
        """What a process in a fresh container prints; it must succeed."""
        result = self.run_args(*args, edit=edit, words=words, **how)
        self.assertEqual(result.code, 0, result)
        return result.out

    def sh(self, script, edit=None, **how):
        return self.inside("/bin/sh", "-c", script, edit=edit, **how)

    def create(self, *args, edit=None, words=(), flags=(), **how):
        """The id of a created container."""
        container = self.new_id()
        bundle = self.bundle(self.spec(*(args or ("/bin/sleep", "1000")), edit=edit))
        self.ok("create", "--bundle", bundle.path, *words, container, flags=flags, **how)
        return container

    def start(self, *args, edit=None, words=(), flags=(), **how):
        """The id of a running container."""
        container = self.create(*args, edit=edit, words=words, flags=flags, **how)
        self.ok("start", container)
        return container

    def ok(self, *words, flags=(), **how):
        result = self.runtime(*words, flags=flags, **how)
        self.assertEqual(result.code, 0, result)
        return result.out

    def fails(self, *words, saying=(), code=1, flags=(), **how):
        """The command must fail with this code and say each of `saying` on stderr."""
        result = self.runtime(*words, flags=flags, **how)
        self.assertEqual(result.code, code, result)
        for text in [saying] if isinstance(saying, str) else saying:
            self.assertIn(text.lower(), result.err.lower())
        return result

    def refused(self, edit, saying=(), args=("/bin/true",)):
        """`create` must refuse the spec and leave nothing, without any delete."""
        container = self.new_id()
        bundle = self.bundle(self.spec(*args, edit=edit))
        result = self.fails("create", "--bundle", bundle.path, container, saying=saying)
        self.assert_nothing_left(container)
        return result

    def assert_nothing_left(self, container):
        self.assertTrue(eventually(reap, 2), "a process is left")
        self.assertNotIn(container, self.state_directories())
        self.assertEqual(cgroup_directories(self.dir.name), set())

    # ---- looking at containers ----

    def state(self, container):
        return json.loads(self.ok("state", container))

    def status(self, container):
        return self.state(container)["status"]

    def pid(self, container):
        return self.state(container)["pid"]

    def wait_for(self, container, status, seconds=5):
        self.assertTrue(
            eventually(lambda: reap() or self.status(container) == status, seconds)
            and self.status(container) == status,
            f"{container} is not {status}",
        )

    def proc(self, container, path):
        return pathlib.Path(f"/proc/{self.pid(container)}/{path}").read_text()

    def exec(self, container, *args, words=(), **how):
        """What a further process prints; it must succeed."""
        return self.ok("exec", *words, container, *args, **how)

    def mappable(self):
        """A directory whose mount can be id-mapped: a tmpfs, as /tmp may be, can since Linux 6.3."""
        path = tempfile.mkdtemp(dir=self.dir if kernel() >= (6, 3) else "/var/tmp")
        os.chmod(path, 0o755)
        self.addCleanup(shutil.rmtree, path, ignore_errors=True)
        return pathlib.Path(path)

    def host_file(self, name, text="", mode=0o644):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path


class NewNetwork:
    """Mix-in: containers have a network namespace of their own."""

    def spec(self, *args, edit=None):
        spec = super().spec(*args)
        add_namespace(spec, "network")
        if edit is not None:
            edit(spec)
        return spec


class PureV2:
    """Mix-in: the runtime sees a cgroup2 mount at /sys/fs/cgroup, in a namespace of its own."""

    def setUp(self):
        super().setUp()
        self.runtime.prefix = IN_PURE_V2


def status_field(text, name):
    """The value of one line of /proc/PID/status."""
    return next(l.split(":", 1)[1].strip() for l in text.splitlines() if l.startswith(name + ":"))


def mount_line(mountinfo, destination):
    """The last mount on `destination`, its fields by name."""
    lines = [l.split(" ") for l in mountinfo.splitlines() if l.split(" ")[4:5] == [destination]]
    if not lines:
        return None
    fields = lines[-1]
    dash = fields.index("-")
    return {
        "root": fields[3],
        "options": fields[5].split(","),
        "propagation": fields[6:dash],
        "type": fields[dash + 1],
        "source": fields[dash + 2],
        "super": fields[dash + 3].split(","),
    }


class _Report(unittest.TextTestResult):
    """Keeps every case for the XML that Bazel counts."""

    def __init__(self, *args):
        super().__init__(*args)
        self.rows, self.started = [], 0

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()
        self.verdict = ("passed", "")

    def addSuccess(self, test):
        super().addSuccess(test)
        if reason := known_failure(test):
            error = (AssertionError, AssertionError(f"passes, but peers.txt says: {reason}"), None)
            self.addFailure(test, error)

    def addFailure(self, test, err):
        if reason := known_failure(test):
            if err[2] is not None:
                return self.addSkip(test, f"known: {reason}")
        super().addFailure(test, err)
        self.verdict = ("failure", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        self.addFailure(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addFailure(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.verdict = ("skipped", reason)

    def stopTest(self, test):
        super().stopTest(test)
        self.rows.append(
            (
                type(test).__name__,
                test._testMethodName,
                time.monotonic() - self.started,
                *self.verdict,
            )
        )


def write_xml(path, rows):
    import xml.etree.ElementTree as tree

    suite = tree.Element("testsuite", name="conformance", tests=str(len(rows)))
    for owner, name, seconds, verdict, text in rows:
        case = tree.SubElement(suite, "testcase", classname=owner, name=name, time=f"{seconds:.3f}")
        if verdict != "passed":
            clean = "".join(c for c in text if c in "\n\t" or c >= " ")
            tree.SubElement(case, verdict, message=clean.strip().rsplit("\n", 1)[-1]).text = clean
    root = tree.Element("testsuites")
    root.append(suite)
    tree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def occupy_low_descriptors():
    """Descriptors 3 to 9 become /dev/null: a case may put others there in a child of popen(), whose own
    pipe would else be one of them now and then."""
    while os.open("/dev/null", os.O_RDONLY) < 9:
        pass


def main():
    if not os.access(RUNTIME, os.X_OK) or not os.access(PROBE, os.X_OK):
        sys.exit("usage: CASES_test.py --runtime PATH --probe PATH [unittest's own arguments]")
    occupy_low_descriptors()
    runner = unittest.TextTestRunner(resultclass=_Report, verbosity=2)
    try:
        program = unittest.main(module="__main__", testRunner=runner, exit=False)
    finally:
        _rubbish.shutdown()
        if _template is not None:
            shutil.rmtree(_template)
    if "XML_OUTPUT_FILE" in os.environ:
        write_xml(os.environ["XML_OUTPUT_FILE"], program.result.rows)
    sys.exit(not program.result.wasSuccessful())
