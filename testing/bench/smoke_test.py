#!/usr/bin/env -S python3 -B
"""One round of the bench with hull and the floor: smoke_test.py BENCH HULL. No figure is judged."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

CASES = [
    "run",
    "run-seccomp-cold",
    "run-seccomp-warm",
    "create-start-delete",
    "exec",
    "state",
    "version",
]


def leftovers():
    """The names of bench directories and cgroups on this machine."""
    places = [pathlib.Path("/sys/fs/cgroup"), *pathlib.Path("/sys/fs/cgroup").iterdir()]
    return {str(path) for place in places for path in place.glob("hull-test-bench-*")}


class BenchTest(unittest.TestCase):
    def test_measures_every_case_and_leaves_nothing(self):
        before = leftovers()
        with tempfile.TemporaryDirectory(prefix="hull-test-", dir="/tmp") as directory:
            figures = pathlib.Path(directory, "figures.json")
            done = subprocess.run(
                [
                    BENCH,
                    "--hull",
                    HULL,
                    "--peer=none",
                    "--runs",
                    "1",
                    "--json",
                    figures,
                    "--dir",
                    directory,
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=250,
                check=False,
            )
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(os.listdir(directory), ["figures.json"])
            report = json.loads(figures.read_text())
        self.assertEqual(leftovers() - before, set())
        for table in report["tables"]:
            self.assertEqual([case["case"] for case in table["cases"]], CASES)
            for case in table["cases"]:
                self.check_case(case, done.stdout)

    def check_case(self, case, output):
        self.assertEqual([one["name"] for one in case["contestants"]], ["hull", "floor"])
        for one in case["contestants"]:
            self.assertNotIn("error", one, output)
            for figure in ("wall_us", "cpu_us", "max_rss_kib"):
                self.assertGreater(one[figure]["median"], 0)
        self.assertEqual([pair["peer"] for pair in case["pairs"]], ["floor"])
        for figure in ("wall", "cpu", "rss"):
            self.assertGreater(case["pairs"][0][figure]["median"], 0)


if __name__ == "__main__":
    BENCH, HULL = (os.path.abspath(path) for path in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
