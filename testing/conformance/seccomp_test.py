#!/usr/bin/env python3
"""linux.seccomp as the process inside feels it; the hand-over of a listener."""

import fcntl
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import threading

import harness
from harness import Case, each, status_field

SLEEP = ("/bin/probe", "sleep", "1000")
# x86_64's numbers; probe makes the call by number, so that no library stands between.
MKDIR, GETPID, PERSONALITY, KCMP, SETNS = 83, 39, 135, 312, 308
NOTIF_RECV, NOTIF_SEND = 0xC0502100, 0xC0182101


def rule(action, *names, **members):
    return {"names": list(names), "action": "SCMP_ACT_" + action, **members}


def profile(default, *rules, **members):
    return {
        "defaultAction": "SCMP_ACT_" + default,
        "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": list(rules),
        **members,
    }


def engine_profile(errno, *without):
    """Podman's profile with another default, and without some of what it allows."""
    seccomp = json.loads((harness.HERE.parent / "bench/podman_seccomp.json").read_text())
    seccomp.pop("defaultErrnoRet")
    if errno is not None:
        seccomp["defaultErrnoRet"] = errno
    for entry in seccomp["syscalls"]:
        entry["names"] = [n for n in entry["names"] if n not in without]
    return seccomp


class Seccomp(Case):
    def filtered(self, seccomp, *args, **process):
        def edit(spec):
            spec["linux"]["seccomp"] = seccomp
            spec["process"].update(process)

        return self.run_args(*args, edit=edit)

    def sys(self, seccomp, number, *values):
        """What a system call gives under this filter."""
        return self.filtered(seccomp, "/bin/probe", "sys", number, *map(str, values)).out.strip()


class Actions(Seccomp):
    def test_allow(self):
        self.assertRegex(self.sys(profile("ALLOW"), "39"), r"^\d+$")

    @harness.in_brief("own")
    @each(default=(None, "EPERM"), own=(61, "ENODATA"), zero=(0, "0"))
    def test_errno(self, row):
        number, expected = row
        members = {} if number is None else {"errnoRet": number}
        self.assertEqual(
            self.sys(profile("ALLOW", rule("ERRNO", "mkdir", **members)), "83", "0"), expected
        )

    @each(kill="KILL", kill_thread="KILL_THREAD", kill_process="KILL_PROCESS", trap="TRAP")
    def test_ends_the_process(self, action):
        result = self.filtered(
            profile("ALLOW", rule(action, "mkdir")), "/bin/sh", "-c", "probe sys 83 0; echo $?"
        )
        self.assertEqual(result.out.split(), [str(128 + signal.SIGSYS)])

    @each(small=3, past_any_errno=5000, largest=65535)
    def test_trace_without_a_tracer_is_enosys(self, data):
        self.assertEqual(
            self.sys(profile("ALLOW", rule("TRACE", "mkdir", errnoRet=data)), "83", "0"), "ENOSYS"
        )

    def test_log_lets_pass(self):
        self.assertEqual(self.sys(profile("ALLOW", rule("LOG", "mkdir")), "83", "0"), "EFAULT")

    @harness.in_brief("own")
    @each(default=(None, "EPERM"), own=(61, "ENODATA"))
    def test_default_errno(self, row):
        number, expected = row
        self.assertEqual(self.sys(engine_profile(number, "mkdir"), "83", "0"), expected)


