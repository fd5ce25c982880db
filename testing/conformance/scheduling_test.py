#!/usr/bin/env python3
"""Where and how the process runs: scheduler, I/O priority, CPUs, memory nodes, personality."""

import json
import os
import pathlib

import harness
from harness import Case, each, eventually, hull_only, status_field

SLEEP = ("/bin/sleep", "1000")
IOPRIO_GET, PERSONALITY = 252, 135  # x86_64
RESET_ON_FORK = "SCHED_FLAG_RESET_ON_FORK"
MS = 1000 * 1000
CPUS = sorted(os.sched_getaffinity(0))


def scheduler(policy, flags=0, nice=0, priority=0, times=None):
    """What the probe says of it; `times` are runtime, deadline and period of SCHED_DEADLINE."""
    text = f"policy={policy} flags={flags} nice={nice} priority={priority}"
    if times is not None:
        text += " runtime={} deadline={} period={}".format(*times)
    return text + "\n"


def has_numa():
    """Whether the kernel is built with memory policies: a process then has a map of its nodes."""
    return os.path.exists("/proc/self/numa_maps")


class Both(Case):
    """Cases of one field, each for the container's process and for a further one."""

    def spec(self, *args, edit=None):
        spec = super().spec(*args, edit=edit)
        self.prepare(spec)
        return spec

    def prepare(self, spec):
        """What every container of these cases needs."""

    def first(self, *args, process=None, linux=None):
        """What the container's own process prints."""
        return self.inside(*args, edit=self.members(process, linux))

    def second(self, *args, process=None, linux=None):
        """What a further process prints, with all that the container's was given."""
        return self.exec(self.start(*SLEEP, edit=self.members(process, linux)), *args)

    def members(self, process, linux):
        def edit(spec):
            spec["process"].update(process or {})
            spec["linux"].update(linux or {})

        return edit

    def file(self, *args, **members):
        """A process for `exec -p`."""
        process = {
            "args": list(args),
            "cwd": "/",
            "env": ["PATH=/bin"],
            "user": {"uid": 0, "gid": 0},
            **members,
        }
        return self.host_file("process.json", json.dumps(process))

    def third(self, *args, container=None, **members):
        """As a process of -p, which says it itself."""
        container = container or self.start(*SLEEP)
        return self.ok("exec", "-p", self.file(*args, **members), container)


@hull_only("peers send flags without values, which every kernel refuses")
class Clamps(Both):
    @each(min=["MIN"], max=["MAX"], both=["MIN", "MAX"])
    def test_of_utilization(self, ends):
        """The specification has flags for them and no values: they take back what is inherited."""
        flags = [f"SCHED_FLAG_UTIL_CLAMP_{end}" for end in ends]
        wanted = {"scheduler": {"policy": "SCHED_OTHER", "nice": 3, "flags": flags}}
        clamped = os.path.exists("/proc/sys/kernel/sched_util_clamp_min")
        if clamped and harness.kernel() >= (5, 11):
            self.assertEqual(self.first("/bin/probe", "scheduler", process=wanted), scheduler(0, nice=3))
            return
        said = ["/process/scheduler: ", "sched_setattr"]
        said.append("5.11" if clamped else "no utilization clamping")
        self.refused(self.members(wanted, None), saying=said)


SCHEDULERS = dict(
    other=({"policy": "SCHED_OTHER"}, scheduler(0)),
    nice=({"policy": "SCHED_OTHER", "nice": 7}, scheduler(0, nice=7)),
    negative=({"policy": "SCHED_OTHER", "nice": -7}, scheduler(0, nice=-7)),
    nicest=({"policy": "SCHED_OTHER", "nice": 19}, scheduler(0, nice=19)),
    batch=({"policy": "SCHED_BATCH", "nice": 5}, scheduler(3, nice=5)),
    idle=({"policy": "SCHED_IDLE"}, scheduler(5)),
    fifo=({"policy": "SCHED_FIFO", "priority": 1}, scheduler(1, priority=1)),
    round_robin=({"policy": "SCHED_RR", "priority": 99}, scheduler(2, priority=99)),
    reset_on_fork=(
        {"policy": "SCHED_RR", "priority": 5, "flags": [RESET_ON_FORK]},
        scheduler(2, flags=1, priority=5),
    ),
)
DEADLINE = dict(
    deadline=(
        {
            "policy": "SCHED_DEADLINE",
            "runtime": 2 * MS,
            "deadline": 20 * MS,
            "period": 40 * MS,
        },
        scheduler(6, times=(2 * MS, 20 * MS, 40 * MS)),
    ),
    implicit_period=(
        {"policy": "SCHED_DEADLINE", "runtime": 2 * MS, "deadline": 20 * MS},
        scheduler(6, times=(2 * MS, 20 * MS, 20 * MS)),
    ),
    reclaim=(
        {
            "policy": "SCHED_DEADLINE",
            "runtime": 2 * MS,
            "deadline": 20 * MS,
            "flags": ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"],
        },
        scheduler(6, flags=6, times=(2 * MS, 20 * MS, 20 * MS)),
    ),
)


