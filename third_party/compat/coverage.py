#!/usr/bin/env python3
"""Both of Bazel's coverage tools: lcov from one test's gcov JSON, and the merge of many."""
import argparse
import collections
import gzip
import json
import pathlib
import re

parser = argparse.ArgumentParser()
parser.add_argument("--coverage_dir", type=pathlib.Path)
parser.add_argument("--reports_file", type=pathlib.Path)
parser.add_argument("--output_file", type=pathlib.Path)
parser.add_argument("--filter_sources", action="append", default=[])
args, _ = parser.parse_known_args()
hits = collections.defaultdict(collections.Counter)  # source -> line -> count
if args.reports_file:
    for report in args.reports_file.read_text().split():
        for kind, _, rest in (l.partition(":") for l in open(report).read().splitlines()):
            if kind == "SF":
                source = rest
            elif kind == "DA":
                line, count = rest.split(",")
                hits[source][int(line)] += int(count)
else:
    for path in args.coverage_dir.rglob("*.gcov.json.gz"):
        for entry in json.load(gzip.open(path))["files"]:
            for line in entry["lines"]:
                hits[entry["file"]][line["line_number"]] += line["count"]
with args.output_file.open("w") as out:
    for source, lines in sorted(hits.items()):
        if not any(re.fullmatch(f, source) for f in args.filter_sources + ["/.*"]):
            print(f"SF:{source}", *(f"DA:{n},{c}" for n, c in sorted(lines.items())),
                  f"LH:{sum(c > 0 for c in lines.values())}", f"LF:{len(lines)}",
                  "end_of_record", sep="\n", file=out)
