#!/usr/bin/env python3
"""`events` and `ps`: what a container uses, when it lacks memory, which processes it has."""

import json
import pathlib
import tempfile
import time
import unittest

import harness
from harness import PureV2, each, eventually, hull_only
from limits import MIB, SLEEP, Limit, Limits, needs_its_tree

# The keys of runc's own output, whatever the container has used.
ALWAYS = {
    "cpu": {"usage", "throttling"},
    "cpuset": {
        "cpu_exclusive",
        "mem_hardwall",
        "mem_exclusive",
        "memory_migrate",
        "memory_spread_page",
        "memory_spread_slab",
        "memory_pressure",
        "sched_load_balance",
        "sched_relax_domain_level",
    },
    "memory": {"usage", "swap", "kernel", "kernelTCP"},
    "pids": set(),
    "blkio": set(),
    "hugetlb": set(),
    "intel_rdt": set(),
}
SOMETIMES = {
    "cpu": {"psi"},
    "cpuset": {"cpus", "mems"},
    "memory": {"cache", "raw", "psi", "event_count"},
    "pids": {"current", "limit"},
    "blkio": {
        "ioServiceBytesRecursive",
        "ioServicedRecursive",
        "ioQueueRecursive",
        "ioServiceTimeRecursive",
        "ioWaitTimeRecursive",
        "ioMergedRecursive",
        "ioTimeRecursive",
        "sectorsRecursive",
        "psi",
    },
    "hugetlb": {"64KB", "2MB", "32MB", "512MB", "1GB", "16GB"},
    "intel_rdt": set(),
}


POLL = ("7", "271")  # poll and ppoll of x86_64


class Stream:
    """`events` of a container as it runs; what it prints goes to a file."""

    def __init__(self, case, container, interval):
        self.file = tempfile.NamedTemporaryFile()
        command = case.runtime.command("events", "--interval", interval, container)
        self.process = harness.popen(command, stdout=self.file)

    def settle(self):
        """Waits until it watches: hull then sits in poll(2); of others nothing tells."""
        if harness.NAME != "hull":
            time.sleep(0.3)
            return
        call = pathlib.Path(f"/proc/{self.process.pid}/syscall")
        if not eventually(lambda: call.read_text().split()[0] in POLL, 10):
            raise AssertionError("the stream does not come to watch")

    def events(self, kind=None):
        lines = pathlib.Path(self.file.name).read_text().splitlines()
        found = [json.loads(line) for line in lines if line.endswith("}")]
        return [event for event in found if kind in (None, event["type"])]

    def end(self, seconds=10):
        code = harness.wait(self.process, seconds)
        self.file.flush()
        return code


