#!/usr/bin/env -S python3 -B
"""What `podman run` asks of the runtime: podman_run_test.py RUNTIME."""

import json
import os

import engine
from podman import IMAGE, PodmanTestCase


class RunTest(PodmanTestCase):
    def test_prints_what_the_command_prints(self):
        done = self.podman.run_in_image("sh", "-c", "echo out; echo err >&2")
        self.assertEqual(done.stdout, "out\n")
        self.assertIn("err\n", done.stderr)

    def test_hands_stdin_through(self):
        done = self.podman.run("--rm", "--interactive", IMAGE, "cat", stdin=None, input="a line\n")
        self.assertEqual(done.stdout, "a line\n")

    def test_returns_the_commands_exit_code(self):
        self.assertEqual(self.exit_code("sh", "-c", "exit 7"), 7)

    def test_returns_128_and_the_signal_of_a_killed_command(self):
        self.start("one", "sh", "-c", "sleep 1000")
        self.podman("kill", "--signal", "KILL", "one")
        self.assertEqual(self.podman("wait", "one").stdout, "137\n")

    def test_returns_127_for_a_missing_executable(self):
        done = self.podman.run_in_image("no-such-program", check=False)
        self.assertEqual(done.returncode, 127, done.stderr)

    def test_returns_127_for_a_missing_absolute_path(self):
        done = self.podman.run_in_image("/bin/no-such-program", check=False)
        self.assertEqual(done.returncode, 127, done.stderr)

    def test_returns_126_for_a_file_that_is_not_executable(self):
        done = self.podman.run_in_image("/etc/not-executable", check=False)
        self.assertEqual(done.returncode, 126, done.stderr)

    def test_returns_126_for_a_directory(self):
        done = self.podman.run_in_image("/etc", check=False)
        self.assertEqual(done.returncode, 126, done.stderr)

    def test_leaves_no_container_after_a_bad_command(self):
        self.podman.run_in_image("no-such-program", check=False)
        self.assertEqual(self.podman("ps", "--all", "--quiet").stdout, "")

    def test_sets_the_environment(self):
        text = self.output("env", flags=["--env", "A=1 2", "--env", "B="])
        for line in ("A=1 2", "B=", "FROM_IMAGE=yes", "HOME=/root"):
            self.assertIn(line, text.splitlines())

    def test_sets_the_working_directory(self):
        self.assertEqual(self.output("pwd", flags=["--workdir", "/var"]), "/var")

    def test_refuses_a_missing_working_directory(self):
        self.assertNotEqual(self.exit_code("pwd", flags=["--workdir", "/not/there"]), 0)

    def test_sets_the_hostname(self):
        self.assertEqual(self.output("hostname", flags=["--hostname", "some-name"]), "some-name")

    def test_raises_only_loopback_without_a_network(self):
        self.assertEqual(self.output("ls", "/sys/class/net"), "lo")
        self.assertIn("LOOPBACK,UP", self.output("ip", "link", "show", "lo"))

    def test_runs_the_command_as_pid_1(self):
        self.assertEqual(self.output("sh", "-c", "echo $$"), "1")

    def test_sets_a_sysctl_of_the_network_namespace(self):
        text = self.output(
            "cat", "/proc/sys/net/ipv4/ip_forward", flags=["--sysctl", "net.ipv4.ip_forward=1"]
        )
        self.assertEqual(text, "1")

    def test_joins_the_pid_namespace_of_another_container(self):
        self.start("first")
        own = self.output("cat", "/proc/1/cmdline", flags=["--pid", "container:first"])
        self.assertEqual(own.split("\0")[:2], ["sleep", "1000"])

    def test_joins_the_namespaces_of_another_container(self):
        self.start("first", flags=["--ipc", "shareable"])
        for flag, name in (("--network", "net"), ("--ipc", "ipc")):
            inside = self.podman("exec", "first", "readlink", "/proc/self/ns/" + name).stdout
            argv = [word for word in self.podman.start_argv("run") if word != "--network=none"]
            joined = self.place.call(
                argv + ["--rm", flag, "container:first", IMAGE, "readlink", "/proc/self/ns/" + name]
            )
            self.assertEqual(joined.stdout, inside, name)

    def test_runs_in_the_hosts_pid_namespace(self):
        self.assertEqual(
            self.output("readlink", "/proc/self/ns/pid", flags=["--pid", "host"]),
            os.readlink("/proc/self/ns/pid"),
        )


