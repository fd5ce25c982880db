#!/usr/bin/env python3
"""The process: user, groups, umask, limits, capabilities, environment, cwd, descriptors, exec."""

import json
import os
import pathlib
import resource

import harness
from harness import Case, each, hull_only, status_field

SLEEP = ("/bin/probe", "sleep", "1000")
FACCESSAT2 = 439
SETS = ("bounding", "effective", "inheritable", "permitted", "ambient")
FIELDS = {
    "bounding": "CapBnd",
    "effective": "CapEff",
    "inheritable": "CapInh",
    "permitted": "CapPrm",
    "ambient": "CapAmb",
}
CHOWN, KILL, SETUID, NET_RAW, SYS_RESOURCE, AUDIT_WRITE = (
    1 << 0,
    1 << 5,
    1 << 7,
    1 << 13,
    1 << 24,
    1 << 29,
)



def place_behind_stdio(files):
    """In a child before its exec: the files as descriptors 3, 4, …, whatever was there."""
    for i, file in enumerate(files):
        os.dup2(file.fileno(), 100 + i)
    for i in range(len(files)):
        os.dup2(100 + i, 3 + i)
        os.close(100 + i)


class Process(Case):
    def own_status(self, **process):
        """/proc/self/status of a process with these members."""
        return self.inside(
            "/bin/cat", "/proc/self/status", edit=lambda s: s["process"].update(process)
        )

    def caps(self, **sets):
        return self.own_status(capabilities={k: v for k, v in sets.items()})

    def assert_caps(self, status, **expected):
        for name, value in expected.items():
            self.assertEqual(int(status_field(status, FIELDS[name]), 16), value, name)


class User(Process):
    @each(root=(0, 0), user=(1000, 1000), different=(7, 8), big=(4294967294, 4294967294))
    def test_ids(self, row):
        uid, gid = row
        status = self.own_status(user={"uid": uid, "gid": gid})
        self.assertEqual(status_field(status, "Uid").split(), [str(uid)] * 4)
        self.assertEqual(status_field(status, "Gid").split(), [str(gid)] * 4)

    @each(none=[], one=[5], several=[5, 6, 70000])
    def test_additional_groups_are_exactly_these(self, groups):
        saved = os.getgroups()
        os.setgroups([0, 10, 12])
        try:
            status = self.own_status(user={"uid": 1, "gid": 1, "additionalGids": groups})
        finally:
            os.setgroups(saved)
        self.assertEqual(set(status_field(status, "Groups").split()) - {"1"}, set(map(str, groups)))

    @each(default=(None, "0022"), own=(0o77, "0077"), zero=(0, "0000"))
    def test_umask(self, row):
        value, expected = row
        user = {"uid": 0, "gid": 0, **({} if value is None else {"umask": value})}
        self.assertEqual(status_field(self.own_status(user=user), "Umask"), expected)

    def test_the_umask_of_the_caller_is_not_inherited(self):
        saved = os.umask(0o777)
        try:
            os.umask(0o022)
            bundle = self.bundle(self.spec("/bin/cat", "/proc/self/status"))
            os.umask(0o777)
            result = self.run_spec(bundle)
        finally:
            os.umask(saved)
        self.assertEqual(status_field(result.out, "Umask"), "0022")

    def test_home_comes_from_the_images_passwd(self):
        bundle = self.bundle(
            self.spec(
                "/bin/sh",
                "-c",
                "echo $HOME",
                edit=lambda s: s["process"].update(user={"uid": 1000, "gid": 0}),
            )
        )
        (bundle.rootfs / "etc/passwd").write_text(
            "root:x:0:0::/root:\nu:x:1000:0::/home/u:/bin/sh\n"
        )
        self.assertEqual(self.run_spec(bundle).out, "/home/u\n")

    @harness.by_the_config
    def test_a_numeric_user_is_no_name(self):
        bundle = self.bundle(
            self.spec(
                "/bin/id", "-u", edit=lambda s: s["process"].update(user={"uid": 1000, "gid": 0})
            )
        )
        (bundle.rootfs / "etc/passwd").write_text("1000:x:0:0::/:\n")
        self.assertEqual(self.run_spec(bundle).out, "1000\n")

    @harness.by_the_config
    @each(negative=-1, all_ones=4294967295, too_big=4294967296, float=1.5, text="0")
    @hull_only("runc and crun say other words; crun takes all ones, and text")
    def test_impossible_ids_are_refused(self, uid):
        self.refused(
            lambda s: s["process"].update(user={"uid": uid, "gid": 0}), saying="/process/user/uid"
        )


