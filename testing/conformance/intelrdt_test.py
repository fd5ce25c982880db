#!/usr/bin/env python3
"""linux.intelRdt, over plain files in the place of the kernel's resctrl, which few machines have.

$HULL_TEST_RESCTRL names the directory. Every write is appended there, so that a file shows them all
in their order; the kernel's own files hold the same at the end.
"""

import json
import os
import pathlib

import harness
from harness import Case, each, hull_only

SLEEP = ("/bin/probe", "sleep", "1000")


class Resctrl(Case):
    def setUp(self):
        super().setUp()
        self.resctrl = self.dir / "resctrl"
        for name in ("info/L3", "info/MB", "info/L3_MON", "mon_groups", "gold/mon_groups"):
            (self.resctrl / name).mkdir(parents=True)
        self.put("schemata", "    MB:0=100;1=100\n    L3:0=fff;1=fff\n")
        self.put("gold/schemata", "    MB:0=50;1=50\n    L3:0=00f;1=0f0\n")
        self.put("info/L3/cbm_mask", "fff\n")
        self.put("info/L3/min_cbm_bits", "1\n")
        self.put("info/L3/num_closids", "16\n")
        self.put("info/MB/bandwidth_gran", "10\n")
        self.put("info/MB/min_bandwidth", "20\n")
        for group in (".", "gold"):
            self.put(f"{group}/tasks", "")
        os.environ["HULL_TEST_RESCTRL"] = str(self.resctrl)
        self.before = self.tree()

    def tearDown(self):
        os.environ.pop("HULL_TEST_RESCTRL", None)
        super().tearDown()

    def put(self, name, text):
        (self.resctrl / name).write_text(text)

    def get(self, *names):
        return self.resctrl.joinpath(*names).read_text()

    def tree(self):
        return sorted(str(p.relative_to(self.resctrl)) for p in self.resctrl.rglob("*"))

    @staticmethod
    def rdt(*more, **fields):
        def edit(spec):
            spec["linux"]["intelRdt"] = fields
            for change in more:
                change(spec)

        return edit

    def fails_to_create(self, edit, saying=()):
        result = self.refused(edit, saying=saying)
        self.assertEqual(self.tree(), self.before)
        return result


