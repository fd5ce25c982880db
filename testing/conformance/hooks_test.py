#!/usr/bin/env python3
"""All six hooks: when they run, where, with what; what their failure does."""

import json
import os
import signal
import subprocess
import time

import harness
from harness import Case, each, eventually, hull_only

QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
SLEEP = ("/bin/probe", "sleep", "1000")
CLONE3 = 435
KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")
HOST = tuple(k for k in KINDS if k != "startContainer")
BEFORE_START = ("prestart", "createRuntime", "createContainer")


class Hooks(Case):
    def hook(self, kind, script, **members):
        """Runs `script` with $D as this case's directory, which startContainer sees as /host."""
        directory = "/host" if kind == "startContainer" else str(self.dir)
        return {"path": "/bin/sh", "args": ["sh", "-c", f"D={directory}; {script}"], **members}

    def edit(self, more=None, **hooks):
        def edit(spec):
            spec["mounts"].append(
                {
                    "destination": "/host",
                    "type": "bind",
                    "source": str(self.dir),
                    "options": ["bind"],
                }
            )
            spec["hooks"] = hooks
            if more:
                more(spec)

        return edit

    def records(self, kind, what, more=None, **members):
        """Runs a container with one hook that keeps the output of `what`."""
        script = f"{{ {what}; }} > $D/record; : > $D/recorded"
        (self.dir / "recorded").unlink(missing_ok=True)
        edit = self.edit(more, **{kind: [self.hook(kind, script, **members)]})
        container = self.start(*SLEEP, edit=edit)
        if kind == "poststop":
            self.ok("delete", "--force", container)
        self.assertTrue(eventually((self.dir / "recorded").exists))
        return (self.dir / "record").read_text(), container


