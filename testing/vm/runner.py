#!/usr/bin/env python3
"""Boots a virtual machine, runs suites in it and brings back what they say.

A target of vm_test() (vm.bzl) is this with its options, from `bazel test` or by hand from
bazel-bin/testing/vm/NAME.runfiles/hull. More options, which Bazel takes as --test_arg:
  --only SUITE,...   leaves the other suites out (also --test_filter=SUITE,...)
  --keep             does not remove the working directory, and says where it is

Everything in the guest's /run/out goes to $TEST_UNDECLARED_OUTPUTS_DIR (bazel-testlogs/.../
test.outputs), with the console's log. A machine that leaves no exit-status has failed: it panicked,
hung or ran out of memory.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import tools

BOOT_SECONDS = 240  # ten times what it takes
RESULT_BYTES = 64 << 20
SCRATCH_BYTES = 64 << 20
HERE = pathlib.Path(__file__).resolve().parent

SYSTEMD_V1 = "systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller="
COMMAND_LINE = {
    ("systemd", "v2"): "",
    ("systemd", "v1"): SYSTEMD_V1 + "1",
    ("systemd", "hybrid"): SYSTEMD_V1 + "0",
    **{("script", mode): f"VMINIT=script VMCG={mode}" for mode in ("v2", "v1", "hybrid")},
}


def parse_options():
    parser = argparse.ArgumentParser(description="see vm.bzl")
    for name in ("tools", "rootfs", "initrd", "vmlinuz", "modules", "kernel"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--init", choices=["systemd", "script"], default="systemd")
    parser.add_argument("--cgroups", choices=["v2", "v1", "hybrid"], default="v2")
    parser.add_argument("--user", choices=["root", "unprivileged"], default="root")
    parser.add_argument("--memory", type=int, default=2048, help="MiB")
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--devices", type=str.split, default=[])
    parser.add_argument("--append", default="")
    parser.add_argument("--suite", action="append", type=pathlib.Path, default=[])
    parser.add_argument("--only", default=os.environ.get("TESTBRIDGE_TEST_ONLY"))
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


# ---- what goes in ----


def write_payload(path, suites, plan):
    """A tar of the suites' files as in the runfiles, the program that runs them, and its plan."""
    files = sorted({name for suite in suites for name in suite["files"]})
    with tarfile.open(path, "w") as tar:
        for name in files:
            source = os.path.realpath(name)
            tar.add(source, arcname=os.path.normpath("hull/" + name), recursive=True)
        tar.add(HERE / "guest/run_suites.py", arcname="run")
        (path.parent / "suites.json").write_text(json.dumps(plan))
        tar.add(path.parent / "suites.json", arcname="suites.json")


def make_sparse(path, size):
    with open(path, "wb") as file:
        file.truncate(size)
    return path