@hull_only("runc and crun look at the kernel's own resctrl alone")
class Classes(Resctrl):
    def test_of_the_containers_own(self):
        container = self.start(*SLEEP, edit=self.rdt(l3CacheSchema="L3:0=f;1=f"))
        self.assertEqual(self.get(container, "tasks"), f"{self.pid(container)}\n")
        self.assertEqual(self.get(container, "schemata"), "L3:0=f;1=f\n")
        self.ok("delete", "--force", container)
        self.assertEqual(self.tree(), self.before)

    @harness.by_the_config
    def test_without_any_schema(self):
        container = self.start(*SLEEP, edit=self.rdt())
        self.assertEqual(self.get(container, "tasks"), f"{self.pid(container)}\n")
        self.assertFalse((self.resctrl / container / "schemata").exists())

    def test_the_order_of_writes(self):
        edit = self.rdt(
            closID="silver",
            schemata=["L2:0=3", "MB:0=40"],
            memBwSchema="MB:0=20",
            l3CacheSchema="L3:0=f\nMB:0=90",
        )
        container = self.start(*SLEEP, edit=edit)
        self.assertEqual(self.get("silver", "schemata"), "L3:0=f\nMB:0=20\nL2:0=3\nMB:0=40\n")
        self.put("silver/tasks", "")  # as the kernel has it once the process is gone
        self.ok("delete", "--force", container)
        self.assertEqual(self.tree(), self.before)

    def test_one_that_exists(self):
        container = self.start(*SLEEP, edit=self.rdt(closID="gold"))
        self.assertEqual(self.get("gold", "tasks"), f"{self.pid(container)}\n")
        self.ok("delete", "--force", container)
        self.assertEqual(self.tree(), self.before)

    @harness.by_the_config
    @each(
        cache={"l3CacheSchema": "L3:0=f;1=0f0"},
        bandwidth={"memBwSchema": "MB:1=50;0=50"},
        schemata={"schemata": ["L3:0=F", "MB:0=50"]},
    )
    def test_one_that_exists_and_has_what_is_asked_for(self, fields):
        before = self.get("gold", "schemata")
        self.start(*SLEEP, edit=self.rdt(closID="gold", **fields))
        self.assertEqual(self.get("gold", "schemata"), before)

    @harness.by_the_config
    @each(
        cache={"l3CacheSchema": "L3:0=ff;1=0f0"},
        bandwidth={"memBwSchema": "MB:0=20"},
        schemata={"schemata": ["L2:0=1"]},
        domain={"l3CacheSchema": "L3:2=f"},
    )
    def test_one_that_exists_and_has_something_else(self, fields):
        self.fails_to_create(
            self.rdt(closID="gold", **fields), saying=["/linux/intelRdt", "'gold' exists"]
        )

    @harness.by_the_config
    def test_one_that_does_not_exist(self):
        self.fails_to_create(self.rdt(closID="tin"), saying=["/linux/intelRdt/closID", "'tin'"])

    @harness.by_the_config
    def test_the_default_class(self):
        container = self.start(*SLEEP, edit=self.rdt(closID="/"))
        self.assertEqual(self.get("tasks"), f"{self.pid(container)}\n")
        self.ok("delete", "--force", container)
        self.assertEqual(self.tree(), self.before)

    @harness.by_the_config
    def test_one_that_others_use_stays(self):
        edit = self.rdt(closID="silver", l3CacheSchema="L3:0=f")
        first = self.start(*SLEEP, edit=edit)
        second = self.start(*SLEEP, edit=edit)
        self.put("silver/tasks", f"{self.pid(second)}\n")
        self.ok("delete", "--force", first)
        self.assertTrue((self.resctrl / "silver").exists())

    @harness.by_the_config
    def test_with_run(self):
        out = self.inside("/bin/sh", "-c", "echo $$", edit=self.rdt(memBwSchema="MB:0=20"))
        self.assertEqual(out, "1\n")
        self.assertEqual(self.tree(), self.before)

    @harness.by_the_config
    def test_a_further_process_is_in_it(self):
        container = self.start(*SLEEP, edit=self.rdt())
        self.exec(container, "/bin/true")
        self.assertEqual(len(self.get(container, "tasks").split()), 2)

    @harness.by_the_config
    def test_a_create_that_fails_leaves_nothing(self):
        def hooks(spec):
            spec["hooks"] = {"createRuntime": [{"path": "/bin/false", "args": ["false"]}]}

        self.fails_to_create(self.rdt(hooks, l3CacheSchema="L3:0=f", enableMonitoring=True))

    def test_with_a_user_namespace(self):
        self.owner = 100000
        container = self.start(*SLEEP, edit=self.rdt(harness.map_ids))
        self.assertEqual(self.get(container, "tasks"), f"{self.pid(container)}\n")

    @harness.by_the_config
    def test_no_resctrl(self):
        del os.environ["HULL_TEST_RESCTRL"]
        if " - resctrl " in pathlib.Path("/proc/self/mountinfo").read_text():
            self.skipTest("this machine has resctrl")
        self.fails_to_create(self.rdt(), saying=["/linux/intelRdt", "no resctrl mounted"])

    @harness.by_the_config
    @each(
        slash={"closID": "a/b"},
        dots={"closID": ".."},
        own={"closID": "mon_groups"},
        bandwidth={"memBwSchema": "L3:0=f"},
        lines={"memBwSchema": "MB:0=10\nL3:0=f"},
        schemata={"schemata": ["L3:0=f\nMB:0=10"]},
        type={"schemata": "L3:0=f"},
    )
    def test_bad_values(self, fields):
        self.fails_to_create(
            self.rdt(**fields), saying=f"/linux/intelRdt/{next(iter(fields))}"
        )


