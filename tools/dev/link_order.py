#!/usr/bin/env python3
"""Writes tools/link_order.txt: the functions that a start of a container runs, in that order.

usage: tools/dev/link_order.py PROGRAM      as root, on x86-64; PROGRAM is what `bazel build -c opt
                                            //tools:runtime` made, and not stripped

The linker puts them side by side. A function that is not in the list, or a name in it that is gone,
costs a page fault and nothing else: write it anew when the start of the program has changed much.
Each command is run one instruction at a time (some minutes in all), its children are left alone.
"""

import bisect
import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
LIST = REPOSITORY / "tools" / "link_order.txt"
TRACE_ME, PEEK_USER, SINGLE_STEP = 0, 3, 9  # of ptrace(2)
INSTRUCTION_POINTER = 16 * 8  # its place in struct user
PURE_V2 = 'umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec "$0" "$@"'

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def functions(program):
    """[(address, size, name)] of the program's own symbols, sorted."""
    text = subprocess.run(["nm", "-S", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    rows = [line.split() for line in text.splitlines()]
    return sorted(
        (int(row[0], 16), int(row[1], 16), row[3])
        for row in rows
        if len(row) == 4 and row[2] in "tTwW"
    )


def addresses_run(command):
    """The addresses that the command's main process executes, each once, in order."""
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        _libc.ptrace(TRACE_ME, 0, None, None)
        os.execv(command[0], command)
    os.waitpid(pid, 0)
    seen, number = {}, 0
    while True:
        _libc.ptrace(SINGLE_STEP, pid, None, number)
        status = os.waitpid(pid, 0)[1]
        if not os.WIFSTOPPED(status):
            break
        number = os.WSTOPSIG(status)
        number = 0 if number == signal.SIGTRAP else number
        seen.setdefault(_libc.ptrace(PEEK_USER, pid, INSTRUCTION_POINTER, None))
    if status != 0:
        sys.exit(f"{command}: wait status {status}")
    return seen


def make_bundle(directory, program):
    """A container of busybox, from the runtime's own default config and Podman's seccomp profile."""
    (directory / "rootfs/bin").mkdir(parents=True)
    for name in ("true", "sleep"):
        shutil.copy("/bin/busybox", directory / "rootfs/bin" / name)
    subprocess.run([program, "spec", "--bundle", directory], check=True)
    config = json.loads((directory / "config.json").read_text())
    config["process"].update(terminal=False, args=["/bin/true"])
    profile = REPOSITORY / "testing/bench/podman_seccomp.json"
    config["linux"]["seccomp"] = json.loads(profile.read_text())
    (directory / "config.json").write_text(json.dumps(config))


def addresses_of_a_life(program, scratch):
    """What a container in the foreground runs, and the life of another."""
    name = scratch.name
    runtime = [program, "--root", str(scratch / "state")]
    bundle = scratch / "bundle"
    make_bundle(bundle, program)
    foreground = [*runtime, "run", "--bundle", str(bundle), name]
    # The first one compiles the filter, which takes the single steps minutes; the next finds it.
    subprocess.run(foreground, check=True, stdin=subprocess.DEVNULL)
    yield from addresses_run(foreground)
    config = bundle / "config.json"
    config.write_text(config.read_text().replace('"/bin/true"', '"/bin/sleep", "1000"'))
    try:
        for command in (
            [*runtime, "create", "--bundle", str(bundle), name],
            [*runtime, "start", name],
            [*runtime, "exec", name, "/bin/true"],
            [*runtime, "state", name],
            [*runtime, "kill", name, "KILL"],
            [*runtime, "delete", "--force", name],
        ):
            yield from addresses_run(command)
    finally:
        subprocess.run([*runtime, "delete", "--force", name])


def names_run(program):
    """The names of the functions that any of it runs, in order of their first call."""
    table = functions(program)
    starts = [row[0] for row in table]
    names = {}
    with tempfile.TemporaryDirectory(prefix="hull-order-") as scratch:
        for address in addresses_of_a_life(program, pathlib.Path(scratch)):
            start, size, name = table[max(bisect.bisect_right(starts, address) - 1, 0)]
            if start <= address < start + size:
                names.setdefault(name)
    return names


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--names":  # what main() below runs, twice
        print("\n".join(names_run(sys.argv[2])))
        return
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    again = [sys.executable, __file__, "--names", os.path.abspath(sys.argv[1])]
    names = {}
    for prefix in (["unshare", "--mount", "sh", "-c", PURE_V2], []):
        text = subprocess.run([*prefix, *again], check=True, stdout=subprocess.PIPE, text=True).stdout
        names.update(dict.fromkeys(text.split()))
    # Those of C++ alone have sections of their own: Debian's archives of C do not.
    lines = [f".text.{name}" for name in names if name.startswith("_Z")]
    LIST.write_text("\n".join([".text.startup", ".text.startup.*", *lines]) + "\n")
    print(f"{LIST}: {len(lines)} functions")


if __name__ == "__main__":
    main()