class Capabilities(Process):
    def test_none(self):
        self.assert_caps(self.caps(), **{name: 0 for name in SETS})

    @harness.by_the_config
    def test_absent_is_none(self):
        def edit(spec):
            del spec["process"]["capabilities"]

        status = self.inside("/bin/cat", "/proc/self/status", edit=edit)
        if harness.NAME == "hull":
            self.assert_caps(status, effective=0, permitted=0)

    def test_each_set_of_root(self):
        status = self.caps(
            bounding=["CAP_CHOWN", "CAP_KILL"],
            permitted=["CAP_CHOWN", "CAP_KILL"],
            effective=["CAP_CHOWN", "CAP_KILL"],
        )
        self.assert_caps(
            status,
            bounding=CHOWN | KILL,
            permitted=CHOWN | KILL,
            effective=CHOWN | KILL,
            inheritable=0,
            ambient=0,
        )

    def test_inheritable(self):
        status = self.caps(
            bounding=["CAP_CHOWN"],
            permitted=["CAP_CHOWN"],
            effective=["CAP_CHOWN"],
            inheritable=["CAP_CHOWN"],
        )
        self.assert_caps(status, inheritable=CHOWN)

    def test_ambient_survives_for_a_user(self):
        caps = {name: ["CAP_NET_RAW"] for name in SETS}
        status = self.own_status(capabilities=caps, user={"uid": 1000, "gid": 1000})
        self.assert_caps(status, **{name: NET_RAW for name in SETS})

    @each(new=[], old=[FACCESSAT2])
    def test_what_a_capability_makes_executable(self, missing):
        caps = {name: ["CAP_DAC_OVERRIDE"] for name in SETS}
        user = {"uid": 1000, "gid": 1000}
        for path in ("/bin/own", "own"):
            bundle = self.bundle(
                self.spec(
                    path, edit=lambda s: s["process"].update(capabilities=caps, user=user)
                )
            )
            (bundle.rootfs / "bin/own").write_text("#!/bin/sh\necho run\n")
            (bundle.rootfs / "bin/own").chmod(0o700)
            how = {"preexec_fn": harness.without(missing)} if missing else {}
            result = self.run_spec(bundle, **how)
            self.assertEqual(result.out, "run\n", result)

    @harness.hull_only("runc and crun say other words")
    @each(new=[], old=[FACCESSAT2])
    def test_what_nothing_makes_executable(self, missing):
        bundle = self.bundle(self.spec("/bin/own"))
        (bundle.rootfs / "bin/own").write_text("#!/bin/sh\necho run\n")
        how = {"preexec_fn": harness.without(missing)} if missing else {}
        result = self.run_spec(bundle, **how)
        self.assertIn('exec: "/bin/own": permission denied', result.err)

    @harness.by_the_config
    def test_a_user_without_ambient_has_none(self):
        caps = {name: ["CAP_NET_RAW"] for name in ("bounding", "effective", "permitted")}
        status = self.own_status(capabilities=caps, user={"uid": 1000, "gid": 1000})
        self.assert_caps(
            status, bounding=NET_RAW, effective=0, permitted=0, ambient=0, inheritable=0
        )

    @harness.by_the_config
    @harness.hull_only("peers say other words")
    @each(
        effective={"effective": ["CAP_CHOWN"], "bounding": ["CAP_CHOWN"]},
        inheritable={"inheritable": ["CAP_CHOWN"]},
    )
    def test_a_set_beyond_the_one_that_bounds_it(self, sets):
        place = f"/process/capabilities/{next(iter(sets))}/0"
        self.refused(lambda s: s["process"].update(capabilities=sets), saying=place)

    @harness.hull_only("peers say other words")
    def test_what_the_runtime_does_not_have_is_named(self):
        sets = {name: ["CAP_KILL", "CAP_SYS_TIME"] for name in ("bounding", "permitted")}
        bundle = self.bundle(
            self.spec("/bin/true", edit=lambda s: s["process"].update(capabilities=sets))
        )
        container = self.new_id()
        self.runtime.prefix = [
            *self.runtime.prefix,
            *("setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time"),
        ]
        said = ["/process/capabilities/permitted: ", "does not have CAP_SYS_TIME"]
        self.fails("create", "--bundle", bundle.path, container, saying=said)
        self.assert_nothing_left(container)

    @harness.by_the_config
    def test_unknown_names_are_warned_of(self):
        result = self.run_args(
            "/bin/true", edit=lambda s: s["process"]["capabilities"]["bounding"].append("CAP_NONE")
        )
        self.assertEqual(result.code, 0, result)
        self.assertIn("CAP_NONE", result.err)

    def test_all_that_the_caller_has(self):
        mine = int(status_field(pathlib.Path("/proc/self/status").read_text(), "CapBnd"), 16)
        names = json.loads(self.ok("features"))["linux"]["capabilities"]
        if not mine & SYS_RESOURCE:
            names.remove("CAP_SYS_RESOURCE")
        status = self.caps(**{name: names for name in ("bounding", "effective", "permitted")})
        self.assert_caps(status, bounding=mine, effective=mine)

    @each(on=(True, "1"), off=(False, "0"))
    def test_no_new_privileges(self, row):
        value, expected = row
        self.assertEqual(
            status_field(self.own_status(noNewPrivileges=value), "NoNewPrivs"), expected
        )


