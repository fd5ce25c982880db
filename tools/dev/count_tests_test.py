#!/usr/bin/env python3
"""count_tests.py: what counts as a case, and which skips are let pass."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

SCRIPT = pathlib.Path(__file__).with_name("count_tests.py")
DIR = pathlib.Path(os.environ["TEST_TMPDIR"])

GTEST = """<testsuites><testsuite name="A">
<testcase name="Good" status="run" result="completed" classname="A"/>
<testcase name="Bad" status="run" result="completed" classname="A"><failure message="x"/></testcase>
<testcase name="Skip" status="run" result="skipped" classname="A"><skipped message="x"/></testcase>
</testsuite></testsuites>"""
PASSED = '<testsuites><testsuite name="s"><testcase name="s" status="run"/></testsuite></testsuites>'


def count(results, skips=""):
    """Runs the script on {target: (status, [xml of a shard, or those of its attempts])}; returns its
    exit code and lines."""
    events = []
    for number, (label, (status, reports)) in enumerate(results.items()):
        attempts = [(shard, xml) for shard, report in enumerate(reports, 1)
                    for xml in (report if isinstance(report, tuple) else [report])]
        for place, (shard, xml) in enumerate(attempts):
            path = DIR / f"{number}-{place}.xml"
            path.write_text(xml)
            identity = {"label": label, "run": 1, "shard": shard}
            events.append({"id": {"testResult": identity}, "testResult": {
                "testActionOutput": [{"name": "test.log", "uri": "file:///none"},
                                     {"name": "test.xml", "uri": f"file://{path}"}]}})
        if status:
            events.append({"id": {"testSummary": {"label": label}}, "testSummary": {"overallStatus": status}})
        else:
            events.append({"id": {"targetConfigured": {"label": label}}, "configured": {"testSize": "SMALL"}})
    (DIR / "events.json").write_text("\n".join(map(json.dumps, events)))
    (DIR / "skips.txt").write_text("# comment\n" + skips)
    run = subprocess.run([sys.executable, SCRIPT, DIR / "events.json", DIR / "skips.txt"],
                         capture_output=True, text=True)
    return run.returncode, run.stdout.splitlines()


class CountTests(unittest.TestCase):
    def test_cases_of_all_shards_are_added(self):
        self.assertEqual(count({"//a:t": ("PASSED", [PASSED, PASSED]), "//b:t": ("PASSED", [PASSED])}),
                         (0, ["3 passed, 0 failed, 0 skipped"]))

    def test_the_last_attempt_counts_and_what_failed_before_is_listed(self):
        attempts = (GTEST, PASSED)
        self.assertEqual(count({"//a:t": ("FLAKY", [attempts])}),
                         (0, ["FLAKY: //a:t A.Bad", "1 passed, 0 failed, 0 skipped"]))
        self.assertEqual(count({"//a:t": ("FAILED", [(PASSED, PASSED + " ")])})[1][-1],
                         "1 passed, 1 failed, 0 skipped")

    def test_an_unexplained_skip_fails(self):
        code, lines = count({"//a:t": ("FAILED", [GTEST])})
        self.assertEqual((code, lines[-1]), (1, "1 passed, 2 failed, 0 skipped"))
        self.assertIn("FAILED: //a:t A.Skip: skipped, and testing/skips.txt does not say why", lines)

    def test_an_explained_skip_is_counted_apart(self):
        _, lines = count({"//a:t": ("FAILED", [GTEST])}, "//a:t A.S* the kernel is too old\n")
        self.assertEqual(lines[-1], "1 passed, 1 failed, 1 skipped")
        self.assertIn("SKIPPED: //a:t A.Skip: the kernel is too old", lines)

    def test_what_is_known_to_fail_is_explained(self):
        report = GTEST.replace('<skipped message="x"/>', '<skipped message="known: no device"/>')
        _, lines = count({"//a:t": ("FAILED", [report])})
        self.assertEqual(lines[-1], "1 passed, 1 failed, 1 skipped")
        self.assertIn("SKIPPED: //a:t A.Skip: known: no device", lines)

    def test_a_skip_of_another_target_is_not_explained(self):
        self.assertEqual(count({"//a:t": ("FAILED", [GTEST])}, "//b:t A.S* why\n")[1][-1],
                         "1 passed, 2 failed, 0 skipped")

    def test_a_target_that_did_not_build_fails(self):
        self.assertEqual(count({"//a:t": (None, []), "//b:t": ("FAILED_TO_BUILD", [])})[1][-1],
                         "0 passed, 2 failed, 0 skipped")

    def test_a_timeout_without_a_failed_case_fails(self):
        self.assertEqual(count({"//a:t": ("TIMEOUT", [PASSED])})[1][-1], "1 passed, 1 failed, 0 skipped")


if __name__ == "__main__":
    unittest.main()