class Events:
    def stats(self, container):
        out = self.ok("events", "--stats", container)
        self.assertEqual(out.count("\n"), 1, out)
        event = json.loads(out)
        self.assertEqual((event["type"], event["id"]), ("stats", container))
        return event["data"]

    def test_the_keys_are_runcs(self):
        data = self.stats(self.start(*SLEEP))
        network = data.pop("network_interfaces")
        self.assertIn(network, (None, []))
        self.assertEqual(set(data), set(ALWAYS))
        for name, keys in ALWAYS.items():
            self.assertLessEqual(keys, set(data[name]), name)
            self.assertLessEqual(set(data[name]), keys | SOMETIMES[name], name)
        for counter in ("usage", "swap", "kernel", "kernelTCP"):
            keys = set(data["memory"][counter])
            self.assertLessEqual({"limit", "failcnt"}, keys)
            self.assertLessEqual(keys, {"limit", "failcnt", "usage", "max"})
        self.assertLessEqual({"kernel", "user"}, set(data["cpu"]["usage"]))

    def test_a_process_has_used_some_cpu(self):
        script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 1000"
        container = self.start("/bin/sh", "-c", script)
        used = lambda: self.stats(container)["cpu"]["usage"].get("total", 0) > 1000000
        self.assertTrue(eventually(used))

    def test_the_pressure_of_v2(self):
        if not self.pure:
            self.skipTest("cgroup v1 has none")
        container = self.start(*SLEEP)
        path = self.unified() / self.own_path(container) / "cpu.pressure"
        try:
            path.read_text()
        except OSError:
            self.skipTest("this kernel does not count it")
        psi = self.stats(container)["cpu"]["psi"]
        self.assertEqual(set(psi), {"some", "full"})
        self.assertEqual(set(psi["some"]), {"avg10", "avg60", "avg300", "total"})

    def own_path(self, container):
        return self.proc(container, "cgroup").splitlines()[-1].split(":", 2)[2][1:]

    def test_the_number_of_processes(self):
        limit = Limit("pids", ("pids.max", 9), ("pids.max", 9))
        self.require(limit)
        container = self.limited(start=True, pids={"limit": 9})
        self.ok("exec", "-d", container, *SLEEP)
        self.assertEqual(self.stats(container)["pids"], {"current": 2, "limit": 9})

    def test_memory(self):
        limit = Limit("memory", ("memory.limit_in_bytes", 64 * MIB), ("memory.max", 64 * MIB))
        self.require(limit)
        container = self.limited("/bin/probe", "eat", "16", start=True, memory={"limit": 64 * MIB})
        eaten = lambda: self.stats(container)["memory"]["usage"].get("usage", 0) > 16 * MIB
        self.assertTrue(eventually(eaten))
        memory = self.stats(container)["memory"]
        self.assertEqual(memory["usage"]["limit"], 64 * MIB)
        self.assertIn("pgfault", memory["raw"])
        stat = (self.directory(container, "memory") / "memory.stat").read_text()
        self.assertEqual(set(memory["raw"]), {l.split()[0] for l in stat.splitlines()})

    def test_throttling(self):
        self.require(Limit("cpu", ("cpu.cfs_quota_us", ""), ("cpu.max", "")))
        container = self.limited(
            "/bin/sh", "-c", "while :; do :; done", start=True, cpu={"quota": 2000, "period": 20000}
        )
        held = lambda: self.stats(container)["cpu"]["throttling"].get("throttledPeriods", 0) > 1
        self.assertTrue(eventually(held))
        throttling = self.stats(container)["cpu"]["throttling"]
        self.assertEqual(set(throttling), {"periods", "throttledPeriods", "throttledTime"})

    def test_huge_pages(self):
        self.require(Limit("hugetlb", ("hugetlb.2MB.limit_in_bytes", ""), ("hugetlb.2MB.max", "")))
        if harness.NAME == "runc" and not self.pure:
            self.skipTest("this runtime does not look at the unified tree there")
        self.assertEqual(self.stats(self.start(*SLEEP))["hugetlb"]["2MB"]["failcnt"], 0)

    def test_cpuset(self):
        limit = Limit("cpuset", ("cpuset.cpus", 0), ("cpuset.cpus", 0))
        self.require(limit)
        container = self.limited(start=True, cpu={"cpus": "0", "mems": "0"})
        cpuset = self.stats(container)["cpuset"]
        self.assertEqual((cpuset["cpus"], cpuset["mems"]), ([0], [0]))

    @each(created=(), paused=("start", "pause"))
    def test_of_one_that_is(self, steps):
        container = self.create(*SLEEP)
        for step in steps:
            self.ok(step, container)
        self.assertIn("usage", self.stats(container)["cpu"])

    # ---- the stream ----

    def test_an_event_each_interval_until_it_ends(self):
        container = self.start(*SLEEP)
        stream = self.watch(container, "100ms")
        self.assertTrue(eventually(lambda: len(stream.events()) >= 3))
        self.ok("kill", container, "KILL")
        self.ended(container, stream)
        self.assertEqual({e["type"] for e in stream.events()}, {"stats"})
        self.assertEqual({e["id"] for e in stream.events()}, {container})

    def ended(self, container, *streams):
        """hull's end with the container, runc's with its cgroup."""
        if harness.NAME != "hull":
            self.wait_for(container, "stopped")
            self.ok("delete", "--force", container)
        self.assertEqual([stream.end() for stream in streams], [0] * len(streams))

    def watch(self, container, interval):
        if harness.NAME != "hull":
            self.directory(container, "memory")  # without it runc has no stream
        return Stream(self, container, interval)

    def test_the_first_one_comes_after_an_interval(self):
        container = self.start(*SLEEP)
        stream = self.watch(container, "1h")
        stream.settle()
        self.assertEqual(stream.events(), [])
        self.ok("kill", container, "KILL")
        self.ended(container, stream)

    def test_it_goes_on_while_the_container_is_paused(self):
        container = self.start(*SLEEP)
        self.ok("pause", container)
        stream = self.watch(container, "50ms")
        self.assertTrue(eventually(lambda: len(stream.events()) >= 2))
        self.ok("resume", container)
        self.ok("kill", container, "KILL")
        self.ended(container, stream)

    def test_two_may_watch(self):
        container = self.start(*SLEEP)
        streams = [self.watch(container, "50ms") for _ in range(2)]
        for stream in streams:
            self.assertTrue(eventually(lambda: stream.events()))
        self.ok("kill", container, "KILL")
        self.ended(container, *streams)

    def test_other_commands_need_not_wait_for_it(self):
        container = self.start(*SLEEP)
        stream = self.watch(container, "50ms")
        self.assertTrue(eventually(lambda: stream.events()))
        self.ok("pause", container)
        self.ok("resume", container)
        self.ok("delete", "--force", container)
        self.assertEqual(stream.end(), 0)

    def test_lack_of_memory(self):
        self.require(Limit("memory", ("memory.limit_in_bytes", ""), ("memory.max", "")))
        container = self.limited(start=True, memory={"limit": 32 * MIB, "swap": 32 * MIB})
        stream = self.watch(container, "1h")
        stream.settle()
        self.assertEqual(stream.events(), [])
        result = self.runtime("exec", container, "/bin/probe", "eat", "128")
        self.assertEqual(result.code, 137, result)
        self.assertTrue(eventually(stream.events))
        self.assertEqual(stream.events()[0], {"type": "oom", "id": container})
        self.ok("kill", container, "KILL")
        self.ended(container, stream)
        self.assertEqual({e["type"] for e in stream.events()}, {"oom"})

    @hull_only("runc's events do not end with the container; crun has no events")
    def test_lack_of_memory_that_ends_it(self):
        """What init dies of is printed before the stream ends."""
        self.require(Limit("memory", ("memory.limit_in_bytes", ""), ("memory.max", "")))
        memory = {"limit": 32 * MIB, "swap": 32 * MIB}
        container = self.limited("/bin/probe", "eat", "128", memory=memory)
        stream = self.watch(container, "1h")
        stream.settle()
        self.ok("start", container)
        self.assertEqual(stream.end(), 0)
        self.assertEqual(stream.events(), [{"type": "oom", "id": container}])

    # ---- what is refused ----

    def test_of_a_stopped_one(self):
        container = self.start(*SLEEP)
        self.ok("kill", container, "KILL")
        self.wait_for(container, "stopped")
        self.fails("events", "--stats", container, saying="not running")
        self.fails("events", container, saying="not running")

    def test_of_none(self):
        self.fails("events", "--stats", self.new_id(), saying="does not exist")

    @each(zero="0s", negative="-1s", words="often")
    def test_no_interval(self, interval):
        container = self.start(*SLEEP)
        result = self.runtime("events", "--interval", interval, container)
        self.assertEqual(result.code, 1, result)


