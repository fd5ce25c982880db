#!/usr/bin/env python3
"""Every field of linux.resources: the kernel's own file says it, and where it can the effect shows.

$HULL_TEST_DISK names a disk that a case may read from to see it throttled.
"""

import os
import pathlib
import stat
import unittest

import harness
from harness import Case, PureV2, each, hull_only
from limits import ALL, KIB, MIB, SLEEP, TEST_DISK, Limit, Limits, disk, line, needs_its_tree

OFTEN = {"quota": 50000, "period": 100000}


class Fields:
    """A case for each field; the row is (resources, Limit). v1_*: v2 has no such file."""

    @each(
        memory_limit=(
            {"memory": {"limit": 64 * MIB}},
            Limit("memory", ("memory.limit_in_bytes", 64 * MIB), ("memory.max", 64 * MIB)),
        ),
        memory_unlimited=(
            {"memory": {"limit": -1}},
            Limit("memory", ("memory.limit_in_bytes", ALL), ("memory.max", "max")),
        ),
        memory_swap=(
            {"memory": {"limit": 64 * MIB, "swap": 96 * MIB}},
            Limit(
                "memory",
                ("memory.memsw.limit_in_bytes", 96 * MIB),
                ("memory.swap.max", 32 * MIB),
            ),
        ),
        memory_swap_unlimited=(
            {"memory": {"limit": 64 * MIB, "swap": -1}},
            Limit("memory", ("memory.memsw.limit_in_bytes", ALL), ("memory.swap.max", "max")),
        ),
        memory_reservation=(
            {"memory": {"reservation": 32 * MIB}},
            Limit("memory", ("memory.soft_limit_in_bytes", 32 * MIB), ("memory.low", 32 * MIB)),
        ),
        v1_swappiness=(
            {"memory": {"swappiness": 7}},
            Limit("memory", ("memory.swappiness", 7)),
        ),
        v1_oom_killer=(
            {"memory": {"limit": 64 * MIB, "disableOOMKiller": True}},
            Limit("memory", ("memory.oom_control", line("oom_kill_disable 1"))),
        ),
        v1_kernel_tcp=(
            {"memory": {"kernelTCP": 64 * MIB}},
            Limit("memory", ("memory.kmem.tcp.limit_in_bytes", 64 * MIB)),
        ),
        memory_hierarchy=(
            {"memory": {"limit": 64 * MIB, "useHierarchy": True}},
            Limit("memory", ("memory.limit_in_bytes", 64 * MIB), ("memory.max", 64 * MIB)),
        ),
        cpu_shares=(
            {"cpu": {"shares": 512}},
            Limit("cpu", ("cpu.shares", 512), ("cpu.weight", ("59", "20"))),
        ),
        cpu_quota=(
            {"cpu": OFTEN},
            Limit("cpu", ("cpu.cfs_quota_us", 50000), ("cpu.max", "50000 100000")),
        ),
        cpu_quota_unlimited=(
            {"cpu": {"quota": -1}},
            Limit("cpu", ("cpu.cfs_quota_us", -1), ("cpu.max", "max 100000")),
        ),
        cpu_period=(
            {"cpu": {"quota": 50000, "period": 200000}},
            Limit("cpu", ("cpu.cfs_period_us", 200000), ("cpu.max", "50000 200000")),
        ),
        cpu_burst=(
            {"cpu": {**OFTEN, "burst": 20000}},
            Limit("cpu", ("cpu.cfs_burst_us", 20000), ("cpu.max.burst", 20000)),
        ),
        cpu_idle=({"cpu": {"idle": 1}}, Limit("cpu", ("cpu.idle", 1), ("cpu.idle", 1))),
        v1_realtime_period=(
            {"cpu": {"realtimePeriod": 500000}},
            Limit("cpu", ("cpu.rt_period_us", 500000)),
        ),
        v1_realtime_runtime=(
            {"cpu": {"realtimeRuntime": 0, "realtimePeriod": 500000}},
            Limit("cpu", ("cpu.rt_runtime_us", 0)),
        ),
        cpuset_cpus=(
            {"cpu": {"cpus": "0"}},
            Limit("cpuset", ("cpuset.cpus", 0), ("cpuset.cpus", 0)),
        ),
        cpuset_mems=(
            {"cpu": {"mems": "0"}},
            Limit("cpuset", ("cpuset.mems", 0), ("cpuset.mems", 0)),
        ),
        pids=({"pids": {"limit": 42}}, Limit("pids", ("pids.max", 42), ("pids.max", 42))),
        pids_unlimited=(
            {"pids": {"limit": -1}},
            Limit("pids", ("pids.max", "max"), ("pids.max", "max")),
        ),
        io_weight=(
            {"blockIO": {"weight": 200}},
            Limit(
                "io",
                (("blkio.weight", "blkio.bfq.weight"), ("200", "default 200")),
                (("io.bfq.weight", "io.weight"), ("default 200", "default 1920")),
            ),
        ),
        v1_leaf_weight=(
            {"blockIO": {"leafWeight": 300}},
            Limit("io", ("blkio.leaf_weight", 300)),
        ),
        hugetlb=(
            {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]},
            Limit(
                "hugetlb",
                ("hugetlb.2MB.limit_in_bytes", 4 * MIB),
                ("hugetlb.2MB.max", 4 * MIB),
            ),
        ),
        hugetlb_reserved=(
            {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 * MIB}]},
            Limit(
                "hugetlb",
                ("hugetlb.2MB.rsvd.limit_in_bytes", 4 * MIB),
                ("hugetlb.2MB.rsvd.max", 4 * MIB),
            ),
        ),
        v1_network_class=(
            {"network": {"classID": 0x100001}},
            Limit("net_cls", ("net_cls.classid", 0x100001)),
        ),
        v1_network_priority=(
            {"network": {"priorities": [{"name": "lo", "priority": 5}]}},
            Limit("net_prio", ("net_prio.ifpriomap", line("lo 5"))),
        ),
        unified_pids=(
            {"unified": {"pids.max": "42"}},
            Limit("pids", None, ("pids.max", 42)),
        ),
        unified_high=(
            {"unified": {"memory.high": str(64 * MIB)}},
            Limit("memory", None, ("memory.high", 64 * MIB)),
        ),
        unified_hugetlb=(
            {"unified": {"hugetlb.2MB.max": str(8 * MIB)}},
            Limit("hugetlb", None, ("hugetlb.2MB.max", 8 * MIB)),
        ),
        unified_lines=(
            {"unified": {"cpu.max": "20000 100000", "cpu.weight": "77"}},
            Limit("cpu", None, ("cpu.weight", 77)),
        ),
        unified_wins=(
            {"pids": {"limit": 7}, "unified": {"pids.max": "42"}},
            Limit("pids", None, ("pids.max", 42)),
        ),
    )
    def test_field(self, row):
        resources, limit = row
        self.require(limit)
        self.assert_limit(self.limited(**resources), limit)

    @each(
        readBps=("throttleReadBpsDevice", "rbps"),
        writeBps=("throttleWriteBpsDevice", "wbps"),
        readIops=("throttleReadIOPSDevice", "riops"),
        writeIops=("throttleWriteIOPSDevice", "wiops"),
    )
    def test_throttle(self, row):
        field, key = row
        found = disk()
        if found is None:
            self.skipTest("no block device")
        number = found[1]
        v1 = {"r": "read", "w": "write"}[key[0]] + "_" + key[1:] + "_device"
        limit = Limit(
            "io",
            ("blkio.throttle." + v1, line(f"{number} {MIB}")),
            ("io.max", lambda text: text.startswith(number + " ") and f"{key}={MIB}" in text),
        )
        self.require(limit)
        major, minor = map(int, number.split(":"))
        entry = {"major": major, "minor": minor, "rate": MIB}
        self.assert_limit(self.limited(blockIO={field: [entry]}), limit)

    def test_io_weight_of_a_device(self):
        found = disk()
        if found is None:
            self.skipTest("no block device")
        major, minor = map(int, found[1].split(":"))
        scheduler = pathlib.Path(f"/sys/dev/block/{found[1]}/queue/scheduler")
        if not scheduler.exists() or "[bfq]" not in scheduler.read_text():
            self.skipTest("the disk has no scheduler with weights")
        limit = Limit(
            "io",
            (("blkio.weight_device", "blkio.bfq.weight_device"), line(f"{found[1]} 300")),
            ("io.bfq.weight", line(f"{found[1]} 300")),
        )
        self.require(limit)
        weight = {"major": major, "minor": minor, "weight": 300}
        self.assert_limit(self.limited(blockIO={"weightDevice": [weight]}), limit)

    def test_rdma(self):
        devices = "/sys/class/infiniband"
        names = os.listdir(devices) if os.path.isdir(devices) else []
        if not names:
            self.skipTest("no RDMA device")
        expected = line(f"{names[0]} hca_handle=3 hca_object=1000")
        limit = Limit("rdma", ("rdma.max", expected), ("rdma.max", expected))
        self.require(limit)
        self.assert_limit(
            self.limited(rdma={names[0]: {"hcaHandles": 3, "hcaObjects": 1000}}), limit
        )

    def test_a_device_that_no_rdma_controller_knows(self):
        """Most machines have none; then the kernel's word is all that shows that it was asked."""
        limit = {"nobodys0": {"hcaHandles": 3, "hcaObjects": 1000}}
        self.refused(lambda s: s["linux"]["resources"].update(rdma=limit), saying="rdma")

    @hull_only("runc ignores the field; crun says other words and leaves the cgroup")
    def test_kernel_memory_is_limited_or_refused(self):
        """Only cgroup v1 has the file, and kernels from 5.16 on refuse to be told a limit."""
        row = Limit("memory", ("memory.kmem.limit_in_bytes", 64 * MIB))

        def edit(spec):
            spec["linux"]["resources"].update(memory={"kernel": 64 * MIB})

        if self.on_v1("memory") and harness.kernel() < (5, 16):
            self.assert_limit(self.create(*SLEEP, edit=edit), row)
        else:
            self.refused(edit, saying="memory.kernel")

    def test_a_check_before_update_is_no_limit(self):
        limit = Limit("memory", ("memory.limit_in_bytes", 64 * MIB), ("memory.max", 64 * MIB))
        self.require(limit)
        memory = {"limit": 64 * MIB, "checkBeforeUpdate": True}
        self.assert_limit(self.limited(memory=memory), limit)

    # ---- what v2 has nothing for is refused, not dropped ----

    @hull_only("runc ignores most of them; crun says other words and leaves the cgroup")
    @each(
        swappiness=({"memory": {"swappiness": 7}}, "memory", "memory.swappiness"),
        oom=({"memory": {"disableOOMKiller": True}}, "memory", "memory.disableOOMKiller"),
        realtime=({"cpu": {"realtimeRuntime": 1000}}, "cpu", "cpu.realtimeRuntime"),
        kernel=({"memory": {"kernel": 64 * MIB}}, "memory", "memory.kernel"),
        kernel_tcp=({"memory": {"kernelTCP": 64 * MIB}}, "memory", "memory.kernelTCP"),
        hierarchy=({"memory": {"useHierarchy": False}}, "memory", "memory.useHierarchy"),
        realtime_period=({"cpu": {"realtimePeriod": 500000}}, "cpu", "cpu.realtimePeriod"),
        leaf=({"blockIO": {"leafWeight": 100}}, "io", "blockIO.leafWeight"),
        leaf_device=(
            {"blockIO": {"weightDevice": [{"major": 8, "minor": 0, "leafWeight": 100}]}},
            "io",
            "blockIO.weightDevice",
        ),
        network=({"network": {"classID": 1}}, "net_cls", "network.classID"),
        priorities=(
            {"network": {"priorities": [{"name": "lo", "priority": 5}]}},
            "net_prio",
            "network.priorities",
        ),
    )
    def test_refused_on_v2(self, row):
        resources, controller, field = row
        if self.on_v1(controller):
            self.skipTest("v1 has it")
        edit = lambda s: s["linux"]["resources"].update(resources)
        self.refused(edit, saying=field)

    def test_unified_needs_v2(self):
        if (self.unified() / "cgroup.controllers").exists():
            self.skipTest("this machine has cgroup v2")
        self.refused(
            lambda s: s["linux"]["resources"].update(unified={"pids.max": "1"}), saying="unified"
        )

    # ---- effects ----

    def test_a_limit_of_32_mib_kills(self):
        self.require(Limit("memory", ("memory.limit_in_bytes", ""), ("memory.max", "")))
        memory = {"limit": 32 * MIB, "swap": 32 * MIB}

        def edit(spec):
            spec["linux"]["resources"].update(memory=memory)

        result = self.run_args("/bin/probe", "eat", "128", edit=edit)
        self.assertEqual(result.code, 137, result)
        self.assertNotIn("ready", result.out)

    def test_below_its_limit_it_lives(self):
        self.require(Limit("memory", ("memory.limit_in_bytes", ""), ("memory.max", "")))
        container = self.limited("/bin/probe", "eat", "16", start=True, memory={"limit": 64 * MIB})
        self.assertEqual(self.status(container), "running")

    def test_the_number_of_processes_holds(self):
        self.require(Limit("pids", ("pids.max", ""), ("pids.max", "")))
        out = self.run_args(
            "/bin/sh",
            "-c",
            "(sleep 1 & sleep 1 & sleep 1 & sleep 1 & sleep 1 & sleep 1) 2>&1",
            edit=lambda s: s["linux"]["resources"].update(pids={"limit": 4}),
        )
        self.assertIn("can't fork", out.out + out.err)

    def test_a_cpuset_shows_in_proc(self):
        self.require(Limit("cpuset", ("cpuset.cpus", ""), ("cpuset.cpus", "")))
        last = max(os.sched_getaffinity(0))
        edit = lambda s: s["linux"]["resources"].update(cpu={"cpus": str(last)})
        text = self.inside("/bin/cat", "/proc/self/status", edit=edit)
        self.assertEqual(harness.status_field(text, "Cpus_allowed_list"), str(last))

    def test_a_memory_node_shows_in_proc(self):
        self.require(Limit("cpuset", ("cpuset.mems", ""), ("cpuset.mems", "")))
        edit = lambda s: s["linux"]["resources"].update(cpu={"mems": "0"})
        text = self.inside("/bin/cat", "/proc/self/status", edit=edit)
        self.assertEqual(harness.status_field(text, "Mems_allowed_list"), "0")

    def test_a_quota_holds(self):
        """A tenth of a CPU: of two seconds less than half is got, on however slow a machine."""
        self.require(Limit("cpu", ("cpu.cfs_quota_us", ""), ("cpu.max", "")))
        edit = lambda s: s["linux"]["resources"].update(cpu={"quota": 2000, "period": 20000})
        self.assertLess(int(self.inside("/bin/probe", "spin", "2000", edit=edit)), 1000)

    def test_a_throttled_disk_is_slow(self):
        if TEST_DISK is None:
            self.skipTest("no disk to spare: HULL_TEST_DISK names none")
        number = os.stat(TEST_DISK).st_rdev
        self.assertTrue(stat.S_ISBLK(os.stat(TEST_DISK).st_mode), TEST_DISK)
        major, minor = os.major(number), os.minor(number)
        self.require(Limit("io", ("blkio.throttle.read_bps_device", ""), ("io.max", "")))

        def edit(spec):
            node = {"path": "/dev/disk", "type": "b", "major": major, "minor": minor}
            spec["linux"]["devices"] = [node]
            rule = {"allow": True, "type": "b", "major": major, "minor": minor, "access": "r"}
            spec["linux"]["resources"]["devices"].append(rule)

        def throttled(spec):
            edit(spec)
            rate = {"major": major, "minor": minor, "rate": 2 * MIB}
            spec["linux"]["resources"]["blockIO"] = {"throttleReadBpsDevice": [rate]}

        fast = int(self.inside("/bin/probe", "read", "/dev/disk", "6", edit=edit))
        slow = int(self.inside("/bin/probe", "read", "/dev/disk", "6", edit=throttled))
        self.assertGreater(slow, 2000, f"unlimited it took {fast} ms")

    # ---- devices ----

    def device(self, *rules, minor=11):
        """An edit: /dev/mine is kmsg (1:11), which no usual rule allows, and these rules."""

        def edit(spec):
            node = {"path": "/dev/mine", "type": "c", "major": 1, "minor": minor}
            spec["linux"]["devices"] = [node]
            spec["linux"]["resources"]["devices"] += rules
            for names in spec["process"]["capabilities"].values():
                names += ["CAP_SYSLOG", "CAP_MKNOD"]

        return edit

    def test_a_device_that_no_rule_allows(self):
        edit = self.device()
        self.assertEqual(self.run_args("/bin/probe", "open", "/dev/mine", edit=edit).out, "EPERM\n")

    def test_an_allowed_device(self):
        rule = {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"}
        self.assertEqual(
            self.sh("probe open /dev/mine; probe write /dev/mine; true", edit=self.device(rule)),
            "ok\nEPERM\n",
        )

    def test_all_devices_of_a_number(self):
        rule = {"allow": True, "type": "c", "major": 1, "access": "rw"}
        self.assertEqual(
            self.sh("probe open /dev/mine; probe write /dev/mine; true", edit=self.device(rule)),
            "ok\nok\n",
        )

    def test_an_exception_from_everything(self):
        rules = [
            {"allow": True, "access": "rwm"},
            {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "w"},
        ]
        self.assertEqual(
            self.sh("probe open /dev/mine; probe write /dev/mine; true", edit=self.device(*rules)),
            "ok\nEPERM\n",
        )

    def test_the_usual_devices(self):
        self.assertEqual(
            self.sh("for d in null zero full random urandom; do probe open /dev/$d; done"),
            "ok\n" * 5,
        )

    def test_mknod_of_a_device_that_no_rule_allows(self):
        """The usual rules let any node be made, as runc has it; opening it is what they deny."""
        self.assertEqual(
            self.sh("probe mknod /tmp/mine 1 11; probe open /tmp/mine; true", edit=self.device()),
            "ok\nEPERM\n",
        )


@needs_its_tree
class Here(Fields, Limits):
    """On what this machine has."""


class V2(PureV2, Fields, Limits):
    """On a tree of cgroup v2 alone."""


if __name__ == "__main__":
    harness.main()
