#!/usr/bin/env python3
"""In the guest: runs the programs of the suites that suites.json names.

suites.json: {"row": the options of vm_test, "seconds": for all of it, "suites": [{"name", "programs",
"args", "parallel", "wrapper"}]}. A wrapper is started in the place of a program, which it is given with
the arguments. Programs of parallel suites come last, as many at once as there are processors.
Each starts in a directory that looks as it does under `bazel test`, with $TEST_TMPDIR,
$XML_OUTPUT_FILE, $VM_ROW and, where there are scratch disks, $HULL_TEST_DISK set. Its output goes to
OUT/SUITE.PROGRAM.log, what came of it to OUT/results.json.
"""

import concurrent.futures
import importlib
import json
import os
import pathlib
import pwd
import runpy
import select
import signal
import subprocess
import sys
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
OUT = pathlib.Path("/run/out")
USER = "user"


def tell(text):
    """On the console: all that is seen of a machine that hangs."""
    with open("/dev/console", "w") as console:
        console.write(f"[{time.clock_gettime(time.CLOCK_BOOTTIME):7.2f}] {text}\n")


def user_environment():
    """The words that run a program as the unprivileged user, with its user manager if there is one."""
    account = pwd.getpwnam(USER)
    runtime = pathlib.Path(f"/run/user/{account.pw_uid}")
    words = [f"HOME={account.pw_dir}", f"USER={USER}", f"XDG_RUNTIME_DIR={runtime}"]
    if pathlib.Path("/run/systemd/system").is_dir():
        subprocess.run(["loginctl", "enable-linger", USER], check=True)
        bus, deadline = runtime / "bus", time.monotonic() + 60
        while not bus.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        words.append(f"DBUS_SESSION_BUS_ADDRESS=unix:path={bus}")
    else:
        runtime.mkdir(parents=True, exist_ok=True)
        os.chown(runtime, account.pw_uid, account.pw_gid)
        runtime.chmod(0o700)
    return ["runuser", "-u", USER, "--", "env", *words]


def add_swap():
    subprocess.run(["modprobe", "zram"], check=True)
    pathlib.Path("/sys/block/zram0/disksize").write_text("256M")
    subprocess.run(["mkswap", "--quiet", "/dev/zram0"], check=True)
    subprocess.run(["swapon", "/dev/zram0"], check=True)


def give_weights():
    """The first scratch disk shares its time by weights, as no disk does by default."""
    disk = pathlib.Path(os.path.realpath("/dev/vm/scratch0")).name
    subprocess.run(["modprobe", "bfq"], check=True)
    pathlib.Path(f"/sys/block/{disk}/queue/scheduler").write_text("bfq")


# What the programs on testing/conformance's harness import: under emulation an interpreter needs a
# second to start and read it, a fork of this one has it.
PRELOADED = "ctypes fnmatch select shutil socket tempfile unittest xml.etree.ElementTree".split()


class Forked:
    """A Python program in a fork of this one, with the part of Popen that run_program() uses."""

    def __init__(self, words, environment, output):
        self.code = None
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                code = self.run(words, environment, output)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)

    @staticmethod
    def run(words, environment, output):
        os.setsid()
        os.chdir(HERE / "hull")
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        os.environ.update(word.split("=", 1) for word in environment)
        sys.argv = words
        sys.path[0] = os.path.dirname(words[0])
        try:
            runpy.run_path(words[0], run_name="__main__")
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    def wait(self, timeout=None):
        if self.code is None:
            pidfd = os.pidfd_open(self.pid)
            ended, _, _ = select.select([pidfd], [], [], timeout)
            os.close(pidfd)
            if not ended:
                raise subprocess.TimeoutExpired("", timeout)
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code


def start(prefix, environment, words, output):
    if words[0].endswith(".py") and not prefix:
        return Forked(words, environment, output)
    return subprocess.Popen(
        [*(prefix or ["env"]), *environment, *words],
        cwd=HERE / "hull",
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def end(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run_program(prefix, row, suite, program, deadline):
    """The row of results.json."""
    name = pathlib.Path(program).stem
    xml, log = OUT / f"{suite['name']}.{name}.xml", OUT / f"{suite['name']}.{name}.log"
    scratch = pathlib.Path(f"/tmp/test-{suite['name']}-{name}")
    scratch.mkdir(mode=0o777)
    scratch.chmod(0o777)
    where = ["TEST_TMPDIR=" + str(scratch), "XML_OUTPUT_FILE=" + str(scratch / "test.xml")]
    where += ["GTEST_OUTPUT=xml:" + str(scratch / "test.xml"), "TEST_SRCDIR=" + str(HERE)]
    where += ["VM_ROW=" + json.dumps(row)]
    if "scratch" in row["devices"]:
        where += ["HULL_TEST_DISK=" + os.path.realpath("/dev/vm/scratch0")]
    started = time.monotonic()
    with log.open("wb") as output:
        words = [suite["wrapper"], program] if suite["wrapper"] else [program]
        words = [*(str(HERE / "hull" / word) for word in words), *suite["args"]]
        process = start(prefix, where, words, output)
        try:
            code = process.wait(max(1, deadline - started))
        except subprocess.TimeoutExpired:
            code = "timeout"
        end(process)
    if (scratch / "test.xml").exists():
        xml.write_bytes((scratch / "test.xml").read_bytes())
    seconds = time.monotonic() - started
    tell(f"{suite['name']}: {name}: exit {code} after {seconds:.1f} s")
    return {
        "suite": suite["name"],
        "program": name,
        "exit": code,
        "seconds": round(seconds, 1),
        "xml": xml.name if xml.exists() else None,
        "log": log.name,
    }


class Results:
    """What ended so far, kept on disk."""

    def __init__(self):
        self.rows, self.lock = [], threading.Lock()

    def add(self, row):
        with self.lock:
            self.rows.append(row)
            (OUT / "results.json").write_text(json.dumps(self.rows))


def main():
    plan = json.loads((HERE / "suites.json").read_text())
    deadline = time.monotonic() + plan["seconds"]
    tell("the tests start")
    for name in PRELOADED:
        importlib.import_module(name)
    row = plan["row"]
    if "swap" in row["devices"]:
        add_swap()
    if "scratch" in row["devices"]:
        give_weights()
    prefix = user_environment() if row["user"] == "unprivileged" else []
    results = Results()
    work = [(suite, program) for suite in plan["suites"] for program in suite["programs"]]

    def run(one):
        results.add(run_program(prefix, row, *one, deadline))

    for one in work:
        if not one[0]["parallel"]:
            run(one)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(run, [one for one in work if one[0]["parallel"]]))
    return 0 if all(result["exit"] == 0 for result in results.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