class Arguments(Seccomp):
    @each(
        eq=("SCMP_CMP_EQ", 7, 0, {6: 0, 7: 1, 8: 0}),
        ne=("SCMP_CMP_NE", 7, 0, {6: 1, 7: 0}),
        lt=("SCMP_CMP_LT", 7, 0, {6: 1, 7: 0}),
        le=("SCMP_CMP_LE", 7, 0, {7: 1, 8: 0}),
        gt=("SCMP_CMP_GT", 7, 0, {7: 0, 8: 1}),
        ge=("SCMP_CMP_GE", 7, 0, {6: 0, 7: 1}),
        masked=("SCMP_CMP_MASKED_EQ", 0x0F, 0x05, {0x05: 1, 0x15: 1, 0x06: 0}),
        wide=("SCMP_CMP_EQ", 1 << 40, 0, {1 << 40: 1, 0: 0}),
    )
    def test_operator(self, row):
        op, value, second, expected = row
        seccomp = profile(
            "ALLOW",
            rule(
                "ERRNO",
                "kcmp",
                errnoRet=61,
                args=[{"index": 4, "value": value, "valueTwo": second, "op": op}],
            ),
        )
        for given, denied in expected.items():
            out = self.sys(seccomp, "312", "0", "0", "99", "0", str(given))
            self.assertEqual(out == "ENODATA", bool(denied), f"{given}: {out}")

    def test_several_arguments_are_and(self):
        seccomp = profile(
            "ALLOW",
            rule(
                "ERRNO",
                "kcmp",
                errnoRet=61,
                args=[
                    {"index": 3, "value": 1, "op": "SCMP_CMP_EQ"},
                    {"index": 4, "value": 2, "op": "SCMP_CMP_EQ"},
                ],
            ),
        )
        self.assertEqual(self.sys(seccomp, "312", "0", "0", "99", "1", "2"), "ENODATA")
        self.assertNotEqual(self.sys(seccomp, "312", "0", "0", "99", "1", "3"), "ENODATA")

    def test_one_argument_twice_is_or(self):
        seccomp = profile(
            "ALLOW",
            rule(
                "ERRNO",
                "kcmp",
                errnoRet=61,
                args=[
                    {"index": 4, "value": 1, "op": "SCMP_CMP_EQ"},
                    {"index": 4, "value": 2, "op": "SCMP_CMP_EQ"},
                ],
            ),
        )
        for value, denied in ((1, True), (2, True), (3, False)):
            out = self.sys(seccomp, "312", "0", "0", "99", "0", str(value))
            self.assertEqual(out == "ENODATA", denied, value)