class When(Hooks):
    @hull_only("runc runs poststart hooks when it creates")
    def test_order(self):
        hooks = {k: [self.hook(k, f"echo {k}{n} >> $D/order") for n in (1, 2)] for k in KINDS}
        container = self.create(*SLEEP, edit=self.edit(**hooks))
        order = self.dir / "order"
        created = [k + n for k in BEFORE_START for n in "12"]
        self.assertEqual(order.read_text().split(), created)
        self.ok("start", container)
        started = created + [k + n for k in ("startContainer", "poststart") for n in "12"]
        self.assertTrue(eventually(lambda: len(order.read_text().split()) == len(started)))
        self.assertEqual(sorted(order.read_text().split()), sorted(started))
        self.ok("delete", "--force", container)
        self.assertEqual(order.read_text().split()[-2:], ["poststop1", "poststop2"])

    def test_create_hooks_run_before_pivot_root(self):
        seen, _ = self.records("createContainer", "ls -d /etc/debian_version 2>&1")
        self.assertEqual(seen, "/etc/debian_version\n")

    def test_create_container_runs_after_the_mounts(self):
        seen, _ = self.records(
            "createContainer",
            f"cat {self.dir}/bundle-0/rootfs/proc/1/cmdline >/dev/null" " && echo mounted",
        )
        self.assertEqual(seen, "mounted\n")

    def test_start_container_runs_before_the_program(self):
        hooks = {
            "startContainer": [self.hook("startContainer", "echo hook >> $D/order; sleep 0.1")]
        }
        self.start(
            "/bin/sh", "-c", "echo program >> /host/order; sleep 1000", edit=self.edit(**hooks)
        )
        order = self.dir / "order"
        self.assertTrue(eventually(lambda: order.exists() and order.read_text().count("\n") == 2))
        self.assertEqual(order.read_text(), "hook\nprogram\n")

    @hull_only("runc and crun know no container that is being created")
    @each(create=["create"], run=["run", "--detach"])
    def test_while_one_runs_the_container_is_being_created(self, command):
        """An exec waits: before pivot_root the container's processes see the host's files."""
        os.mkfifo(self.dir / "gate")
        hook = self.hook("createRuntime", ": > $D/begun; read line < $D/gate")
        bundle = self.bundle(self.spec(*SLEEP, edit=self.edit(createRuntime=[hook])))
        container = self.new_id()
        making = harness.popen(
            self.runtime.command(*command, "--bundle", bundle.path, container), **QUIET
        )
        self.assertTrue(eventually((self.dir / "begun").exists))
        self.assertEqual(self.status(container), "creating")
        execing = harness.popen(
            self.runtime.command("exec", container, "/bin/probe", "sleep", "0"), **QUIET
        )
        early = eventually(lambda: execing.poll() is not None, 0.3)
        (self.dir / "gate").write_text("\n")
        self.assertFalse(early, "the exec did not wait")
        self.assertEqual([harness.wait(making), harness.wait(execing)], [0, 0])
        self.assertEqual(self.status(container), "created" if command[0] == "create" else "running")

    @hull_only("runc and crun say running while startContainer hooks run")
    @each(start="start", run="run")
    def test_while_the_last_runs_the_container_is_created(self, way):
        """It is running once its program is; killed before, it was not started."""
        hook = self.hook("startContainer", ": > $D/begun; sleep 1000")
        after = self.hook("poststart", ": > $D/after")
        bundle = self.bundle(
            self.spec(*SLEEP, edit=self.edit(startContainer=[hook], poststart=[after]))
        )
        container = self.new_id()
        words = ["run", "--detach", "--bundle", bundle.path, container]
        if way == "start":
            self.ok("create", "--bundle", bundle.path, container)
            words = ["start", container]
        starting = harness.popen(self.runtime.command(*words), **QUIET)
        self.assertTrue(eventually((self.dir / "begun").exists))
        self.assertEqual(self.status(container), "created")
        self.ok("kill", container, "KILL")
        self.assertEqual(harness.wait(starting), 1)
        self.assertFalse((self.dir / "after").exists())

    @hull_only("runc and crun wait for the hook all the same")
    @each(**{kind: kind for kind in BEFORE_START})
    def test_one_that_hangs_is_ended_by_a_forced_delete(self, kind):
        hook = self.hook(kind, ": > $D/begun; exec sleep 1000")
        bundle = self.bundle(self.spec(*SLEEP, edit=self.edit(**{kind: [hook]})))
        container = self.new_id()
        making = harness.popen(
            self.runtime.command("create", "--bundle", bundle.path, container), **QUIET
        )
        self.assertTrue(eventually((self.dir / "begun").exists))
        self.ok("delete", "--force", container)
        self.assertEqual(harness.wait(making), 1)
        self.assert_nothing_left(container)

    @harness.by_the_config
    def test_run_runs_all(self):
        hooks = {k: [self.hook(k, f"echo {k} >> $D/order")] for k in KINDS}
        self.assertEqual(self.run_args("/bin/sleep", "0.2", edit=self.edit(**hooks)).code, 0)
        order = (self.dir / "order").read_text().split()
        self.assertEqual(sorted(order), sorted(KINDS))
        self.assertEqual(order[-1], "poststop")


    @each(**{k: k for k in KINDS})
    def test_without_clone3(self, kind):
        """Engines' filters for the runtime itself deny it: ENOSYS."""
        edit = self.edit(**{kind: [self.hook(kind, "echo ran > $D/ran")]})
        result = self.run_args("/bin/true", edit=edit, preexec_fn=harness.without([CLONE3]))
        self.assertEqual(result.code, 0, result)
        self.assertEqual((self.dir / "ran").read_text(), "ran\n")


class Where(Hooks):
    @each(**{k: k for k in ("prestart", "createRuntime", "poststart", "poststop")})
    def test_in_the_runtimes_namespaces(self, kind):
        # For --pure-v2 the runtime has a mount namespace of its own.
        for name in ("net", "uts") if harness.PURE_V2 else ("net", "mnt", "uts"):
            (self.dir / "record").unlink(missing_ok=True)
            seen, _ = self.records(kind, f"readlink /proc/self/ns/{name}")
            self.assertEqual(seen.strip(), os.readlink(f"/proc/self/ns/{name}"), name)

    @each(create="createContainer", start="startContainer")
    def test_in_the_containers_namespaces(self, kind):
        seen, container = self.records(kind, "ls -l /proc/self/ns/net")
        self.assertEqual(seen.split()[-1], os.readlink(f"/proc/{self.pid(container)}/ns/net"))

    def test_start_container_sees_the_containers_root(self):
        seen, _ = self.records("startContainer", "ls /")
        self.assertIn("host", seen.split())
        self.assertNotIn("usr", seen.split())


