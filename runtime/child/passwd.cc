#include "runtime/child/passwd.h"

#include <fcntl.h>
#include <linux/stat.h>

#include "runtime/child/context.h"
#include "runtime/child/text.h"

namespace hull::child {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

// name:password:uid:gid:comment:home:shell. Splits `line` in place.
bool ParseLine(char* line, uint32_t uid, char* out, const char* end) {
  char* fields[7] = {line};
  int count = 1;
  for (char* p = line; *p != '\0' && count < 7; ++p) {
    if (*p != ':') continue;
    *p = '\0';
    fields[count++] = p + 1;
  }
  if (count < 6 || ParseNumber(fields[2]) != static_cast<int64_t>(uid)) return false;
  return fields[5][0] == '/' && Append(out, end, fields[5]) != nullptr;
}

}  // namespace

bool FindHomeDirectory(uint32_t uid, char* out, const char* end) {
  const UniqueFd file(sys::RawOpenAt(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct statx info = {};
  if (!file.valid() ||
      RawCall(__NR_statx, file.get(), AsArg(""), AT_EMPTY_PATH, STATX_TYPE, AsArg(&info)) < 0 ||
      (info.stx_mode & S_IFMT) != S_IFREG) {
    return false;
  }
  char chunk[4096];
  char line[kPathMax];
  size_t length = 0;
  for (size_t total = 0; total < kMaxFileBytes;) {
    const long n = sys::RawRead(file.get(), chunk, sizeof(chunk));
    if (n <= 0) break;
    total += static_cast<size_t>(n);
    for (long i = 0; i < n; ++i) {
      if (chunk[i] != '\n') {
        if (length + 1 < sizeof(line)) line[length++] = chunk[i];
        continue;
      }
      line[length] = '\0';
      length = 0;
      if (ParseLine(line, uid, out, end)) return true;
    }
  }
  line[length] = '\0';
  return length > 0 && ParseLine(line, uid, out, end);
}

}  // namespace hull::child