class Scheduler(Both):
    owner = 100000

    def prepare(self, spec):
        """Kernels with real-time groups give a new cgroup of v1 no time for such policies."""
        if not harness.PURE_V2 and os.path.exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us"):
            cpu = {"realtimeRuntime": 20000, "realtimePeriod": 1000000}
            spec["linux"]["resources"]["cpu"] = cpu

    @harness.in_brief(*DEADLINE)
    @each(**SCHEDULERS, **DEADLINE)
    def test_of_init(self, row):
        value, expected = row
        self.assertEqual(self.first("/bin/probe", "scheduler", process={"scheduler": value}), expected)

    @each(**SCHEDULERS)
    def test_of_exec(self, row):
        value, expected = row
        self.assertEqual(
            self.second("/bin/probe", "scheduler", process={"scheduler": value}), expected
        )

    @each(**SCHEDULERS, **DEADLINE)
    def test_of_exec_by_process_file(self, row):
        value, expected = row
        if harness.NAME == "crun":
            self.skipTest("this runtime sets it while the program begins")
        self.assertEqual(self.third("/bin/probe", "scheduler", scheduler=value), expected)

    @harness.by_the_config
    def test_a_process_file_without_one_has_the_containers(self):
        value, expected = SCHEDULERS["batch"]
        container = self.start(
            *SLEEP, edit=lambda s: s["process"].update(scheduler=value)
        )
        self.assertEqual(self.third("/bin/probe", "scheduler", container=container), expected)

    def test_without_one_it_is_the_callers(self):
        self.assertEqual(self.first("/bin/probe", "scheduler"), scheduler(0))
        self.assertEqual(self.second("/bin/probe", "scheduler"), scheduler(0))

    @each(
        round_robin=SCHEDULERS["round_robin"],
        negative=SCHEDULERS["negative"],
    )
    def test_in_a_user_namespace(self, row):
        """Only the host's CAP_SYS_NICE counts, which a root of the namespace has not."""
        value, expected = row

        def edit(spec):
            harness.map_ids(spec)
            spec["process"].update(scheduler=value, user={"uid": 5, "gid": 5})

        container = self.create(*SLEEP, edit=edit)
        stat = self.proc(container, "stat").rsplit(")", 1)[1].split()
        self.ok("start", container)
        nice, priority, policy = int(stat[16]), int(stat[37]), int(stat[38])
        self.assertEqual(scheduler(policy, nice=nice, priority=priority), expected)
        self.assertEqual(self.exec(container, "/bin/probe", "scheduler"), expected)

    @harness.by_the_config
    @each(
        iso=({"policy": "SCHED_ISO"}, "/process/scheduler/policy"),
        nice_of_fifo=({"policy": "SCHED_FIFO", "priority": 1, "nice": 2}, "/process/scheduler/nice"),
        priority_of_other=({"policy": "SCHED_OTHER", "priority": 1}, "/process/scheduler/priority"),
        no_priority=({"policy": "SCHED_RR"}, "/process/scheduler/priority"),
        too_nice=({"policy": "SCHED_OTHER", "nice": 20}, "/process/scheduler/nice"),
        unknown_policy=({"policy": "SCHED_BEST"}, "/process/scheduler/policy"),
        unknown_flag=({"policy": "SCHED_RR", "priority": 1, "flags": ["X"]}, "/process/scheduler"),
        runtime_of_other=({"policy": "SCHED_OTHER", "runtime": 5}, "/process/scheduler/policy"),
        no_runtime=({"policy": "SCHED_DEADLINE", "deadline": 9999}, "/process/scheduler/runtime"),
        late=(
            {"policy": "SCHED_DEADLINE", "runtime": 9999, "deadline": 8888},
            "/process/scheduler/deadline",
        ),
        short=(
            {"policy": "SCHED_DEADLINE", "runtime": 2000, "deadline": 3000, "period": 2500},
            "/process/scheduler/period",
        ),
        more_than_there_is=(
            {
                "policy": "SCHED_DEADLINE",
                "runtime": 3600 * 1000 * MS,
                "deadline": 3600 * 1000 * MS,
            },
            ["/process/scheduler: ", "sched_setattr"],
        ),
    )
    @hull_only("runc and crun say other words, and take a nice value for SCHED_FIFO")
    def test_refused(self, row):
        value, saying = row
        self.refused(lambda s: s["process"].update(scheduler=value), saying=saying)

    @harness.by_the_config
    @hull_only("runc says other words, and crun exits with 1")
    def test_refused_in_a_process_file(self):
        file = self.file("/bin/true", scheduler={"policy": "SCHED_ISO"})
        container = self.start(*SLEEP)
        self.fails("exec", "-p", file, container, code=255, saying="/scheduler/policy")

    @hull_only("runc names no capability; crun refuses the hybrid tree, seen here")
    def test_what_the_host_denies_names_the_capability(self):
        """As a root without CAP_SYS_NICE, as in a container of an engine."""
        self.runtime.prefix = ["setpriv", "--bounding-set=-sys_nice"]
        value, _ = SCHEDULERS["negative"]
        self.refused(
            lambda s: s["process"].update(scheduler=value),
            saying=["/process/scheduler: ", "not permitted", "CAP_SYS_NICE"],
        )


