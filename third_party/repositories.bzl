"""Repository rules: pinned archives, the host's libraries, and our own files under other names."""

def _compat_impl(rctx):
    rctx.file("BUILD.bazel", rctx.attr.build)
    for label, path in rctx.attr.files.items():
        if "/" in path:
            rctx.file(path.rpartition("/")[0] + "/BUILD.bazel", "")
        rctx.symlink(label, path)

compat_repository = repository_rule(
    doc = "Files of ours under another repository's name.",
    implementation = _compat_impl,
    attrs = {
        "build": attr.string(),
        "files": attr.label_keyed_string_dict(),
    },
)

def _apt_pool(rctx):
    """The pool of the first main archive that this machine's apt is set to, or None."""
    apt = rctx.which("apt-get")
    if not apt:
        return None
    run = rctx.execute([apt, "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"])
    for uri in run.stdout.split("\n"):
        if uri and "security" not in uri:
            return uri.rstrip("/") + "/pool/main/"
    return None

def _archive_impl(rctx):
    pool = _apt_pool(rctx)
    urls = ([pool + rctx.attr.pool_path] if pool else []) + rctx.attr.upstream
    if not urls:
        fail("%s: apt names no mirror (run apt-get update) and there is no second source" % rctx.name)
    rctx.download_and_extract(
        url = urls,
        sha256 = rctx.attr.sha256,
        stripPrefix = rctx.attr.strip_prefix,
    )
    for command in rctx.attr.patch_cmds:
        run = rctx.execute(["sh", "-c", command])
        if run.return_code:
            fail("%s: %s: %s" % (rctx.name, command, run.stderr))
    if rctx.attr.build:
        rctx.file("BUILD.bazel", rctx.attr.build)

pool_archive = repository_rule(
    doc = "A source archive from the Debian pool of the machine's own mirror, else from upstream.",
    implementation = _archive_impl,
    attrs = {
        "build": attr.string(),
        "patch_cmds": attr.string_list(),
        "pool_path": attr.string(mandatory = True),
        "sha256": attr.string(mandatory = True),
        "strip_prefix": attr.string(),
        "upstream": attr.string_list(doc = "only where the bytes are the same"),
    },
)

def _pkg_config(rctx, *args):
    run = rctx.execute(["pkg-config"] + list(args))
    if run.return_code:
        fail("pkg-config %s: %s (apt install the -dev package)" % (" ".join(args), run.stderr))
    return [word for word in run.stdout.strip().split(" ") if word]

def _system_impl(rctx):
    build = "load(\"@rules_cc//cc:defs.bzl\", \"cc_library\")\n" + \
            "package(default_visibility = [\"//visibility:public\"])\n" + rctx.attr.build
    for name, module in rctx.attr.libraries.items():
        libdir = _pkg_config(rctx, "--variable=libdir", module)[0]
        archives, linkopts = [], []
        for flag in _pkg_config(rctx, "--libs-only-l", "--static", module):
            archive = "lib%s.a" % flag[2:]
            source = rctx.path(libdir + "/" + archive)
            if source.exists:
                if not rctx.path(archive).exists:
                    rctx.symlink(source, archive)
                archives.append(archive)
            else:
                linkopts.append(flag)
        build += "cc_library(name = %r, srcs = %r, linkopts = %r)\n" % (name, archives, linkopts)
    for tool in rctx.attr.tools:
        rctx.symlink(rctx.which(tool) or fail(tool + " is not installed"), "bin/" + tool)
        build += "filegroup(name = %r, srcs = [\"bin/%s\"])\n" % (tool, tool)
    rctx.file("BUILD.bazel", build)

system_repository = repository_rule(
    doc = "Static archives (else -l flags) and programs of the host.",
    implementation = _system_impl,
    attrs = {
        "build": attr.string(),
        "libraries": attr.string_dict(doc = "target name: pkg-config module"),
        "tools": attr.string_list(),
    },
    environ = ["PKG_CONFIG_LIBDIR", "PKG_CONFIG_PATH"],
    local = True,  # looked at again in every server start
)
