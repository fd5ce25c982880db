#!/usr/bin/env python3
"""`update` on containers that live: the kernel's own file before and after, all of it or nothing."""

import json
import unittest

import harness
from harness import Case, PureV2, each, hull_only
from limits import ALL, MIB, SLEEP, Limit, Limits, disk, holds, line, needs_its_tree

MEMORY = ("memory.limit_in_bytes", "memory.max")
MEMSW = ("memory.memsw.limit_in_bytes", "memory.swap.max")


def memory(v1, v2=None):
    return Limit("memory", (MEMORY[0], v1), (MEMORY[1], v1 if v2 is None else v2))


def swap(total, above):
    return Limit("memory", (MEMSW[0], total), (MEMSW[1], above))


def pids(text):
    return Limit("pids", ("pids.max", text), ("pids.max", text))


def hugetlb(bytes):
    return Limit(
        "hugetlb", ("hugetlb.2MB.limit_in_bytes", bytes), ("hugetlb.2MB.max", bytes)
    )


BEFORE = {
    "memory": {"limit": 64 * MIB, "swap": 128 * MIB},
    "cpu": {"shares": 256, "quota": 50000, "period": 100000},
    "pids": {"limit": 20},
}


class Updates:
    """On a container with limits (those of BEFORE that this tree can have)."""

    served = None

    def before(self):
        """BEFORE, without what no controller of this tree is for."""
        if type(self).served is None:
            type(self).served = self.ask_what_is_served()
        return self.served

    def ask_what_is_served(self):
        served = {}
        container = self.create(*SLEEP)
        for field, value in BEFORE.items():
            try:
                self.directory(container, field)
                served[field] = value
            except unittest.SkipTest:
                pass
        self.ok("delete", "--force", container)
        return served

    def container(self, limit=None):
        """One that runs, with BEFORE; skips where there is no file for `limit`."""
        container = self.limited(start=True, **self.before())
        if limit is not None:
            self.place(container, limit)
        return container

    def update(self, container, resources):
        """As containerd and CRI-O send it."""
        path = self.host_file("resources.json", json.dumps(resources))
        with open(path) as stdin:
            return self.runtime("update", "--resources", "-", container, stdin=stdin)

    def updated(self, container, resources):
        result = self.update(container, resources)
        self.assertEqual(result.code, 0, result)

    @each(
        memory=("--memory", "96m", {"memory": {"limit": 96 * MIB}}, memory(96 * MIB)),
        memory_unlimited=("--memory", "-1", {"memory": {"limit": -1}}, memory(ALL, "max")),
        memory_unlimited_and_swap=(
            "--memory",
            "-1",
            {"memory": {"limit": -1}},
            swap(ALL, "max"),
        ),
        memory_keeps_the_sum=(
            "--memory",
            "96m",
            {"memory": {"limit": 96 * MIB}},
            swap(128 * MIB, 32 * MIB),
        ),
        memory_swap=(
            "--memory-swap",
            str(256 * MIB),
            {"memory": {"swap": 256 * MIB}},
            swap(256 * MIB, 192 * MIB),
        ),
        memory_swap_unlimited=(
            "--memory-swap",
            "-1",
            {"memory": {"swap": -1}},
            swap(ALL, "max"),
        ),
        memory_reservation=(
            "--memory-reservation",
            "32m",
            {"memory": {"reservation": 32 * MIB}},
            Limit("memory", ("memory.soft_limit_in_bytes", 32 * MIB), ("memory.low", 32 * MIB)),
        ),
        cpu_share=(
            "--cpu-share",
            "512",
            {"cpu": {"shares": 512}},
            Limit("cpu", ("cpu.shares", 512), ("cpu.weight", ("59", "20"))),
        ),
        cpu_quota=(
            "--cpu-quota",
            "70000",
            {"cpu": {"quota": 70000}},
            Limit("cpu", ("cpu.cfs_quota_us", 70000), ("cpu.max", "70000 100000")),
        ),
        cpu_quota_unlimited=(
            "--cpu-quota",
            "-1",
            {"cpu": {"quota": -1}},
            Limit("cpu", ("cpu.cfs_quota_us", -1), ("cpu.max", "max 100000")),
        ),
        cpu_period=(
            "--cpu-period",
            "200000",
            {"cpu": {"period": 200000}},
            Limit("cpu", ("cpu.cfs_period_us", 200000), ("cpu.max", "50000 200000")),
        ),
        cpu_burst=(
            "--cpu-burst",
            "20000",
            {"cpu": {"burst": 20000}},
            Limit("cpu", ("cpu.cfs_burst_us", 20000), ("cpu.max.burst", 20000)),
        ),
        cpu_rt_period=(
            "--cpu-rt-period",
            "500000",
            {"cpu": {"realtimePeriod": 500000}},
            Limit("cpu", ("cpu.rt_period_us", 500000)),
        ),
        cpu_rt_runtime=(
            "--cpu-rt-runtime",
            "0",
            {"cpu": {"realtimeRuntime": 0}},
            Limit("cpu", ("cpu.rt_runtime_us", 0)),
        ),
        cpuset_cpus=(
            "--cpuset-cpus",
            "0",
            {"cpu": {"cpus": "0"}},
            Limit("cpuset", ("cpuset.cpus", 0), ("cpuset.cpus", 0)),
        ),
        cpuset_mems=(
            "--cpuset-mems",
            "0",
            {"cpu": {"mems": "0"}},
            Limit("cpuset", ("cpuset.mems", 0), ("cpuset.mems", 0)),
        ),
        pids_limit=("--pids-limit", "30", {"pids": {"limit": 30}}, pids(30)),
        pids_limit_unlimited=("--pids-limit", "-1", {"pids": {"limit": -1}}, pids("max")),
        blkio_weight=(
            "--blkio-weight",
            "200",
            {"blockIO": {"weight": 200}},
            Limit(
                "io",
                (("blkio.weight", "blkio.bfq.weight"), ("200", "default 200")),
                (("io.bfq.weight", "io.weight"), ("default 200", "default 1920")),
            ),
        ),
    )
    def test_flag(self, row):
        """The flag; then, on a second container, the same as JSON."""
        flag, value, resources, limit = row
        if harness.NAME == "crun" and flag == "--cpu-burst":
            self.skipTest("this runtime has it in JSON only")
        first = self.container(limit)
        self.ok("update", flag, value, first)
        self.assert_limit(first, limit)
        second = self.container()
        self.updated(second, resources)
        self.assert_limit(second, limit)

    def test_cpu_idle(self):
        limit = Limit("cpu", ("cpu.idle", 1), ("cpu.idle", 1))
        self.require(limit)
        container = self.limited(start=True)
        if harness.NAME == "crun":
            self.updated(container, {"cpu": {"idle": 1}})
        else:
            self.ok("update", "--cpu-idle", "1", container)
        self.assert_limit(container, limit)
        if harness.NAME == "hull":
            self.fails("update", "--cpu-share", "512", container, saying="cpu.shares")

    def test_what_is_not_given_stays(self):
        container = self.container(pids(20))
        places = [
            self.place(container, limit)[0]
            for limit in (
                memory(""),
                swap("", ""),
                Limit("cpu", ("cpu.shares", ""), ("cpu.weight", "")),
                Limit("cpu", ("cpu.cfs_quota_us", ""), ("cpu.max", "")),
            )
        ]
        before = [path.read_text() for path in places]
        self.ok("update", "--pids-limit", "30", container)
        self.assertEqual([path.read_text() for path in places], before)

    def test_an_update_goes_on_where_the_last_one_ended(self):
        container = self.container(memory(""))
        self.ok("update", "--memory", "32m", "--memory-swap", "48m", container)
        self.ok("update", "--memory", "40m", container)
        self.assert_limit(container, memory(40 * MIB))
        self.assert_limit(container, swap(48 * MIB, 8 * MIB))

    @each(
        up=((64, 64), (128, 128)),
        down=((128, 128), (32, 32)),
        apart=((32, 128), (64, 64)),
        sum_to_no_limit=((64, 64), (128, -1)),
        all_to_no_limit=((64, 64), (-1, -1)),
        from_no_limit=((-1, -1), (64, 128)),
    )
    def test_memory_and_swap_in_the_order_that_the_kernel_wants(self, row):
        self.require(memory(""))
        (limit, total), (new, sum_) = row
        scaled = lambda n: n * MIB if n > 0 else n
        container = self.limited(start=True, memory={"limit": scaled(limit), "swap": scaled(total)})
        if (sum_ == -1) != (total == -1):
            self.place(container, swap("", ""))
        self.updated(container, {"memory": {"limit": scaled(new), "swap": scaled(sum_)}})
        self.assert_limit(container, memory(scaled(new)) if new > 0 else memory(ALL, "max"))
        expected = (ALL, "max") if sum_ == -1 else (scaled(sum_), scaled(sum_ - new))
        self.assert_limit(container, swap(*expected))

    @each(
        shorter=((50000, 100000), (2000, 4000)),
        longer=((2000, 4000), (50000, 1000000)),
        narrower=((100000, 100000), (1000, 1000000)),
    )
    def test_period_and_quota_together(self, row):
        limit = Limit("cpu", ("cpu.cfs_quota_us", ""), ("cpu.max", ""))
        self.require(limit)
        (quota, period), (new_quota, new_period) = row
        container = self.limited(start=True, cpu={"quota": quota, "period": period})
        self.ok("update", "--cpu-quota", new_quota, "--cpu-period", new_period, container)
        text = self.text(container, limit)
        self.assertIn(text.strip(), (str(new_quota), f"{new_quota} {new_period}"))

    def test_a_hugetlb_limit(self):
        limit = hugetlb(8 * MIB)
        if harness.NAME != "hull":
            self.skipTest("no flag and no field for it there")
        self.require(limit)
        container = self.limited(
            start=True, hugepageLimits=[{"pageSize": "2MB", "limit": 4 * MIB}]
        )
        self.updated(container, {"hugepageLimits": [{"pageSize": "2MB", "limit": 8 * MIB}]})
        self.assert_limit(container, limit)

    @hull_only("runc refuses the field on a tree of v1")
    def test_unified(self):
        limit = Limit("hugetlb", None, ("hugetlb.2MB.max", 8 * MIB))
        self.require(limit)
        container = self.limited(start=True)
        self.updated(container, {"unified": {"hugetlb.2MB.max": str(8 * MIB)}})
        self.assert_limit(container, limit)

    def test_throttle(self):
        found = disk()
        if found is None or harness.NAME == "runc":
            self.skipTest("no block device, or a runtime that leaves it out")
        limit = Limit(
            "io",
            ("blkio.throttle.read_bps_device", line(f"{found[1]} {MIB}")),
            ("io.max", holds(f"rbps={MIB}")),
        )
        self.require(limit)
        container = self.limited(start=True)
        major, minor = map(int, found[1].split(":"))
        entry = {"major": major, "minor": minor, "rate": MIB}
        self.updated(container, {"blockIO": {"throttleReadBpsDevice": [entry]}})
        self.assert_limit(container, limit)

    # ---- all or nothing ----

    @hull_only("runc and crun take some of these; crun's limits before the mistake stay")
    @each(
        cpus={"cpu": {"cpus": "0-999"}},
        unified={"unified": {"hugetlb.2MB.max": "nonsense"}},
        pagesize={"hugepageLimits": [{"pageSize": "2MB", "limit": 0}, {"pageSize": "3MB"}]},
        shares={"cpu": {"shares": 512, "idle": 1}},
        swap={"memory": {"limit": 256 * MIB, "swap": 128 * MIB}},
        device={"devices": [{"allow": True, "type": "x"}]},
    )
    def test_all_or_nothing(self, bad):
        """The last of many limits cannot be written: the others are what they were."""
        container = self.container()
        watched = {"hugetlb": hugetlb(""), "pids": pids(""), "memory": memory("")}
        places = {}
        for name, limit in watched.items():
            try:
                places[name] = self.place(container, limit)[0]
            except unittest.SkipTest:
                pass
        change = {
            "hugetlb": {"hugepageLimits": [{"pageSize": "2MB", "limit": 8 * MIB}]},
            "pids": {"pids": {"limit": 33}},
            "memory": {"memory": {"limit": 80 * MIB}},
        }
        resources = {k: v for name in places for k, v in change[name].items()}
        # What no limit of huge pages reads as is not what it reads as once it was written.
        read = lambda: {n: p.read_text().replace(ALL, "max") for n, p in places.items()}
        before = read()
        self.assertTrue(before)
        result = self.update(container, {**resources, **bad})
        self.assertEqual(result.code, 1, result)
        self.assertEqual(read(), before)
        # Nor is it remembered.
        self.updated(container, {"pids": {"limit": 25}} if "pids" in places else {})
        self.assertEqual({**read(), "pids": ""}, {**before, "pids": ""})
        self.assertEqual(self.exec(container, "/bin/id", "-u"), "0\n")

    # ---- devices ----

    KMSG = {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rw"}
    NOTHING = {"allow": False, "access": "rwm"}
    EVERYTHING = {"allow": True, "access": "rwm"}

    def with_kmsg(self, *rules):
        """A container with a node that no usual rule allows, and these rules."""

        def edit(spec):
            spec["linux"]["devices"] = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 11}]
            spec["linux"]["resources"]["devices"] = list(rules)
            for names in spec["process"]["capabilities"].values():
                names += ["CAP_SYSLOG"]

        return self.start(*SLEEP, edit=edit)

    def opens(self, container):
        """What opening it says: (for reading, for writing)."""
        script = "probe open /dev/mine; probe write /dev/mine; true"
        return tuple(self.exec(container, "/bin/sh", "-c", script).split())

    @hull_only("runc's update passes over devices")
    @each(
        allow=([NOTHING], [NOTHING, KMSG], ("ok", "ok")),
        deny=([NOTHING, KMSG], [NOTHING], ("EPERM", "EPERM")),
        less=([NOTHING, KMSG], [NOTHING, {**KMSG, "access": "r"}], ("ok", "EPERM")),
        more=([NOTHING, {**KMSG, "access": "r"}], [NOTHING, KMSG], ("ok", "ok")),
        everything=([NOTHING], [EVERYTHING], ("ok", "ok")),
        nothing=([EVERYTHING], [NOTHING], ("EPERM", "EPERM")),
        exception=(
            [NOTHING],
            [EVERYTHING, {**KMSG, "allow": False, "access": "w"}],
            ("ok", "EPERM"),
        ),
        other_exception=(
            [EVERYTHING, {**KMSG, "allow": False, "access": "w"}],
            [EVERYTHING, {**KMSG, "allow": False, "access": "r"}],
            ("EPERM", "ok"),
        ),
    )
    def test_device_rules(self, row):
        old, new, expected = row
        container = self.with_kmsg(*old)
        before = self.opens(container)
        self.updated(container, {"devices": new})
        self.assertEqual(self.opens(container), expected)
        self.assertEqual(self.exec(container, "/bin/probe", "write", "/dev/null"), "ok\n")
        self.updated(container, {"devices": old})
        self.assertEqual(self.opens(container), before)

    @hull_only("runc takes both and does nothing; crun keeps the new rules")
    def test_device_rules_stay_when_a_limit_fails(self):
        container = self.with_kmsg(self.NOTHING, self.KMSG)
        result = self.update(
            container,
            {"devices": [self.NOTHING], "hugepageLimits": [{"pageSize": "3MB", "limit": 0}]},
        )
        self.assertEqual(result.code, 1, result)
        self.assertEqual(self.opens(container), ("ok", "ok"))

    def test_limits_leave_the_device_rules(self):
        container = self.with_kmsg(self.NOTHING, self.KMSG)
        self.updated(container, {"cpu": {}})
        self.assertEqual(self.opens(container), ("ok", "ok"))

    def test_many_device_updates_leave_one_filter(self):
        container = self.with_kmsg(self.NOTHING)
        for count in range(70):  # a cgroup takes 64 programs
            rules = [self.NOTHING] + ([self.KMSG] if count % 2 == 0 else [])
            self.updated(container, {"devices": rules})
        self.assertEqual(self.opens(container), ("EPERM", "EPERM"))

    # ---- effects ----

    def test_a_cpuset_moves_what_runs(self):
        limit = Limit("cpuset", ("cpuset.cpus", ""), ("cpuset.cpus", ""))
        container = self.container(limit)
        self.ok("update", "--cpuset-cpus", "0", container)
        cpus = harness.status_field(self.proc(container, "status"), "Cpus_allowed_list")
        self.assertEqual(cpus, "0")

    def test_a_lower_number_of_processes_holds(self):
        container = self.container(pids(""))
        self.ok("update", "--pids-limit", "3", container)
        script = "(sleep 1 & sleep 1 & sleep 1 & sleep 1) 2>&1"
        result = self.runtime("exec", container, "/bin/sh", "-c", script)
        self.assertIn("can't fork", result.out + result.err)

    def test_a_lower_quota_holds(self):
        container = self.container(Limit("cpu", ("cpu.cfs_quota_us", ""), ("cpu.max", "")))
        self.ok("update", "--cpu-quota", "10000", "--cpu-period", "100000", container)
        self.assertLess(int(self.exec(container, "/bin/probe", "spin", "2000")), 1000)

    def test_a_memory_limit_kills_who_wants_more(self):
        container = self.container(memory(""))
        self.ok("update", "--memory", "32m", "--memory-swap", "32m", container)
        result = self.runtime("exec", container, "/bin/probe", "eat", "128")
        self.assertEqual(result.code, 137, result)

    # ---- which containers ----

    def test_a_created_one(self):
        container = self.create(*SLEEP)
        self.place(container, pids(""))
        self.ok("update", "--pids-limit", "30", container)
        self.assert_limit(container, pids(30))
        self.ok("start", container)

    def test_a_paused_one(self):
        container = self.container(pids(""))
        self.ok("pause", container)
        self.ok("update", "--pids-limit", "30", container)
        self.assert_limit(container, pids(30))
        self.assertEqual(self.status(container), "paused")

    @hull_only("runc's update passes over devices")
    def test_device_rules_of_a_paused_one(self):
        container = self.with_kmsg(self.NOTHING)
        self.ok("pause", container)
        self.updated(container, {"devices": [self.EVERYTHING]})
        self.assertEqual(self.status(container), "paused")
        self.ok("resume", container)
        self.assertEqual(self.opens(container), ("ok", "ok"))

    def test_a_stopped_one(self):
        container = self.start(*SLEEP)
        self.ok("kill", container, "KILL")
        self.wait_for(container, "stopped")
        result = self.runtime("update", "--pids-limit", "30", container)
        if harness.NAME == "hull":
            self.assertEqual(result.code, 1, result)
            self.assertIn("container not running", result.err)
        self.ok("delete", container)

    def test_one_that_does_not_exist(self):
        self.fails("update", "--pids-limit", "30", self.new_id(), saying="does not exist")

    def test_exec_and_delete_afterwards(self):
        container = self.container()
        self.updated(container, {"cpu": {}})
        self.assertEqual(self.exec(container, "/bin/id", "-u"), "0\n")
        self.assertEqual(self.status(container), "running")
        self.ok("kill", container, "KILL")
        self.wait_for(container, "stopped")
        self.ok("delete", container)

    # ---- what is given ----

    def test_a_file(self):
        container = self.container(pids(""))
        path = self.host_file("limits.json", '{"pids": {"limit": 30}}')
        self.ok("update", "-r", path, container)
        self.assert_limit(container, pids(30))

    def test_nothing_given_changes_nothing(self):
        container = self.container()
        self.ok("update", container)
        self.updated(container, {})

    def test_a_file_goes_before_flags(self):
        container = self.container(pids(""))
        path = self.host_file("limits.json", '{"cpu": {}}')
        result = self.runtime("update", "-r", path, "--pids-limit", "30", container)
        self.assertEqual(result.code, 0, result)
        self.assert_limit(container, pids(20))

    @hull_only("runc and crun say other words, or take it")
    @each(
        json=("{", "standard input"),
        type=('{"pids": {"limit": "many"}}', "/pids/limit"),
        range=('{"blockIO": {"weight": 5}}', "/blockIO/weight"),
        list=('{"cpu": {"cpus": "a-b"}}', "/cpu/cpus"),
    )
    def test_a_mistake_is_placed(self, row):
        text, saying = row
        container = self.container()
        path = self.host_file("bad.json", text)
        with open(path) as stdin:
            self.fails("update", "-r", "-", container, stdin=stdin, saying=saying)

    @hull_only("runc says other words, and crun takes some")
    @each(
        size=("--memory", "lots"),
        number=("--pids-limit", "many"),
        sign=("--cpu-share", "-5"),
        l3=("--l3-cache-schema", "0=f"),
        bandwidth=("--mem-bw-schema", "20"),
    )
    def test_a_flag_is_refused_by_name(self, row):
        container = self.container()
        self.fails("update", *row, container, saying=row[0])

    @hull_only("crun refuses it on v2")
    def test_kernel_memory_is_taken_and_does_nothing(self):
        container = self.container()
        self.ok("update", "--kernel-memory", "1m", "--kernel-memory-tcp", "1m", container)

    def test_many_at_once(self):
        """Each takes its turn; the last one holds, in the kernel as in what is kept."""
        container = self.container(pids(""))
        running = [
            harness.popen(self.runtime.command("update", "--pids-limit", 30 + n, container))
            for n in range(8)
        ]
        self.assertEqual([harness.wait(process) for process in running], [0] * 8)
        self.assertIn(int(self.text(container, pids(""))), range(30, 38))
        self.assertEqual(self.status(container), "running")


@needs_its_tree
class Here(Updates, Limits):
    """On what this machine has."""


class V2(PureV2, Updates, Limits):
    """On a tree of cgroup v2 alone."""


class Disabled(Case):
    @hull_only("runc has no --cgroup-manager, and crun says other words")
    def test_without_a_cgroup_there_is_nothing_to_update(self):
        container = self.start(
            *SLEEP,
            flags=["--cgroup-manager", "disabled"],
            edit=lambda s: s["linux"].pop("resources"),
        )
        self.fails("update", "--pids-limit", "5", container, saying="no cgroup")
        self.ok("kill", container, "KILL")
        self.wait_for(container, "stopped")
        self.ok("delete", container)


if __name__ == "__main__":
    harness.main()
