"""vm_suite: programs to run in a machine. vm_test: one machine, and the suites that run in it."""

_Suite = provider(fields = ["manifest"])

def _vm_suite_impl(ctx):
    targets = ctx.attr.programs + ctx.attr.data
    runfiles = ctx.runfiles(ctx.files.programs + ctx.files.data)
    programs = []
    for target in ctx.attr.programs:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
        executable = target[DefaultInfo].files_to_run.executable
        programs += [f.short_path for f in ([executable] if executable else target.files.to_list())]
    for target in ctx.attr.data:
        runfiles = runfiles.merge(target[DefaultInfo].default_runfiles)
    manifest = ctx.actions.declare_file(ctx.label.name + ".suite.json")
    ctx.actions.write(manifest, struct(
        name = ctx.label.name,
        programs = programs,
        args = [ctx.expand_location(word, targets) for word in ctx.attr.args_in_guest],
        files = [f.short_path for f in runfiles.files.to_list()],
    ).to_json())
    return [
        DefaultInfo(files = depset([manifest]), runfiles = runfiles.merge(ctx.runfiles([manifest]))),
        _Suite(manifest = manifest),
    ]

_vm_suite = rule(
    implementation = _vm_suite_impl,
    attrs = {
        "args_in_guest": attr.string_list(),
        "data": attr.label_list(allow_files = True),
        "programs": attr.label_list(allow_files = True, mandatory = True),
    },
)

def vm_suite(name, programs, args = [], data = [], **kwargs):
    """Programs that run in the guest, one after the other, each in its own process group.

    Args:
      name: how vm_test and the reports call it.
      programs: tests (their static binaries run), or scripts of Python or of sh. Each is one case, or
        those that it writes to $XML_OUTPUT_FILE (as GoogleTest and conformance's harness.main() do).
      args: given to each program; $(rootpath LABEL) is a path that holds in the guest.
      data: files that they need, found where `bazel test` would have put them.
      **kwargs: the rest.
    """
    _vm_suite(name = name, programs = programs, args_in_guest = args, data = data, testonly = True, **kwargs)

def vm_test(
        name,
        kernel,
        suites,
        init = "systemd",
        cgroups = "v2",
        user = "root",
        devices = [],
        append = "",
        memory_mb = 2048,
        timeout = "long",
        tags = []):
    """A machine that boots, runs its suites and is gone. Each of their cases is counted.

    Args:
      name: says what the row is for.
      kernel: 5.10, 6.1, 6.12 or 7.
      suites: labels of vm_suite.
      init: what is PID 1: systemd or script (guest/preinit).
      cgroups: v2, v1 or hybrid.
      user: root, or unprivileged (uid 1000, lingering, with subordinate ids).
      devices: of numa (two nodes), hugepages (64 of 2 MiB), swap (256 MiB of zram), scratch (two disks of
        64 MiB, /dev/vm/scratch0 and 1), apparmor.
      append: more words for the kernel's command line.
      memory_mb: of the machine.
      timeout: moderate 5 minutes, long 15, eternal 60: for boot and suites together.
      tags: more tags.
    """
    linux = ":linux-" + kernel
    native.sh_test(
        name = name,
        timeout = timeout,
        srcs = ["runner.py"],
        args = [
            "--tools $(rootpath :tools)",
            "--rootfs $(rootpath :rootfs)",
            "--initrd $(rootpath :initrd)",
            "--vmlinuz $(rootpath %s.vmlinuz)" % linux,
            "--modules $(rootpath %s.modules.ext4)" % linux,
            "--kernel " + kernel,
            "--init " + init,
            "--cgroups " + cgroups,
            "--user " + user,
            "--memory %d" % memory_mb,
            "--devices '%s'" % " ".join(devices),
            "--append '%s'" % append,
        ] + ["--suite $(rootpath %s)" % suite for suite in suites],
        data = [
            linux + ".vmlinuz",
            linux + ".modules.ext4",
            ":guest/run_suites.py",
            ":initrd",
            ":rootfs",
            ":tools",
            ":tools.py",
        ] + suites,
        # A machine keeps both of its processors busy. It needs no privilege and no sandbox: its
        # inputs are pinned files, and a sandbox of them takes seconds to set up.
        tags = tags + [
            "cpu:2",
            "no-sandbox",
            "vm",
        ],
    )
