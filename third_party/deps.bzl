"""Everything hull is built from. Debian's pool by sha256, or the host's own static archives."""

load("@bazel_tools//tools/build_defs/repo:utils.bzl", "maybe")
load(":repositories.bzl", "compat_repository", "pool_archive", "system_repository")

def system_dependencies():
    """Libraries of the host; the same under every Bazel version (extensions.bzl calls it too)."""
    maybe(
        system_repository,
        name = "com_google_protobuf",
        build = "proto_lang_toolchain(name = \"cc_toolchain\", " +
                "command_line = \"--cpp_out=$(OUT)\", runtime = \":protobuf_lite\")\n",
        libraries = {"protobuf_lite": "protobuf-lite"},
        tools = ["protoc"],
    )
    maybe(system_repository, name = "libseccomp", libraries = {"libseccomp": "libseccomp"})
    maybe(system_repository, name = "libsystemd", libraries = {"libsystemd": "libsystemd"})

def archive_dependencies():
    """Source archives: one C++20 build, so that sanitizers see everything."""
    maybe(
        pool_archive,
        name = "bazel_skylib",  # Abseil loads its selects.bzl
        pool_path = "b/bazel-skylib/bazel-skylib_1.0.3.orig.tar.xz",
        sha256 = "b22f0f38d9a1ac565fce8a43df3d284f6b8e5e8775bda54b5cb687bed46b6ea4",
        strip_prefix = "bazel-skylib-1.0.3",
    )
    maybe(
        pool_archive,
        name = "com_google_absl",  # Bazel 4's @platforms has no wasm
        patch_cmds = ["sed -i -E s/cpu:wasm[0-9]+/cpu:s390x/ absl/BUILD.bazel"],
        pool_path = "a/abseil/abseil_20240722.0.orig.tar.gz",
        sha256 = "df6d1f5ef540725f3851201176a60486aab332410788465c9877910bb471c34a",
        strip_prefix = "abseil-20240722.0",
    )
    maybe(
        pool_archive,
        name = "com_google_googletest",
        # Results over a socket need getaddrinfo, which a static link warns about in every test.
        patch_cmds = [
            "sed -i 's/CAN_STREAM_RESULTS_ 1/CAN_STREAM_RESULTS_ 0/' googletest/include/gtest/internal/gtest-port.h",
        ],
        pool_path = "g/googletest/googletest_1.12.1.orig.tar.gz",
        sha256 = "81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2",
        strip_prefix = "googletest-release-1.12.1",
        upstream = ["https://github.com/google/googletest/archive/release-1.12.1.tar.gz"],
    )
    maybe(
        pool_archive,
        name = "com_github_google_glog",  # no gflags: the CLI has a grammar of its own
        patch_cmds = ["sed -i 's/^glog_library()/glog_library(with_gflags = 0)/; /^platform(/,$d' BUILD.bazel"],
        pool_path = "g/google-glog/google-glog_0.6.0.orig.tar.gz",
        sha256 = "8a83bf982f37bb70825df71a9709fa90ea9f4447fb3c099e1d720a439d88bad6",
        strip_prefix = "glog-0.6.0",
        upstream = ["https://github.com/google/glog/archive/v0.6.0.tar.gz"],
    )

    maybe(
        pool_archive,
        name = "com_github_tencent_rapidjson",  # headers only, seen by spec/document.cc alone
        build = "\n".join([
            "load(\"@rules_cc//cc:defs.bzl\", \"cc_library\")",
            "cc_library(name = \"rapidjson\", hdrs = glob([\"include/**/*.h\"]),",
            "    includes = [\"include\"], visibility = [\"//visibility:public\"])",
        ]),
        pool_path = "r/rapidjson/rapidjson_1.1.0+dfsg2.orig.tar.gz",
        sha256 = "92aa6402743012e5f2c3db17def1ff5273df4f3ca7a8f8ed9f1041d392c14ce7",
        strip_prefix = "rapidjson-1.1.0",
    )

def hull_dependencies():
    """For a WORKSPACE, hull's own or that of a project that embeds it (Bazel 4)."""
    for name, path in {"rules_cc": "cc", "rules_java": "java", "rules_proto": "proto"}.items():
        maybe(
            compat_repository,
            name = name,
            files = {Label("//third_party/compat:%s.bzl" % name): path + "/defs.bzl"},
        )
    maybe(  # `bazel test` resolves it, `bazel coverage` runs it
        compat_repository,
        name = "remote_coverage_tools",
        build = "\n".join([
            "sh_binary(name = \"%s\", srcs = [\"coverage.py\"], visibility = [\"//visibility:public\"])" % tool
            for tool in ["coverage_report_generator", "lcov_merger"]
        ]),
        files = {Label("//third_party/compat:coverage.py"): "coverage.py"},
    )
    archive_dependencies()
    system_dependencies()
