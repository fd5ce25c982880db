"""Podman with a storage, a state and a runtime of its own, and a test case that has one."""

import json
import tarfile
import unittest

import engine

IMAGE = "localhost/hull-test:latest"


class Podman:
    """Podman with this place's own storage, state and runtime."""

    def __init__(self, place):
        self.place = place
        self.base = [
            engine.need_program("podman"),
            "--runtime",
            place.runtime,
            "--root",
            place.path / "graph",
            "--runroot",
            place.path / "run",
            "--tmpdir",
            place.path / "tmp",
            "--storage-driver",
            "vfs",
            "--cgroup-manager",
            "cgroupfs",
            "--log-level",
            "error",
        ]

    def __call__(self, *args, **options):
        return self.place.call(self.base + list(args), **options)

    def import_image(self):
        root = engine.make_rootfs(self.place.path / "rootfs")
        archive = self.place.path / "rootfs.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(root, arcname=".")
        self("import", "--change", "ENV=FROM_IMAGE=yes", archive, IMAGE)

    def start_argv(self, verb, *args):
        """`podman run` or `create` with what this machine and these tests always need."""
        return self.base + [
            verb,
            "--network=none",
            "--cgroup-parent",
            "/" + self.place.cgroup,
            *engine.LIMITS,
            *args,
        ]

    def run(self, *args, check=True, **options):
        return self.place.call(self.start_argv("run", *args), check=check, **options)

    def run_in_image(self, *command, flags=(), check=True):
        """`podman run --rm FLAGS IMAGE COMMAND`."""
        return self.run("--rm", *flags, IMAGE, *command, check=check)

    def remove_all(self):
        self("rm", "--all", "--force", "--time", "0", check=False)


class PodmanTestCase(unittest.TestCase):
    """One storage and image for the class; each test removes its containers."""

    @classmethod
    def setUpClass(cls):
        cls.place = engine.Place()
        cls.podman = Podman(cls.place)
        cls.podman.import_image()

    @classmethod
    def tearDownClass(cls):
        left = cls.place.close()
        if left:
            raise AssertionError("left behind:\n" + "\n".join(left))

    def tearDown(self):
        self.podman.remove_all()

    def output(self, *command, flags=()):
        return self.podman.run_in_image(*command, flags=flags).stdout.strip()

    def exit_code(self, *command, flags=()):
        return self.podman.run_in_image(*command, flags=flags, check=False).returncode

    def start(self, name, *command, flags=()):
        """A container in the background; `sleep` unless a command is given."""
        self.podman.run("--detach", "--name", name, *flags, IMAGE, *(command or ("sleep", "1000")))

    def status(self, name):
        return self.inspect(name)["State"]["Status"]

    def inspect(self, name):
        return json.loads(self.podman("container", "inspect", name).stdout)[0]
