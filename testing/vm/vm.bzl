"""vm_suite: programs to run in a machine. vm_test: one machine, and the suites that run in it."""

_Suite = provider(fields = ["manifest"])

def _vm_suite_impl(ctx):
    targets = ctx.attr.programs + ctx.attr.data
    runfiles = ctx.runfiles(ctx.files.programs + ctx.files.data + ctx.files.wrapper)
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
        parallel = ctx.attr.parallel,
        wrapper = ctx.file.wrapper.short_path if ctx.file.wrapper else "",
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
        "parallel": attr.bool(),
        "programs": attr.label_list(allow_files = True, mandatory = True),
        "wrapper": attr.label(allow_single_file = True),
    },
)

def vm_suite(name, programs, args = [], data = [], parallel = False, wrapper = None, **kwargs):
    """Programs that run in the guest, each in its own process group.

    Args:
      name: how vm_test and the reports call it.
      programs: tests (their static binaries run), or scripts of Python or of sh. Each is one case, or
        those that it writes to $XML_OUTPUT_FILE (as GoogleTest and conformance's harness.main() do).
      args: given to each program; $(rootpath LABEL) is a path that holds in the guest.
      data: files that they need, found where `bazel test` would have put them.
      wrapper: a program that is started in their place, with theirs and its arguments behind.
      parallel: whether they may run beside those of other parallel suites. They come last.
      **kwargs: the rest.
    """
    _vm_suite(
        name = name,
        programs = programs,
        args_in_guest = args,
        data = data,
        parallel = parallel,
        wrapper = wrapper,
        testonly = True,
        **kwargs
    )

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
        cpus = 2,
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
        64 MiB, /dev/vm/scratch0 and 1; the first has BFQ's weights), apparmor, selinux (without a policy; one of the two).
      append: more words for the kernel's command line.
      memory_mb: of the machine.
      cpus: of the machine. One alone is emulated a quarter faster, without atomic instructions.
      timeout: moderate 5 minutes, long 15, eternal 60: for boot and suites together.
      tags: more tags.
    """
    machine = _machine(kernel, init, cgroups, user, devices, append, memory_mb, cpus)
    native.sh_test(
        name = name,
        timeout = timeout,
        srcs = ["runner.py"],
        args = machine.args + ["--suite $(rootpath %s)" % suite for suite in suites],
        data = machine.data + suites,
        tags = tags + _TAGS,
    )

def vm_runner_test(name, kernel, panic, hang):
    """The test of the runner itself, with a suite that panics and one that never ends."""
    machine = _machine(kernel, "script", "v2", "root", [], "", 1024, 1)
    native.sh_test(
        name = name,
        timeout = "long",
        srcs = ["runner_test.py"],
        args = machine.args + ["--panic $(rootpath %s) --hang $(rootpath %s)" % (panic, hang)],
        data = machine.data + [
            hang,
            panic,
            ":runner.py",
        ],
        tags = _TAGS,
    )

# A machine keeps one processor busy, now and then two. It needs no privilege and no sandbox: its
# inputs are pinned files, and a sandbox of them takes seconds to set up.
_TAGS = [
    "no-sandbox",
    "vm",
]

def _machine(kernel, init, cgroups, user, devices, append, memory_mb, cpus):
    """The arguments and files of runner.py that make the machine."""
    linux = ":linux-" + kernel
    return struct(
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
            "--cpus %d" % cpus,
            "--devices '%s'" % " ".join(devices),
            "--append '%s'" % append,
        ],
        data = [
            linux + ".vmlinuz",
            linux + ".modules.ext4",
            ":guest/run_suites.py",
            ":initrd",
            ":rootfs",
            ":tools",
            ":tools.py",
        ],
    )
