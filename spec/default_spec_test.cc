#include "spec/default_spec.h"

#include <vector>

#include "gtest/gtest.h"
#include "spec/not_yet.h"
#include "spec/parse.h"
#include "spec/supported.h"
#include "spec/testing_files.h"
#include "spec/to_json.h"
#include "spec/validate.h"

namespace hull::spec {
namespace {

void ExpectGoodAndLike(const Spec& spec, absl::string_view golden) {
  EXPECT_EQ(ToJson(spec) + "\n", ReadTestFile(golden));
  const auto parsed = Parse(ToJson(spec), "config.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  std::vector<Diagnostic> warnings = parsed->warnings;
  EXPECT_TRUE(Validate(*parsed, &warnings).ok()) << Validate(*parsed);
  EXPECT_TRUE(warnings.empty());
  EXPECT_TRUE(CheckSupported(*parsed, kNotYet).ok());
}

TEST(DefaultSpecTest, IsValidAndAsPrinted) {
  ExpectGoodAndLike(DefaultSpec(/*cgroup_namespace=*/false), "default.golden.json");
}

TEST(DefaultSpecTest, RootlessIsValidAndAsPrinted) {
  ExpectGoodAndLike(RootlessSpec(1000, 1001, /*cgroup_namespace=*/true), "rootless.golden.json");
}

}  // namespace
}  // namespace hull::spec