class Profiles(Seccomp):
    def test_mode_is_filter(self):
        self.assertEqual(
            status_field(
                self.filtered(
                    profile("ALLOW", rule("ERRNO", "mkdir")), "/bin/cat", "/proc/self/status"
                ).out,
                "Seccomp",
            ),
            "2",
        )

    def test_none_without_the_field(self):
        self.assertEqual(status_field(self.inside("/bin/cat", "/proc/self/status"), "Seccomp"), "0")

    @each(with_nnp=True, without_nnp=False)
    def test_no_new_privileges_is_as_configured(self, value):
        out = self.filtered(
            profile("ALLOW", rule("ERRNO", "mkdir")),
            "/bin/cat",
            "/proc/self/status",
            noNewPrivileges=value,
        ).out
        self.assertEqual(status_field(out, "NoNewPrivs"), str(int(value)))
        self.assertEqual(status_field(out, "Seccomp"), "2")

    def test_a_user_without_no_new_privileges(self):
        out = self.filtered(
            profile("ALLOW", rule("ERRNO", "mkdir")),
            "/bin/cat",
            "/proc/self/status",
            noNewPrivileges=False,
            user={"uid": 1000, "gid": 1000},
        ).out
        self.assertEqual(status_field(out, "Seccomp"), "2")

    @harness.by_the_config
    def test_unknown_names_are_skipped(self):
        result = self.filtered(
            profile("ALLOW", rule("ERRNO", "mkdir", "no_such_call", errnoRet=61)),
            "/bin/probe",
            "sys",
            "83",
            "0",
        )
        self.assertEqual(result.out, "ENODATA\n")
        if harness.NAME == "hull":
            self.assertEqual(result.err.count("no_such_call"), 1)

    @harness.by_the_config
    def test_only_with_unknown_names(self):
        self.assertEqual(
            self.sys(profile("ALLOW", rule("ERRNO", "no_such_call")), "83", "0"), "EFAULT"
        )

    @each(
        tsync=["SECCOMP_FILTER_FLAG_TSYNC"],
        log=["SECCOMP_FILTER_FLAG_LOG"],
        spec_allow=["SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
        none=[],
        all=["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
    )
    def test_flags(self, flags):
        seccomp = profile("ALLOW", rule("ERRNO", "mkdir", errnoRet=61), flags=flags)
        self.assertEqual(self.sys(seccomp, "83", "0"), "ENODATA")

    @each(
        named=["SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
        absent=None,
        another=["SECCOMP_FILTER_FLAG_LOG"],
    )
    def test_what_a_filter_costs_a_speculative_store(self, flags):
        """A filter turned that off until Linux 5.16, unless SPEC_ALLOW came with it."""
        seccomp = profile("ALLOW", rule("ERRNO", "mkdir"))
        if flags is not None:
            seccomp["flags"] = flags
        inside = self.filtered(seccomp, "/bin/cat", "/proc/self/status").out
        outside = pathlib.Path("/proc/self/status").read_text()
        expected = status_field(outside, "Speculation_Store_Bypass")
        if flags == ["SECCOMP_FILTER_FLAG_LOG"] and harness.kernel() < (5, 16):
            expected = expected.replace("thread vulnerable", "thread force mitigated")
        self.assertEqual(status_field(inside, "Speculation_Store_Bypass"), expected)

    @harness.by_the_config
    @each(
        action={"defaultAction": "SCMP_ACT_NONE"},
        architecture={"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_NONE"]},
        flag={"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_NONE"]},
        operator={
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [
                {
                    "names": ["mkdir"],
                    "action": "SCMP_ACT_ERRNO",
                    "args": [{"index": 0, "value": 0, "op": "NONE"}],
                }
            ],
        },
        index={
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [
                {
                    "names": ["mkdir"],
                    "action": "SCMP_ACT_ERRNO",
                    "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}],
                }
            ],
        },
    )
    def test_refused(self, seccomp):
        result = self.refused(lambda s: s["linux"].update(seccomp=seccomp))
        if harness.NAME == "hull":
            self.assertIn("/linux/seccomp", result.err)

    @harness.by_the_config
    @harness.hull_only("runc takes 0 for them")
    @each(index="index", value="value", op="op")
    def test_an_incomplete_comparison(self, member):
        argument = {"index": 0, "value": 1, "valueTwo": 1, "op": "SCMP_CMP_EQ"}
        argument.pop(member)
        self.refused(
            lambda s: s["linux"].update(
                seccomp=profile("ALLOW", rule("ERRNO", "mkdir", args=[argument]))
            ),
            saying=[f"/linux/seccomp/syscalls/0/args/0/{member}", "missing"],
        )

    def test_several_architectures(self):
        seccomp = profile("ALLOW", rule("ERRNO", "mkdir", errnoRet=61))
        seccomp["architectures"] = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
        self.assertEqual(self.sys(seccomp, "83", "0"), "ENODATA")

    @harness.by_the_config
    def test_the_second_run_gives_the_same(self):
        """From the cache, where there is one."""
        seccomp = profile("ALLOW", rule("ERRNO", "mkdir", errnoRet=61))
        self.assertEqual([self.sys(seccomp, "83", "0") for _ in range(3)], ["ENODATA"] * 3)

    @harness.by_the_config
    def test_a_changed_profile_is_not_the_cached_one(self):
        for number, name in ((61, "ENODATA"), (62, "ETIME"), (61, "ENODATA")):
            self.assertEqual(
                self.sys(profile("ALLOW", rule("ERRNO", "mkdir", errnoRet=number)), "83", "0"), name
            )

    @each(listed=["SCMP_ARCH_X86_64"], native_alone=[])
    def test_the_number_of_a_skipped_call_is_no_call_of_x32(self, architectures):
        """A tracer skips a call by -1 in place of its number, and the kernel asks the filter again."""
        seccomp = profile("ALLOW", rule("ERRNO", "mkdir", errnoRet=61), architectures=architectures)
        self.assertEqual(self.sys(seccomp, "-1"), "ENOSYS")

    def test_calls_newer_than_the_profile_are_enosys(self):
        seccomp = engine_profile(None, "mkdir")
        self.assertEqual(self.sys(seccomp, "83", "0"), "EPERM")
        self.assertEqual(self.sys(seccomp, "9999"), "ENOSYS")


class X86(Seccomp):
    """Calls of 32-bit x86, made by int $0x80."""

    # What probe itself makes; the newest of them is 384 there.
    OWN = """access arch_prctl brk capset close execve exit_group fstat getrandom ioctl mmap mprotect
        munmap newfstatat open openat prctl prlimit64 read readlink rt_sigaction rt_sigprocmask
        set_robust_list set_tid_address uname write writev""".split()

    def setUp(self):
        super().setUp()
        if subprocess.run([harness.PROBE, "int80", "20"], capture_output=True).returncode != 0:
            self.skipTest("the kernel runs no 32-bit programs")

    def int80(self, seccomp, *words):
        seccomp["architectures"] = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
        return self.filtered(seccomp, "/bin/probe", "int80", *map(str, words)).out.strip()

    @harness.hull_only("runc and crun need more than OWN before they execute")
    @each(semget=("semget", 393, 0, 1, 0), msgget=("msgget", 399, 0, 0))
    def test_a_multiplexed_call_is_allowed_by_its_own_number(self, row):
        name, *words = row
        for known, expected in (([name], r"^\d+$"), ([], r"^ENOSYS$")):
            out = self.int80(profile("ERRNO", rule("ALLOW", *self.OWN, *known)), *words)
            self.assertRegex(out, expected)

    @harness.hull_only("runc and crun need more than OWN before they execute")
    def test_a_multiplexed_call_is_allowed_by_the_multiplexer(self):
        seccomp = profile("ERRNO", rule("ALLOW", *self.OWN, "socket"))
        self.assertEqual(self.int80(seccomp, 102, 1, 0), "EFAULT")
        self.assertEqual(self.int80(seccomp, 102, 2, 0), "EPERM")

    def test_an_architecture_that_is_not_listed_is_killed(self):
        seccomp = profile("ALLOW", rule("ERRNO", "mkdir"))
        result = self.filtered(seccomp, "/bin/sh", "-c", "probe int80 20; echo $?")
        self.assertEqual(result.out.split(), [str(128 + signal.SIGSYS)])


def bare_program(write=1):
    """A program for x86_64 that writes "ok" and exits with 42, and makes no other system call."""
    code = b"\xb8" + struct.pack("<I", write)
    code += bytes.fromhex("bf01000000 488d3513000000 ba03000000 0f05")
    code += bytes.fromhex("b8e7000000 bf2a000000 0f05") + b"ok\n"
    size = 64 + 56 + len(code)
    header = b"\x7fELF\2\1\1" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 4096) + code