class Limits(Process):
    @each(
        nofile=("RLIMIT_NOFILE", "Max open files", 100, 200),
        core=("RLIMIT_CORE", "Max core file size", 0, 0),
        nproc=("RLIMIT_NPROC", "Max processes", 50, 60),
        stack=("RLIMIT_STACK", "Max stack size", 1 << 20, 1 << 22),
        fsize=("RLIMIT_FSIZE", "Max file size", 1 << 30, 1 << 31),
        cpu=("RLIMIT_CPU", "Max cpu time", 1000, 2000),
        data=("RLIMIT_DATA", "Max data size", 1 << 30, 1 << 31),
        memory=("RLIMIT_AS", "Max address space", 1 << 32, 1 << 33),
        memlock=("RLIMIT_MEMLOCK", "Max locked memory", 1024, 2048),
        nice=("RLIMIT_NICE", "Max nice priority", 0, 0),
        sigpending=("RLIMIT_SIGPENDING", "Max pending signals", 10, 20),
        msgqueue=("RLIMIT_MSGQUEUE", "Max msgqueue size", 1000, 2000),
    )
    def test_rlimit(self, row):
        kind, name, soft, hard = row
        limits = self.inside(
            "/bin/cat",
            "/proc/self/limits",
            edit=lambda s: s["process"].update(
                rlimits=[{"type": kind, "soft": soft, "hard": hard}]
            ),
        )
        line = next(l for l in limits.splitlines() if l.startswith(name))
        self.assertEqual(line[len(name) :].split()[:2], [str(soft), str(hard)])

    def test_limits_that_are_not_named_are_the_callers(self):
        limits = self.inside("/bin/cat", "/proc/self/limits")
        line = next(l for l in limits.splitlines() if l.startswith("Max open files"))
        self.assertEqual(
            line.split()[3:5], list(map(str, resource.getrlimit(resource.RLIMIT_NOFILE)))
        )

    @each(plain=False, in_a_user_namespace=True)
    def test_a_hard_limit_above_the_callers(self, mapped):
        """The host's CAP_SYS_RESOURCE counts, which a root of a user namespace has not."""
        mine = int(status_field(pathlib.Path("/proc/self/status").read_text(), "CapEff"), 16)
        if not mine & SYS_RESOURCE:
            self.skipTest("the caller may raise no limit")

        def edit(spec):
            if mapped:
                harness.map_ids(spec)
            spec["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 1500, "hard": 2000}]

        self.runtime.prefix = [*self.runtime.prefix, "prlimit", "--nofile=1000:1000"]
        container = self.start(*SLEEP, edit=edit)
        limits = self.proc(container, "limits")
        line = next(l for l in limits.splitlines() if l.startswith("Max open files"))
        self.assertEqual(line.split()[3:5], ["1500", "2000"])
        limits = self.exec(container, "/bin/cat", "/proc/self/limits")
        self.assertIn(line, limits)

    @harness.by_the_config
    @hull_only("runc and crun say other words; crun leaves the cgroup")
    def test_soft_above_hard_is_refused(self):
        self.refused(
            lambda s: s["process"].update(
                rlimits=[{"type": "RLIMIT_NOFILE", "soft": 9, "hard": 8}]
            ),
            saying="/process/rlimits/0",
        )

    @each(zero=0, middle=500, most=1000)
    def test_oom_score_adj(self, value):
        self.assertEqual(
            self.inside(
                "/bin/cat",
                "/proc/self/oom_score_adj",
                edit=lambda s: s["process"].update(oomScoreAdj=value),
            ),
            f"{value}\n",
        )

    def test_oom_score_adj_absent_is_the_callers(self):
        mine = pathlib.Path("/proc/self/oom_score_adj").read_text()
        self.assertEqual(self.inside("/bin/cat", "/proc/self/oom_score_adj"), mine)


class Environment(Process):
    def env(self, *entries):
        out = self.inside(
            "/bin/sh",
            "-c",
            "cat /proc/self/environ",
            edit=lambda s: s["process"].update(env=list(entries)),
        )
        return out.split("\0")

    def test_is_that_of_the_config(self):
        env = self.env("PATH=/bin", "A=1", "B=two words", "C=", "D=x=y")
        for entry in ("A=1", "B=two words", "C=", "D=x=y"):
            self.assertIn(entry, env)

    @harness.by_the_config
    def test_nothing_of_the_caller_leaks(self):
        os.environ["LEAK"] = "secret"
        try:
            self.assertNotIn("LEAK=secret", self.env("PATH=/bin"))
        finally:
            del os.environ["LEAK"]

    @harness.by_the_config
    def test_the_last_duplicate_wins(self):
        out = self.inside(
            "/bin/sh", "-c", "echo $A", edit=lambda s: s["process"]["env"].extend(["A=1", "A=2"])
        )
        self.assertEqual(out, "2\n")

    @each(empty=["HOME="], twice=["HOME=/x", "HOME="], absent=[])
    def test_there_is_one_home(self, entries):
        def edit(spec):
            spec["process"]["env"] = ["PATH=/bin", *entries, "LAST=1"]

        # No shell, which would tidy them up.
        env = self.inside("/bin/cat", "/proc/self/environ", edit=edit).split("\0")
        self.assertEqual([e for e in env if e.startswith("HOME")], ["HOME=/"])
        self.assertIn("LAST=1", env)

    def test_path_of_the_container_finds_the_program(self):
        bundle = self.bundle(
            self.spec("mine", edit=lambda s: s["process"].update(env=["PATH=/opt:/bin"]))
        )
        (bundle.rootfs / "opt").mkdir()
        (bundle.rootfs / "opt/mine").write_text("#!/bin/sh\necho mine\n")
        (bundle.rootfs / "opt/mine").chmod(0o755)
        self.assertEqual(self.run_spec(bundle).out, "mine\n")

    @harness.by_the_config
    def test_argv_0_is_as_given(self):
        self.assertEqual(self.sh("cat /proc/1/cmdline; true").split("\0")[0], "/bin/sh")

    @harness.by_the_config
    def test_arguments_pass_unchanged(self):
        args = [
            "/bin/sh",
            "-c",
            'for a in "$@"; do echo "[$a]"; done',
            "-",
            "a b",
            "",
            "*",
            "\t",
            "ä",
        ]
        self.assertEqual(self.inside(*args), "[a b]\n[]\n[*]\n[\t]\n[ä]\n")

    @harness.by_the_config
    def test_a_long_argument_list(self):
        words = ["x" * 1000] * 1000
        self.assertEqual(self.inside("/bin/sh", "-c", "echo $#", "-", *words), "1000\n")


class Cwd(Process):
    def test_is_set(self):
        self.assertEqual(
            self.inside("/bin/probe", "cwd", edit=lambda s: s["process"].update(cwd="/tmp")),
            "/tmp\n",
        )

    def test_is_made_when_missing(self):
        out = self.inside("/bin/probe", "cwd", edit=lambda s: s["process"].update(cwd="/new/deep"))
        self.assertEqual(out, "/new/deep\n")

    def test_is_made_in_a_readonly_root(self):
        def edit(spec):
            spec["process"]["cwd"] = "/new/deep"
            spec["root"]["readonly"] = True

        self.assertEqual(self.inside("/bin/probe", "cwd", edit=edit), "/new/deep\n")

    @harness.by_the_config
    def test_a_readonly_root_follows_its_symlinks(self):
        def edit(spec):
            spec["process"]["cwd"] = "/link/new"
            spec["root"]["readonly"] = True

        bundle = self.bundle(self.spec("/bin/probe", "cwd", edit=edit))
        (bundle.rootfs / "link").symlink_to("/tmp")
        result = self.run_spec(bundle)
        self.assertEqual(result.out, "/tmp/new\n", result)

    @each(writable=False, readonly=True)
    def test_what_is_made_is_for_everybody(self, readonly):
        """Whatever the umasks of the caller and of the process are."""

        def edit(spec):
            spec["process"]["cwd"] = "/new/deep"
            spec["process"]["user"]["umask"] = 0o077
            spec["root"]["readonly"] = readonly

        self.addCleanup(os.umask, os.umask(0o077))
        out = self.sh("umask; stat -c %a /new /new/deep", edit=edit)
        self.assertEqual(out.split(), ["0077", "755", "755"])

    def test_on_a_mount(self):
        def edit(spec):
            spec["process"]["cwd"] = "/mnt"
            spec["mounts"].append({"destination": "/mnt", "type": "tmpfs", "source": "tmpfs"})

        self.assertEqual(self.inside("/bin/probe", "cwd", edit=edit), "/mnt\n")

    def test_never_a_descriptor_of_the_host(self):
        """CVE-2024-21626: the caller leaks a directory, the config asks for it by number."""
        outside = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        os.set_inheritable(outside, True)
        try:
            for fd in range(3, 16):
                result = self.run_args(
                    "/bin/probe",
                    "cwd",
                    pass_fds=[outside],
                    edit=lambda s: s["process"].update(cwd=f"/proc/self/fd/{fd}"),
                )
                self.assertNotEqual(result.code, 0, result)
        finally:
            os.close(outside)


class Descriptors(Process):
    def numbers(self, text):
        return [int(line.split()[0]) for line in text.splitlines()]

    def test_only_the_first_three(self):
        self.assertEqual(self.numbers(self.inside("/bin/probe", "fds")), [0, 1, 2])

    @harness.hull_only("crun opens others for the container, as runc's own libraries may")
    @each(stdin=[0], output=[1, 2], all=[0, 1, 2])
    def test_those_that_the_caller_has_closed_are_nothing(self, closed):
        def close():
            for fd in closed:
                os.close(fd)

        bundle = self.bundle(self.spec(*SLEEP))
        pid_file = self.dir / "pid"
        words = ["--pid-file", pid_file, "--bundle", bundle.path]
        self.ok("create", *words, self.new_id(), preexec_fn=close)
        self.assertEqual(self.links(self.pid(self.ids[-1]), closed), {"/dev/null"})
        self.ok("start", self.ids[-1], preexec_fn=close)
        words = ["--detach", "--pid-file", pid_file, self.ids[-1], *SLEEP]
        self.ok("exec", *words, preexec_fn=close)
        self.assertEqual(self.links(int(pid_file.read_text()), closed), {"/dev/null"})

    def links(self, pid, fds):
        self.assertLessEqual({"0", "1", "2"}, set(os.listdir(f"/proc/{pid}/fd")))
        return {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in fds}

    def test_what_the_caller_leaks_does_not_pass(self):
        with open("/etc/passwd") as leaked:
            os.set_inheritable(leaked.fileno(), True)
            self.assertEqual(
                self.numbers(self.inside("/bin/probe", "fds", pass_fds=[leaked.fileno()])),
                [0, 1, 2],
            )

    @each(one=1, three=3)
    def test_preserved(self, count):
        files = [open(self.host_file(f"f{i}", f"file {i}\n")) for i in range(count)]

        bundle = self.bundle(self.spec("/bin/sh", "-c", f"probe fds; cat <&{2 + count}"))
        container = self.new_id()
        fds = tuple(range(3, 3 + count))
        result = self.runtime(
            "run",
            "--bundle",
            bundle.path,
            "--preserve-fds",
            count,
            container,
            preexec_fn=lambda: place_behind_stdio(files),
            pass_fds=fds,
        )
        self.assertEqual(result.code, 0, result)
        self.assertEqual(
            self.numbers("\n".join(result.out.splitlines()[:-1])), list(range(3 + count))
        )
        self.assertEqual(result.out.splitlines()[-1], f"file {count - 1}")
        for file in files:
            file.close()

    def test_sockets_of_an_activation(self):
        def activate():
            os.dup2(os.open("/dev/null", os.O_RDONLY), 3)
            os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))

        script = "echo $LISTEN_FDS $LISTEN_PID; probe fds"
        bundle = self.bundle(self.spec("/bin/sh", "-c", script))
        out = self.ok(
            "run", "--bundle", bundle.path, self.new_id(), preexec_fn=activate, pass_fds=(3,)
        )
        self.assertEqual(out.splitlines()[0], "1 1")
        self.assertEqual(self.numbers("\n".join(out.splitlines()[1:])), [0, 1, 2, 3])

    @harness.by_the_config
    def test_preserved_that_is_not_open(self):
        bundle = self.bundle(self.spec("/bin/true"))
        self.fails("run", "--bundle", bundle.path, "--preserve-fds", 30, self.new_id())

    @harness.by_the_config
    def test_stdin_of_a_detached_container_is_the_callers(self):
        with open(self.host_file("in", "x\n")) as stdin:
            container = self.start(
                "/bin/sh", "-c", "read a; echo $a > /tmp/got; sleep 1000", stdin=stdin
            )
        got = self.dir / "bundle-0/rootfs/tmp/got"
        self.assertTrue(harness.eventually(lambda: got.exists() and got.read_text()))
        self.assertEqual(got.read_text(), "x\n")