PRIORITIES = dict(
    realtime=({"class": "IOPRIO_CLASS_RT", "priority": 3}, 1 << 13 | 3),
    best_effort=({"class": "IOPRIO_CLASS_BE", "priority": 6}, 2 << 13 | 6),
    highest=({"class": "IOPRIO_CLASS_BE", "priority": 0}, 2 << 13),
    idle=({"class": "IOPRIO_CLASS_IDLE", "priority": 0}, 3 << 13),
)
GET_PRIORITY = ("/bin/probe", "sys", str(IOPRIO_GET), "1", "0")


class IoPriority(Both):
    owner = 100000

    @each(**PRIORITIES)
    def test_of_init(self, row):
        value, expected = row
        self.assertEqual(
            self.first(*GET_PRIORITY, process={"ioPriority": value}), f"{expected}\n"
        )

    @each(**PRIORITIES)
    def test_of_exec(self, row):
        value, expected = row
        self.assertEqual(
            self.second(*GET_PRIORITY, process={"ioPriority": value}), f"{expected}\n"
        )

    @each(**PRIORITIES)
    def test_of_exec_by_process_file(self, row):
        value, expected = row
        self.assertEqual(self.third(*GET_PRIORITY, ioPriority=value), f"{expected}\n")

    @harness.by_the_config
    def test_a_process_file_without_one_has_the_containers(self):
        value, expected = PRIORITIES["best_effort"]
        container = self.start(
            *SLEEP, edit=lambda s: s["process"].update(ioPriority=value)
        )
        self.assertEqual(self.third(*GET_PRIORITY, container=container), f"{expected}\n")

    def test_in_a_user_namespace(self):
        value, expected = PRIORITIES["realtime"]

        def edit(spec):
            harness.map_ids(spec)
            spec["process"].update(ioPriority=value)

        container = self.start(*SLEEP, edit=edit)
        self.assertEqual(self.exec(container, *GET_PRIORITY), f"{expected}\n")

    @harness.by_the_config
    @each(
        too_low=({"class": "IOPRIO_CLASS_BE", "priority": 8}, "/process/ioPriority/priority"),
        negative=({"class": "IOPRIO_CLASS_BE", "priority": -1}, "/process/ioPriority/priority"),
        unknown=({"class": "IOPRIO_CLASS_NONE", "priority": 1}, "/process/ioPriority/class"),
        no_class=({"priority": 1}, "/process/ioPriority/class"),
    )
    @hull_only("runc and crun say other words")
    def test_refused(self, row):
        value, saying = row
        self.refused(lambda s: s["process"].update(ioPriority=value), saying=saying)