# The newest call that libseccomp 2.5.4 knows, 450. A rule that names it keeps the ENOSYS stub from
# answering for what is below, which init might take for an old kernel's answer and do without.
NEWEST = "set_mempolicy_home_node"

# What runtime/child/filtered_calls.h lists.
ALWAYS = ("execve", "write", "exit_group")
ALL = (*ALWAYS, "capset")
ADMIN = {s: ["CAP_SYS_ADMIN"] for s in ("bounding", "effective", "permitted")}


@harness.hull_only("runc and crun need whatever their languages' run times need")
class Contract(Seccomp):
    """The calls that a filter must let through are these, neither more nor less."""

    def bare(self, seccomp, program="/bin/bare", **process):
        def edit(spec):
            spec["linux"]["seccomp"] = seccomp
            spec["process"].update(process)

        bundle = self.bundle(self.spec(program, edit=edit))
        for name, data in (("bare", bare_program()), ("broken", b"\x7fELF" + bytes(100))):
            path = bundle.rootfs / "bin" / name
            path.write_bytes(data)
            path.chmod(0o755)
        return bundle

    def only(self, *names, listener=None):
        rules = [rule("ALLOW", *names), rule("KILL_PROCESS", NEWEST)]
        if listener is None:
            return profile("KILL_PROCESS", *rules)
        return profile("KILL_PROCESS", *rules, rule("NOTIFY", "mkdir"), listenerPath=str(listener))

    @each(
        new_privileges=(ALL, {"noNewPrivileges": False}),
        with_admin=(ALWAYS, {"noNewPrivileges": False, "capabilities": ADMIN}),
        no_new_privileges=(ALWAYS, {}),
    )
    def test_they_are_enough(self, row):
        """Any other call, up to NEWEST, would end init by SIGSYS: 159."""
        names, process = row
        bundle = self.bare(self.only(*names), **process)
        result = self.run_spec(bundle)
        self.assertEqual((result.code, result.out), (42, "ok\n"), result)
        words = ["--bundle", bundle.path, self.new_id()]
        with open(self.dir / "out", "w+") as out:
            code = harness.wait(
                harness.popen(self.runtime.command("create", *words), stdout=out)
            )
            self.assertEqual(code, 0)
            self.ok("start", self.ids[-1])
            self.assertTrue(harness.eventually(lambda: (self.dir / "out").read_text() == "ok\n"))

    @each(above_exit_group=257, the_last=450, the_first=0)
    def test_another_call_is_killed(self, number):
        """By this the cases here see one."""
        seccomp = self.only(*ALL)
        bundle = self.bare(seccomp)
        program = bare_program(number)
        (bundle.rootfs / "bin/bare").write_bytes(program)
        self.assertEqual(self.run_spec(bundle).code, 128 + signal.SIGSYS)

    @each(new_privileges=(ALL, False), no_new_privileges=(ALWAYS, True))
    def test_they_are_enough_with_a_listener(self, row):
        names, value = row
        agent = Agent(self.dir / "agent", 61)
        self.addCleanup(agent.close)
        seccomp = self.only(*names, listener=self.dir / "agent")
        result = self.run_spec(self.bare(seccomp, noNewPrivileges=value))
        self.assertEqual((result.code, result.out), (42, "ok\n"), result)

    def test_they_are_enough_for_preserved_descriptors(self):
        bundle = self.bare(self.only(*ALWAYS))
        with open("/dev/null") as file:
            result = self.run_spec(
                bundle,
                "--preserve-fds",
                1,
                preexec_fn=lambda: os.dup2(file.fileno(), 3),
                pass_fds=(3,),
            )
        self.assertEqual(result.code, 42, result)

    def test_they_are_enough_for_exec(self):
        bundle = self.bare(self.only(*ALWAYS))
        self.ok("create", "--bundle", bundle.path, self.new_id())
        result = self.runtime("exec", self.ids[-1], "/bin/bare")
        self.assertEqual((result.code, result.out), (42, "ok\n"), result)
        self.fails("exec", self.ids[-1], "/bin/broken", saying="exec format error", code=255)

    @each(new_privileges=(ALL, False), no_new_privileges=(ALWAYS, True))
    def test_they_are_enough_to_say_what_failed(self, row):
        names, value = row
        bundle = self.bare(self.only(*names), program="/bin/broken", noNewPrivileges=value)
        words = ["--bundle", bundle.path, self.new_id()]
        self.fails("run", *words, saying="exec format error")
        self.assert_nothing_left(self.ids[-1])
        self.ok("create", "--bundle", bundle.path, self.new_id())
        self.fails("start", self.ids[-1], saying="exec format error")

    @harness.by_the_config
    @each(**{n: n for n in ALL})
    def test_one_that_is_missing_is_named(self, name):
        seccomp = self.only(*(n for n in ALL if n != name))
        result = self.refused(
            lambda s: (
                s["linux"].update(seccomp=seccomp),
                s["process"].update(noNewPrivileges=False),
            ),
            saying=f"/linux/seccomp/defaultAction: SCMP_ACT_KILL_PROCESS holds for '{name}'",
        )
        self.assertIn("let", result.err)

    @harness.by_the_config
    @each(
        **{
            f"{name}_{action.lower()}": (name, action)
            for name in ALL
            for action in ("NOTIFY", "TRAP", "KILL", "ERRNO", "TRACE")
        }
    )
    def test_a_rule_against_one_is_named(self, row):
        name, action = row
        members = {"listenerPath": str(self.dir / "agent")} if action == "NOTIFY" else {}
        seccomp = profile("ALLOW", rule(action, "rmdir", name), **members)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(server.close)
        server.bind(str(self.dir / "agent"))
        server.listen(1)
        self.refused(
            lambda s: (
                s["linux"].update(seccomp=seccomp),
                s["process"].update(noNewPrivileges=False),
            ),
            saying=[f"/linux/seccomp/syscalls/0/names/1: SCMP_ACT_{action}", f"'{name}'"],
        )

    @harness.by_the_config
    def test_arguments_that_the_runtime_does_not_use_are_no_matter(self):
        other = rule("TRAP", "exit_group", args=[{"index": 0, "value": 7, "op": "SCMP_CMP_EQ"}])
        self.assertEqual(self.filtered(profile("ALLOW", other), "/bin/true").code, 0)
        own = rule("TRAP", "exit_group", args=[{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}])
        self.refused(
            lambda s: s["linux"].update(seccomp=profile("ALLOW", own)), saying="'exit_group'"
        )

    @harness.by_the_config
    @each(
        notify=("exit_group", "NOTIFY", {"index": 0, "value": 1}),
        kill=("write", "KILL_PROCESS", {"index": 2, "value": 32}),
    )
    def test_a_rule_that_says_what_the_default_says_does_not_hide_the_next(self, row):
        name, action, argument = row
        first = rule("ALLOW", name, args=[{**argument, "op": "SCMP_CMP_EQ"}])
        second = rule(action, name, args=[{**argument, "op": "SCMP_CMP_GE"}])
        agent = Agent(self.dir / "agent", 61)
        self.addCleanup(agent.close)
        seccomp = profile("ALLOW", first, second, listenerPath=str(self.dir / "agent"))
        self.refused(
            lambda s: s["linux"].update(seccomp=seccomp),
            saying=[f"/linux/seccomp/syscalls/1/names/0: SCMP_ACT_{action}", f"'{name}'"],
        )

    @harness.by_the_config
    def test_exec_needs_what_its_own_process_needs(self):
        """With no_new_privs init needs no capset, and an exec without it does."""
        bundle = self.bare(self.only(*ALWAYS))
        self.ok("create", "--bundle", bundle.path, self.new_id())
        words = ["exec", "--no-new-privs=false", self.ids[-1], "/bin/bare"]
        self.fails(*words, saying="'capset'", code=255)


