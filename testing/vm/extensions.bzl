"""The machines' packages for Bazel's modules."""

load(":debs.bzl", "vm_repositories")

vm = module_extension(implementation = lambda _: vm_repositories())
