"""rules_proto for Bazel 4, which has these rules built in."""

proto_lang_toolchain = native.proto_lang_toolchain
proto_library = native.proto_library
