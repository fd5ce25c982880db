"""rules_java for Bazel 4: its own toolchain packages load these."""

java_import = native.java_import
java_library = native.java_library
java_runtime = native.java_runtime
java_toolchain = native.java_toolchain