def qemu_command(options, tool, directory):
    disks = [  # file, how; the number in the row is the NVMe namespace (guest/init)
        (options.rootfs, "snapshot=on"),
        (directory / "payload.tar", "readonly=on"),
        (make_sparse(directory / "result.tar", RESULT_BYTES), "cache=unsafe"),
        (options.modules, "readonly=on"),
    ]
    # Without the string instructions of recent processors: they are emulated byte by byte, and the
    # kernel would clear each page with one.
    words = "-accel tcg,thread=multi,tb-size=512 -M q35".split()
    words += ["-smp", str(options.cpus)]
    words += "-cpu max,-la57,-smap,-smep,-erms,-fsrm".split()
    words += (
        "-nodefaults -no-user-config -no-reboot -display none -device nvme,id=n0,serial=vm".split()
    )
    words += ["-m", f"{options.memory}M", "-serial", f"file:{directory}/console.log"]
    words += ["-kernel", options.vmlinuz, "-initrd", options.initrd]
    kernel = (
        "console=ttyS0 TERM=dumb quiet panic=-1 oops=panic mitigations=off init_on_alloc=0 tsc=reliable "
        + " ".join([COMMAND_LINE[options.init, options.cgroups], options.append])
    )
    for device in options.devices:
        if device == "numa":
            half = options.memory // 2
            for node in (0, 1):
                words += ["-object", f"memory-backend-ram,id=m{node},size={half}M"]
                cpus = f"cpus={node}," if node < options.cpus else ""  # else memory alone
                words += ["-numa", f"node,nodeid={node},{cpus}memdev=m{node}"]
        elif device == "hugepages":
            kernel += " hugepages=64"
        elif device == "scratch":
            for number in (0, 1):
                disks.append(
                    (make_sparse(directory / f"scratch{number}", SCRATCH_BYTES), "cache=unsafe")
                )
        elif device == "selinux":  # permissive until a suite loads a policy and says otherwise
            kernel += " security=selinux selinux=1 enforcing=0"
        elif device not in ("swap", "apparmor"):  # done in the guest, a word below
            sys.exit(f"no device is called '{device}'")
    if "apparmor" not in options.devices:
        kernel += " apparmor=0"
        if "selinux" not in options.devices:
            kernel += " security=none"  # else 5.10 takes the next that is built in
    for number, (path, how) in enumerate(disks, 1):
        words += ["-drive", f"id=d{number},if=none,format=raw,file={os.path.realpath(path)},{how}"]
        words += ["-device", f"nvme-ns,drive=d{number},bus=n0,nsid={number}"]
    words += ["-append", kernel]
    shares = [tool.top / "usr/share/qemu", tool.top / "usr/share/seabios"]
    words += [word for share in shares for word in ("-L", share)]
    return tool.command("usr/bin/qemu-system-x86_64", *words)


# ---- the machine ----


def has_booted(console):
    """Whether the tests have started in the machine with this console."""
    return console.exists() and b"the tests start" in console.read_bytes()


def boot_and_run(options, directory, seconds):
    """Whether the machine ended by itself. One that hangs before the tests start is booted again.

    Under emulation a kernel may starve one of its processors while it boots (seen once with 5.10);
    what hangs later is a failure.
    """
    boots = 2
    while True:
        started = time.monotonic()
        ended = run_machine(options, directory, seconds, BOOT_SECONDS if boots > 1 else seconds)
        boots -= 1
        if ended or boots == 0 or has_booted(directory / "console.log"):
            return ended
        print(f"the machine did not boot in {BOOT_SECONDS} s; once more")
        show_tail("console", directory / "console.log", 20)
        seconds -= time.monotonic() - started


def run_machine(options, directory, seconds, boot_seconds):
    """Whether it ended by itself, in `seconds`, with the tests started in `boot_seconds`."""
    tool = tools.Tools(options.tools)
    # snapshot=on keeps what is written to the root file system in $TMPDIR.
    environment = {"TMPDIR": str(directory), "PATH": os.environ.get("PATH", "/usr/bin:/bin")}
    environment["QEMU_MODULE_DIR"] = str(tool.libraries / "qemu")
    process = subprocess.Popen(
        qemu_command(options, tool, directory), stdin=subprocess.DEVNULL, env=environment
    )
    try:
        try:
            process.wait(min(seconds, boot_seconds))
        except subprocess.TimeoutExpired:
            if not has_booted(directory / "console.log"):
                return False
            process.wait(max(1, seconds - boot_seconds))
        return True
    except subprocess.TimeoutExpired:
        return False
    finally:
        process.kill()
        process.wait()


def read_result(directory, out):
    """What the guest said its status is, or None. Fills `out` with what it left."""
    try:
        with tarfile.open(directory / "result.tar") as tar:
            for member in tar:
                if member.isreg():
                    path = out / os.path.normpath("/" + member.name)[1:]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(tar.extractfile(member).read())
    except tarfile.ReadError:
        return None
    status = out / "exit-status"
    return int(status.read_text()) if status.exists() else None


# ---- the report ----