class Agent(threading.Thread):
    """Takes one listener and answers every notification with an errno."""

    def __init__(self, path, answer):
        super().__init__(daemon=True)
        self.answer, self.state, self.fds = answer, None, []
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(str(path))
        self.server.listen(1)
        self.start()

    def run(self):
        connection, _ = self.server.accept()
        message, self.fds, _, _ = socket.recv_fds(connection, 1 << 16, 4)
        connection.close()
        self.state = json.loads(message)
        while True:
            request = bytearray(80)
            try:
                fcntl.ioctl(self.fds[0], NOTIF_RECV, request)
                (number,) = struct.unpack_from("Q", request, 0)
                fcntl.ioctl(
                    self.fds[0], NOTIF_SEND, struct.pack("QqiI", number, 0, -self.answer, 0)
                )
            except OSError:
                return

    def close(self):
        self.server.close()
        for fd in self.fds:
            os.close(fd)


class Listener(Seccomp):
    def setUp(self):
        super().setUp()
        self.path = self.dir / "agent"
        self.agent = Agent(self.path, 61)

    def tearDown(self):
        super().tearDown()
        self.agent.close()

    def notifying(self, *names, **members):
        return profile("ALLOW", rule("NOTIFY", *names), listenerPath=str(self.path), **members)

    def test_the_agent_answers(self):
        self.assertEqual(self.sys(self.notifying("mkdir"), "83", "0"), "ENODATA")

    def test_one_message_with_the_state_and_the_descriptor(self):
        container = self.start(
            *SLEEP,
            edit=lambda s: s["linux"].update(
                seccomp=self.notifying("mkdir", listenerMetadata="meta data")
            ),
        )
        self.assertTrue(harness.eventually(lambda: self.agent.state))
        state = self.agent.state
        self.assertEqual(state["fds"], ["seccompFd"])
        self.assertEqual(len(self.agent.fds), 1)
        self.assertEqual(state["metadata"], "meta data")
        self.assertEqual(state["pid"], self.pid(container))
        self.assertIn("ociVersion", state)
        self.assertEqual(state["state"]["id"], container)
        self.assertEqual(state["state"]["bundle"], str(self.dir / "bundle-0"))

    def test_the_message_of_an_exec(self):
        seccomp = self.notifying("mkdir", listenerMetadata="meta data")
        container = self.start(*SLEEP, edit=lambda s: s["linux"].update(seccomp=seccomp))
        self.assertTrue(harness.eventually(lambda: self.agent.state))
        self.path.unlink()
        second = Agent(self.path, 62)
        self.addCleanup(second.close)
        words = ["/bin/sh", "-c", "echo $$; probe sys 83 0"]
        result = self.runtime("exec", container, *words)
        pid, answer = result.out.split()
        self.assertEqual(answer, "ETIME")
        self.assertEqual(second.state["fds"], ["seccompFd"])
        self.assertEqual(second.state["metadata"], "meta data")
        self.assertEqual(second.state["state"]["id"], container)
        self.assertEqual(second.state["state"]["status"], "running")
        self.assertEqual(second.state["state"]["pid"], self.pid(container))
        self.assertNotIn(second.state["pid"], (int(pid), self.pid(container)))  # the host's number

    def test_the_agent_has_gone_between_create_and_start(self):
        container = self.create(
            *SLEEP, edit=lambda s: s["linux"].update(seccomp=self.notifying("mkdir"))
        )
        self.agent.server.close()
        self.path.unlink()
        result = self.runtime("start", container)
        self.assertNotEqual(result.code, 0)
        if harness.NAME == "hull":
            self.assertIn(f"the agent at '{self.path}'", result.err)

    def test_wait_killable_recv(self):
        seccomp = self.notifying("mkdir", flags=["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"])
        if harness.kernel() >= (5, 19):
            self.assertEqual(self.sys(seccomp, "83", "0"), "ENODATA")
        else:
            self.refused(
                lambda s: s["linux"].update(seccomp=seccomp), saying="/linux/seccomp/flags/0"
            )

    def test_without_no_new_privileges(self):
        result = self.filtered(
            self.notifying("mkdir"), "/bin/probe", "sys", "83", "0", noNewPrivileges=False
        )
        self.assertEqual(result.out, "ENODATA\n")

    @harness.by_the_config
    def test_nobody_listens(self):
        seccomp = profile("ALLOW", rule("NOTIFY", "mkdir"), listenerPath=str(self.dir / "none"))
        result = self.refused(lambda s: s["linux"].update(seccomp=seccomp))
        self.assertIn(str(self.dir / "none"), result.err)

    @harness.by_the_config
    @each(missing="none", no_socket="bundle-0/config.json")
    def test_a_path_is_no_matter_where_nothing_notifies(self, name):
        seccomp = profile(
            "ALLOW",
            rule("ERRNO", "mkdir", errnoRet=61),
            listenerPath=str(self.dir / name),
            listenerMetadata="nobody reads it",
        )
        self.assertEqual(self.sys(seccomp, "83", "0"), "ENODATA")

    @harness.by_the_config
    @harness.hull_only("the spec says MUST NOT; peers say nothing")
    def test_metadata_without_a_path(self):
        seccomp = profile("ALLOW", rule("ERRNO", "mkdir"), listenerMetadata="m")
        self.refused(
            lambda s: s["linux"].update(seccomp=seccomp), saying="/linux/seccomp/listenerMetadata"
        )

    @harness.by_the_config
    def test_notify_without_a_listener_path(self):
        result = self.filtered(profile("ALLOW", rule("NOTIFY", "mkdir")), "/bin/true")
        self.assertNotEqual(result.code, 0)

    @harness.by_the_config
    @each(write="write", sendmsg="sendmsg", close="close", futex="futex")
    def test_calls_that_a_start_needs_do_not_hang_it(self, name):
        """Either it starts or it is refused, soon; the agent answers what comes."""
        result = self.filtered(self.notifying(name), "/bin/true")
        self.assertLess(result.code, 128)


if __name__ == "__main__":
    harness.main()