class UserTest(PodmanTestCase):
    def test_runs_as_a_named_user_with_the_groups_of_the_image(self):
        self.assertEqual(
            self.output("id", flags=["--user", "user"]),
            "uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)",
        )

    def test_runs_as_a_numeric_user_and_group(self):
        self.assertEqual(
            self.output("sh", "-c", "id -u; id -g", flags=["--user", "1234:5678"]), "1234\n5678"
        )

    def test_adds_groups(self):
        groups = self.output("id", "-G", flags=["--user", "1000:1000", "--group-add", "3000"])
        self.assertIn("3000", groups.split())

    def test_sets_the_umask(self):
        self.assertEqual(self.output("sh", "-c", "umask", flags=["--umask", "0077"]), "0077")

    def test_sets_limits(self):
        self.assertEqual(
            self.output("sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -Su; ulimit -Hu"),
            "1024\n4096\n1000\n2000",
        )

    def capabilities(self, *flags):
        text = self.output("sh", "-c", "grep CapEff /proc/self/status", flags=flags)
        return int(text.split()[1], 16)

    def test_adds_and_drops_capabilities(self):
        net_admin, chown = 1 << 12, 1 << 0
        default = self.capabilities()
        self.assertFalse(default & net_admin)
        self.assertTrue(default & chown)
        changed = self.capabilities("--cap-add", "NET_ADMIN", "--cap-drop", "CHOWN")
        self.assertEqual(changed, (default | net_admin) & ~chown)

    def test_drops_all_capabilities(self):
        self.assertEqual(self.capabilities("--cap-drop", "ALL"), 0)

    def test_gives_an_unprivileged_user_no_capabilities(self):
        self.assertEqual(self.capabilities("--user", "1000"), 0)

    def test_sets_no_new_privileges(self):
        text = self.output(
            "grep", "NoNewPrivs", "/proc/self/status", flags=["--security-opt", "no-new-privileges"]
        )
        self.assertEqual(text.split(), ["NoNewPrivs:", "1"])


class FilesystemTest(PodmanTestCase):
    def test_binds_a_directory(self):
        host = self.place.path / "shared"
        host.mkdir(exist_ok=True)
        self.output("sh", "-c", "echo written > /mnt/file", flags=["-v", "%s:/mnt" % host])
        self.assertEqual((host / "file").read_text(), "written\n")

    def test_binds_a_file_read_only(self):
        host = self.place.path / "one-file"
        host.write_text("content\n")
        flags = ["-v", "%s:/etc/one-file:ro" % host]
        self.assertEqual(self.output("cat", "/etc/one-file", flags=flags), "content")
        self.assertNotEqual(self.exit_code("sh", "-c", "echo x > /etc/one-file", flags=flags), 0)
        self.assertEqual(host.read_text(), "content\n")

    def test_keeps_a_named_volume_between_containers(self):
        self.output("sh", "-c", "echo kept > /data/file", flags=["-v", "hull-volume:/data"])
        self.assertEqual(
            self.output("cat", "/data/file", flags=["-v", "hull-volume:/data"]), "kept"
        )
        self.podman("volume", "rm", "hull-volume")

    def test_mounts_a_tmpfs_with_its_options(self):
        text = self.output(
            "sh",
            "-c",
            "grep ' /scratch ' /proc/mounts; stat -c %a /scratch",
            flags=["--tmpfs", "/scratch:rw,size=1m,mode=1777"],
        )
        self.assertIn("tmpfs /scratch tmpfs rw,", text)
        self.assertIn("size=1024k", text)
        self.assertTrue(text.endswith("1777"), text)

    def test_makes_the_root_read_only(self):
        self.assertNotEqual(self.exit_code("touch", "/file", flags=["--read-only"]), 0)
        self.assertEqual(self.exit_code("touch", "/tmp/file", flags=["--read-only"]), 0)

    def test_hides_what_podman_masks(self):
        self.assertEqual(
            self.output("sh", "-c", "cat /proc/timer_list /proc/keys 2>/dev/null | wc -c"), "0"
        )
        self.assertNotEqual(self.exit_code("sh", "-c", "echo 1 > /proc/sys/kernel/panic"), 0)

    def test_makes_the_default_devices_and_no_others(self):
        names = self.output("ls", "/dev").split()
        for name in (
            "full",
            "null",
            "ptmx",
            "random",
            "tty",
            "urandom",
            "zero",
            "pts",
            "shm",
            "mqueue",
            "fd",
            "stdin",
            "stdout",
            "stderr",
        ):
            self.assertIn(name, names)
        self.assertNotIn("mem", names)
        self.assertEqual(
            self.output("sh", "-c", "echo lost > /dev/null; head -c 3 /dev/zero | wc -c"), "3"
        )

    def test_adds_a_device(self):
        text = self.output(
            "stat", "-c", "%t:%T", "/dev/copy", flags=["--device", "/dev/zero:/dev/copy"]
        )
        self.assertEqual(text, "1:5")

    def test_unmounts_everything_when_the_container_is_gone(self):
        self.output("true", flags=["--tmpfs", "/scratch"])
        mounts = open("/proc/self/mounts", encoding="utf-8").read()
        self.assertNotIn("/scratch", mounts)