def read_cases(out, row):
    """The <testcase>s of one program; one that wrote none is a case itself."""
    cases, wrong = [], None if row["exit"] == 0 else f"exit {row['exit']}"
    if row["xml"]:
        try:
            cases = list(ElementTree.parse(out / row["xml"]).getroot().iter("testcase"))
        except ElementTree.ParseError as error:
            wrong = f"its report is broken: {error}"
    for case in cases:
        case.set("classname", f"{row['program']}:{case.get('classname', '')}")
    bad = any(c.find("failure") is not None or c.find("error") is not None for c in cases)
    if not cases or (wrong and not bad):
        case = ElementTree.Element("testcase", classname=row["suite"], name=row["program"])
        case.set("time", str(row["seconds"]))
        if wrong:
            ElementTree.SubElement(case, "failure", message=wrong)
        cases.append(case)
    return cases


def write_report(path, cases):
    suite = ElementTree.Element("testsuite", name="vm", tests=str(len(cases)))
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def show_tail(title, path, lines):
    print(f"---- {title}, the last {lines} lines")
    if path.exists():
        print("\n".join(path.read_text(errors="replace").splitlines()[-lines:]))


def report(out, planned):
    """Prints what came of each program and writes the XML; whether all of them passed."""
    results = out / "results.json"
    rows = json.loads(results.read_text()) if results.exists() else []
    cases = []
    for row in rows:
        found = read_cases(out, row)
        bad = sum(c.find("failure") is not None or c.find("error") is not None for c in found)
        skipped = sum(c.find("skipped") is not None or c.get("status") == "notrun" for c in found)
        print(
            f"{row['suite']}: {row['program']}: exit {row['exit']}, {len(found)} cases, {bad} failed, "
            f"{skipped} skipped, {row['seconds']} s"
        )
        cases += found
        if row["exit"] != 0:
            show_tail(f"output of {row['program']}", out / row["log"], 150)
    ran = {(row["suite"], row["program"]) for row in rows}
    for suite, program in planned:
        if (suite, program) not in ran:
            case = ElementTree.Element("testcase", classname=suite, name=program)
            ElementTree.SubElement(case, "failure", message="the machine ended before it ran")
            cases.append(case)
            print(f"{suite}: {program}: did not run")
    if "XML_OUTPUT_FILE" in os.environ:
        write_report(os.environ["XML_OUTPUT_FILE"], cases)
    return all(c.find("failure") is None and c.find("error") is None for c in cases)


def read_suites(options):
    suites = [json.loads(path.read_text()) for path in options.suite]
    if options.only:
        suites = [s for s in suites if s["name"] in options.only.split(",")]
    if not suites:
        sys.exit(f"no suite to run; --only is {options.only}")
    return suites


def run(options, directory, out):
    suites = read_suites(options)
    seconds = int(os.environ.get("TEST_TIMEOUT", "900")) - 20
    names = ("kernel", "init", "cgroups", "user", "devices")
    row = {name: getattr(options, name) for name in names}
    plan = {"row": row, "suites": suites, "seconds": seconds * 9 // 10 - 20}
    write_payload(directory / "payload.tar", suites, plan)
    started = time.monotonic()
    ended = boot_and_run(options, directory, seconds)
    status = read_result(directory, out)
    shutil.copy(directory / "console.log", out / "console.log")
    planned = [(s["name"], pathlib.Path(p).stem) for s in suites for p in s["programs"]]
    passed = report(out, planned)
    if status is None or not ended:
        print("the machine " + ("wrote no result" if ended else f"did not end in {seconds} s"))
    if not passed or status != 0:
        show_tail("console", out / "console.log", 40)
        show_tail("output of the guest's agent", out / "log", 40)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"the machine ran {time.monotonic() - started:.1f} s and used {used.ru_utime + used.ru_stime:.1f} s "
        "of the processors"
    )
    return passed and status == 0


def main():
    options = parse_options()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="vm-", dir=os.environ.get("TEST_TMPDIR")))
    out = os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR")
    out = pathlib.Path(out) if out else directory / "out"
    out.mkdir(parents=True, exist_ok=True)
    try:
        return 0 if run(options, directory, out) else 1
    finally:
        if options.keep:
            print(f"the working directory is {directory}")
        else:
            shutil.rmtree(directory)


if __name__ == "__main__":
    sys.exit(main())
