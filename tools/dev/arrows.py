#!/usr/bin/env python3
"""Holds every target against arrows.txt, by one `bazel query` of the whole graph.

usage: arrows.py [--self-test]    (from the repository's root; $BAZEL is the bazel command)
"""
import collections
import os
import pathlib
import re
import shlex
import subprocess
import sys

TABLE = pathlib.Path(__file__).with_name("arrows.txt")
# Tests may use what they like; so may what is marked testonly.
TREE = "(//runtime/... + //spec/... + //cgroups/... + //seccomp/...)"
LIBRARIES = (f'kind("cc_library|cc_binary|cc_proto_library|proto_library|genrule", {TREE})'
             f" except attr(testonly, 1, {TREE})")
# What every C++ rule has without naming it.
IMPLICIT = ("@bazel_tools", "@local_config", "@rules_cc", "@platforms")


def read_table(text):
    """[(package pattern, [allowed pattern])] in the table's order."""
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return [(words[0], words[1:]) for words in lines if words]


def fits(label, pattern):
    if pattern.startswith("@"):
        return label.partition("//")[0] == pattern
    package = label.partition(":")[0]
    if pattern.endswith("/..."):
        return package == pattern[:-4] or package.startswith(pattern[:-3])
    return label == pattern if ":" in pattern else package == pattern


def offences(graph, starts, table):
    """For each start the first thing out of bounds it reaches, as the path that leads there."""
    for start in sorted(starts):
        allowed = next((allow for pattern, allow in table if fits(start, pattern)), None)
        if allowed is None:
            yield [start, "(no line of arrows.txt covers it)"]
            continue
        queue, came_from = collections.deque([start]), {start: None}
        while queue:
            label = queue.popleft()
            if label != start and not any(fits(label, pattern) for pattern in allowed):
                path = []
                while label:
                    path.append(label)
                    label = came_from[label]
                yield path[::-1]
                break
            for dep in graph[label]:
                if dep not in came_from and not dep.startswith(IMPLICIT):
                    came_from[dep] = label
                    queue.append(dep)


def query(expression, *flags):
    command = shlex.split(os.environ.get("BAZEL", "bazel"))
    command += ["query", "--noimplicit_deps", *flags, expression]
    run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode:
        sys.exit(run.stderr)
    return run.stdout


def repository_graph():
    """Label -> labels it depends on, inside the repository and one step out of it."""
    graph = collections.defaultdict(list)
    # Their source files are not labels of interest; the rules' edges are.
    dot = query(f"kind(rule, deps({LIBRARIES}))", "--output=graph", "--nograph:factored")
    for source, target in re.findall(r'^  "([^"]+)" -> "([^"]+)"', dot, re.MULTILINE):
        if source.startswith("//"):
            graph[source].append(target)
    return graph


def self_test():
    table = read_table("# comment\n//a/... //a/... //b:one @lib\n")
    graph = {"//a:x": ["//b:one"], "//b:one": ["@lib//:y"], "@lib//:y": [], "//a/c:z": ["//a:x", "//b:two"]}
    graph["//b:two"] = []
    assert not list(offences(graph, ["//a:x"], table))
    assert list(offences(graph, ["//a/c:z"], table)) == [["//a/c:z", "//b:two"]]
    assert list(offences(graph, ["//b:one"], table))[0][0] == "//b:one"
    assert not fits("//ab:x", "//a/...") and fits("//a:x", "//a/...") and fits("//a/b:x", "//a/...")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    libraries = query(LIBRARIES).split()
    found = list(offences(repository_graph(), libraries, read_table(TABLE.read_text())))
    print(f"{len(libraries)} libraries held against {TABLE.name}")
    for path in found:
        print("forbidden arrow: " + "\n              -> ".join(path))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
