"""Debian packages pinned by a lock file (relock.py writes it), in Bazel's repository cache."""

def _mirrors(rctx):
    """(main, security): what this machine's apt is set to. No host stands in the repository."""
    apt = rctx.which("apt-get")
    if not apt:
        fail("%s: packages come from the mirror that apt is set to, and there is no apt" % rctx.name)
    run = rctx.execute([apt, "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"])
    uris = [uri.rstrip("/") for uri in run.stdout.split("\n") if "debian" in uri]
    main = [uri for uri in uris if "security" not in uri]
    if not main:
        fail("%s: apt names no mirror of Debian (run apt-get update)" % rctx.name)
    return main[0], ([uri for uri in uris if "security" in uri] + [main[0] + "-security"])[0]

def _debs_impl(rctx):
    main, security = _mirrors(rctx)
    for entry in json.decode(rctx.read(rctx.path(rctx.attr.lock))):
        rctx.download(
            # Security updates live in an archive of their own; after its support ended, a suite may
            # be in either.
            url = [
                "%s/%s" % (mirror, entry["path"])
                for mirror in ([security] if "/updates/" in entry["path"] else [main, security])
            ],
            output = entry["package"] + ".deb",
            sha256 = entry["sha256"],
        )
    rctx.file("BUILD.bazel", """
exports_files(glob(["*.deb"]))

filegroup(
    name = "debs",
    srcs = glob(["*.deb"]),
    visibility = ["//visibility:public"],
)
""")

debs_repository = repository_rule(
    doc = "The archives that a lock names, as PACKAGE.deb. @NAME//:debs is all of them.",
    implementation = _debs_impl,
    attrs = {"lock": attr.label(mandatory = True)},
)

def vm_repositories():
    """One repository for each lock; each is fetched when something needs it, and only then."""
    for name in ["rootfs", "tools", "linux-5.10", "linux-6.1", "linux-6.12", "linux-7"]:
        debs_repository(
            name = "vm_" + name.replace("-", "_").replace(".", "_"),
            lock = "//testing/vm:locks/%s.json" % name,
        )
