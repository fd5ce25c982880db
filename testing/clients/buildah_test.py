#!/usr/bin/env -S python3 -B
"""Buildah runs the steps of a build through the runtime: buildah_test.py RUNTIME."""

import unittest

import engine


class BuildahTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = engine.Place()
        cls.base = [
            engine.need_program("buildah"),
            "--root",
            cls.place.path / "graph",
            "--runroot",
            cls.place.path / "run",
            "--storage-driver",
            "vfs",
        ]
        cls.rootfs = engine.make_rootfs(cls.place.path / "rootfs")
        cls.buildah(
            "from",
            "--name",
            "work",
            "--network",
            "none",
            "--cgroup-parent",
            "/" + cls.place.cgroup,
            *engine.LIMITS,
            "scratch"
        )
        cls.buildah("add", "work", cls.rootfs, "/")

    @classmethod
    def tearDownClass(cls):
        cls.buildah("rm", "--all")
        left = cls.place.close()
        if left:
            raise AssertionError("left behind:\n" + "\n".join(left))

    @classmethod
    def buildah(cls, *args, check=True, **options):
        return cls.place.call(cls.base + list(args), check=check, **options)

    def run_step(self, *command, flags=(), check=True, **options):
        return self.buildah(
            "run",
            "--isolation",
            "oci",
            "--runtime",
            self.place.runtime,
            "--network",
            "none",
            *flags,
            "work",
            "--",
            *command,
            check=check,
            **options
        )

    def test_runs_a_step(self):
        self.assertEqual(self.run_step("echo", "from", "a", "step").stdout, "from a step\n")

    def test_keeps_what_a_step_changes(self):
        self.run_step("sh", "-c", "echo kept > /file")
        self.assertEqual(self.run_step("cat", "/file").stdout, "kept\n")

    def test_returns_the_exit_code_of_a_step(self):
        self.assertEqual(self.run_step("sh", "-c", "exit 3", check=False).returncode, 3)

    def test_fails_a_step_whose_program_is_missing(self):
        done = self.run_step("no-such-program", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no-such-program", done.stderr)

    def test_hands_stdin_through(self):
        done = self.run_step("cat", stdin=None, input="a line\n")
        self.assertEqual(done.stdout, "a line\n")

    def test_gives_a_terminal(self):
        self.assertIn("/dev/pts/0", self.run_step("tty", flags=["--tty"]).stdout)

    def test_sets_environment_user_directory_and_hostname(self):
        self.buildah("config", "--env", "A=1", "--workingdir", "/tmp", "work")
        done = self.run_step(
            "sh",
            "-c",
            "echo $A; id -u; pwd; hostname",
            flags=["--user", "1000:1000", "--hostname", "builder"],
        )
        self.buildah("config", "--env", "A-", "--workingdir", "/", "work")
        self.assertEqual(done.stdout, "1\n1000\n/tmp\nbuilder\n")

    def test_binds_a_volume(self):
        host = self.place.path / "shared"
        host.mkdir()
        self.run_step("sh", "-c", "echo written > /mnt/file", flags=["-v", "%s:/mnt" % host])
        self.assertEqual((host / "file").read_text(), "written\n")

    def test_builds_an_image_from_a_containerfile(self):
        context = self.place.path / "context"
        context.mkdir()
        (context / "Containerfile").write_text(
            "FROM scratch\nCOPY rootfs /\nRUN echo built > /result\nRUN test -f /result\n"
        )
        engine.make_rootfs(context / "rootfs")
        done = self.buildah(
            "build",
            "--isolation",
            "oci",
            "--runtime",
            self.place.runtime,
            "--network",
            "none",
            "--cgroup-parent",
            "/" + self.place.cgroup,
            *engine.LIMITS,
            "--tag",
            "built",
            context
        )
        self.assertIn("built\n", done.stdout)


if __name__ == "__main__":
    engine.main()
