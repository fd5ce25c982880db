#!/usr/bin/env python3
"""Counts the test cases of one `bazel test`, from the test.xml of each target.

usage: count_tests.py EVENTS.json SKIPS.txt

EVENTS.json is what --build_event_json_file wrote. A target that is no GoogleTest counts as one case,
and so does a failure outside of any case (a crash, a time-out, a target that did not build). A case
that was skipped must be explained by SKIPS.txt (target pattern, case pattern, reason) or, in words that
begin with "known: ", by testing/conformance/peers.txt; else it failed.
Where Bazel tried a target again (--flaky_test_attempts), the last attempt counts; what failed in one
before is listed as FLAKY, for it is a bug all the same.
The last line is `N passed, N failed, N skipped`; the exit code is 1 if anything failed.
"""
import fnmatch
import json
import pathlib
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree


def read_skips(path):
    lines = pathlib.Path(path).read_text().splitlines()
    return [line.split(maxsplit=2) for line in lines if line.strip() and not line.startswith("#")]


def read_events(path):
    """({target: {(run, shard): [paths of test.xml by attempt]}}, {target: overall status})."""
    reports, statuses = {}, {}
    for line in pathlib.Path(path).read_text().splitlines():
        event = json.loads(line)
        if "testResult" in event:
            identity = event["id"]["testResult"]
            part = identity.get("run", 1), identity.get("shard", 1)
            attempts = reports.setdefault(identity["label"], {}).setdefault(part, [])
            for output in event["testResult"].get("testActionOutput", []):
                if output["name"] == "test.xml":
                    url = urllib.parse.urlparse(output["uri"])
                    attempts.append(urllib.parse.unquote(url.path))
        elif "testSummary" in event:
            statuses[event["id"]["testSummary"]["label"]] = event["testSummary"]["overallStatus"]
        elif "targetConfigured" in event.get("id", {}) and "testSize" in event.get("configured", {}):
            statuses.setdefault(event["id"]["targetConfigured"]["label"], "NOT BUILT OR NOT RUN")
    return reports, statuses


def read_cases(path):
    """(name, "passed"|"failed"|"skipped", why it was skipped) of every case of a report."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return
    for case in root.iter("testcase"):
        name = (case.get("classname", "") + "." + case.get("name", "")).strip(".")
        if case.find("failure") is not None or case.find("error") is not None:
            yield name, "failed", ""
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped = case.find("skipped")
            yield name, "skipped", "" if skipped is None else skipped.get("message", "")
        else:
            yield name, "passed", ""


def explain_skip(skips, label, name, message):
    if message.startswith("known: "):  # a row of testing/conformance/peers.txt
        return message
    return next((reason for target, pattern, reason in skips
                 if fnmatch.fnmatchcase(label, target) and fnmatch.fnmatchcase(name, pattern)), None)


def main():
    events, skips = sys.argv[1], read_skips(sys.argv[2])
    reports, statuses = read_events(events)
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for label, status in sorted(statuses.items()):
        failed_before = total["failed"]
        parts = reports.get(label, {}).values()
        for path in (path for attempts in parts for path in attempts[:-1]):
            for name in (name for name, result, _ in read_cases(path) if result == "failed"):
                print(f"FLAKY: {label} {name}")
        last = [attempts[-1] for attempts in parts if attempts]
        cases = [case for path in last for case in read_cases(path)]
        for name, result, message in cases:
            reason = explain_skip(skips, label, name, message) if result == "skipped" else None
            if result == "skipped" and reason is None:
                result, reason = "failed", "skipped, and testing/skips.txt does not say why"
            if result != "passed":
                print(f"{result.upper()}: {label} {name}" + (f": {reason}" if reason else ""))
            total[result] += 1
        if status not in ("PASSED", "FLAKY") and total["failed"] == failed_before:
            print(f"FAILED: {label}: {status}")
            total["failed"] += 1
        elif status in ("PASSED", "FLAKY") and not cases:
            total["passed"] += 1
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**total))
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
