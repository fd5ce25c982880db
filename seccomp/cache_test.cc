#include "seccomp/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "runtime/sys/file.h"
#include "seccomp/engine_profile.h"

namespace hull::seccomp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

int compilations = 0;

absl::StatusOr<Compiled> CountAndCompile(const spec::Seccomp& seccomp) {
  ++compilations;
  Compiled compiled;
  compiled.filter.flags = 4;
  compiled.filter.notifies = true;
  compiled.filter.instructions = {{.code = 6, .jt = 0, .jf = 0, .k = 0x7fff0000}};
  compiled.unknown_syscalls = {seccomp.default_action, "two", ""};
  return compiled;
}

absl::StatusOr<Compiled> Fail(const spec::Seccomp&) {
  ++compilations;
  return absl::InvalidArgumentError("/linux/seccomp/flags/0: no");
}

constexpr Backend kCounting = {.name = "counting",
                               .probe = nullptr,
                               .compile = &CountAndCompile,
                               .version = [] { return std::string("counting 1"); },
                               .revision = 1};

bool Same(const Compiled& a, const Compiled& b) {
  return a.filter.flags == b.filter.flags && a.filter.notifies == b.filter.notifies &&
         a.unknown_syscalls == b.unknown_syscalls &&
         a.filter.instructions.size() == b.filter.instructions.size() &&
         std::equal(a.filter.instructions.begin(), a.filter.instructions.end(),
                    b.filter.instructions.begin(), [](const auto& x, const auto& y) {
                      return x.code == y.code && x.jt == y.jt && x.jf == y.jf && x.k == y.k;
                    });
}

class CacheTest : public ::testing::Test {
 protected:
  CacheTest() : dir_(absl::StrCat(::testing::TempDir(), "/", test_info_->name(), "/seccomp")) {
    seccomp_.default_action = "SCMP_ACT_ALLOW";
    compilations = 0;
  }

  Compiled Cached() { return CompileCached(dir_, kCounting, seccomp_).value(); }
  std::string EntryPath() { return absl::StrCat(dir_, "/", CacheKey(kCounting, seccomp_)); }
  std::vector<std::string> Entries() {
    const auto dir = sys::OpenAt(AT_FDCWD, dir_, O_RDONLY | O_DIRECTORY);
    return dir.ok() ? sys::ListDir(dir->get()).value() : std::vector<std::string>();
  }
  std::string Read() { return sys::ReadFileAt(AT_FDCWD, EntryPath()).value(); }
  void Write(absl::string_view entry) {
    const auto fd = sys::OpenAt(AT_FDCWD, EntryPath(), O_WRONLY | O_TRUNC | O_CREAT, 0600);
    ASSERT_TRUE(fd.ok() && sys::WriteAll(fd->get(), entry).ok());
  }

  const ::testing::TestInfo* test_info_ = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string dir_;
  spec::Seccomp seccomp_;
};

TEST_F(CacheTest, TheSecondTimeNothingIsCompiledAndEverythingIsTheSame) {
  const Compiled cold = Cached();
  const Compiled warm = Cached();
  EXPECT_EQ(compilations, 1);
  EXPECT_TRUE(Same(cold, warm));
  EXPECT_THAT(warm.unknown_syscalls, ElementsAre("SCMP_ACT_ALLOW", "two", ""));
}

TEST_F(CacheTest, OnlyTheOwnerMayReadIt) {
  Cached();
  struct stat dir, entry;
  ASSERT_EQ(stat(dir_.c_str(), &dir), 0);
  ASSERT_EQ(stat(EntryPath().c_str(), &entry), 0);
  EXPECT_EQ(dir.st_mode & 07777, 0700U);
  EXPECT_EQ(entry.st_mode & 07777, 0600U);
  EXPECT_THAT(Entries(), ElementsAre(CacheKey(kCounting, seccomp_)));
}

TEST_F(CacheTest, AnErrorIsNotKept) {
  Backend failing = kCounting;
  failing.compile = &Fail;
  EXPECT_FALSE(CompileCached(dir_, failing, seccomp_).ok());
  EXPECT_FALSE(CompileCached(dir_, failing, seccomp_).ok());
  EXPECT_EQ(compilations, 2);
  EXPECT_THAT(Entries(), IsEmpty());
}

TEST_F(CacheTest, EveryFlippedBitAndEveryTruncationIsNoticed) {
  const Compiled cold = Cached();
  const std::string good = Read();
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    Write(bad);
    compilations = 0;
    EXPECT_TRUE(Same(Cached(), cold));
    EXPECT_EQ(compilations, 1) << "bit " << bit;
    EXPECT_EQ(Read(), good);
  }
  for (size_t size = 0; size < good.size(); ++size) {
    Write(good.substr(0, size));
    compilations = 0;
    EXPECT_TRUE(Same(Cached(), cold));
    EXPECT_EQ(compilations, 1) << "size " << size;
  }
  Write(good + "x");
  compilations = 0;
  Cached();
  EXPECT_EQ(compilations, 1);
}

TEST_F(CacheTest, AnEntryUnderAnothersNameIsIgnored) {
  Cached();
  const std::string other = Read();
  seccomp_.default_action = "SCMP_ACT_LOG";
  Write(other);
  EXPECT_THAT(Cached().unknown_syscalls, ElementsAre("SCMP_ACT_LOG", "two", ""));
}

TEST_F(CacheTest, AWrongModeIsIgnoredAndReplaced) {
  Cached();
  ASSERT_EQ(chmod(EntryPath().c_str(), 0644), 0);
  Cached();
  EXPECT_EQ(compilations, 2);
  Cached();
  EXPECT_EQ(compilations, 2);
}