@hull_only("runc and crun look at the kernel's own resctrl alone")
class Monitoring(Resctrl):
    def test_a_group_of_a_class(self):
        container = self.start(*SLEEP, edit=self.rdt(closID="gold", enableMonitoring=True))
        self.assertEqual(
            self.get("gold/mon_groups", container, "tasks"), f"{self.pid(container)}\n"
        )
        self.assertEqual(self.get("gold", "tasks"), f"{self.pid(container)}\n")
        self.exec(container, "/bin/true")
        self.assertEqual(len(self.get("gold/mon_groups", container, "tasks").split()), 2)
        self.ok("delete", "--force", container)
        self.assertEqual(self.tree(), self.before)

    @harness.by_the_config
    def test_a_group_of_the_default_class(self):
        container = self.start(*SLEEP, edit=self.rdt(closID="/", enableMonitoring=True))
        self.assertEqual(self.get("mon_groups", container, "tasks"), f"{self.pid(container)}\n")
        self.ok("delete", "--force", container)
        self.assertEqual(self.tree(), self.before)

    @harness.by_the_config
    def test_false_is_none(self):
        container = self.start(*SLEEP, edit=self.rdt(enableMonitoring=False))
        self.assertFalse((self.resctrl / container / "mon_groups").exists())

    @harness.by_the_config
    def test_where_the_host_cannot(self):
        (self.resctrl / "info/L3_MON").rmdir()
        self.before = self.tree()
        self.fails_to_create(
            self.rdt(enableMonitoring=True), saying="/linux/intelRdt/enableMonitoring"
        )

    def statistics(self, container):
        return json.loads(self.ok("events", "--stats", container))["data"]["intel_rdt"]

    def test_events(self):
        container = self.start(*SLEEP, edit=self.rdt(closID="gold", enableMonitoring=True))
        data = self.resctrl / "gold/mon_groups" / container / "mon_data/mon_L3_00"
        data.mkdir(parents=True)
        (data / "llc_occupancy").write_text("4096\n")
        (data / "mbm_total_bytes").write_text("7\n")
        (data / "mbm_local_bytes").write_text("5\n")
        self.assertEqual(
            self.statistics(container),
            {
                "l3_cache_info": {"cbm_mask": "fff", "min_cbm_bits": 1, "num_closids": 16},
                "l3_cache_schema_root": "L3:0=fff;1=fff",
                "l3_cache_schema": "L3:0=00f;1=0f0",
                "mem_bw_info": {"bandwidth_gran": 10, "min_bandwidth": 20},
                "mem_bw_schema_root": "MB:0=100;1=100",
                "mem_bw_schema": "MB:0=50;1=50",
                "schemata": ["MB:0=50;1=50", "L3:0=00f;1=0f0"],
                "mbm_stats": [{"mbm_total_bytes": 7, "mbm_local_bytes": 5}],
                "cmt_stats": [{"llc_occupancy": 4096}],
            },
        )
        for name in ("llc_occupancy", "mbm_total_bytes", "mbm_local_bytes"):
            (data / name).unlink()  # the kernel's go with their directory
        data.rmdir()
        data.parent.rmdir()

    @harness.by_the_config
    def test_events_of_a_container_without(self):
        self.assertEqual(self.statistics(self.start(*SLEEP)), {})


@hull_only("runc and crun look at the kernel's own resctrl alone")
class Update(Resctrl):
    def test_cache_and_bandwidth(self):
        container = self.start(*SLEEP, edit=self.rdt(l3CacheSchema="L3:0=f"))
        self.ok("update", "--l3-cache-schema", "L3:0=1", container)
        self.ok("update", "--mem-bw-schema", "MB:0=30", "--pids-limit", "42", container)
        self.ok(
            "update", "--l3-cache-schema", "L3:0=3", "--mem-bw-schema", "MB:0=40", container
        )
        self.assertEqual(
            self.get(container, "schemata"), "L3:0=f\nL3:0=1\nMB:0=30\nL3:0=3\nMB:0=40\n"
        )

    @harness.by_the_config
    def test_beside_resources_from_a_file(self):
        container = self.start(*SLEEP, edit=self.rdt(l3CacheSchema="L3:0=f"))
        limits = self.host_file("limits.json", '{"pids": {"limit": 42}}')
        self.ok("update", "-r", limits, "--l3-cache-schema", "L3:0=1", container)
        self.assertEqual(self.get(container, "schemata"), "L3:0=f\nL3:0=1\n")

    @harness.by_the_config
    def test_of_a_container_without(self):
        container = self.start(*SLEEP)
        self.fails(
            "update", "--l3-cache-schema", "L3:0=1", container, saying="no linux.intelRdt"
        )

    @harness.by_the_config
    def test_a_limit_that_is_refused_changes_no_schema_for_good(self):
        container = self.start(*SLEEP, edit=self.rdt(l3CacheSchema="L3:0=f"))
        result = self.runtime(
            "update", "--l3-cache-schema", "L3:0=1", "--cpuset-cpus", "4000", container
        )
        self.assertNotEqual(result.code, 0)
        self.assertEqual(self.get(container, "schemata").splitlines()[-1], "L3:0=f")


if __name__ == "__main__":
    harness.main()