class Personality(Both):
    @each(linux=("LINUX", "0\n"), linux32=("LINUX32", "8\n"))
    def test_of_init(self, row):
        domain, expected = row
        self.assertEqual(
            self.first(
                "/bin/probe",
                "sys",
                str(PERSONALITY),
                "0xffffffff",
                linux={"personality": {"domain": domain}},
            ),
            expected,
        )

    @each(linux=("LINUX", "0\n"), linux32=("LINUX32", "8\n"))
    def test_of_exec(self, row):
        domain, expected = row
        linux = {"personality": {"domain": domain}}
        container = self.start(*SLEEP, edit=lambda s: s["linux"].update(linux))
        words = ("/bin/probe", "sys", str(PERSONALITY), "0xffffffff")
        self.assertEqual(self.exec(container, *words), expected)
        self.assertEqual(self.third(*words, container=container), expected)

    def test_flags_are_warned_of(self):
        result = self.run_args(
            "/bin/true",
            edit=lambda s: s["linux"].update(
                personality={"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}
            ),
        )
        self.assertEqual(result.code, 0, result)
        self.assertIn("personality", result.err)

    @harness.by_the_config
    @each(case="linux32", unknown="BSD", empty="")
    @hull_only("runc and crun say other words")
    def test_refused(self, domain):
        self.refused(
            lambda s: s["linux"].update(personality={"domain": domain}),
            saying="/linux/personality/domain",
        )


POLICIES = dict(
    default=({"mode": "MPOL_DEFAULT"}, "mode=0 flags=0 nodes=\n"),
    bind=({"mode": "MPOL_BIND", "nodes": "0"}, "mode=2 flags=0 nodes=0\n"),
    interleave=({"mode": "MPOL_INTERLEAVE", "nodes": "0"}, "mode=3 flags=0 nodes=0\n"),
    preferred=({"mode": "MPOL_PREFERRED", "nodes": "0"}, "mode=1 flags=0 nodes=0\n"),
    preferred_none=({"mode": "MPOL_PREFERRED", "nodes": ""}, "mode=4 flags=0 nodes=\n"),
    local=({"mode": "MPOL_LOCAL", "nodes": ""}, "mode=4 flags=0 nodes=\n"),
    static=(
        {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]},
        "mode=2 flags=8000 nodes=0\n",
    ),
    relative=(
        {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"]},
        "mode=2 flags=4000 nodes=0\n",
    ),
    absent_nodes_too=(
        {"mode": "MPOL_INTERLEAVE", "nodes": "0,500-501"},
        "mode=3 flags=0 nodes=0\n",
    ),
)
NEWER = dict(
    balancing=(
        (5, 12),
        {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"]},
        "mode=2 flags=2000 nodes=0\n",
    ),
    many=(
        (5, 15),
        {"mode": "MPOL_PREFERRED_MANY", "nodes": "0"},
        "mode=5 flags=0 nodes=0\n",
    ),
    weighted=(
        (6, 9),
        {"mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "0"},
        "mode=6 flags=0 nodes=0\n",
    ),
)


class MemoryPolicy(Both):
    def setUp(self):
        super().setUp()
        if not has_numa():
            self.skipTest("the kernel is built without NUMA")

    @each(**POLICIES)
    def test_of_init(self, row):
        value, expected = row
        self.assertEqual(
            self.first("/bin/probe", "mempolicy", linux={"memoryPolicy": value}), expected
        )

    @each(**POLICIES)
    def test_of_exec(self, row):
        value, expected = row
        container = self.start(
            *SLEEP, edit=lambda s: s["linux"].update(memoryPolicy=value)
        )
        self.assertEqual(self.exec(container, "/bin/probe", "mempolicy"), expected)
        self.assertEqual(self.third("/bin/probe", "mempolicy", container=container), expected)

    @each(**NEWER)
    def test_newer_ones_work_or_are_refused_by_name(self, row):
        since, value, expected = row
        if harness.kernel() >= since:
            out = self.first("/bin/probe", "mempolicy", linux={"memoryPolicy": value})
            self.assertEqual(out, expected)
        else:
            self.refused(
                lambda s: s["linux"].update(memoryPolicy=value), saying="/linux/memoryPolicy: "
            )

    @harness.by_the_config
    @each(
        no_such_node=({"mode": "MPOL_BIND", "nodes": "900"}, ["/linux/memoryPolicy: ", "none of"]),
        impossible_node=({"mode": "MPOL_BIND", "nodes": "5000"}, "/linux/memoryPolicy/nodes"),
        no_nodes=({"mode": "MPOL_BIND"}, "/linux/memoryPolicy/nodes"),
        nodes_of_local=({"mode": "MPOL_LOCAL", "nodes": "0"}, "/linux/memoryPolicy/nodes"),
        no_mode=({"nodes": "0"}, "/linux/memoryPolicy/mode"),
        unknown_mode=({"mode": "MPOL_BOUND", "nodes": "0"}, "/linux/memoryPolicy/mode"),
        unknown_flag=(
            {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_X"]},
            "/linux/memoryPolicy/flags/0",
        ),
        both_flags=(
            {
                "mode": "MPOL_BIND",
                "nodes": "0",
                "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"],
            },
            "/linux/memoryPolicy/flags",
        ),
    )
    @hull_only("runc has no memory policies, and crun says other words")
    def test_refused(self, row):
        value, saying = row
        self.refused(lambda s: s["linux"].update(memoryPolicy=value), saying=saying)


class Affinity(Both):
    """Where there is one CPU alone, they run all the same, and show less."""

    STATUS = ("/bin/cat", "/proc/self/status")

    def allowed(self, status):
        return status_field(status, "Cpus_allowed_list")

    def mine(self):
        return self.allowed(pathlib.Path("/proc/self/status").read_text())

    def test_a_pinned_caller_pins_no_container(self):
        """Since Linux 6.2 it would; who asks for a cpuset gets it whole."""
        self.runtime.prefix = [*self.runtime.prefix, "taskset", "-c", str(CPUS[0])]
        self.assertEqual(self.allowed(self.first(*self.STATUS)), self.mine())
        self.assertEqual(self.allowed(self.second(*self.STATUS)), self.mine())

    @each(first=0, last=-1)
    def test_final(self, which):
        cpu = str(CPUS[which])
        out = self.second(*self.STATUS, process={"execCPUAffinity": {"final": cpu}})
        self.assertEqual(self.allowed(out), cpu)
        out = self.third(*self.STATUS, execCPUAffinity={"final": cpu})
        self.assertEqual(self.allowed(out), cpu)

    def test_final_is_cut_to_what_is_there(self):
        out = self.third(*self.STATUS, execCPUAffinity={"final": f"{CPUS[-1]},4000-65535"})
        self.assertEqual(self.allowed(out), str(CPUS[-1]))

    @harness.by_the_config
    def test_a_process_file_without_one_has_the_containers(self):
        container = self.start(
            "/bin/sleep",
            "1000",
            edit=lambda s: s["process"].update(execCPUAffinity={"final": str(CPUS[-1])}),
        )
        self.assertEqual(
            self.allowed(self.third(*self.STATUS, container=container)), str(CPUS[-1])
        )

    def test_is_no_matter_of_init(self):
        cpus = {"initial": str(CPUS[0]), "final": str(CPUS[0])}
        out = self.first(*self.STATUS, process={"execCPUAffinity": cpus})
        self.assertEqual(self.allowed(out), self.mine())

    def test_initial_alone_holds_no_longer_than_the_start(self):
        out = self.third(*self.STATUS, execCPUAffinity={"initial": str(CPUS[0])})
        self.assertEqual(self.allowed(out), self.mine())

    @hull_only("runc's main thread has other CPUs meanwhile; crun has no --ignore-paused")
    def test_initial_holds_while_the_process_is_made(self):
        """Of the runtime itself, seen where it cannot end: the cgroup of its child is frozen."""
        container = self.start(*SLEEP)
        self.ok("pause", container)
        file = self.file("/bin/true", execCPUAffinity={"initial": str(CPUS[0])})
        words = self.runtime.command("exec", "--ignore-paused", "-p", file, container)
        process = harness.popen(words)
        status = pathlib.Path(f"/proc/{process.pid}/status")
        self.assertTrue(eventually(lambda: self.allowed(status.read_text()) == str(CPUS[0])))
        self.ok("resume", container)
        self.assertEqual(harness.wait(process), 0)

    @harness.by_the_config
    @each(
        initial=({"initial": "9999"}, "/process/execCPUAffinity/initial: '9999': none of these"),
        final=(
            {"final": "9999"},
            ["/process/execCPUAffinity/final: ", "9999", "none of these CPUs is online"],
        ),
        huge=({"final": "65536"}, "/execCPUAffinity/final"),
        backwards=({"initial": "2-1"}, "/execCPUAffinity/initial"),
        words=({"final": "all"}, "/execCPUAffinity/final"),
    )
    @hull_only("runc says other words; crun exits with 1, or aborts at numbers of CPUs")
    def test_refused(self, row):
        value, saying = row
        container = self.start(*SLEEP)
        file = self.file("/bin/true", execCPUAffinity=value)
        self.fails("exec", "-p", file, container, code=255, saying=saying)

    @harness.by_the_config
    @hull_only("runc says other words, and crun looks at it in exec alone")
    def test_refused_at_creation_where_no_host_could_have_it(self):
        self.refused(
            lambda s: s["process"].update(execCPUAffinity={"initial": "0-65536"}),
            saying="/process/execCPUAffinity/initial",
        )


if __name__ == "__main__":
    harness.main()
