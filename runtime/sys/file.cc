#include "runtime/sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "runtime/base/status_macros.h"

namespace hull::sys {
namespace {

constexpr char kErrnoPayload[] = "hull/errno";

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH: return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS: return absl::StatusCode::kPermissionDenied;
    case EEXIST: return absl::StatusCode::kAlreadyExists;
    case ENOSYS:
    case EOPNOTSUPP: return absl::StatusCode::kUnimplemented;
    case EINVAL:
    case ENAMETOOLONG:
    case ERANGE:
    case ELOOP: return absl::StatusCode::kInvalidArgument;
    case ENOSPC:
    case EMFILE:
    case ENFILE:
    case ENOMEM: return absl::StatusCode::kResourceExhausted;
    default: return absl::StatusCode::kUnavailable;
  }
}

std::string ErrnoText(int error) {
  const char* text = strerrordesc_np(error);
  return text == nullptr ? absl::StrCat("errno ", error) : absl::AsciiStrToLower(text);
}

}  // namespace

absl::Status ErrnoStatus(int error) {
  absl::Status status(CodeOf(error), ErrnoText(error));
  status.SetPayload(kErrnoPayload, absl::Cord(absl::StrCat(error)));
  return status;
}

absl::Status ErrnoStatus(int error, absl::string_view context) {
  absl::Status status(CodeOf(error), absl::StrCat(context, ": ", ErrnoText(error)));
  status.SetPayload(kErrnoPayload, absl::Cord(absl::StrCat(error)));
  return status;
}

std::string ErrnoName(int error) {
  const char* name = strerrorname_np(error);
  return name == nullptr ? absl::StrCat("errno ", error) : name;
}

int StatusErrno(const absl::Status& status) {
  const std::optional<absl::Cord> payload = status.GetPayload(kErrnoPayload);
  int error = 0;
  if (payload.has_value() && !absl::SimpleAtoi(std::string(*payload), &error)) return 0;
  return error;
}

absl::StatusOr<UniqueFd> OpenAt(int dir_fd, absl::string_view path, int flags, unsigned mode) {
  const int fd = RawOpenAt(dir_fd, std::string(path).c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return ErrnoStatus(-fd);
  return UniqueFd(fd);
}

absl::StatusOr<UniqueFd> OpenBeneath(int dir_fd, absl::string_view path, int flags, unsigned mode) {
  struct open_how how = {};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const std::string name(path);
  int fd = RawOpenAt2(dir_fd, name.c_str(), how);
  while (fd == -EAGAIN || fd == -EINTR) fd = RawOpenAt2(dir_fd, name.c_str(), how);
  const bool plain = name.find('/') == std::string::npos && name != "." && name != "..";
  if (fd == -ENOSYS && plain) {
    fd = RawOpenAt(dir_fd, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
  }
  if (fd < 0) return ErrnoStatus(-fd);
  return UniqueFd(fd);
}

absl::StatusOr<std::string> ReadAll(int fd, size_t max_bytes) {
  std::string data;
  struct stat info;
  const bool sized = fstat(fd, &info) == 0 && info.st_size > 0;
  size_t used = 0;
  data.resize(sized ? std::min<size_t>(info.st_size, max_bytes) + 1 : 4096);
  for (;;) {
    if (used == data.size()) data.resize(data.size() * 2);
    const long n = RawRead(fd, data.data() + used, data.size() - used);
    if (n == -EINTR) continue;
    if (n < 0) return ErrnoStatus(static_cast<int>(-n));
    if (n == 0) break;
    used += static_cast<size_t>(n);
    if (used > max_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat("larger than ", max_bytes, " bytes"));
    }
  }
  data.resize(used);
  return data;
}

absl::StatusOr<std::string> ReadFileAt(int dir_fd, absl::string_view path, size_t max_bytes) {
  ASSIGN_OR_RETURN(const UniqueFd fd, OpenAt(dir_fd, path, O_RDONLY));
  return ReadAll(fd.get(), max_bytes);
}

absl::Status WriteAll(int fd, absl::string_view data) {
  do {
    const long n = RawWrite(fd, data.data(), data.size());
    if (n == -EINTR) continue;
    if (n < 0) return ErrnoStatus(static_cast<int>(-n));
    data.remove_prefix(static_cast<size_t>(n));
  } while (!data.empty());
  return absl::OkStatus();
}

absl::Status WriteFileAt(int dir_fd, absl::string_view path, absl::string_view data) {
  ASSIGN_OR_RETURN(const UniqueFd fd, OpenAt(dir_fd, path, O_WRONLY));
  return WriteAll(fd.get(), data);
}

absl::Status ReplaceFileAt(int dir_fd, absl::string_view name, absl::string_view data,
                           unsigned mode) {
  // The pid makes the name ours alone: one thread of a process replaces one file at a time.
  const std::string temporary = absl::StrCat(".", name, ".", getpid());
  unlinkat(dir_fd, temporary.c_str(), 0);  // of an earlier process with our pid
  ASSIGN_OR_RETURN(const UniqueFd fd,
                   OpenAt(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  absl::Status status = WriteAll(fd.get(), data);
  if (status.ok() && renameat(dir_fd, temporary.c_str(), dir_fd, std::string(name).c_str()) != 0) {
    status = ErrnoStatus(errno);
  }
  if (!status.ok()) unlinkat(dir_fd, temporary.c_str(), 0);
  return status;
}

absl::StatusOr<std::vector<std::string>> ListDir(int dir_fd) {
  // A description of its own: the caller's may be O_PATH, and its offset stays where it is.
  ASSIGN_OR_RETURN(UniqueFd fd, OpenAt(dir_fd, ".", O_RDONLY | O_DIRECTORY));
  DIR* dir = fdopendir(fd.get());
  if (dir == nullptr) return ErrnoStatus(errno);
  fd.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(dir)) {
    const absl::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  closedir(dir);
  if (error != 0) return ErrnoStatus(error);
  return names;
}

absl::StatusOr<UniqueFd> MakeDirs(absl::string_view path, unsigned mode) {
  absl::StatusOr<UniqueFd> whole = OpenAt(AT_FDCWD, path, O_PATH | O_DIRECTORY);
  if (whole.ok() || StatusErrno(whole.status()) != ENOENT) return whole;
  ASSIGN_OR_RETURN(UniqueFd fd, OpenAt(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
  for (absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    const std::string name(part);
    if (mkdirat(fd.get(), name.c_str(), mode) != 0 && errno != EEXIST) return ErrnoStatus(errno);
    ASSIGN_OR_RETURN(fd, OpenAt(fd.get(), name, O_PATH | O_DIRECTORY));
  }
  return fd;
}

}  // namespace hull::sys
