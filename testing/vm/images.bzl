"""Builds what a machine boots from: the tools, the root file system, kernels with their modules."""

def _vm_tools_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    arguments = ctx.actions.args()
    arguments.add(out.path)
    arguments.add_all(ctx.files.debs)
    ctx.actions.run(
        executable = ctx.executable._make,
        inputs = ctx.files.debs + ctx.files._library,
        outputs = [out],
        arguments = [arguments],
        mnemonic = "VmTools",
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

vm_tools = rule(
    doc = "A directory with QEMU, mke2fs, depmod and their libraries, out of Debian packages.",
    implementation = _vm_tools_impl,
    attrs = {
        "debs": attr.label_list(allow_files = True),
        "_library": attr.label(default = ":deb.py", allow_single_file = True),
        "_make": attr.label(
            default = ":mktools.py",
            allow_single_file = True,
            cfg = "host",
            executable = True,
        ),
    },
)

def vm_rootfs(name, debs, conf, programs):
    """NAME.ext4, the guests' root file system. `programs`: {label: path in the guest}."""
    native.genrule(
        name = name,
        srcs = [debs] + conf + programs.keys(),
        outs = [name + ".ext4"],
        cmd = "$(location :mkrootfs.py) --tools $(location :tools) --out $@ " +
              "--conf %s/conf $(locations %s) " % (native.package_name(), debs) +
              " ".join(["$(location %s)=%s" % item for item in programs.items()]),
        tools = [
            ":deb.py",
            ":mkrootfs.py",
            ":tools",
            ":tools.py",
        ],
    )

def vm_kernel(name, debs):
    """NAME.vmlinuz and NAME.modules.ext4."""
    native.genrule(
        name = name,
        srcs = [debs],
        outs = [
            name + ".vmlinuz",
            name + ".modules.ext4",
        ],
        cmd = "$(location :mkkernel.py) --tools $(location :tools) " +
              "--vmlinuz $(location %s.vmlinuz) --modules $(location %s.modules.ext4) " % (name, name) +
              "$(locations %s)" % debs,
        tools = [
            ":deb.py",
            ":mkkernel.py",
            ":tools",
            ":tools.py",
        ],
    )
