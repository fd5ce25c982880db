"""The same dependencies for Bazel's modules."""

load(":deps.bzl", "archive_dependencies", "system_dependencies")

def _dependencies_impl(_):
    archive_dependencies()
    system_dependencies()

dependencies = module_extension(implementation = _dependencies_impl)
