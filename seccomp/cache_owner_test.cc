// Needs root outside of any sandbox: only there a file can be given away.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "seccomp/cache.h"

namespace hull::seccomp {
namespace {

int compilations = 0;

absl::StatusOr<Compiled> CountAndCompile(const spec::Seccomp&) {
  ++compilations;
  Compiled compiled;
  compiled.filter.instructions = {{.code = 6, .jt = 0, .jf = 0, .k = 0x7fff0000}};
  return compiled;
}

constexpr Backend kCounting = {.name = "counting",
                               .probe = nullptr,
                               .compile = &CountAndCompile,
                               .version = [] { return std::string("counting 1"); },
                               .revision = 1};

TEST(CacheOwnerTest, AnEntryOrADirectoryOfAnotherUserIsIgnored) {
  const std::string dir = absl::StrCat(::testing::TempDir(), "/owner");
  const std::string entry = absl::StrCat(dir, "/", CacheKey(kCounting, {}));
  const auto cached = [&] { EXPECT_TRUE(CompileCached(dir, kCounting, {}).ok()); };
  cached();
  cached();
  EXPECT_EQ(compilations, 1);
  ASSERT_EQ(chown(entry.c_str(), 65534, 65534), 0);
  cached();
  EXPECT_EQ(compilations, 2);
  cached();  // it was replaced by one of ours
  EXPECT_EQ(compilations, 2);
  ASSERT_EQ(unlink(entry.c_str()), 0);
  ASSERT_EQ(chown(dir.c_str(), 65534, 65534), 0);
  cached();
  EXPECT_NE(access(entry.c_str(), F_OK), 0);
  ASSERT_EQ(rmdir(dir.c_str()), 0);
}

}  // namespace
}  // namespace hull::seccomp
