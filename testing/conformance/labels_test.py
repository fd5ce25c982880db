#!/usr/bin/env python3
"""Labels of AppArmor and SELinux, on whatever host: what it does not have is refused by name.

testing/vm/suites has the cases that give labels.
"""

import json

import harness
from harness import Case, each, hull_only

SLEEP = ("/bin/probe", "sleep", "1000")
FIELDS = {  # of config.json, with a value that no host has
    "profile": ("process", "apparmorProfile", "hull-no-such-profile"),
    "label": ("process", "selinuxLabel", "no:such:label:s0"),
    "mount_label": ("linux", "mountLabel", "no:such:label:s0"),
}
FLAGS = {
    "profile": ("--apparmor", "hull-no-such-profile"),
    "label": ("--process-label", "no:such:label:s0"),
}


class Refused(Case):
    @harness.in_brief(*FIELDS)
    @each(**FIELDS)
    @hull_only("runc says other words; crun passes over a profile and a mount label")
    def test_the_error_is_one_line_with_pointer_and_value(self, row):
        parent, name, value = row
        result = self.refused(lambda s: s[parent].update({name: value}))
        self.assertEqual(len(result.err.splitlines()), 1, result)
        self.assertIn(f"/{parent}/{name}: '{value}': ", result.err)

    @each(**FLAGS)
    @hull_only("runc says other words, and crun's exec passes over both")
    def test_exec(self, words):
        container = self.start(*SLEEP)
        self.fails("exec", *words, container, "/bin/true", code=255, saying=words)
        self.assertEqual(self.exec(container, "/bin/id", "-u"), "0\n")

    @each(
        profile=("apparmorProfile", "hull-no-such-profile"),
        label=("selinuxLabel", "no:such:label:s0"),
    )
    @hull_only("runc says other words, and crun's exec passes over both")
    def test_exec_with_a_process_file(self, row):
        container = self.start(*SLEEP)
        process = {"args": ["/bin/true"], "cwd": "/", "user": {"uid": 0, "gid": 0}}
        file = self.host_file("process.json", json.dumps({**process, row[0]: row[1]}))
        self.fails("exec", "--process", file, container, code=255, saying=row)

    @hull_only("runc and crun have no explain")
    def test_explain(self):
        parent, name, value = FIELDS["profile"]
        bundle = self.bundle(self.spec("/bin/true", edit=lambda s: s[parent].update({name: value})))
        self.fails("explain", "--bundle", bundle.path, "id", saying=[f"/{parent}/{name}", value])


class Accepted(Case):
    @hull_only("runc fails where there is no AppArmor to tell")
    def test_unconfined_is_what_everybody_is_without_apparmor(self):
        self.inside(
            "/bin/true", edit=lambda s: s["process"].update({"apparmorProfile": "unconfined"})
        )

    @each(**FIELDS)
    def test_an_empty_one_asks_for_nothing(self, row):
        self.inside("/bin/true", edit=lambda s: s[row[0]].update({row[1]: ""}))

    def test_features_say_that_the_build_knows_both(self):
        features = json.loads(self.ok("features"))["linux"]
        for name in ("apparmor", "selinux"):
            self.assertTrue(features[name]["enabled"], name)


if __name__ == "__main__":
    harness.main()
