#include "spec/parse.h"

#include "gtest/gtest.h"

namespace hull::spec {
namespace {

TEST(ParseTest, SmallestConfigIsRead) {
  const auto parsed =
      Parse(R"({"ociVersion": "1.3.0", "root": {"path": "rootfs"}})", "config.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->spec.oci_version, "1.3.0");
  EXPECT_EQ(parsed->spec.root.path, "rootfs");
}

}  // namespace
}  // namespace hull::spec