TEST_F(CacheTest, WhatIsNoRegularFileIsIgnoredAndReplaced) {
  Cached();
  const std::string entry = EntryPath();
  ASSERT_EQ(rename(entry.c_str(), (entry + ".moved").c_str()), 0);
  ASSERT_EQ(symlink((entry + ".moved").c_str(), entry.c_str()), 0);
  Cached();
  EXPECT_EQ(compilations, 2);
  ASSERT_EQ(unlink(entry.c_str()), 0);
  ASSERT_EQ(mkfifo(entry.c_str(), 0600), 0);
  Cached();
  EXPECT_EQ(compilations, 3);
  Cached();
  EXPECT_EQ(compilations, 3);
}

TEST_F(CacheTest, ADirectoryThatOthersMayWriteIsNotUsed) {
  Cached();
  ASSERT_EQ(unlink(EntryPath().c_str()), 0);
  ASSERT_EQ(chmod(dir_.c_str(), 0777), 0);
  Cached();
  EXPECT_THAT(Entries(), IsEmpty());
}

TEST_F(CacheTest, ACacheThatCannotBeWrittenIsNoError) {
  dir_ = "/proc/hull-test-no-such-directory";
  Cached();
  Cached();
  EXPECT_EQ(compilations, 2);
}

TEST_F(CacheTest, ManyProfilesDoNotFillTheDisk) {
  for (int i = 0; i < 200; ++i) {
    seccomp_.default_action = absl::StrCat("action ", i);
    Cached();
  }
  EXPECT_THAT(Entries(), SizeIs(Le(64)));
  Cached();
  EXPECT_EQ(compilations, 200);  // the newest are kept
}

// ---- the key ------------------------------------------------------------------------------------

spec::Seccomp Full() {
  spec::Seccomp seccomp;
  seccomp.default_action = "SCMP_ACT_ERRNO";
  seccomp.default_errno_ret = 0;
  seccomp.architectures = {"a", "b"};
  seccomp.flags = {"c"};
  seccomp.listener_path = "/run/agent";
  seccomp.syscalls.resize(2);
  seccomp.syscalls[0].names = {"read", "write"};
  seccomp.syscalls[0].args.resize(1);
  seccomp.syscalls[0].args[0].op = "SCMP_CMP_EQ";
  return seccomp;
}

TEST(CacheKeyTest, EveryFieldThatChangesTheFilterChangesTheKey) {
  const std::vector<std::function<void(spec::Seccomp&)>> changes = {
      [](auto&) {},
      [](auto& s) { s.default_action = "SCMP_ACT_TRACE"; },
      [](auto& s) { s.default_errno_ret = 1; },
      [](auto& s) { s.default_errno_ret.reset(); },
      [](auto& s) { s.architectures = {"ab"}; },
      [](auto& s) {
        s.architectures = {"a", "b", ""};
      },
      [](auto& s) { s.flags->clear(); },
      [](auto& s) { s.flags.reset(); },
      [](auto& s) { s.listener_path.clear(); },
      [](auto& s) { s.syscalls.pop_back(); },
      [](auto& s) {
        s.syscalls[0].names = {"readw", "rite"};
      },
      [](auto& s) { s.syscalls[0].action = "x"; },
      [](auto& s) { s.syscalls[0].errno_ret = 0; },
      [](auto& s) { s.syscalls[0].args.clear(); },
      [](auto& s) { s.syscalls[0].args[0].index = 1; },
      [](auto& s) { s.syscalls[0].args[0].value = 1; },
      [](auto& s) { s.syscalls[0].args[0].value_two = 1; },
      [](auto& s) { s.syscalls[0].args[0].op = "SCMP_CMP_NE"; },
      [](auto& s) { std::swap(s.syscalls[0], s.syscalls[1]); },
  };
  std::set<std::string> keys;
  for (const auto& change : changes) {
    spec::Seccomp seccomp = Full();
    change(seccomp);
    keys.insert(CacheKey(kCounting, seccomp));
  }
  EXPECT_EQ(keys.size(), changes.size());
}

TEST(CacheKeyTest, TheBackendIsPartOfTheKey) {
  Backend name = kCounting, version = kCounting, revision = kCounting;
  name.name = "another";
  version.version = [] { return std::string("counting 2"); };
  revision.revision = 2;
  const std::set<std::string> keys = {CacheKey(kCounting, Full()), CacheKey(name, Full()),
                                      CacheKey(version, Full()), CacheKey(revision, Full())};
  EXPECT_EQ(keys.size(), 4U);
}

TEST(CacheKeyTest, WhatDiffersForEachContainerIsNot) {
  spec::Seccomp other = Full();
  other.listener_path = "/run/another-agent";
  other.listener_metadata = "container 2";
  EXPECT_EQ(CacheKey(kCounting, Full()), CacheKey(kCounting, other));
}

TEST(CacheKeyTest, IsTheSameInEveryProcess) {
  EXPECT_EQ(CacheKey(kCounting, Full()), CacheKey(kCounting, Full()));
  EXPECT_THAT(CacheKey(kCounting, Full()), ::testing::MatchesRegex("[0-9a-f]*"));
  EXPECT_THAT(CacheKey(kCounting, Full()), SizeIs(64));
}

TEST_F(CacheTest, AnEnginesProfileComesBackAsItWasCompiled) {
  const Compiled cold = CompileCached(dir_, kDirectBackend, EngineProfile()).value();
  const Compiled warm = CompileCached(dir_, kDirectBackend, EngineProfile()).value();
  EXPECT_THAT(Entries(), SizeIs(1));
  EXPECT_TRUE(Same(cold, warm));
  EXPECT_THAT(warm.unknown_syscalls, ::testing::Contains("hull_test_no_such_call"));
}

}  // namespace
}  // namespace hull::seccomp