class Own(Process):
    """What the runtime leaves of itself in the process."""

    def test_signals_are_default_and_unblocked(self):
        status = self.own_status()
        for name in ("SigBlk", "SigIgn", "SigCgt"):
            self.assertEqual(int(status_field(status, name), 16), 0, name)

    def test_leads_its_own_session(self):
        stat = self.inside("/bin/cat", "/proc/self/stat").rsplit(")", 1)[1].split()
        self.assertEqual(stat[3], "1")

    def test_has_a_session_keyring_of_its_own(self):
        rings = {self.inside("/bin/probe", "keyring") for _ in range(2)}
        self.assertEqual(len(rings), 2)

    def test_keeps_the_callers_keyring_when_told(self):
        rings = {self.inside("/bin/probe", "keyring", words=["--no-new-keyring"]) for _ in range(2)}
        self.assertEqual(len(rings), 1)

    def test_the_keyring_is_named_and_its_owner_may_search_it(self):
        container = self.new_id()
        bundle = self.bundle(self.spec("/bin/probe", "key"))
        out = self.ok("run", "--bundle", bundle.path, container)
        random = r"\.[0-9a-f]{16}" if harness.NAME == "hull" else ""
        self.assertRegex(out, f"^keyring;0;0;3f1b0000;_ses.{container}{random}\n$")

    @harness.hull_only("peers join by a name that anybody can guess")
    def test_a_container_of_the_same_name_has_another_keyring(self):
        """Its name is joined: under another --root, or where somebody else made one before."""
        container = self.start(*SLEEP)
        ring = self.exec(container, "/bin/probe", "keyring")
        other = harness.Runtime(self.dir)
        other.root = str(self.dir / "other")
        bundle = self.bundle(self.spec("/bin/probe", "keyring"))
        result = other("run", "--bundle", bundle.path, container)
        self.assertEqual(result.code, 0, result)
        self.assertNotEqual(result.out, ring)

    def test_dies_with_nobody(self):
        self.assertEqual(self.inside("/bin/probe", "pdeathsig"), "0\n")

    def test_the_runtimes_own_program_is_out_of_reach(self):
        """CVE-2019-5736: /proc/self/exe as the program leads to no file of the host."""
        before = os.stat(self.runtime.path)
        self.run_args("/proc/self/exe", "write", "/proc/self/exe")
        after = os.stat(self.runtime.path)
        self.assertEqual(
            (before.st_ino, before.st_mtime_ns, before.st_size),
            (after.st_ino, after.st_mtime_ns, after.st_size),
        )


