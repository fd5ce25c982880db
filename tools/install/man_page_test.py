#!/usr/bin/env python3
"""hull.8 names each command and flag that `hull --help` prints, and no other."""
import re
import subprocess
import sys


def helped(program, *command):
    """Long flags in the help's table of flags, and the commands in its table of commands."""
    text = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True).stdout
    flags = set(re.findall(r"^  (?:-\w, )?--([a-z-]+)", text, re.MULTILINE))
    table = re.search(r"^commands:\n((?:  .*\n)+)", text, re.MULTILINE)
    return flags, set(re.findall(r"^  (\S+)", table[1], re.MULTILINE)) if table else set()


def manual(path):
    """{section: flags}, where a section is a command, or "" for the global flags."""
    text = open(path, encoding="utf-8").read().replace("\\-", "-")
    sections = {"": text[text.index(".SH GLOBAL FLAGS"):text.index(".SH COMMANDS")]}
    commands = text[text.index(".SH COMMANDS"):text.index(".SH EXIT STATUS")]
    for part in re.split(r"^\.SS ", commands, flags=re.MULTILINE)[1:]:
        sections[re.match(r'"hull (\w+)', part)[1]] = part
    flag = re.compile(r"^\.BR? ?I?R? --([a-z-]+)|^\.BI --([a-z-]+)", re.MULTILINE)
    return {name: {a or b for a, b in flag.findall(part)} for name, part in sections.items()}


def main():
    program, man_page = sys.argv[1:]
    sections = manual(man_page)
    wrong = []

    def compare(where, said, written):
        wrong.extend(f"hull.8 lacks {where} '{name}'" for name in sorted(said - written))
        wrong.extend(f"hull.8 has {where} '{name}', the help has not" for name in sorted(written - said))

    flags, commands = helped(program)
    compare("the global flag", flags, sections.pop(""))
    compare("the command", commands, set(sections))
    for command in sorted(commands & set(sections) - {"help"}):
        flags, _ = helped(program, command)
        # "Takes the flags of create" is said, not repeated.
        written = sections[command] | (sections["create"] if command in ("run", "explain") else set())
        compare(f"{command}'s flag", flags - {"help"}, written)
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