class Signals(Hooks):
    """To a runtime in the foreground, while it has no process to forward them to."""

    WAIT = ": > $D/runs; until test -e $D/go; do sleep 0.01; done; "

    def interrupt(self, kind, script):
        edit = self.edit(**{kind: [self.hook(kind, self.WAIT + script)]})
        bundle = self.bundle(self.spec("/bin/sh", "-c", "exit 3", edit=edit))
        command = self.runtime.command("run", "--bundle", bundle.path, self.new_id())
        process = harness.popen(command, stderr=subprocess.PIPE, text=True)
        with process.stderr:
            self.assertTrue(eventually((self.dir / "runs").exists))
            process.send_signal(signal.SIGTERM)
            (self.dir / "go").touch()
            return harness.wait(process), process.stderr.read()

    def test_do_not_replace_the_containers_status(self):
        self.assertEqual(self.interrupt("poststop", "exit 0"), (3, ""))

    @hull_only("runc says other words, and crun exits with 255")
    def test_do_not_replace_a_failure(self):
        code, said = self.interrupt("createRuntime", "exit 4")
        self.assertEqual(code, 1)
        self.assertIn("/hooks/createRuntime/0: hook '/bin/sh' exited with status 4", said)


class With(Hooks):
    @each(**{k: k for k in KINDS})
    def test_the_state_on_stdin(self, kind):
        seen, container = self.records(kind, "cat", lambda s: s.update(annotations={"a.b": "c"}))
        state = json.loads(seen)
        self.assertEqual(state["id"], container)
        self.assertEqual(state["bundle"], str(self.dir / "bundle-0"))
        self.assertEqual(state["annotations"], {"a.b": "c"})
        self.assertRegex(state["ociVersion"], r"^1\.[0-3]\.\d")
        hull = harness.NAME == "hull"
        expected = {
            "prestart": ("creating",) if hull else ("creating", "created"),
            "createRuntime": ("creating",) if hull else ("creating", "created"),
            "createContainer": ("creating",) if hull else ("creating", "created"),
            "startContainer": ("created",),
            "poststart": ("created",) if harness.NAME == "runc" else ("running",),
            "poststop": ("stopped",),
        }[kind]
        self.assertIn(state["status"], expected)

    @each(prestart="prestart", createRuntime="createRuntime", poststart="poststart")
    def test_the_pid(self, kind):
        seen, container = self.records(kind, "cat")
        self.assertEqual(json.loads(seen)["pid"], self.pid(container))

    @each(create="createContainer", start="startContainer")
    def test_the_pid_in_the_containers_namespaces(self, kind):
        seen, _ = self.records(kind, "cat")
        self.assertEqual(json.loads(seen)["pid"], 1)

    @each(create="createContainer", start="startContainer")
    def test_the_pid_in_a_shared_pid_namespace(self, kind):
        seen, container = self.records(kind, "cat", lambda s: harness.remove_namespace(s, "pid"))
        self.assertEqual(json.loads(seen)["pid"], self.pid(container))

    @harness.by_the_config
    @each(**{k: k for k in KINDS})
    def test_a_long_state(self, kind):
        """More than any pipe holds (runc's own startContainer hooks then never begin)."""
        long = "x" * 300000
        seen, _ = self.records(kind, "cat", lambda s: s.update(annotations={"a.b": long}))
        self.assertEqual(json.loads(seen)["annotations"], {"a.b": long})

    @harness.by_the_config
    @each(**{k: k for k in KINDS})
    def test_a_long_state_that_is_not_read(self, kind):
        long = "x" * 300000
        seen, _ = self.records(kind, "echo done", lambda s: s.update(annotations={"a.b": long}))
        self.assertEqual(seen, "done\n")

    @each(**{k: k for k in HOST})
    def test_the_bundle_is_the_directory(self, kind):
        """With runc it is init's root or the caller's for createContainer and poststop."""
        seen, _ = self.records(kind, "/bin/pwd")
        self.assertEqual(seen, f"{self.dir}/bundle-0\n")

    @harness.in_brief(*KINDS)
    @each(**{k: k for k in KINDS})
    def test_exactly_its_own_environment(self, kind):
        os.environ["LEAK"] = "secret"
        try:
            seen, _ = self.records(
                kind, "cat /proc/self/environ", env=["A=1", "B=two words"], timeout=60
            )
        finally:
            del os.environ["LEAK"]
        entries = set(seen.split("\0")) - {""}
        self.assertLessEqual({"A=1", "B=two words"}, entries)
        self.assertEqual({e for e in entries if e.startswith(("LEAK", "TERM"))}, set())

    @harness.by_the_config
    @each(**{k: k for k in HOST})
    def test_no_environment_of_the_container(self, kind):
        seen, _ = self.records(
            kind, "cat /proc/self/environ", lambda s: s["process"]["env"].append("LD_PRELOAD=/evil")
        )
        self.assertNotIn("LD_PRELOAD", seen)

    @harness.by_the_config
    @each(**{k: k for k in KINDS})
    @hull_only("runc and crun give the caller's; startContainer hooks have the program's")
    def test_no_environment_but_its_own(self, kind):
        os.environ["LEAK"] = "secret"
        try:
            # What the shell itself was given, where its own pid is one of this /proc.
            process = "self" if kind == "createContainer" else "$$"
            seen, _ = self.records(kind, f"cat /proc/{process}/environ")
        finally:
            del os.environ["LEAK"]
        names = {entry.split("=")[0] for entry in seen.split("\0")} - {""}
        self.assertLessEqual(names, {"PWD"} if process == "self" else set())

    @each(**{k: k for k in KINDS})
    @hull_only("runc leaks sockets of its own; crun takes no flags after the id")
    def test_only_the_first_three_descriptors(self, kind):
        inside = kind == "startContainer"
        probe, record = ("/bin/probe", "/host") if inside else (harness.PROBE, self.dir)
        script = f"{probe} fds > {record}/record"
        edit = self.edit(**{kind: [{"path": "/bin/sh", "args": ["sh", "-c", script]}]})
        container = self.start(*SLEEP, edit=edit)
        if kind == "poststop":
            self.ok("delete", container, "--force")
        record = self.dir / "record"
        self.assertTrue(eventually(lambda: record.exists() and record.read_text()))
        self.assertEqual(
            [line.split()[0] for line in record.read_text().splitlines()], ["0", "1", "2"]
        )

    @harness.by_the_config
    @each(**{k: k for k in KINDS})
    @hull_only("runc leaks sockets of its own; crun takes no flags after the id")
    def test_no_preserved_descriptor(self, kind):
        inside = kind == "startContainer"
        probe, record = ("/bin/probe", "/host") if inside else (harness.PROBE, self.dir)
        script = f"{probe} fds > {record}/record"
        edit = self.edit(**{kind: [{"path": "/bin/sh", "args": ["sh", "-c", script]}]})
        with open("/dev/null") as file:
            container = self.create(
                *SLEEP,
                edit=edit,
                words=["--preserve-fds", 1],
                preexec_fn=lambda: os.dup2(file.fileno(), 3),
                pass_fds=(3,),
            )
        self.ok("start", container)
        if kind == "poststop":
            self.ok("delete", container, "--force")
        record = self.dir / "record"
        self.assertTrue(eventually(lambda: record.exists() and record.read_text()))
        self.assertEqual(
            [line.split()[0] for line in record.read_text().splitlines()], ["0", "1", "2"]
        )

    @each(**{k: k for k in KINDS})
    def test_the_umask(self, kind):
        """The caller's, not what the runtime needs to make the rootfs; in the container its own."""
        before = os.umask(0o022)
        self.addCleanup(os.umask, before)
        seen, _ = self.records(kind, "umask", lambda s: s["process"]["user"].update(umask=0o077))
        self.assertEqual(seen, "0077\n" if kind == "startContainer" else "0022\n")

    def test_its_arguments(self):
        edit = self.edit(
            createRuntime=[
                {
                    "path": "/bin/sh",
                    "args": ["name", "-c", f'echo "$0 $1" > {self.dir}/record', "zero", "one"],
                }
            ]
        )
        self.create(*SLEEP, edit=edit)
        self.assertEqual((self.dir / "record").read_text(), "zero one\n")

    @harness.by_the_config
    def test_no_arguments_is_its_path(self):
        script = self.host_file("hook", f"#!/bin/sh\necho $# > {self.dir}/record\n", 0o755)
        self.create(*SLEEP, edit=self.edit(createRuntime=[{"path": str(script)}]))
        self.assertEqual((self.dir / "record").read_text(), "0\n")


