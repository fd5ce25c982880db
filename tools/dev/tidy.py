#!/usr/bin/env python3
"""Writes compile_commands.json (for clangd and others) and runs clang-tidy on hull's own sources.

usage: tidy.py [--jobs N] [--database-only] [FILE...]    (from the repository's root)

A file is looked at again only when it, a header of hull's it includes, its flags or .clang-tidy
changed: results are kept under ~/.cache/hull-tidy. $BAZEL is the bazel command.
"""
import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

CLANG_TIDY = "clang-tidy-14"
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "hull-tidy"
# What clang does not know of GCC's, and GCC's own warnings: the build is there for those.
NOT_FOR_CLANG = re.compile("-Werror|-fno-canonical-system-headers|-fno-tree-loop-distribute-patterns")
# Checks walk every header again: a test, with GoogleTest in it, gets those that matter most there.
TEST_CHECKS = ",".join([
    "-*", "bugprone-infinite-loop", "bugprone-unused-raii", "bugprone-use-after-move",
    "google-build-using-namespace", "modernize-use-nullptr", "modernize-use-override",
    "performance-for-range-copy", "readability-function-size",
])
OWN = "^(runtime|cgroups|seccomp|spec|tools|testing)/"


def bazel(*args):
    command = shlex.split(os.environ.get("BAZEL", "bazel")) + list(args)
    run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode:
        sys.exit(run.stderr)
    return run.stdout


def compile_commands(targets):
    """{source: arguments} of every C++ file that `targets` compile, paths made absolute."""
    external = bazel("info", "output_base").strip() + "/external/"
    actions = json.loads(bazel("aquery", "--output=jsonproto", f'mnemonic("CppCompile", {targets})'))
    commands = {}
    for action in actions.get("actions", []):
        arguments = [a for a in action["arguments"] if not NOT_FOR_CLANG.fullmatch(a)]
        source = next((a for a in arguments if re.search(OWN + r".*\.cc$", a)), None)
        if source:
            commands[source] = [re.sub("^external/", external, a) for a in arguments]
            commands[source].append("-Wno-unknown-warning-option")
    return commands


@functools.lru_cache(maxsize=None)
def closure(path):
    """`path` and all that it includes of this repository."""
    seen, queue = {path}, [path]
    while queue:
        text = pathlib.Path(queue.pop()).read_text(errors="replace")
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.MULTILINE):
            if name not in seen and os.path.exists(name):
                seen.add(name)
                queue.append(name)
    return sorted(seen)


def fingerprint(source, arguments):
    digest = hashlib.sha256("\0".join(arguments).encode())
    for path in [".clang-tidy", __file__, *closure(source)]:
        digest.update(os.path.basename(path).encode() + b"\0" + pathlib.Path(path).read_bytes())
    return digest.hexdigest()


def tidy(source, arguments):
    """None if the file is clean, else what clang-tidy says."""
    stamp = CACHE / fingerprint(source, arguments)
    if stamp.exists():
        return None
    command = [CLANG_TIDY, "--quiet", "-p", ".", source]
    if source.endswith("_test.cc"):
        command.append("--checks=" + TEST_CHECKS)
    run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode == 0:
        stamp.touch()
        return None
    return run.stdout + run.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--targets", default="//...", help="what bazel aquery looks at")
    parser.add_argument("--database-only", action="store_true")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()

    commands = compile_commands(args.targets)
    database = [{"directory": os.getcwd(), "file": f, "arguments": a} for f, a in sorted(commands.items())]
    pathlib.Path("compile_commands.json").write_text(json.dumps(database, indent=1))
    if args.database_only:
        return 0

    CACHE.mkdir(parents=True, exist_ok=True)
    files = [f for f in sorted(commands) if os.path.exists(f) and (not args.files or f in args.files)]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in concurrent.futures.as_completed(pool.submit(tidy, f, commands[f]) for f in files):
            if said := done.result():
                bad += 1
                print(said, flush=True)
    print(f"clang-tidy: {len(files)} files, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
