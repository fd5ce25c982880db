#!/usr/bin/env python3
"""That a machine cannot pass by accident: panics, hangs and failures are told, with their reason.

usage: runner_test.py OPTIONS-OF-RUNNER --panic SUITE --hang SUITE
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import runner

HERE = pathlib.Path(__file__).resolve().parent


def take(flag):
    place = sys.argv.index(flag)
    value = sys.argv[place + 1]
    del sys.argv[place : place + 2]
    return value


PANIC, HANG = take("--panic"), take("--hang")
OPTIONS = sys.argv[1:]
# The reports made here are of cases that shall fail: none is this test's own.
os.environ.pop("XML_OUTPUT_FILE", None)


class Machine(unittest.TestCase):
    def run_suite(self, suite, seconds):
        """(exit code, output, {case: failure's message or None})."""
        with tempfile.TemporaryDirectory() as directory:
            report = pathlib.Path(directory) / "test.xml"
            environment = {**os.environ, "TEST_TIMEOUT": str(seconds)}
            environment.update(XML_OUTPUT_FILE=str(report), TEST_UNDECLARED_OUTPUTS_DIR=directory)
            environment.pop("TESTBRIDGE_TEST_ONLY", None)
            process = subprocess.run(
                [sys.executable, HERE / "runner.py", *OPTIONS, "--suite", suite],
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            cases = {}
            for case in ElementTree.parse(report).getroot().iter("testcase"):
                failure = case.find("failure")
                cases[case.get("name")] = None if failure is None else failure.get("message")
        return process.returncode, process.stdout, cases

    def test_a_panic_fails(self):
        code, out, cases = self.run_suite(PANIC, 200)
        self.assertEqual(code, 1)
        self.assertIn("the machine wrote no result", out)
        self.assertEqual(cases, {"panic": "the machine ended before it ran"})

    def test_a_program_that_hangs_fails_and_the_rest_is_told(self):
        code, out, cases = self.run_suite(HANG, 90)
        self.assertEqual(code, 1)
        self.assertIn("the tests start", out)  # the console
        self.assertEqual(cases, {"hang": "exit timeout"})


class Report(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.out = pathlib.Path(directory.name)
        self.row = {"suite": "s", "program": "p", "exit": 0, "seconds": 1, "xml": None, "log": "l"}

    def cases(self, xml=None, **changes):
        if xml is not None:
            (self.out / "x.xml").write_text(xml)
            changes["xml"] = "x.xml"
        found = runner.read_cases(self.out, {**self.row, **changes})
        return [(c.get("classname"), c.get("name"), [e.tag for e in c]) for c in found]

    def test_a_program_without_cases_is_one(self):
        self.assertEqual(self.cases(), [("s", "p", [])])
        self.assertEqual(self.cases(exit=3), [("s", "p", ["failure"])])

    def test_cases_keep_their_verdict(self):
        xml = '<testsuites><testsuite><testcase classname="A" name="b"><failure/></testcase>'
        xml += '<testcase classname="A" name="c"><skipped/></testcase></testsuite></testsuites>'
        expected = [("p:A", "b", ["failure"]), ("p:A", "c", ["skipped"])]
        self.assertEqual(self.cases(xml, exit=1), expected)

    def test_a_crash_after_passing_cases_is_a_failure(self):
        xml = '<testsuites><testcase classname="A" name="b"/></testsuites>'
        expected = [("p:A", "b", []), ("s", "p", ["failure"])]
        self.assertEqual(self.cases(xml, exit=-11), expected)

    def test_half_a_report_is_none(self):
        self.assertEqual(self.cases("<testsuites><testca", exit=0), [("s", "p", ["failure"])])

    def test_what_did_not_run_fails(self):
        (self.out / "results.json").write_text(json.dumps([self.row]))
        self.assertTrue(runner.report(self.out, [("s", "p")]))
        self.assertFalse(runner.report(self.out, [("s", "p"), ("s", "q")]))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