class Failure(Hooks):
    @each(**{k: k for k in BEFORE_START})
    def test_undoes_create(self, kind):
        container = self.new_id()
        bundle = self.bundle(
            self.spec("/bin/true", edit=self.edit(**{kind: [self.hook(kind, "exit 7")]}))
        )
        self.fails("create", "--bundle", bundle.path, container, saying="hook")
        self.assert_nothing_left(container)

    @harness.by_the_config
    @each(prestart="prestart", createRuntime="createRuntime")
    def test_is_seen_where_the_caller_ignores_its_children(self, kind):
        edit = self.edit(**{kind: [self.hook(kind, "exit 7")]})
        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        ignore = lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for command in ("create", "run"):
            words = ["--bundle", bundle.path, self.new_id()]
            self.fails(command, *words, saying="hook", preexec_fn=ignore)
            self.assert_nothing_left(self.ids[-1])

    @harness.by_the_config
    @each(**{k: k for k in BEFORE_START})
    def test_what_the_hook_said_is_passed_on(self, kind):
        container = self.new_id()
        bundle = self.bundle(
            self.spec(
                "/bin/true",
                edit=self.edit(**{kind: [self.hook(kind, "echo the reason >&2; exit 7")]}),
            )
        )
        self.fails("create", "--bundle", bundle.path, container, saying=["the reason"])

    @harness.by_the_config
    @each(**{k: k for k in BEFORE_START})
    @hull_only("runc and crun say other words")
    def test_how_it_ended_is_said(self, kind):
        for script, words in (
            ("exit 1", "exited with status 1"),
            ("exit 200", "exited with status 200"),
            ("kill -9 $$", "died of signal 9"),
        ):
            edit = self.edit(**{kind: [self.hook(kind, script)]})
            self.refused(edit, saying=f"/hooks/{kind}/0: hook '/bin/sh' {words}")

    @harness.by_the_config
    @each(**{k: k for k in BEFORE_START})
    def test_ends_the_chain(self, kind):
        bundle = self.bundle(
            self.spec(
                "/bin/true",
                edit=self.edit(
                    **{kind: [self.hook(kind, "exit 1"), self.hook(kind, "echo > $D/second")]}
                ),
            )
        )
        self.fails("create", "--bundle", bundle.path, self.new_id())
        self.assertFalse((self.dir / "second").exists())

    @hull_only("runc waits for what a hook of a failing create started")
    def test_takes_what_it_started_along(self):
        """Also where no pid namespace ends with init."""
        edit = self.edit(
            lambda s: harness.remove_namespace(s, "pid"),
            createContainer=[self.hook("createContainer", "sleep 1000 & exit 7")],
        )
        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        container = self.new_id()
        result = self.fails("create", "--bundle", bundle.path, container, saying="hook")
        self.assertNotIn("removing cgroup", result.err)
        self.assert_nothing_left(container)

    @hull_only("start of runc and crun does not wait for startContainer hooks")
    def test_is_told_of_the_config_that_was_created(self):
        """What is written to config.json later counts no more, as runtime.md#lifecycle has it."""
        hooks = [self.hook("startContainer", f"exit {n}") for n in (0, 0, 5)]
        bundle = self.bundle(self.spec(*SLEEP, edit=self.edit(startContainer=hooks)))
        container = self.new_id()
        self.ok("create", "--bundle", bundle.path, container)
        bundle.spec["hooks"]["startContainer"] = []
        bundle.write()
        self.fails("start", container, saying=["/hooks/startContainer/2", "status 5"])

    @harness.by_the_config
    def test_of_start_container_keeps_the_program_from_running(self):
        container = self.create(
            "/bin/sh",
            "-c",
            "echo > /host/ran",
            edit=self.edit(startContainer=[self.hook("startContainer", "exit 1")]),
        )
        self.fails("start", container)
        self.assertFalse((self.dir / "ran").exists())

    @harness.by_the_config
    @hull_only("runc runs poststart hooks when it creates")
    def test_of_poststart_fails_start(self):
        container = self.create(
            *SLEEP, edit=self.edit(poststart=[self.hook("poststart", "exit 1")])
        )
        self.fails("start", container, saying="hook")

    @hull_only("runc leaves it stopped; crun deletes it for poststart, which runc runs at create")
    @each(startContainer="startContainer", poststart="poststart")
    def test_of_start_destroys_the_container(self, kind):
        """As runtime.md#lifecycle has it: stopped, destroyed, then the poststop hooks."""
        for way in ("start", "run"):
            (self.dir / "last").unlink(missing_ok=True)
            edit = self.edit(
                **{kind: [self.hook(kind, "exit 1")]},
                poststop=[self.hook("poststop", "echo $(cat) > $D/last")],
            )
            if way == "start":
                container = self.create(*SLEEP, edit=edit)
                self.fails("start", container, saying=[f"/hooks/{kind}/0", "status 1"])
            else:
                container = self.new_id()
                bundle = self.bundle(self.spec(*SLEEP, edit=edit))
                self.fails("run", "--detach", "--bundle", bundle.path, container, saying="hook")
            self.assert_nothing_left(container)
            self.assertEqual(json.loads((self.dir / "last").read_text())["status"], "stopped")

    @harness.by_the_config
    @each(**{k: k for k in BEFORE_START})
    def test_of_create_runs_the_poststop_hooks(self, kind):
        edit = self.edit(
            **{kind: [self.hook(kind, "exit 7")]},
            poststop=[self.hook("poststop", "echo $(cat) > $D/last")],
        )
        bundle = self.bundle(self.spec("/bin/true", edit=edit))
        self.fails("create", "--bundle", bundle.path, self.new_id())
        self.assertEqual(json.loads((self.dir / "last").read_text())["status"], "stopped")

    @harness.by_the_config
    @hull_only("start of runc and crun does not wait for startContainer hooks")
    def test_of_start_container_is_named(self):
        """Also where what is undone of the creation's options made the steps fewer or more."""
        for words in ([], ["--no-new-keyring"]):
            container = self.create(
                "/bin/true",
                edit=self.edit(startContainer=[self.hook("startContainer", "exit 5")]),
                words=words,
            )
            said = ["/hooks/startContainer/0: hook '/bin/sh' exited with status 5"]
            self.fails("start", container, saying=said)

    @harness.by_the_config
    @each(**{k: k for k in KINDS})
    def test_a_program_that_is_not_there(self, kind):
        """With runc, start does not learn of startContainer hooks that fail."""
        edit = self.edit(**{kind: [{"path": "/nowhere/hook"}]})
        bundle = self.bundle(self.spec(*SLEEP, edit=edit))
        words = ["--bundle", bundle.path, self.new_id()]
        if kind in BEFORE_START:
            result = self.fails("create", *words)
        elif kind == "poststop":
            self.ok("create", *words)
            result = self.runtime("delete", "--force", self.ids[-1])
            self.fails("state", self.ids[-1], saying="does not exist")
        elif harness.NAME == "runc" and kind == "poststart":
            result = self.fails("create", *words)  # it runs them there
        else:
            self.ok("create", *words)
            result = self.fails("start", self.ids[-1])
        if harness.NAME == "hull":
            self.assertIn(f"/hooks/{kind}/0: hook '/nowhere/hook' cannot be executed", result.err)

    @harness.by_the_config
    @hull_only("runc stops at the first that fails")
    def test_of_poststop_does_not_keep_delete(self):
        container = self.create(
            *SLEEP,
            edit=self.edit(
                poststop=[
                    self.hook("poststop", "exit 1"),
                    self.hook("poststop", "echo > $D/second"),
                ]
            ),
        )
        self.runtime("delete", "--force", container)
        self.assertTrue((self.dir / "second").exists())
        self.fails("state", container, saying="does not exist")

    @each(**{k: k for k in BEFORE_START})
    def test_timeout_ends_it(self, kind):
        bundle = self.bundle(
            self.spec(
                "/bin/true",
                edit=self.edit(
                    **{kind: [{"path": "/bin/sleep", "args": ["sleep", "20"], "timeout": 1}]}
                ),
            )
        )
        container = self.new_id()
        begin = time.monotonic()
        self.fails("create", "--bundle", bundle.path, container)
        self.assertLess(time.monotonic() - begin, 5)

    @each(**{k: k for k in BEFORE_START})
    @hull_only("runc and crun kill the hook itself alone")
    def test_timeout_ends_what_it_started(self, kind):
        """In the container's namespace, too, where a host's pid namespace keeps it alive."""
        hook = self.hook(kind, "sleep 1000 & sleep 1000", timeout=1)
        self.refused(
            self.edit(lambda s: harness.remove_namespace(s, "pid"), **{kind: [hook]}),
            saying="was killed after its timeout of 1 s",
        )

    @each(start="startContainer", poststart="poststart")
    @hull_only("runc and crun kill the hook itself alone")
    def test_timeout_ends_what_a_hook_of_start_started(self, kind):
        hook = self.hook(kind, "sleep 1000 & sleep 1000", timeout=1)
        edit = self.edit(lambda s: harness.remove_namespace(s, "pid"), **{kind: [hook]})
        container = self.create(*SLEEP, edit=edit)
        self.fails("start", container, saying="was killed after its timeout of 1 s")
        self.runtime("delete", "--force", container)
        self.assert_nothing_left(container)

    @each(**{k: k for k in BEFORE_START})
    def test_what_a_hook_in_time_has_started_stays(self, kind):
        # It must be executed before the hook ends: behind pivot_root there is another /bin.
        executed = 'until read name < /proc/$!/comm && [ "$name" = sleep ]; do :; done'
        script = f"sleep 1000 >/dev/null 2>&1 & echo $! > $D/daemon; {executed}"
        self.create(
            *SLEEP,
            edit=self.edit(
                lambda s: harness.remove_namespace(s, "pid"),
                **{kind: [self.hook(kind, script, timeout=30)]},
            ),
        )
        daemon = int((self.dir / "daemon").read_text())
        self.addCleanup(harness.reap)
        os.kill(daemon, signal.SIGKILL)  # which finds it

    @harness.by_the_config
    @each(start="startContainer", poststart="poststart")
    @hull_only("runc runs poststart hooks when it creates; crun says other words")
    def test_timeout_of_what_start_runs(self, kind):
        hook = self.hook(kind, "trap '' TERM INT HUP; exec sleep 1000", timeout=1)
        container = self.create(*SLEEP, edit=self.edit(**{kind: [hook]}))
        self.fails("start", container, saying=f"/hooks/{kind}/0: hook '/bin/sh' was killed after")

    @harness.by_the_config
    def test_timeout_of_poststop(self):
        hook = self.hook("poststop", "exec sleep 1000", timeout=1)
        container = self.create(*SLEEP, edit=self.edit(poststop=[hook]))
        self.runtime("delete", "--force", container)
        self.fails("state", container, saying="does not exist")

    @harness.by_the_config
    def test_a_timeout_that_is_not_reached_does_nothing(self):
        self.create(
            *SLEEP, edit=self.edit(createRuntime=[self.hook("createRuntime", "true", timeout=30)])
        )


if __name__ == "__main__":
    harness.main()