class ResourcesTest(PodmanTestCase):
    """Limits, as the container's own cgroup mount shows them: v1 files here, v2 files elsewhere."""

    V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")

    def limit(self, v1_file, v2_file, *flags):
        path = v2_file if self.V2 else v1_file
        return self.output("cat", "/sys/fs/cgroup/" + path, flags=flags)

    def test_limits_memory(self):
        text = self.limit("memory/memory.limit_in_bytes", "memory.max", "--memory", "64m")
        self.assertEqual(text, str(64 << 20))

    def test_limits_the_number_of_processes(self):
        self.assertEqual(self.limit("pids/pids.max", "pids.max", "--pids-limit", "57"), "57")

    def test_limits_cpu_time(self):
        text = self.limit("cpu/cpu.cfs_quota_us", "cpu.max", "--cpus", "0.5")
        self.assertEqual(text, "50000 100000" if self.V2 else "50000")

    def test_weighs_cpu_shares(self):
        text = self.limit("cpu/cpu.shares", "cpu.weight", "--cpu-shares", "1024")
        self.assertIn(text, ("100", "39") if self.V2 else ("1024",))

    def test_pins_to_a_cpu(self):
        self.assertEqual(self.limit("cpuset/cpuset.cpus", "cpuset.cpus", "--cpuset-cpus", "0"), "0")
        self.assertEqual(self.output("nproc", flags=["--cpuset-cpus", "0"]), "1")

    def test_kills_what_eats_too_much_memory(self):
        done = self.podman.run_in_image(
            "sh",
            "-c",
            "tail -c 200m /dev/zero",
            check=False,
            flags=["--memory", "32m", "--memory-swap", "32m"],
        )
        self.assertEqual(done.returncode, 137, done.stderr)

    def test_refuses_devices_that_were_not_given(self):
        """Root with CAP_MKNOD may make any node; the cgroup says which may be opened."""
        done = self.podman.run_in_image(
            "sh",
            "-c",
            "mknod /tmp/kmsg c 1 11 && head -c 1 /tmp/kmsg",
            check=False,
            flags=["--cap-add", "MKNOD"],
        )
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("not permitted", done.stderr)


class SeccompTest(PodmanTestCase):
    """`unshare` needs a system call that the default profile refuses without CAP_SYS_ADMIN."""

    COMMAND = ("unshare", "-u", "true")
    FLAGS = ["--cap-add", "SYS_ADMIN"]

    def mode(self, *flags):
        return self.output("grep", "Seccomp:", "/proc/self/status", flags=flags).split()[1]

    def test_loads_podmans_default_profile(self):
        self.assertEqual(self.mode(), "2")

    def test_loads_none_when_unconfined(self):
        self.assertEqual(self.mode("--security-opt", "seccomp=unconfined"), "0")

    def test_loads_a_profile_of_the_users(self):
        profile = self.place.path / "profile.json"
        profile.write_text(
            json.dumps(
                {
                    "defaultAction": "SCMP_ACT_ALLOW",
                    "syscalls": [
                        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}
                    ],
                }
            )
        )
        done = self.podman.run_in_image(
            "mkdir", "/tmp/new", check=False, flags=["--security-opt", "seccomp=%s" % profile]
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("not supported", done.stderr)

    def test_refuses_what_the_profile_refuses(self):
        self.assertNotEqual(self.exit_code("unshare", "-u", "true"), 0)
        self.assertEqual(self.exit_code(*self.COMMAND, flags=self.FLAGS), 0)


if __name__ == "__main__":
    engine.main()