class Exec(Process):
    def running(self, edit=None):
        return self.start(*SLEEP, edit=edit)

    def exec_status(self, container, *words):
        return self.exec(container, "/bin/cat", "/proc/self/status", words=words)

    def test_joins_every_namespace(self):
        container = self.running()
        pid = self.pid(container)
        for name in ("pid", "ipc", "uts", "mnt", "net"):
            self.assertEqual(
                self.exec(
                    container,
                    "/bin/sh",
                    "-c",
                    f"readlink /proc/self/ns/{name} || " f"ls -l /proc/self/ns/{name}",
                )
                .strip()
                .split()[-1],
                os.readlink(f"/proc/{pid}/ns/{name}"),
            )

    def test_joins_the_cgroup(self):
        container = self.running()
        self.assertEqual(
            self.exec(container, "/bin/cat", "/proc/self/cgroup"),
            self.exec(container, "/bin/cat", "/proc/1/cgroup"),
        )

    @harness.by_the_config
    def test_inherits_the_environment_and_adds_to_it(self):
        container = self.running(lambda s: s["process"]["env"].append("A=1"))
        out = self.exec(
            container, "/bin/sh", "-c", "echo $A $B $C", words=["-e", "B=2", "-e", "C=3"]
        )
        self.assertEqual(out, "1 2 3\n")

    @harness.by_the_config
    @each(short="-e", long="--env")
    def test_env_overrides(self, flag):
        container = self.running(lambda s: s["process"]["env"].append("A=1"))
        self.assertEqual(
            self.exec(container, "/bin/sh", "-c", "echo $A", words=[flag, "A=9"]), "9\n"
        )

    def test_cwd(self):
        container = self.running()
        self.assertEqual(
            self.exec(container, "/bin/probe", "cwd", words=["--cwd", "/tmp"]), "/tmp\n"
        )

    @harness.by_the_config
    def test_cwd_is_the_configs(self):
        container = self.running(lambda s: s["process"].update(cwd="/etc"))
        self.assertEqual(self.exec(container, "/bin/probe", "cwd"), "/etc\n")

    @each(
        uid=("1000", "1000 0"), uid_and_gid=("1000:1001", "1000 1001"), root="0:0 0 0".split(" ", 1)
    )
    def test_user(self, row):
        user, expected = row
        container = self.running()
        out = self.exec(
            container, "/bin/sh", "-c", "echo $(id -u) $(id -g)", words=["--user", user]
        )
        self.assertEqual(out.strip(), expected)

    @harness.by_the_config
    @each(
        empty="",
        name="root",
        negative="-1",
        three="1:2:3",
        no_gid="1:",
        no_uid=":1",
        huge="4294967296",
        invalid="4294967295",
        octal_junk="1x",
    )
    @hull_only("runc takes an empty and a huge one; crun exits with 1, and takes a negative one")
    def test_user_refused(self, user):
        self.fails("exec", "--user=" + user, self.running(), "/bin/true", code=255)

    @harness.by_the_config
    def test_the_user_is_the_configs(self):
        container = self.running(
            lambda s: s["process"].update(user={"uid": 7, "gid": 8, "additionalGids": [9]})
        )
        status = self.exec_status(container)
        self.assertEqual(status_field(status, "Uid").split()[0], "7")
        self.assertIn("9", status_field(status, "Groups").split())

    @each(short="-g", long="--additional-gids")
    def test_additional_groups(self, flag):
        container = self.running(
            lambda s: s["process"].update(user={"uid": 7, "gid": 8, "additionalGids": [9]})
        )
        status = self.exec_status(container, flag, "11", flag, "12")
        self.assertLessEqual({"11", "12"}, set(status_field(status, "Groups").split()))

    @harness.by_the_config
    def test_capabilities_are_the_configs(self):
        self.assert_caps(
            self.exec_status(self.running()),
            bounding=KILL | AUDIT_WRITE,
            effective=KILL | AUDIT_WRITE,
            permitted=KILL | AUDIT_WRITE,
            inheritable=0,
        )

    def test_cap_adds_and_never_to_inheritable(self):
        self.assert_caps(
            self.exec_status(self.running(), "--cap", "CAP_CHOWN"),
            inheritable=0,
            bounding=KILL | AUDIT_WRITE | CHOWN,
            effective=KILL | AUDIT_WRITE | CHOWN,
        )

    @each(config=(True, [], "1"), flag=(False, ["--no-new-privs"], "1"), neither=(False, [], "0"))
    def test_no_new_privileges(self, row):
        configured, words, expected = row
        container = self.running(lambda s: s["process"].update(noNewPrivileges=configured))
        self.assertEqual(status_field(self.exec_status(container, *words), "NoNewPrivs"), expected)

    def test_seccomp_holds(self):
        container = self.running(
            lambda s: s["linux"].update(
                seccomp={
                    "defaultAction": "SCMP_ACT_ALLOW",
                    "architectures": ["SCMP_ARCH_X86_64"],
                    "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61}],
                }
            )
        )
        result = self.runtime("exec", container, "/bin/probe", "sys", "83", "0")
        self.assertEqual(result.out, "ENODATA\n")

    @each(plain={}, in_a_user_namespace={"map": True})
    def test_joins_the_session_keyring(self, row):
        def edit(spec):
            if row:
                harness.map_ids(spec)

        script = "probe keyring > /tmp/ring; exec sleep 1000"
        container = self.start("/bin/sh", "-c", script, edit=edit)
        ring = self.dir / "bundle-0/rootfs/tmp/ring"
        self.assertTrue(harness.eventually(lambda: ring.exists() and ring.read_text()))
        self.assertEqual(self.exec(container, "/bin/probe", "keyring"), ring.read_text())
        file = self.process_file(args=["/bin/probe", "keyring"])
        self.assertEqual(self.ok("exec", "-p", file, container), ring.read_text())

    def test_keeps_the_callers_keyring_when_the_container_does(self):
        container = self.create(*SLEEP, words=["--no-new-keyring"])
        mine = self.inside("/bin/probe", "keyring", words=["--no-new-keyring"])
        self.assertEqual(self.exec(container, "/bin/probe", "keyring"), mine)

    @harness.by_the_config
    def test_oom_score_adj_is_the_configs(self):
        container = self.running(lambda s: s["process"].update(oomScoreAdj=321))
        words = ["/bin/cat", "/proc/self/oom_score_adj"]
        self.assertEqual(self.exec(container, *words), "321\n")
        self.assertEqual(self.ok("exec", "-p", self.process_file(args=words), container), "321\n")
        file = self.process_file(args=words, oomScoreAdj=456)
        self.assertEqual(self.ok("exec", "-p", file, container), "456\n")

    def test_umask_is_the_configs(self):
        container = self.running(lambda s: s["process"]["user"].update(umask=0o27))
        self.assertEqual(status_field(self.exec_status(container), "Umask"), "0027")
        words = ["/bin/cat", "/proc/self/status"]
        out = self.ok("exec", "-p", self.process_file(args=words), container)
        self.assertEqual(status_field(out, "Umask"), "0027")
        file = self.process_file(args=words, user={"uid": 0, "gid": 0, "umask": 0})
        out = self.ok("exec", "-p", file, container)
        self.assertEqual(status_field(out, "Umask"), "0000")

    def test_home_comes_from_the_images_passwd(self):
        container = self.running()
        passwd = self.dir / "bundle-0/rootfs/etc/passwd"
        passwd.write_text("root:x:0:0::/root:\nu:x:1000:0::/home/u:/bin/sh\n")
        script = ("/bin/sh", "-c", "echo $HOME")
        self.assertEqual(self.exec(container, *script, words=["-u", "1000"]), "/home/u\n")
        self.assertEqual(self.exec(container, *script), "/root\n")
        self.assertEqual(self.exec(container, *script, words=["-u", "77"]), "/\n")
        self.assertEqual(self.exec(container, *script, words=["-e", "HOME=/x"]), "/x\n")

    def test_path_of_the_container_finds_the_program(self):
        container = self.running(lambda s: s["process"].update(env=["PATH=/opt:/bin"]))
        opt = self.dir / "bundle-0/rootfs/opt"
        opt.mkdir()
        (opt / "mine").write_text("#!/bin/sh\necho mine\n")
        (opt / "mine").chmod(0o755)
        self.assertEqual(self.exec(container, "mine"), "mine\n")
        result = self.fails("exec", "-e", "PATH=/sbin", container, "mine", code=255)
        self.assertIn("executable file not found in $PATH", result.err)

    def test_cwd_is_made_when_missing(self):
        self.assertEqual(
            self.exec(self.running(), "/bin/probe", "cwd", words=["--cwd", "/new/deep"]),
            "/new/deep\n",
        )

    @harness.by_the_config
    @harness.hull_only("exec of runc and crun makes no working directory")
    def test_cwd_that_is_made_is_for_everybody(self):
        container = self.running(lambda s: s["process"]["user"].update(umask=0o077))
        self.addCleanup(os.umask, os.umask(0o077))
        script = ("/bin/sh", "-c", "umask; stat -c %a /new /new/deep")
        out = self.exec(container, *script, words=["--cwd", "/new/deep"])
        self.assertEqual(out.split(), ["0077", "755", "755"])

    @each(relative=["--cwd", "tmp"], a_file=["--cwd", "/bin/sh"])
    def test_cwd_refused(self, words):
        self.fails("exec", *words, self.running(), "/bin/true", code=255)

    @harness.by_the_config
    @each(zero=0, seven=7, most=254)
    def test_the_exit_status_is_the_processs(self, status):
        container = self.running()
        result = self.runtime("exec", container, "/bin/sh", "-c", f"exit {status}")
        self.assertEqual(result.code, status, result)

    @harness.by_the_config
    @each(term=15, kill=9, usr1=10)
    def test_a_signals_exit_status(self, number):
        result = self.runtime("exec", self.running(), "/bin/probe", "abort", number)
        self.assertEqual(result.code, 128 + number, result)

    @harness.by_the_config
    @each(
        no_program=("/bin/none",),
        not_in_path=("none",),
        a_directory=("/tmp",),
        not_executable=("/proc/version",),
    )
    def test_a_failure_of_exec_itself_is_255(self, words):
        self.fails("exec", self.running(), *words, code=255)

    @harness.by_the_config
    @harness.hull_only("peers ignore an unknown capability, and do not say what /dev/pts is for")
    def test_a_failure_names_its_cause(self):
        container = self.running()
        said = ["--cap 'CAP_FOO'", "capabilities(7)"]
        self.fails("exec", "-c", "CAP_FOO", container, "/bin/true", saying=said, code=255)
        said = ["/dev/pts/ptmx", "mount of type devpts"]
        self.fails("exec", "--tty", container, "/bin/true", saying=said, code=255)

    @harness.by_the_config
    @harness.hull_only("runc and crun exit with 1")
    @each(
        unknown_flag=([], ["--bogus"]),
        no_value=([], ["--preserve-fds", "x"]),
        closed_descriptor=([], ["--preserve-fds", "30"]),
        log=(["--log", "/none/log"], []),
        root=(["--root", "/"], []),
        log_format=(["--log-format", "x"], []),
    )
    def test_a_failure_before_exec_is_255(self, words):
        """So that it is never taken for the program's own."""
        flags, more = words
        self.fails("exec", *more, self.running(), "/bin/false", flags=flags, code=255)

    def test_everything_that_holds_for_init_holds_for_exec(self):
        """/proc/PID/status of both, but for what names the process itself."""

        def edit(spec):
            spec["process"].update(
                user={"uid": 7, "gid": 8, "additionalGids": [9, 10], "umask": 0o77},
                capabilities={name: ["CAP_KILL"] for name in SETS},
                noNewPrivileges=True,
            )
            spec["linux"]["seccomp"] = {
                "defaultAction": "SCMP_ACT_ALLOW",
                "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}],
            }

        container = self.running(edit)
        same = (*FIELDS.values(), "Uid", "Gid", "Groups", "Umask", "NoNewPrivs", "Seccomp")
        same += ("Seccomp_filters", "Cpus_allowed", "Mems_allowed", "SigBlk", "SigIgn")
        init, further = self.proc(container, "status"), self.exec_status(container)
        for name in same:
            self.assertEqual(status_field(further, name), status_field(init, name), name)

    def test_limits_are_the_configs(self):
        container = self.running(
            lambda s: s["process"].update(
                rlimits=[{"type": "RLIMIT_NOFILE", "soft": 33, "hard": 44}]
            )
        )
        line = next(
            l
            for l in self.exec(container, "/bin/cat", "/proc/self/limits").splitlines()
            if l.startswith("Max open files")
        )
        self.assertEqual(line.split()[3:5], ["33", "44"])

    def process_file(self, **members):
        process = {
            "args": ["/bin/true"],
            "cwd": "/",
            "env": ["PATH=/bin"],
            "user": {"uid": 0, "gid": 0},
            **members,
        }
        return self.host_file("process.json", json.dumps(process))

    @each(short="-p", long="--process")
    def test_process_file(self, flag):
        file = self.process_file(
            args=["/bin/sh", "-c", "echo $(id -u) $PWD $A"],
            cwd="/tmp",
            env=["PATH=/bin", "A=a"],
            user={"uid": 5, "gid": 6},
        )
        self.assertEqual(self.ok("exec", flag, file, self.running()), "5 /tmp a\n")

    def test_process_file_without_capabilities_has_the_containers(self):
        container = self.start(*SLEEP)
        file = self.process_file(args=["/bin/cat", "/proc/self/status"])
        self.assertEqual(
            harness.status_field(self.ok("exec", "-p", file, container), "CapBnd"),
            harness.status_field(self.proc(container, "status"), "CapBnd"),
        )

    def test_process_file_has_only_its_own_capabilities(self):
        file = self.process_file(
            args=["/bin/cat", "/proc/self/status"], capabilities={"bounding": ["CAP_CHOWN"]}
        )
        self.assert_caps(self.ok("exec", "-p", file, self.running()), bounding=CHOWN)

    @harness.by_the_config
    def test_process_file_that_is_wrong(self):
        self.fails("exec", "-p", self.host_file("process.json", "{"), self.running(), code=255)

    @harness.by_the_config
    def test_process_file_that_is_missing(self):
        self.fails("exec", "-p", self.dir / "none", self.running(), code=255, saying="none")

    @harness.by_the_config
    @harness.hull_only("runc and crun drop them without a word")
    def test_process_file_beside_flags_of_the_process(self):
        file, container = self.process_file(args=["/bin/true"]), self.running()
        for flag in ("--apparmor=x", "--process-label=x", "--no-new-privs", "--cap=CAP_KILL"):
            saying = [flag.split("=")[0], "--process"]
            self.fails("exec", "-p", file, flag, container, saying=saying, code=255)
        for flag in ("--env=A=B", "--cwd=/tmp", "--user=5", "--additional-gids=7"):
            result = self.runtime("exec", "-p", file, flag, container)
            self.assertEqual(result.code, 0, result)
            self.assertIn(f"warning: flag {flag.split('=')[0]}: without effect", result.err)

    @harness.by_the_config
    def test_no_command(self):
        self.assertNotEqual(self.runtime("exec", self.running()).code, 0)

    @harness.by_the_config
    def test_detached(self):
        container = self.running()
        pid_file = self.dir / "pid"
        self.ok("exec", "-d", "--pid-file", pid_file, container, *SLEEP)
        status = pathlib.Path(f"/proc/{pid_file.read_text()}/status").read_text()
        self.assertEqual(len(status_field(status, "NSpid").split()), 2)

    def test_only_the_first_three_descriptors(self):
        with open("/etc/passwd") as leaked:
            os.set_inheritable(leaked.fileno(), True)
            out = self.exec(self.running(), "/bin/probe", "fds", pass_fds=[leaked.fileno()])
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["0", "1", "2"])

    @each(one=1, three=3)
    def test_preserved_descriptors(self, count):
        files = [open(self.host_file(f"f{i}", f"file {i}\n")) for i in range(count)]

        out = self.exec(
            self.running(),
            "/bin/sh",
            "-c",
            f"probe fds; cat <&{2 + count}",
            words=["--preserve-fds", count],
            preexec_fn=lambda: place_behind_stdio(files),
            pass_fds=tuple(range(3, 3 + count)),
        ).splitlines()
        for file in files:
            file.close()
        self.assertEqual([int(line.split()[0]) for line in out[:-1]], list(range(3 + count)))
        self.assertEqual(out[-1], f"file {count - 1}")

    def test_ignore_paused(self):
        container = self.running()
        self.ok("pause", container)
        bundle = harness.popen(
            self.runtime.command("exec", "--ignore-paused", container, "/bin/true")
        )
        self.assertIsNone(bundle.poll())
        harness.time.sleep(0.1)
        self.ok("resume", container)
        self.assertEqual(harness.wait(bundle), 0)

    @harness.by_the_config
    def test_in_a_created_container(self):
        self.assertEqual(self.exec(self.create(), "/bin/id", "-u"), "0\n")

    @harness.by_the_config
    def test_stdin(self):
        with open(self.host_file("in", "hello\n")) as stdin:
            self.assertEqual(self.exec(self.running(), "/bin/cat", stdin=stdin), "hello\n")

    @harness.by_the_config
    def test_many_at_once(self):
        container = self.running()
        runs = [
            harness.popen(self.runtime.command("exec", container, "/bin/sh", "-c", f"exit {n}"))
            for n in range(10)
        ]
        self.assertEqual([harness.wait(run) for run in runs], list(range(10)))


if __name__ == "__main__":
    harness.main()
