#include "tools/cli/preserved_fds.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/base/status_macros.h"
#include "tools/cli/parser.h"

namespace hull::tools {
namespace {

constexpr int kFirst = 3;
constexpr uint64_t kMost = 1 << 20;  // the kernel's own default for fs.nr_open

// 0 where the variable is not set or is no number: then nobody activated this process.
int Variable(const char* name) {
  const char* text = getenv(name);
  int number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) && number > 0 ? number : 0;
}

}  // namespace

absl::StatusOr<PreservedFds> CountPreservedFds(const Arguments& arguments) {
  constexpr std::string_view kFlag = "preserve-fds";
  ASSIGN_OR_RETURN(const uint64_t asked, ParseNumber(kFlag, arguments.Last(kFlag, "0"), kMost));
  const int listening = Variable("LISTEN_PID") == getpid() ? Variable("LISTEN_FDS") : 0;
  const int count = static_cast<int>(asked) + listening;
  for (int fd = kFirst; fd < kFirst + count; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("flag --", kFlag, ": descriptor ", fd, " of ",
                                                   kFirst, " to ", kFirst + count - 1,
                                                   " is not open"));
  }
  return PreservedFds{.listening = listening, .asked = static_cast<int>(asked)};
}

}  // namespace hull::tools
