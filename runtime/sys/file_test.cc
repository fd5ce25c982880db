#include "runtime/sys/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"

namespace hull::sys {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = testing::TempDir() + "/file_test.XXXXXX";
    path_ = mkdtemp(name.data());
    dir_ = *OpenAt(AT_FDCWD, path_, O_RDONLY | O_DIRECTORY);
  }
  std::string path_;
  UniqueFd dir_;
};

TEST_F(FileTest, ReplacedFileHasTheNewTextAndModeAndLeavesNoTemporary) {
  ASSERT_TRUE(ReplaceFileAt(dir_.get(), "state", "one", 0600).ok());
  ASSERT_TRUE(ReplaceFileAt(dir_.get(), "state", "two", 0600).ok());
  EXPECT_EQ(*ReadFileAt(dir_.get(), "state"), "two");
  struct stat info;
  ASSERT_EQ(fstatat(dir_.get(), "state", &info, 0), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(ListDir(dir_.get())->size(), 1u);
}

TEST_F(FileTest, OpenBeneathFollowsNoWayOut) {
  ASSERT_EQ(symlinkat("/etc", dir_.get(), "out"), 0);
  EXPECT_EQ(StatusErrno(OpenBeneath(dir_.get(), "out/passwd", O_RDONLY).status()), EXDEV);
  EXPECT_EQ(StatusErrno(OpenBeneath(dir_.get(), "../x", O_RDONLY).status()), EXDEV);
  EXPECT_EQ(StatusErrno(OpenBeneath(dir_.get(), "/etc/passwd", O_RDONLY).status()), EXDEV);
}

TEST_F(FileTest, ReadAllRefusesMoreThanItsLimit) {
  ASSERT_TRUE(ReplaceFileAt(dir_.get(), "big", std::string(5000, 'x')).ok());
  EXPECT_EQ(ReadFileAt(dir_.get(), "big", 4999).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReadFileAt(dir_.get(), "big", 5000)->size(), 5000u);
}

TEST_F(FileTest, ErrnoStatusKeepsTheNumberAndSaysTheText) {
  const absl::Status status = ErrnoStatus(ENOENT, "opening 'x'");
  EXPECT_EQ(status.message(), "opening 'x': no such file or directory");
  EXPECT_EQ(StatusErrno(status), ENOENT);
  EXPECT_EQ(StatusErrno(absl::InternalError("x")), 0);
  EXPECT_EQ(ErrnoName(EPERM), "EPERM");
}

TEST_F(FileTest, MakeDirsMakesEveryMissingOne) {
  ASSERT_TRUE(MakeDirs(path_ + "/a/b/c", 0700).ok());
  EXPECT_EQ(access((path_ + "/a/b/c").c_str(), F_OK), 0);
  EXPECT_TRUE(MakeDirs(path_ + "/a/b/c", 0700).ok());
}

}  // namespace
}  // namespace hull::sys
