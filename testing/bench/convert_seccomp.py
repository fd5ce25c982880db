#!/usr/bin/env python3
"""Turns an engine's seccomp profile into the `linux.seccomp` block of a runtime config, for x86_64.

    convert_seccomp.py /usr/share/containers/seccomp.json > podman_seccomp.json

The profile (containers-common's format) has rules that depend on capabilities, on the architecture
and on the kernel; an engine resolves these before the runtime sees them. So does this script, for
the capabilities that Podman gives a container by default.
"""

import argparse
import json

ARCH = "amd64"
ARCHITECTURES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
KERNEL = (6, 1)
CAPS = {
    "CAP_" + name
    for name in (
        "CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID"
        " SYS_CHROOT"
    ).split()
}


def applies(rule):
    include, exclude = rule.get("includes") or {}, rule.get("excludes") or {}
    if include.get("arches") and ARCH not in include["arches"]:
        return False
    if not set(include.get("caps") or []) <= CAPS:
        return False
    least = include.get("minKernel")
    if least and tuple(int(part) for part in least.split(".")) > KERNEL:
        return False
    return ARCH not in (exclude.get("arches") or []) and not set(exclude.get("caps") or []) & CAPS


def convert_rule(rule):
    names = rule.get("names") or [rule["name"]]
    converted = {"names": names, "action": rule["action"]}
    if rule.get("errnoRet") is not None:
        converted["errnoRet"] = rule["errnoRet"]
    if rule.get("args"):
        converted["args"] = rule["args"]
    return converted


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("profile")
    with open(parser.parse_args().profile, encoding="utf-8") as file:
        profile = json.load(file)
    block = {"defaultAction": profile["defaultAction"]}
    if profile.get("defaultErrnoRet") is not None:
        block["defaultErrnoRet"] = profile["defaultErrnoRet"]
    block["architectures"] = ARCHITECTURES
    block["syscalls"] = [convert_rule(rule) for rule in profile["syscalls"] if applies(rule)]
    lines = [
        "%s: %s" % (json.dumps(key), json.dumps(value))
        for key, value in block.items()
        if key != "syscalls"
    ]
    rules = ",\n".join("    " + json.dumps(rule) for rule in block["syscalls"])
    print('{\n  %s,\n  "syscalls": [\n%s\n  ]\n}' % (",\n  ".join(lines), rules))


if __name__ == "__main__":
    main()