class Processes:
    """`ps`."""

    def start_two(self):
        """(container, the pids of its two processes)."""
        container = self.start(*SLEEP)
        self.ok("exec", "-d", "--pid-file", self.dir / "second", container, *SLEEP)
        return container, {self.pid(container), int((self.dir / "second").read_text())}

    def test_as_json(self):
        container, pids = self.start_two()
        out = self.ok("ps", "--format", "json", container)
        self.assertEqual(set(json.loads(out)), pids)

    def rows(self, out, column="PID"):
        lines = [line.split() for line in out.splitlines()]
        place = lines[0].index(column)
        return {int(line[place]) for line in lines[1:]}

    def test_as_a_table(self):
        if harness.NAME == "crun":
            self.skipTest("this runtime prints bare ids")
        container, pids = self.start_two()
        out = self.ok("ps", container)
        self.assertEqual(self.rows(out), pids)
        self.assertIn("probe sleep 1000", out)

    @each(
        bsd=(["aux"], "%MEM"),
        columns=(["-eo", "pid,comm"], "COMMAND"),
        dashes=(["-e", "-f"], "CMD"),
    )
    def test_the_options_of_ps(self, row):
        if harness.NAME == "crun":
            self.skipTest("this runtime takes none")
        words, title = row
        container, pids = self.start_two()
        out = self.ok("ps", container, *words)
        self.assertEqual(self.rows(out), pids)
        self.assertIn(title, out.splitlines()[0])

    def test_a_table_without_pids(self):
        if harness.NAME == "crun":
            self.skipTest("this runtime takes no options")
        self.fails("ps", self.start(*SLEEP), "-eo", "comm", saying="pid")

    @hull_only("runc gives on what ps says, which need not name it; crun's ps has no options")
    def test_what_ps_says_of_bad_options(self):
        self.fails("ps", self.start(*SLEEP), "--no-such-option", saying=["ps", "no-such-option"])

    @hull_only("runc says other words, and crun needs no ps")
    def test_a_machine_without_ps(self):
        container = self.start(*SLEEP)
        hide = 'for f in /bin/ps /usr/bin/ps; do mount --bind /dev/null $f; done; exec "$@"'
        self.runtime.prefix = [
            *self.runtime.prefix,
            *["unshare", "--mount", "--propagation", "private", "sh", "-c", hide, "sh"],
        ]
        self.fails("ps", container, saying="no program 'ps'")
        self.assertEqual(json.loads(self.ok("ps", "-f", "json", container)), [self.pid(container)])

    def test_without_a_path(self):
        """CRI-O starts a runtime with next to no environment."""
        if harness.NAME != "hull":
            self.skipTest("other runtimes need PATH for it")
        container, pids = self.start_two()
        self.assertEqual(self.rows(self.ok("ps", container, env={})), pids)

    @each(created=(), paused=("start", "pause"))
    def test_of_one_that_is(self, steps):
        container = self.create(*SLEEP)
        for step in steps:
            self.ok(step, container)
        self.assertEqual(json.loads(self.ok("ps", "-f", "json", container)), [self.pid(container)])

    def test_of_a_stopped_one(self):
        container = self.start(*SLEEP)
        self.ok("kill", container, "KILL")
        self.wait_for(container, "stopped")
        result = self.runtime("ps", "--format", "json", container)
        if harness.NAME == "hull":
            self.assertEqual(result.out, "[]\n", result)

    def test_of_none(self):
        result = self.runtime("ps", self.new_id())
        self.assertNotEqual(result.code, 0)
        self.assertIn("does not exist", result.err)

    def test_no_such_format(self):
        self.fails("ps", "--format", "yaml", self.start(*SLEEP), saying="format")


@needs_its_tree
@unittest.skipIf(harness.NAME == "crun", "this runtime has no such command")
class EventsHere(Events, Limits):
    """On what this machine has."""


@unittest.skipIf(harness.NAME == "crun", "this runtime has no such command")
class EventsV2(PureV2, Events, Limits):
    """On a tree of cgroup v2 alone."""


@needs_its_tree
class ProcessesHere(Processes, Limits):
    """On what this machine has."""


class ProcessesV2(PureV2, Processes, Limits):
    """On a tree of cgroup v2 alone."""


if __name__ == "__main__":
    harness.main()
